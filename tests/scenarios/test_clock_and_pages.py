"""Firebreak's own clock and its pages, through the deployed functions: who is paged, when, and when not.

A stack of its own, so that the policy names a server of this test.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from firebreak.aws.clients import reader
from firebreak.core.incident.states import IncidentState
from firebreak.core.paging.page import Phase
from firebreak.core.paging.threads import Thread, ThreadState
from firebreak.core.people import person
from firebreak.ledger.threads import DynamoThreads
from firebreak.paging.channels.webhook import signature
from firebreak_cli.operations.acknowledging import PagerDesk
from firebreak_cli.operations.approvals import ApprovalDesk
from firebreak_devtools.local.paths import ACCOUNT, REGION
from firebreak_devtools.local.transitions import deliver
from firebreak_devtools.local.up import LocalAws
from tests.paging.channels.local_server import Arrived, LocalServer, answer, serving
from tests.scenarios.bench import Bench
from tests.scenarios.own_stack import POLICY, built_home, deployed

pytestmark = pytest.mark.local

SECOND = timedelta(seconds=1)
# Long enough to deploy and to hold a page back; a window begins with a minute.
UNTIL_IT_OPENS = timedelta(minutes=2)
SIGNING_KEY = "a key of the board's own"
ANA = "arn:aws:iam::111122223333:user/ana"
S = IncidentState


def paging(board: str, opens: datetime) -> str:
    """Critical pages go to the topic and the board, then up; the unimportant ones wait for the opening.

    It goes on with the section that the demo's policy ends with, `paging`.
    """
    return f"""
severity = "error"

[[paging.business]]
name = "from-soon-on"
schedule = "at({opens:%Y-%m-%dT%H:%M})"
duration = "P1D"

[paging.channels.board]
kind = "webhook"
secret = "arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/firebreak/board"
to = "{board}/pages"

[[paging.routes]]
severities = ["critical"]
steps = [
  {{ after = "0s", channels = ["topic", "board"], who = "the platform team" }},
  {{ after = "3s", channels = ["board"], who = "the engineering lead" }},
]

[[paging.routes]]
severities = ["info"]
hours = "business"
steps = [{{ after = "0s", channels = ["board"], who = "the platform team" }}]
"""


@pytest.fixture(scope="module")
def board() -> Iterator[LocalServer]:
    """A real HTTP server that records what arrives."""
    with serving(answer(200, "")) as server:
        yield server


@pytest.fixture(scope="module")
def own(
    local_aws: LocalAws, board: LocalServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LocalAws]:
    """The stack of this module."""
    del local_aws  # that it is up says that there is a build
    build = built_home()
    if build is None:
        pytest.skip("local AWS was not built in this home")
    demo = (build / POLICY).read_text(encoding="utf-8")
    policy = demo + paging(board.address, datetime.now(UTC) + UNTIL_IT_OPENS)
    folder = tmp_path_factory.mktemp("own")
    with deployed(folder, build, policy, {"/firebreak/board": SIGNING_KEY}) as local:
        yield local


@pytest.fixture(scope="module")
def bench(own: LocalAws) -> Bench:
    return Bench.on(own, "inbox-clock")


def page_sweep(bench: Bench) -> None:
    """Run the function of the rule of every minute, now."""
    bench.invoke("Page", {"source": "firebreak", "detail-type": "Firebreak Page Sweep", "detail": {"v": 1}})


def sweep(bench: Bench) -> None:
    """Run the function of the rule of every five minutes, now."""
    bench.invoke("Verify", {"source": "firebreak", "detail-type": "Firebreak Sweep", "detail": {"v": 1}})


def posts(board: LocalServer, about: str) -> list[dict[str, Any]]:
    """The posts of the board about a target or an alarm, in order."""
    found = [json.loads(one.body) for one in board.arrived]
    return [page for page in found if about in page["body"]]


def expect_post(bench: Bench, board: LocalServer, about: str, phase: Phase, note: str = "") -> dict[str, Any]:
    """Wait for a page on the board, with the minute's rule played all the time."""

    def look() -> dict[str, Any] | None:
        page_sweep(bench)
        wanted = [p for p in posts(board, about) if p["phase"] == phase and note in p["body"]]
        return next(iter(wanted), None)

    return bench.wait(f"a post {phase} about {about}", look, timedelta(seconds=130))


def is_signed(arrived: Arrived) -> bool:
    """Whether it comes from somebody who has the key."""
    stamp = arrived.headers["firebreak-timestamp"]
    return arrived.headers["firebreak-signature"] == signature(SIGNING_KEY, stamp, arrived.body)


def thread_of(bench: Bench, page_thread: str) -> Thread:
    found = DynamoThreads(reader(bench.session, "dynamodb"), bench.stack.ledger_table).thread(page_thread)
    assert isinstance(found, Thread), found
    return found


@pytest.fixture(scope="module")
def held(bench: Bench, board: LocalServer) -> str:
    """The alarm of a page that is held; asked for first, so that it is before the hours open."""
    bench.service_with_alarm("quiet", tags={"firebreak:action": "page", "firebreak:severity": "info"})
    alarm = bench.alarm("quiet")
    bench.turn(alarm, "ALARM")
    bench.expect_decision(alarm, "routed_to_humans")

    def look() -> Thread | None:
        """The thread of this cause, which is not an incident's; a held one is due when its hours open."""
        threads = DynamoThreads(reader(bench.session, "dynamodb"), bench.stack.ledger_table)
        due = threads.due_threads(datetime.now(UTC) + timedelta(days=1), limit=100)
        found = (threads.thread(one) for one in due)
        return next((t for t in found if isinstance(t, Thread) and t.latest.alarm_name == alarm), None)

    assert bench.wait("the page to be held", look).state is ThreadState.HELD
    assert posts(board, alarm) == []
    return alarm


def test_outside_its_hours_a_page_waits(held: str, board: LocalServer) -> None:
    assert posts(board, held) == []


CRITICAL = {"firebreak:action": "restart-service", "firebreak:severity": "critical"}


def test_a_page_goes_up_until_somebody_has_it_and_all_hear_that_it_is_over(
    bench: Bench, board: LocalServer
) -> None:
    bench.service_with_alarm("stubborn", tags=CRITICAL)
    about = bench.about("stubborn")
    bench.turn(bench.alarm("stubborn"), "ALARM")
    page = bench.expect_page("NEEDS YOU", about)
    first = expect_post(bench, board, about, Phase.TRIGGER)
    assert (first["thread"], first["severity"]) == (page.incident_id, "critical")
    expect_post(bench, board, about, Phase.TRIGGER, "paged the platform team, now the engineering lead)")

    desk = PagerDesk(bench.operator())
    latest = thread_of(bench, page.incident_id).call_id
    desk.acknowledge(desk.thread(latest), ANA, datetime.now(UTC))
    assert f"Acknowledged by {person(ANA)}." in expect_post(bench, board, about, Phase.ACKNOWLEDGE)["body"]
    assert thread_of(bench, page.incident_id).state is ThreadState.ACKNOWLEDGED

    bench.turn(bench.alarm("stubborn"), "OK")
    bench.expect_page("RESOLVED", about)
    expect_post(bench, board, about, Phase.RESOLVE)
    assert all(map(is_signed, board.arrived))
    assert thread_of(bench, page.incident_id).state is ThreadState.RESOLVED


def test_telemetry_that_is_gone_is_no_success_and_pages(bench: Bench) -> None:
    bench.service_with_alarm("blind")
    bench.turn(bench.alarm("blind"), "ALARM")
    acted = bench.expect_page("ACTED", bench.about("blind"))
    bench.event_of(bench.alarm("blind"), "INSUFFICIENT_DATA")
    page = bench.expect_page("NEEDS YOU", bench.about("blind"))
    assert page.incident_id == acted.incident_id
    assert "it is not known whether it helped" in page.body


def test_a_change_that_made_things_worse_is_undone(bench: Bench) -> None:
    service = bench.service_with_alarm("hungry", tags={"firebreak:action": "adjust-task-memory"})
    before = bench.service("hungry")["taskDefinition"]
    bench.turn(bench.alarm("hungry"), "ALARM")
    acted = bench.expect_page("ACTED", bench.about("hungry"))
    assert bench.service("hungry")["taskDefinition"] != before
    errors = bench.alarm("hungry", "errors")
    bench.workload.alarm(
        errors, service, metric="CPUUtilization", tags={"firebreak:action": "adjust-task-memory"}
    )
    bench.turn(errors, "ALARM")
    bench.expect_page("MADE WORSE", bench.about("hungry"))
    bench.expect_page("UNDONE", bench.about("hungry"))
    bench.expect_state(acted.incident_id, S.PAGED)
    assert bench.service("hungry")["taskDefinition"] == before


def test_at_the_end_of_a_mute_window_the_alarm_is_looked_at(bench: Bench) -> None:
    bench.service_with_alarm("muted")
    event = bench.event_of(bench.alarm("muted"), "ALARM")
    now = datetime.now(UTC)
    event["detail"]["muteDetail"] = {
        "mutedByArn": f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm-mute-rule:friday",
        "muteWindowStart": f"{now - timedelta(hours=1):%Y-%m-%dT%H:%M:%S}.000+0000",
        "muteWindowEnd": f"{now + 4 * SECOND:%Y-%m-%dT%H:%M:%S}.000+0000",
    }
    deliver(bench.session, event)
    bench.expect_decision(bench.alarm("muted"), "muted")
    assert bench.updates_of("muted") == []
    bench.expect_page("ACTED", bench.about("muted"))


def test_a_lost_schedule_is_found_by_the_sweeper(bench: Bench) -> None:
    bench.service_with_alarm("forgotten")
    scheduler = bench.session.client("scheduler")
    bench.turn(bench.alarm("forgotten"), "ALARM")
    page = bench.expect_page("ACTED", bench.about("forgotten"))
    for one in scheduler.list_schedules(GroupName="firebreak")["Schedules"]:
        if not one["Name"].startswith(("firebreak-", "VerifySweep", "PageDue")):
            scheduler.delete_schedule(Name=one["Name"], GroupName="firebreak")
    # The sweeper leaves what fell due just now to its schedule; this was due two minutes ago.
    incident = bench.ledger.incident(page.incident_id)
    bench.session.client("dynamodb").update_item(
        TableName=bench.stack.ledger_table,
        Key={"pk": {"S": f"INC#{page.incident_id}"}, "sk": {"S": "META"}},
        UpdateExpression="SET attention_at = attention_at - :age",
        ConditionExpression="#state = :acted",
        ExpressionAttributeNames={"#state": "state"},
        ExpressionAttributeValues={":age": {"N": "600000"}, ":acted": {"S": "acted"}},
    )
    assert getattr(incident, "state", None) is S.ACTED

    def look() -> bool:
        sweep(bench)
        found = bench.ledger.incident(page.incident_id)
        return getattr(found, "state", S.ACTED) is not S.ACTED

    bench.wait("the sweeper to look at it", look)


def asked(bench: Bench, name: str) -> str:
    bench.service_with_alarm(name)
    bench.turn(bench.alarm(name), "ALARM")
    return bench.expect_page("APPROVE?", bench.about(name)).incident_id


def test_a_plan_that_a_human_approves_is_carried_out(bench: Bench) -> None:
    bench.approve(asked(bench, "approved-yes"), ANA)
    page = bench.expect_page("ACTED", bench.about("approved-yes"))
    # The name in the event counts for nothing: STS of local AWS knows everybody as the account itself.
    assert f"approved by {bench.session.client('sts').get_caller_identity()['Arn']}\n" in page.body
    assert len(bench.updates_of("approved-yes")) == 1


def test_a_plan_that_a_human_denies_is_not_carried_out(bench: Bench) -> None:
    incident_id, desk = asked(bench, "approved-no"), ApprovalDesk(bench.operator())
    now = datetime.now(UTC)
    desk.deny(desk.open_question(bench.question(incident_id), "deny", now), ANA, "we are migrating it", now)
    page = bench.expect_page("DENIED", bench.about("approved-no"))
    assert f"Denied by {person(ANA)}: we are migrating it" in page.body
    assert bench.updates_of("approved-no") == []


def test_a_question_that_nobody_answers_expires_and_goes_to_humans(bench: Bench) -> None:
    incident_id = asked(bench, "approved-late")
    # Half an hour passes in the ledger.
    bench.session.client("dynamodb").update_item(
        TableName=bench.stack.ledger_table,
        Key={"pk": {"S": f"INC#{incident_id}"}, "sk": {"S": "META"}},
        UpdateExpression="SET attention_at = attention_at - :age, due_at = due_at - :age",
        ExpressionAttributeValues={":age": {"N": "1900000"}},
    )
    sweep(bench)
    page = bench.expect_page("NEEDS YOU", bench.about("approved-late"))
    assert "Nobody approved in time." in page.body
    assert bench.updates_of("approved-late") == []


def test_a_held_page_is_sent_when_the_hours_open(bench: Bench, board: LocalServer, held: str) -> None:
    found = expect_post(bench, board, held, Phase.TRIGGER)
    assert "(held since " in found["body"]
    assert "outside the hours of its severity)" in found["body"]
