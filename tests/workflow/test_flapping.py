"""Alarms that turn red again and again: one thread of pages a target and lasting cause, and its end."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest

from firebreak.core.model import Alarm, AlarmState
from firebreak.core.paging.digests import STAYS_OK
from firebreak.core.paging.page import Page, Phase
from firebreak.policy.compiler import parse_policy
from tests.support import builders as a
from tests.support.world import World, eventbridge, world_on_moto
from tests.workflow.test_who_is_paged import PAGING

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def world() -> Iterator[World]:
    with world_on_moto(policy=parse_policy(a.AUTO_POLICY + PAGING, "paging.toml")) as made:
        yield made


def wait(world: World, length: timedelta, step: timedelta = MINUTE) -> None:
    """Time passes, with the schedules, the rule of each minute and the sweep every five minutes."""
    end = world.clock.at + length
    while world.clock.at < end:
        world.pass_time(min(step, end - world.clock.at))
        world.page_sweep()
        if world.clock.at.minute % 5 == 0:
            world.sweep()
        world.deliver()


def flap(world: World, times: int) -> Alarm:
    """Red for three minutes, OK for three."""
    for _ in range(times):
        alarm = world.red()
        world.send(alarm)
        wait(world, 3 * MINUTE)
        world.green(alarm)
        world.deliver()
        wait(world, 3 * MINUTE)
    return alarm


def to_pagerduty(world: World) -> list[Page]:
    return [page for name, page in world.pager.pages if name == "pd"]


def labels(world: World, channel: str = "pd") -> Counter[str]:
    """The first words of every page on a channel."""
    return Counter(page.body.split(":")[0] for name, page in world.pager.pages if name == channel)


def test_three_hours_of_flapping_are_a_handful_of_pages_and_one_incident_of_refusals(world: World) -> None:
    flap(world, 30)
    wait(world, 30 * MINUTE)
    assert world.log.counts.count("Acts") == 4
    refused = [page for page in to_pagerduty(world) if page.body.startswith("NOT ACTING")]
    assert len({page.thread for page in refused}) == 1
    # Two incidents were resolved by an act, two were given to humans; all refusals are one thread.
    assert labels(world) == {"ACTED": 4, "NEEDS YOU": 2, "NOT ACTING": 1, "RESOLVED": 3}


def test_refusals_of_a_flapping_alarm_are_resolved_once_it_stayed_ok_with_their_number(
    world: World,
) -> None:
    alarm = flap(world, 10)
    refused = next(page for page in to_pagerduty(world) if page.body.startswith("NOT ACTING"))

    def ends() -> list[Page]:
        pages = [page for page in to_pagerduty(world) if page.thread == refused.thread]
        return [page for page in pages if page.phase is Phase.RESOLVE]

    wait(world, STAYS_OK - 4 * MINUTE)
    assert ends() == []
    wait(world, 6 * MINUTE)
    [over] = ends()
    assert "RESOLVED: no action needed. ecs:prod/api: The alarm has been OK for 15m." in over.body
    assert "times since" in over.body
    assert alarm.name in over.body


def test_a_refusal_after_the_end_of_the_thread_calls_a_human_again(world: World) -> None:
    missing = {"firebreak:action": "restart-service", "firebreak:target": "ecs:prod/gone"}
    for _ in range(2):
        alarm = world.red(tags=missing)
        world.send(alarm)
        wait(world, 10 * MINUTE)
        world.green(alarm)
        wait(world, 30 * MINUTE)
    assert labels(world) == {"NOT ACTING": 2, "RESOLVED": 2}
    assert len({page.thread for page in to_pagerduty(world)}) == 2


def test_a_refusal_is_paged_again_after_a_day_although_it_never_ended(world: World) -> None:
    missing = {"firebreak:action": "restart-service", "firebreak:target": "ecs:prod/gone"}
    world.send(world.red(tags=missing))
    wait(world, 3 * DAY, HOUR)
    world.send(world.red(tags=missing))
    assert labels(world) == {"NOT ACTING": 2}


def test_two_alarms_of_one_target_are_one_thread_that_ends_with_the_last_of_them(world: World) -> None:
    missing = {"firebreak:action": "restart-service", "firebreak:target": "ecs:prod/gone"}
    alarms = [world.red(name, tags=missing) for name in ("api-memory", "api-5xx")]
    for alarm in alarms:
        world.send(alarm)
    world.green(alarms[0])
    wait(world, 40 * MINUTE)
    assert labels(world) == {"NOT ACTING": 1}
    wait(world, 40 * MINUTE)
    assert labels(world) == {"NOT ACTING": 1, "SUMMED UP": 1}
    world.green(alarms[1])
    wait(world, 30 * MINUTE)
    assert labels(world)["RESOLVED"] == 1


@pytest.mark.parametrize("state", [AlarmState.INSUFFICIENT_DATA, None])
def test_a_thread_of_refusals_is_not_resolved_by_an_alarm_without_data_or_one_that_is_gone(
    world: World, state: AlarmState | None
) -> None:
    missing = {"firebreak:action": "restart-service", "firebreak:target": "ecs:prod/gone"}
    alarm = world.red(tags=missing)
    world.send(alarm)
    if state:
        world.alarms.turn(alarm.name, state, world.clock.at)
    else:
        del world.alarms.described[alarm.name]
    wait(world, 2 * HOUR, 5 * MINUTE)
    assert labels(world) == {"NOT ACTING": 1}


def test_a_service_that_is_scaled_to_zero_every_night_is_paged_once_a_week_not_once_a_night(
    world: World,
) -> None:
    world.clock.pass_time(10 * HOUR)
    world.ecs.services[a.TARGET.display] = a.service(desired=0, running=0)
    for _ in range(7):
        alarm = world.red()
        world.send(alarm)
        wait(world, 12 * HOUR, 30 * MINUTE)
        world.green(alarm)
        wait(world, 12 * HOUR, 30 * MINUTE)
    assert labels(world) == {"NOT ACTING": 1}
    wait(world, 14 * HOUR, 30 * MINUTE)
    assert labels(world) == {"NOT ACTING": 1, "RESOLVED": 1}
    assert "7 times since" in to_pagerduty(world)[-1].body


def test_two_alarms_of_a_service_that_is_scaled_to_zero_every_night_are_summed_up_once(world: World) -> None:
    world.clock.pass_time(10 * HOUR)
    for _ in range(3):
        world.ecs.services[a.TARGET.display] = a.service(desired=0, running=0)
        night = []
        for name in ("api-mem", "api-5xx"):
            night.append(world.red(name))
            world.send(night[-1])
            wait(world, 10 * MINUTE)
        wait(world, 11 * HOUR, 30 * MINUTE)
        for alarm in night:
            world.green(alarm)
        world.deliver()
        wait(world, 13 * HOUR - 20 * MINUTE, 30 * MINUTE)
    assert labels(world) == {"NOT ACTING": 1, "SUMMED UP": 1}


def test_an_alarm_red_again_after_it_stayed_ok_long_enough_is_a_new_page(world: World) -> None:
    for _ in range(2):
        alarm = world.red("api-disk", tags={"firebreak:action": "page"})
        world.page_desk().handle(eventbridge(alarm))
        wait(world, 3 * MINUTE)
        world.green(alarm)
        wait(world, STAYS_OK + MINUTE)
    assert labels(world) == {"NOT ACTING": 2, "RESOLVED": 2}
