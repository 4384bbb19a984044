"""`firebreak undo`: the last act of an incident is put back on the way of an undo by itself."""

import json
from datetime import timedelta
from typing import Any

import boto3
import pytest

from firebreak.core.incident.states import IncidentState
from firebreak.core.limits.history import Hold
from firebreak_cli.acting.waiting import LONGEST
from tests.cli.running import error_lines, run
from tests.cli.test_acting import CALLER, Desk, desk, red
from tests.support import builders as a

__all__ = ["desk"]  # the fixture

MINUTE = timedelta(minutes=1)
S = IncidentState
SCALE = {"firebreak:action": "scale-service"}


def rested(desk: Desk) -> str:
    """Scaled to three tasks because of an alarm, which has been OK since; the third task rests."""
    world = desk.world
    alarm = world.red(tags=SCALE)
    done = world.send(alarm, "scale-service")
    assert done.outcome == "act"
    world.pass_time(2 * MINUTE)
    world.green(alarm)
    world.pass_time(6 * MINUTE)
    assert world.incident(done.incident_id).state is S.RESTING
    aws: Any = boto3.session.Session(region_name=a.REGION)
    aws.client("ecs").update_service(cluster="prod", service="api", desiredCount=3)
    red(alarm.name)
    aws.client("cloudwatch").set_alarm_state(AlarmName=alarm.name, StateValue="OK", StateReason="test")
    return done.incident_id


def undo(desk: Desk, incident_id: str, *more: str) -> Any:
    return run("undo", incident_id, "--reason", "too many", *more, environment=desk.environment)


def counts(desk: Desk) -> list[object]:
    return [count for name, _, count in desk.world.ecs.writes if name == "set_desired_count"]


def test_a_temporary_change_is_taken_back_when_a_human_requests_it(desk: Desk) -> None:
    incident_id = rested(desk)

    result = undo(desk, incident_id, "--yes")

    words = " ".join(result.stdout.split())
    assert (result.exit_code, counts(desk)) == (0, [3, 2]), result.output
    assert "UNDONE Done" in words
    desk.world.deliver()
    assert f"why: requested by {CALLER}: too many" in desk.world.pager.sent[-1][1]


def test_its_json_says_what_was_put_back_by_whom_and_why(desk: Desk) -> None:
    incident_id = rested(desk)
    found = json.loads(undo(desk, incident_id, "--yes", "--json").stdout)
    assert (found["version"], found["result"], found["incident"]) == (1, "undone", incident_id)
    assert (found["by"], found["reason"], found["preview"]["decision"]) == (CALLER, "too many", "act")


def test_a_dry_run_writes_nothing(desk: Desk) -> None:
    incident_id = rested(desk)
    result = undo(desk, incident_id, "--dry-run")
    assert (result.exit_code, desk.sent) == (0, [])
    assert desk.world.incident(incident_id).state is S.RESTING


def test_an_act_that_cannot_be_undone_is_refused_before_anything_is_written(desk: Desk) -> None:
    done = desk.world.send(desk.world.red())
    result = undo(desk, done.incident_id, "--yes")
    assert (result.exit_code, desk.sent) == (11, [])
    assert "a restart cannot be taken back" in " ".join(result.stdout.split())
    assert desk.world.incident(done.incident_id).state is S.ACTED


def test_a_pause_refuses_the_undo_as_it_refuses_one_by_itself(desk: Desk) -> None:
    incident_id = rested(desk)
    now = desk.world.clock.at
    desk.world.switches.pause(Hold("global", "kim", "migration", now, now + 60 * MINUTE))
    result = undo(desk, incident_id, "--yes")
    assert (result.exit_code, counts(desk)) == (11, [3])
    assert "kim" in result.stdout


def test_an_undo_that_nobody_takes_up_is_not_known_and_the_sweep_asks_again(desk: Desk) -> None:
    incident_id = rested(desk)
    desk.functions_work = False

    result = undo(desk, incident_id, "--yes")

    assert (result.exit_code, desk.waited) == (12, LONGEST.total_seconds())
    assert desk.world.incident(incident_id).state is S.UNDOING
    desk.world.clock.pass_time(3 * MINUTE)
    desk.world.sweep()
    assert counts(desk) == [3, 2]


def test_a_second_undo_finds_that_the_act_is_put_back(desk: Desk) -> None:
    incident_id = rested(desk)
    undo(desk, incident_id, "--yes")
    again = undo(desk, incident_id, "--yes")
    assert (again.exit_code, counts(desk)) == (2, [3, 2])
    assert "its act is put back already" in error_lines(again)[0]


@pytest.mark.parametrize("name", ["i-0000000000", "nonsense"])
def test_an_incident_that_is_not_there_is_one_line(desk: Desk, name: str) -> None:
    result = undo(desk, name, "--yes")
    assert (result.exit_code, len(error_lines(result))) == (2, 1)
    assert f"there is no incident {name}" in error_lines(result)[0]


def test_an_incident_that_is_over_is_refused_with_its_state(desk: Desk) -> None:
    done = desk.world.send(desk.world.red())
    desk.world.pass_time(20 * MINUTE)
    result = undo(desk, done.incident_id, "--yes")
    assert result.exit_code == 2
    assert "only an act that Firebreak still watches is undone" in error_lines(result)[0]
