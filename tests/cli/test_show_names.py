"""`firebreak show` finds what is meant by less than a whole id."""

from datetime import timedelta

import pytest

from firebreak.core.model import Metric
from tests.cli.running import Calls, error_lines, run_in
from tests.support.world import World

METER = Metric("AWS/EC2", "CPUUtilization", {"InstanceId": "i-0123456789abcdef0"})


@pytest.mark.parametrize("by", ["the beginning of its id", "its alarm", "its target"])
def test_an_incident_is_found(world: World, by: str) -> None:
    done = world.send(world.red())
    wanted = {"its alarm": "api-memory-high", "its target": "ecs:prod/api"}.get(by, done.incident_id[:6])

    calls = Calls()
    result = run_in(world, "show", wanted, calls=calls)

    assert "Scan" not in calls.made
    assert (result.exit_code, result.stderr) == (0, "")
    assert f"{done.incident_id} is acted" in result.stdout


def test_where_several_are_meant_all_are_listed_and_none_is_chosen(world: World) -> None:
    made = []
    for _ in range(2):
        world.clock.pass_time(timedelta(minutes=1))
        made.append(world.send(world.red("nameless", metrics=(METER,))).incident_id)

    result = run_in(world, "show", "nameless")

    assert (result.exit_code, result.stdout) == (2, "")
    assert all(any(name in line for line in error_lines(result)) for name in made)
    assert len(error_lines(result)) == 3


def test_a_letter_or_two_mean_nothing(world: World) -> None:
    world.send(world.red())

    assert run_in(world, "show", "i-").exit_code == 2


def test_an_open_incident_of_a_target_comes_before_one_that_is_over(world: World) -> None:
    alarm = world.red()
    world.send(alarm)
    world.pass_time(timedelta(minutes=1))
    world.green(alarm)
    world.pass_time(timedelta(minutes=60))
    again = world.send(world.red())

    assert f"{again.incident_id} is acted" in run_in(world, "show", "ecs:prod/api").stdout


def test_a_closed_incident_is_found_by_its_target(world: World) -> None:
    alarm = world.red()
    done = world.send(alarm)
    world.pass_time(timedelta(minutes=1))
    world.green(alarm)
    world.pass_time(timedelta(minutes=60))

    assert f"{done.incident_id} is closed" in run_in(world, "show", "ecs:prod/api").stdout
