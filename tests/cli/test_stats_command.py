"""`firebreak stats` says what came of the acts of a ledger, and what it could not see."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from botocore.stub import Stubber

from firebreak.core.incident.states import IncidentState
from firebreak.core.messages.announcement import AnnouncementKind
from firebreak.core.model import AlarmState
from firebreak.policy.compiler import parse_policy
from firebreak_cli.exit_codes import BAD_INPUT
from firebreak_cli.queries import alarm_history
from firebreak_cli.report import gathering
from tests.cli.exports import items, refuse
from tests.cli.reports import Answers, Turns, asked, histories, page, reported
from tests.cli.running import StackSession, deployed, error_lines
from tests.cli.test_acknowledging import ack
from tests.support import builders as a
from tests.support.world import TABLE, World
from tests.workflow.test_who_is_paged import PAGING, announce

ALARM = "api-memory-high"
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def red_and_ok(*spans: tuple[datetime, datetime]) -> Turns:
    return [turn for begin, end in spans for turn in ((begin, "OK", "ALARM"), (end, "ALARM", "OK"))]


def stats(world: World, cloudwatch: Answers, *words: str) -> dict[str, Any]:
    result = reported(world, "stats", "--json", *words, cloudwatch=cloudwatch)
    assert (result.exit_code, result.stderr) == (0, "")
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def act_and_recover(world: World) -> tuple[datetime, datetime]:
    """An act that helps; returns when the alarm turned red and OK."""
    alarm = world.red(ALARM)
    world.send(alarm)
    world.clock.pass_time(MINUTE)
    world.green(alarm)
    ok = world.clock.at
    world.pass_time(HOUR)
    return alarm.since, ok


def test_an_act_that_held_is_a_success_with_its_time_to_recover(world: World) -> None:
    red, ok = act_and_recover(world)
    world.pass_time(2 * HOUR)

    found = stats(world, histories(world, {ALARM: red_and_ok((red, ok))}))

    assert (found["version"], found["replayed"], found["damaged"]) == (1, False, 0)
    assert found["decisions"] == {"act": 1}
    [action] = found["actions"]
    assert (action["action"], action["outcomes"]["held"]) == ("restart-service", 1)
    assert action["success"] == {"count": 1, "total": 1, "proportion": None, "interval": None}
    assert found["recovery"]["times"]["acted_on"] == {
        "count": 1,
        "open": 0,
        "median": (ok - red).total_seconds(),
        "p90": (ok - red).total_seconds(),
    }
    assert found["time_to_act"]["count"] == 1
    [target] = found["targets"]
    assert (target["target"], target["red"], target["acts"], target["held"]) == ("ecs:prod/api", 1, 1, 1)


def test_an_alarm_that_was_red_again_came_back(world: World) -> None:
    red, ok = act_and_recover(world)
    again = world.clock.at + MINUTE
    world.pass_time(2 * HOUR)

    turns = [*red_and_ok((red, ok)), (again, "OK", "ALARM")]
    found = stats(world, histories(world, {ALARM: turns}))

    assert found["actions"][0]["outcomes"]["came_back"] == 1
    assert found["recovery"]["times"]["left_alone"]["open"] == 1


def test_an_act_whose_page_somebody_acknowledged_is_no_success(world: World) -> None:
    world.policy = parse_policy(a.AUTO_POLICY + PAGING, "paging.toml")
    alarm = world.red(ALARM)
    StackSession(deployed).client("events").create_event_bus(Name="firebreak")
    done = world.send(alarm)
    assert ack(world, done.incident_id)[0].exit_code == 0
    world.clock.pass_time(MINUTE)
    world.green(alarm)
    ok = world.clock.at
    world.pass_time(3 * HOUR)
    assert world.incident(done.incident_id).state is IncidentState.CLOSED

    found = stats(world, histories(world, {ALARM: red_and_ok((alarm.since, ok))}))

    assert found["actions"][0]["outcomes"]["somebody_helped"] == 1
    assert found["actions"][0]["success"]["count"] == 0
    assert found["recovery"]["times"]["somebody_helped"]["count"] == 1


def test_a_refusal_is_counted_with_its_reason_and_a_wait_as_open(world: World) -> None:
    refuse(world, "one", "two")
    found = stats(world, histories(world, {"one": [], "two": []}))
    assert found["reasons"] == [{"decision": "refuse", "reason": "target_none", "count": 2}]
    assert (found["actions"], found["targets"]) == ([], [])


def test_an_incident_that_waits_for_its_approval_is_open(world: World) -> None:
    world.policy = parse_policy(a.AUTO_POLICY.replace('"auto"', '"approve"'), "approve.toml")
    alarm = world.red(ALARM)
    world.send(alarm)
    world.clock.pass_time(5 * MINUTE)
    found = stats(world, histories(world, {ALARM: [(alarm.since, "OK", "ALARM")]}))
    assert found["time_to_act"] == {"count": 1, "open": 1, "median": None, "p90": None}


@pytest.mark.parametrize(
    ("state", "acted", "waits"),
    [
        (IncidentState.AWAITING_APPROVAL, False, 1),
        (IncidentState.CLIMBING, False, 1),
        (IncidentState.CLIMBING, True, 0),
        (IncidentState.PAGED, False, 0),
    ],
)
def test_an_incident_waits_until_its_first_act(state: IncidentState, *, acted: bool, waits: int) -> None:
    incident = a.incident(state)
    done = {incident.id} if acted else set[str]()
    found = list(gathering._waiting({incident.id: incident}, done, incident.opened_at))
    assert found == [incident.alarm.since] * waits


def test_a_page_is_a_call_for_somebody(world: World) -> None:
    world.policy = parse_policy(a.AUTO_POLICY + PAGING, "paging.toml")
    announce(world)
    announce(world, AnnouncementKind.RECOVERED)
    found = stats(world, histories(world, {}))
    assert found["pages"]["total"] == 1
    assert found["pages"]["by_severity"] == {"critical": 1}
    assert found["pages"]["by_hour"][a.NOW.hour] == 1


def test_where_cloudwatch_refuses_the_rest_is_shown_and_it_says_so(world: World) -> None:
    act_and_recover(world)

    def refused(stubber: Stubber) -> None:
        stubber.add_client_error("describe_alarm_history", "AccessDenied", http_status_code=403)

    found = stats(world, refused)
    why = "the alarms' history in CloudWatch could not be read (AccessDenied)"
    assert found["recovery"] == {"unknown": why}
    assert found["targets"][0]["red"] is None
    shown = reported(world, "stats", cloudwatch=refused)
    assert (shown.exit_code, shown.stderr) == (0, "")
    assert f"Not known: {why}." in " ".join(shown.stdout.split())


def test_budgets_are_not_read_where_this_machine_has_another_policy(world: World) -> None:
    act_and_recover(world)
    found = stats(world, histories(world, {ALARM: []}))
    assert set(found["budgets"]) == {"not_read"}
    assert world.policy.hash in found["budgets"]["not_read"]


def test_an_item_that_cannot_be_read_is_counted_and_named_on_stderr(world: World) -> None:
    refuse(world, "one")
    [item] = items(world, "DECISION#")
    world.dynamodb.put_item(TableName=TABLE, Item=item | {"checks": {"S": "{"}})
    result = reported(world, "stats", cloudwatch=histories(world, {}))
    assert result.exit_code == 0
    assert error_lines(result) == [
        "firebreak: 1 items of the ledger could not be read: they are in no number"
    ]


def test_every_page_of_cloudwatch_is_read_and_an_item_that_says_nothing_is_left_out(world: World) -> None:
    begin, now = a.NOW - HOUR, a.NOW
    first = page("one", [(begin, "OK", "ALARM"), (begin, "OK", "ALARM")], "more")
    first["AlarmHistoryItems"][1]["HistoryData"] = "{"
    wanted, cloudwatch = asked("one", now - DAY, now), StackSession(deployed).client("cloudwatch")
    with Stubber(cloudwatch) as stubber:
        stubber.add_response("describe_alarm_history", first, wanted)
        last = page("one", [(begin + MINUTE, "ALARM", "OK")])
        stubber.add_response("describe_alarm_history", last, wanted | {"NextToken": "more"})
        found = list(alarm_history.turned(cloudwatch, ["one"], now - DAY, now, lambda _: None))
    subject = ("one", "")
    assert found == [(subject, AlarmState.ALARM, begin), (subject, AlarmState.OK, begin + MINUTE)]


def test_the_range_is_asked_of_cloudwatch_as_of_the_ledger(world: World) -> None:
    refuse(world, "one")
    world.clock.pass_time(2 * DAY)
    refuse(world, "two")
    found = stats(world, histories(world, {"two": []}, DAY), "--since", "1d")
    assert datetime.fromisoformat(found["from"]) == world.clock.at - DAY
    assert found["decisions"] == {"refuse": 1}


def test_an_empty_ledger_has_no_act_and_nothing_is_zero_per_cent(world: World) -> None:
    result = reported(world, "stats")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "No act in this time." in result.stdout
    assert "%" not in result.stdout.replace("95 %", "")


def test_text_of_an_alarm_is_one_harmless_line(world: World) -> None:
    name = "evil\x1b[31m\nname"
    refuse(world, name)
    result = reported(world, "stats", cloudwatch=histories(world, {name: []}))
    assert "\x1b" not in result.stdout


@pytest.mark.parametrize("since", ["31d", "0s", "soon", "9999999999999999d"])
def test_a_range_that_cannot_be_answered_is_refused(world: World, since: str) -> None:
    result = reported(world, "stats", "--since", since)
    assert result.exit_code == BAD_INPUT
    [line] = error_lines(result)
    assert line.startswith(f"firebreak: --since {since}: expected ")


def test_the_same_exit_code_stands_for_both_forms(world: World) -> None:
    words: Sequence[Sequence[str]] = (("stats",), ("stats", "--json"))
    assert [reported(world, *some).exit_code for some in words] == [0, 0]
