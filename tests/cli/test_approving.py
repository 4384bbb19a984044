"""`firebreak approve` and `firebreak deny`: the answer to a plan, by whom, and its announcement."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from firebreak.core.incident.questions import question_id
from firebreak.core.incident.states import Incident, IncidentState
from firebreak.core.ledger import IncidentChange
from firebreak.core.model import AlarmState
from firebreak.core.reasons import Reason
from firebreak.ledger.dynamodb import DynamoLedger
from firebreak.policy.compiler import parse_policy
from firebreak.remediation.decision_recorder import Summary
from tests.cli.running import StackSession, cli_environment, deployed, error_lines, run
from tests.support import builders as a
from tests.support.simulated_sts import Known, SimulatedSts
from tests.support.world import World
from tests.workflow.approving import approve
from tests.workflow.test_callers import handled

MINUTE = timedelta(minutes=1)
ASKING = a.AUTO_POLICY.replace('autonomy = "auto"', 'autonomy = "approve"')
# The caller that moto reports.
CALLER = "arn:aws:sts::123456789012:user/moto"
S = IncidentState


@pytest.fixture
def asking(world: World) -> World:
    world.policy = parse_policy(ASKING, "approve.toml")
    StackSession(deployed).client("events").create_event_bus(Name="firebreak")
    return world


def asked(world: World) -> Incident:
    done = world.send(world.red())
    return world.incident(done.incident_id)


def command(world: World, *arguments: str) -> tuple[Any, list[dict[str, Any]]]:
    """The command's result, and the details of the events it put on the bus."""
    sent: list[dict[str, Any]] = []

    def session() -> StackSession:
        made = StackSession(deployed)
        made.events.register(
            "before-parameter-build.events.PutEvents",
            lambda params, **_: sent.extend(params["Entries"]),
            unique_id="entries",
        )
        return made

    here = cli_environment(world.clock.now)
    result = run(*arguments, environment=type(here)(here.environ, here.now, session))
    return result, sent


def test_a_yes_reaches_the_actions_function_with_the_callers_name(asking: World) -> None:
    incident = asked(asking)

    result, (entry,) = command(asking, "approve", question_id(incident))

    assert (result.exit_code, result.stderr) == (0, "")
    assert (entry["EventBusName"], entry["Source"], entry["DetailType"]) == (
        "firebreak",
        "firebreak",
        "Firebreak Human Request",
    )
    detail = json.loads(entry["Detail"])
    assert (detail["kind"], detail["incident"], detail["by"]) == ("approval", incident.id, CALLER)
    done = asking.remediator().handle(
        {"source": "firebreak", "detail-type": "Firebreak Human Request", "detail": detail}
    )
    assert (done.outcome, len(asking.ecs.writes)) == ("act", 1)


def test_a_yes_has_the_callers_signature_on_this_very_request(asking: World) -> None:
    incident = asked(asking)

    _, (entry,) = command(asking, "approve", question_id(incident))

    event = {
        "source": "firebreak",
        "detail-type": entry["DetailType"],
        "detail": json.loads(entry["Detail"]),
    }
    own = StackSession(deployed).get_credentials()
    assert own
    moto = Known("arn:aws:iam::111122223333:user/ana", own.access_key, own.secret_key, own.token or "")
    done = handled(asking, SimulatedSts((moto,), datetime.now(UTC)), event)
    assert done.outcome == "act"
    assert asking.incident(incident.id).approved_by == (moto.arn,)


def test_a_second_yes_of_one_person_is_refused_where_two_must(asking: World) -> None:
    asking.policy = parse_policy(f"{ASKING}\n[[overrides]]\ntarget = 'ecs:prod/api'\napprovers = 2\n", "two")
    incident = asked(asking)
    approve(asking, incident, by=CALLER)

    result, sent = command(asking, "approve", question_id(incident))

    assert (result.exit_code, sent) == (2, [])
    assert error_lines(result) == [f"firebreak: {CALLER} approved this already: another person must as well"]


def test_who_approved_before_is_shown_to_the_second_person(asking: World) -> None:
    asking.policy = parse_policy(f"{ASKING}\n[[overrides]]\ntarget = 'ecs:prod/api'\napprovers = 2\n", "two")
    incident = asked(asking)
    approve(asking, incident)

    result, _ = command(asking, "approve", question_id(incident))

    assert "Before approved by ana (role oncall)" in " ".join(result.stdout.split())


def test_a_yes_shows_the_plan_that_it_was_said_to(asking: World) -> None:
    incident = asked(asking)

    result, _ = command(asking, "approve", question_id(incident))

    words = " ".join(result.stdout.split())
    assert f"Approved incident {incident.id}" in words
    assert f"By {CALLER}" in words
    assert "Plan restart ecs:prod/api: force a new deployment of api:7" in words
    assert f"firebreak show {incident.id}" in words


def test_a_no_gives_the_incident_to_humans_with_the_reason(asking: World) -> None:
    incident = asked(asking)

    result, (text,) = command(asking, "deny", question_id(incident), "--reason", "we are migrating\nit")

    assert (result.exit_code, text["DetailType"]) == (0, "Firebreak Human Announcement")
    after = asking.incident(incident.id)
    assert (after.state, after.note) == (S.PAGED, f"denied by {CALLER}: we are migrating it")
    asking.page_desk().handle({"detail-type": text["DetailType"], "detail": json.loads(text["Detail"])})
    asking.clock.pass_time(2 * MINUTE)
    asking.sweep()
    assert len(asking.subjects) == 2
    assert asking.subjects[-1].startswith(
        "[Firebreak] DENIED: somebody is on it. ecs:prod/api: MemoryUtilization; Denied by"
    )
    assert "Nothing was changed." in asking.pager.sent[-1][1]


def test_a_denial_that_cannot_be_published_at_once_is_published_by_the_sweeper(asking: World) -> None:
    incident = asked(asking)
    StackSession(deployed).client("events").delete_event_bus(Name="firebreak")

    result, _ = command(asking, "deny", question_id(incident), "--reason", "no")

    assert result.exit_code == 0
    asking.clock.pass_time(2 * MINUTE)
    asking.sweep()
    assert asking.subjects[-1].startswith("[Firebreak] DENIED")


def test_an_alarm_that_joins_meanwhile_does_not_stop_a_no(
    asking: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    incident = asked(asking)
    move = DynamoLedger.move
    moved: list[Summary] = []

    def joined_first(ledger: DynamoLedger, change: IncidentChange) -> bool:
        if not moved:
            moved.append(asking.send(asking.red("api-memory-higher")))
        return move(ledger, change)

    monkeypatch.setattr(DynamoLedger, "move", joined_first)
    result, _ = command(asking, "deny", question_id(incident), "--reason", "no")

    assert result.exit_code == 0
    assert (asking.incident(incident.id).state, len(asking.incident(incident.id).members)) == (S.PAGED, 2)


def test_a_yes_after_a_no_is_refused(asking: World) -> None:
    incident = asked(asking)
    command(asking, "deny", question_id(incident), "--reason", "no")

    result, sent = command(asking, "approve", question_id(incident))

    assert (result.exit_code, sent) == (2, [])
    assert error_lines(result) == [f"firebreak: incident {incident.id} is paged: nothing waits for an answer"]


@pytest.mark.parametrize("word", [("approve",), ("deny", "--reason", "late")], ids=["yes", "no"])
def test_an_answer_that_comes_too_late_says_so(asking: World, word: tuple[str, ...]) -> None:
    incident = asked(asking)
    asking.clock.pass_time(31 * MINUTE)

    result, sent = command(asking, *word, question_id(incident))

    assert (result.exit_code, sent) == (2, [])
    assert error_lines(result) == ["firebreak: it could be answered until 10:30:30Z: it is a human's now"]
    assert asking.incident(incident.id).state is S.AWAITING_APPROVAL


@pytest.mark.parametrize("word", [("approve",), ("deny", "--reason", "what")], ids=["yes", "no"])
def test_an_incident_that_does_not_exist_is_named(asking: World, word: tuple[str, ...]) -> None:
    result, sent = command(asking, *word, "i-0000000000")

    assert (result.exit_code, sent) == (2, [])
    assert error_lines(result)[0].startswith(
        "firebreak: there is no incident i-0000000000 in stack firebreak"
    )


def test_a_no_needs_a_reason(asking: World) -> None:
    incident = asked(asking)

    result, _ = command(asking, "deny", question_id(incident), "--reason", " ")

    assert result.exit_code == 2
    assert asking.incident(incident.id).state is S.AWAITING_APPROVAL


def test_a_yes_to_what_recovered_meanwhile_changes_nothing(asking: World) -> None:
    incident = asked(asking)
    asking.alarms.turn("api-memory-high", AlarmState.OK, asking.clock.at)

    _, (entry,) = command(asking, "approve", question_id(incident))
    done = asking.remediator().handle(
        {
            "source": "firebreak",
            "detail-type": "Firebreak Human Request",
            "detail": json.loads(entry["Detail"]),
        }
    )

    assert (done.reason, asking.ecs.writes) == (Reason.NO_LONGER_RED, [])


@pytest.mark.parametrize("word", [("approve",), ("deny", "--reason", "no")], ids=["yes", "no"])
@pytest.mark.parametrize("named", ["the question before", "the incident alone"])
def test_a_command_of_an_earlier_page_answers_nothing_that_is_asked_by_now(
    asking: World, word: tuple[str, ...], named: str
) -> None:
    first = asked(asking)
    approve(asking, first)
    asking.pass_time(6 * MINUTE)
    above = asking.incident(first.id)
    assert (above.state, above.action) == (S.AWAITING_APPROVAL, "scale-service")
    earlier = question_id(first) if named == "the question before" else first.id

    result, sent = command(asking, *word, earlier)

    assert (result.exit_code, sent) == (2, [])
    lines = error_lines(result)
    assert lines[0] == f"firebreak: {earlier} is not the question that is open, so nothing was answered"
    assert above.plan is not None
    assert lines[1] == f"firebreak: asked now: {above.plan.summary}"
    assert f"firebreak {word[0]} {question_id(above)} " in lines[2]
    assert asking.incident(first.id) == above
