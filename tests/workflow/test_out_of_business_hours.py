"""A call that waits for its hours, and whose alarm is OK before: it called nobody, and nobody hears of it."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from firebreak.core.model import Alarm
from firebreak.core.paging.page import Phase
from firebreak.policy.compiler import parse_policy
from tests.support import builders as a
from tests.support.world import World, world_on_moto
from tests.workflow.test_flapping import labels, wait
from tests.workflow.test_who_is_paged import PAGING

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
# By its name a warning, whose route has office hours.
NAME = "web-memory"


@pytest.fixture
def world() -> Iterator[World]:
    """Friday, 22:00."""
    with world_on_moto(policy=parse_policy(a.AUTO_POLICY + PAGING, "paging.toml")) as made:
        made.clock.pass_time(12 * HOUR)
        made.ecs.services[a.TARGET.display] = a.service(tags={})
        yield made


def turn_red(world: World) -> Alarm:
    alarm = world.red(NAME)
    world.send(alarm)
    return alarm


def round_trip(world: World) -> None:
    alarm = turn_red(world)
    wait(world, 8 * MINUTE)
    world.green(alarm)
    world.deliver()
    wait(world, 52 * MINUTE)


def phases(world: World) -> list[Phase]:
    return [page.phase for _, page in world.pager.pages]


def test_a_notice_that_nobody_was_called_for_is_sent_at_the_next_transition_in_hours(world: World) -> None:
    for _ in range(3):
        round_trip(world)
    wait(world, 60 * HOUR, HOUR)
    assert phases(world) == []
    for _ in range(2):
        round_trip(world)
    assert phases(world) == [Phase.TRIGGER, Phase.RESOLVE]
    assert labels(world, "ops") == {"NOT ACTING": 1, "RESOLVED": 1}


def test_a_notice_that_was_sent_and_ended_is_sent_again_at_the_next_transition(world: World) -> None:
    """The people who heard of the first one heard of its end as well."""
    wait(world, 60 * HOUR, HOUR)
    round_trip(world)
    world.ecs.services[a.TARGET.display] = a.service()
    round_trip(world)
    world.ecs.services[a.TARGET.display] = a.service(tags={})
    before = len(world.pager.pages)
    wait(world, 8 * HOUR, HOUR)
    round_trip(world)
    wait(world, 13 * HOUR, HOUR)
    assert phases(world)[before:] == []
    round_trip(world)
    assert phases(world)[before:] == [Phase.TRIGGER, Phase.RESOLVE]


def test_a_notice_whose_alarm_is_red_when_the_hours_open_is_sent_then_and_once(world: World) -> None:
    alarm = turn_red(world)
    wait(world, 60 * HOUR, HOUR)
    world.green(alarm)
    world.deliver()
    wait(world, HOUR)
    round_trip(world)
    assert phases(world) == [Phase.TRIGGER, Phase.RESOLVE]
