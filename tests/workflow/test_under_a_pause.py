"""An alarm under a pause belongs to the holder: announced once, and no further step is called."""

from collections.abc import Iterator

import pytest

from firebreak.core.limits.history import Hold
from firebreak.core.paging.page import Phase
from firebreak.core.paging.threads import Thread, ThreadState
from firebreak.policy.compiler import parse_policy
from tests.support import builders as a
from tests.support.world import World, world_on_moto
from tests.workflow.test_one_page_for_many import bodies, named, pause, refuse
from tests.workflow.test_who_is_paged import HOUR, MINUTE, PAGING, sent, tick


@pytest.fixture
def world() -> Iterator[World]:
    with world_on_moto(policy=parse_policy(a.AUTO_POLICY + PAGING, "paging.toml")) as made:
        yield made


def thread_of(world: World) -> Thread:
    found = world.dispatcher().read(world.pager.pages[0][1].thread)
    assert isinstance(found, Thread)
    return found


def test_a_refusal_under_a_pause_is_announced_once_and_counts_as_the_holders(world: World) -> None:
    pause(world, minutes=600)
    refuse(world, 3)
    assert sent(world) == [("ops", Phase.TRIGGER), ("pd", Phase.TRIGGER)]
    assert (thread_of(world).state, thread_of(world).acknowledged_by) == (ThreadState.ACKNOWLEDGED, "ana")
    tick(world, 50)
    assert len(world.pager.pages) == 2
    [body] = bodies(world, "NOT ACTING")
    assert "Paused: global by ana until" in body
    assert "migration" in body
    assert "This counts as acknowledged by ana, who holds the kill switch" in body
    assert "\nThen: " not in body


def test_the_first_line_says_that_what_is_red_under_the_pause_is_critical(world: World) -> None:
    pause(world)
    refuse(world, 1)
    [body] = bodies(world, "NOT ACTING")
    assert "A critical alarm is red under a pause. Paused: global by ana" in body.splitlines()[0]
    assert body.startswith("NOT ACTING: check with ana. ")


def test_a_warning_under_a_pause_is_not_called_critical(world: World) -> None:
    pause(world)
    named(world, "web-latency", "web")
    [body] = bodies(world, "NOT ACTING")
    first = body.splitlines()[0]
    assert "Paused: global by ana until " in first
    assert "critical" not in first
    assert first.startswith("NOT ACTING: left to ana. ")


def test_a_critical_alarm_under_the_pause_of_a_warning_calls_the_first_step_of_its_own_route(
    world: World,
) -> None:
    pause(world)
    named(world, "web-latency", "web")
    named(world, "api-memory", "api")
    assert ("pd", Phase.TRIGGER) in sent(world)
    tick(world, 30)
    assert ("topic", Phase.TRIGGER) not in sent(world)


def test_an_alarm_still_red_after_the_pause_calls_again_and_climbs(world: World) -> None:
    pause(world, minutes=20)
    refuse(world, 1)
    tick(world, 26)
    assert len(bodies(world, "STILL RED")) == 1
    assert thread_of(world).acknowledged_by == ""
    tick(world, 20)
    assert ("topic", Phase.TRIGGER) in sent(world)


def test_of_several_holders_the_last_one_counts(world: World) -> None:
    now = world.clock.at
    world.switches.pause(Hold("global", "ana", "migration", now, now + 3 * HOUR))
    world.switches.pause(Hold("action restart-service", "ben", "release", now, now + 90 * MINUTE))
    refuse(world, 1)
    assert thread_of(world).acknowledged_by == "ana"
