"""A hold-out changes nothing, and a human hears of it; a human's own wish is never held out."""

from collections.abc import Iterator

import pytest

from firebreak.core.guards.hold_out import is_held_out
from firebreak.policy.compiler import parse_policy
from tests.support import builders as a
from tests.support.world import World, world_on_moto

POLICY = a.AUTO_POLICY.replace("rung_gap =", "hold_out = 2\nrung_gap =", 1)


@pytest.fixture
def world() -> Iterator[World]:
    with world_on_moto(policy=parse_policy(POLICY, "hold-out.toml")) as made:
        yield made


def named(world: World, *, held: bool) -> str:
    """The name of an alarm that is held out where it turns red now, or is not."""
    names = (f"api-memory-{number}" for number in range(40))
    return next(name for name in names if is_held_out(a.alarm(name, since=world.clock.at), 2) is held)


def test_one_that_is_held_out_is_paged_and_changes_nothing(world: World) -> None:
    done = world.send(world.red(named(world, held=True)))
    assert (done.outcome, done.reason.value) == ("refuse", "held_out")
    assert world.ecs.writes == []
    [subject] = world.subjects
    assert "NOT ACTING: action needed" in subject


def test_the_others_are_acted_on(world: World) -> None:
    done = world.send(world.red(named(world, held=False)))
    assert (done.outcome, done.reason.value) == ("act", "clear_to_act")


def test_a_second_delivery_is_no_act_and_no_second_page(world: World) -> None:
    alarm = world.red(named(world, held=True))
    outcomes = [world.send(alarm).outcome for _ in range(2)]
    assert outcomes == ["refuse", "refuse"]
    assert world.ecs.writes == []
    assert len(world.subjects) == 1


def test_a_policy_without_the_key_holds_nothing_out(world: World) -> None:
    world.policy = a.auto_policy()
    assert world.send(world.red(named(world, held=True))).outcome == "act"
