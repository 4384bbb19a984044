"""Alarms that stand red when Firebreak comes back, or may do more than before, are no reason to act on all.

After an outage of its own, the events come late and together; after a pause, or with a wider policy, what is
red already sends none. Nothing of it is acted on but what is young enough, within the limits
(docs/adr/0054-no-ramp-of-its-own.md).
"""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from firebreak.core.limits.history import Hold
from firebreak.core.model import Alarm
from firebreak.core.reasons import Reason
from firebreak.policy.compiler import parse_policy
from tests.support import builders as a
from tests.support.world import World, world_on_moto

MINUTE = timedelta(minutes=1)
EVENT_AGE, STACK_BUDGET = 10 * MINUTE, 5


def red_since(world: World, number: int, age: timedelta) -> Alarm:
    """An alarm of a service of its own, in a cluster of its own, that turned red so long ago."""
    name, cluster = f"api-{number}", f"prod-{number}"
    target = f"ecs:{cluster}/{name}"
    world.ecs.services[target] = a.service(name=name, cluster=cluster)
    now = world.clock.at
    world.clock.at = now - age
    tags = {"firebreak:action": "restart-service", "firebreak:target": target}
    alarm = world.red(f"{name}-memory", tags=tags)
    world.clock.at = now
    return alarm


@settings(max_examples=15)
@given(st.lists(st.integers(0, 40).map(lambda minutes: minutes * MINUTE), min_size=1, max_size=9))
def test_of_events_that_come_late_and_together_the_old_ones_are_refused_and_the_others_are_limited(
    ages: list[timedelta],
) -> None:
    with world_on_moto() as world:
        alarms = [red_since(world, number, age) for number, age in enumerate(ages)]
        reasons = [world.send(alarm).reason for alarm in alarms]
        young = [age <= EVENT_AGE for age in ages]

        assert all((reason is Reason.TOO_OLD) != fresh for reason, fresh in zip(reasons, young, strict=True))
        assert len(world.ecs.writes) == min(sum(young), STACK_BUDGET)


def test_when_a_pause_ends_nothing_is_done_about_what_turned_red_in_it(world: World) -> None:
    hold = Hold("global", "ana", "migration", world.clock.at, world.clock.at + 30 * MINUTE)
    world.switches.pause(hold)
    made = [world.send(red_since(world, number, timedelta())) for number in range(4)]
    world.switches.resume("global", "ana")

    for _ in range(12):
        world.pass_time(5 * MINUTE)
        world.sweep()

    assert {summary.reason for summary in made} == {Reason.SWITCHED_OFF}
    assert world.ecs.writes == []


def test_when_the_policy_widens_nothing_is_done_about_what_is_red_already(world: World) -> None:
    wider = world.policy
    narrow = a.AUTO_POLICY.replace('autonomy = "auto"', 'autonomy = "observe"')
    world.policy = parse_policy(narrow, "observe.toml")
    made = [world.send(red_since(world, number, timedelta())) for number in range(4)]
    world.policy = wider

    for _ in range(12):
        world.pass_time(5 * MINUTE)
        world.sweep()

    assert {summary.outcome for summary in made} == {"propose"}
    assert world.ecs.writes == []
