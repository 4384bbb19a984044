"""`firebreak ack`: it names who acknowledged, notifies those who were paged, and stops the next steps."""

import json
from datetime import timedelta
from typing import Any

import pytest

from firebreak.core.messages.announcement import AnnouncementKind
from firebreak.core.paging.page import Phase
from firebreak.core.paging.threads import Thread
from firebreak.core.people import person
from firebreak.ledger.threads import DynamoThreads
from firebreak.policy.compiler import parse_policy
from tests.cli.running import StackSession, cli_environment, deployed, error_lines, run
from tests.cli.test_approving import CALLER
from tests.support import builders as a
from tests.support.world import TABLE, World
from tests.workflow.test_who_is_paged import PAGING, announce, sent, tick

MINUTE = timedelta(minutes=1)
INCIDENT = "i-0123456789"


@pytest.fixture
def paged(world: World) -> World:
    """Somebody was paged, and the engineering lead is next."""
    world.policy = parse_policy(a.AUTO_POLICY + PAGING, "paging.toml")
    StackSession(deployed).client("events").create_event_bus(Name="firebreak")
    announce(world)
    return world


def ack(world: World, wanted: str = "") -> tuple[Any, list[dict[str, Any]]]:
    """The command's result, and the events it put on the bus."""
    entries: list[dict[str, Any]] = []

    def session() -> StackSession:
        made = StackSession(deployed)
        made.events.register(
            "before-parameter-build.events.PutEvents",
            lambda params, **_: entries.extend(params["Entries"]),
            unique_id="entries",
        )
        return made

    here = cli_environment(world.clock.now)
    wanted = wanted or thread(world).call_id  # as the page prints it
    return run("ack", wanted, environment=type(here)(here.environ, here.now, session)), entries


def thread(world: World) -> Thread:
    found = DynamoThreads(world.dynamodb, TABLE).thread(INCIDENT)
    assert isinstance(found, Thread)
    return found


def test_nobody_further_up_is_called_once_the_command_has_returned(paged: World) -> None:
    result, _ = ack(paged)

    assert (result.exit_code, result.stderr) == (0, "")
    words = " ".join(result.stdout.split())
    assert f"Acknowledged {INCIDENT}, stack firebreak" in words
    assert f"By {CALLER}" in words
    assert "Notified ops, pd" in words
    tick(paged, 60)
    assert ("topic", Phase.TRIGGER) not in sent(paged)


def test_everybody_who_was_paged_hears_who_acknowledged(paged: World) -> None:
    _, [entry] = ack(paged)
    paged.page_desk().handle({"detail-type": entry["DetailType"], "detail": json.loads(entry["Detail"])})

    lines = [(name, page) for name, page in paged.pager.pages if page.phase is Phase.ACKNOWLEDGE]
    assert sorted(name for name, _ in lines) == ["ops", "pd"]
    assert f"Acknowledged by {person(CALLER)}." in lines[0][1].body
    assert thread(paged).acknowledged_by == CALLER


def test_an_acknowledgement_that_cannot_be_published_at_once_is_published_by_the_sweeper(
    paged: World,
) -> None:
    StackSession(deployed).client("events").delete_event_bus(Name="firebreak")
    assert ack(paged)[0].exit_code == 0
    paged.clock.pass_time(2 * MINUTE)
    paged.sweep()
    assert ("ops", Phase.ACKNOWLEDGE) in sent(paged)


def test_a_second_human_takes_it_over_and_reads_from_whom(paged: World) -> None:
    ack(paged)
    result, _ = ack(paged)
    assert f"Before by {CALLER}" in " ".join(result.stdout.split())


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        pytest.param("i-9999999999", "nobody was paged about i-9999999999", id="nobody was paged"),
        pytest.param("$(reboot)", "$(reboot) is not the id of a page", id="no id"),
    ],
)
def test_an_incident_without_a_page_cannot_be_acknowledged(paged: World, wanted: str, said: str) -> None:
    result, entries = ack(paged, wanted)
    assert (result.exit_code, entries) == (2, [])
    assert said in error_lines(result)[0]


@pytest.mark.parametrize("named", ["the page of an earlier call", "no call"])
def test_a_command_of_an_earlier_page_does_not_acknowledge_a_later_call(paged: World, named: str) -> None:
    earlier = thread(paged).call_id if named == "the page of an earlier call" else INCIDENT
    announce(paged, AnnouncementKind.NOT_EXECUTED)
    latest = thread(paged)
    result, entries = ack(paged, earlier)
    assert (result.exit_code, entries) == (2, [])
    assert error_lines(result) == [
        f"firebreak: {earlier} is not the latest call, so nothing was acknowledged",
        f"firebreak: the latest: {latest.latest.headline}",
        f"firebreak: to acknowledge that: firebreak ack {latest.call_id} {a.ON_STACK}",
    ]
    assert thread(paged).acknowledged_by == ""


def test_a_call_that_an_older_release_wrote_is_acknowledged_by_its_thread(paged: World) -> None:
    paged.dynamodb.update_item(
        TableName=TABLE,
        Key={"pk": {"S": f"THREAD#{INCIDENT}"}, "sk": {"S": "-"}},
        UpdateExpression="REMOVE #call",
        ExpressionAttributeNames={"#call": "call"},
    )
    result, _ = ack(paged, INCIDENT)
    assert (result.exit_code, thread(paged).acknowledged_by) == (0, CALLER)


def test_an_incident_that_is_over_cannot_be_acknowledged(paged: World) -> None:
    announce(paged, AnnouncementKind.RECOVERED)
    result, _ = ack(paged)
    assert result.exit_code == 2
    assert f"{INCIDENT} is over" in error_lines(result)[0]


def test_a_thread_that_cannot_be_written_is_not_acknowledged(paged: World) -> None:
    StackSession(deployed).client("events").delete_event_bus(Name="firebreak")
    before = thread(paged)
    # Somebody else changes the thread at each try.
    table = paged.dynamodb
    table.update_item(
        TableName=TABLE,
        Key={"pk": {"S": f"THREAD#{INCIDENT}"}, "sk": {"S": "-"}},
        UpdateExpression="SET v = :v",
        ExpressionAttributeValues={":v": {"N": "2"}},
    )
    result, _ = ack(paged)
    assert result.exit_code == 3
    assert error_lines(result)[0].startswith("firebreak: NOT ACKNOWLEDGED")
    assert thread(paged).acknowledged_by == before.acknowledged_by == ""
