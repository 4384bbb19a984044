"""Alarms that their target does not allow: they count towards no storm and join no incident."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firebreak.core.guards.consent import allows
from firebreak.core.incident.states import IncidentState
from firebreak.core.limits.history import Hold
from firebreak.core.limits.storm import Storm
from firebreak.core.model import AlarmKind, AlarmState
from firebreak.core.readings import ABSENT, Reading, Unknown
from firebreak.core.reasons import Reason
from firebreak.policy.compiler import parse_policy
from firebreak.remediation.decision_recorder import Summary
from firebreak.services.ecs.model import ServiceLive
from tests.support import builders as a
from tests.support.faults import Wrapped
from tests.support.world import World, eventbridge, world_on_moto
from tests.workflow.test_storms import WIDE, storm_of, strike

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
OPTED_IN = {"firebreak:enabled": "true"}
OTHERS = {**OPTED_IN, "firebreak:alarms": "prod-"}
ELSEWHERE = {**OPTED_IN, "firebreak:stack": "firebreak-b"}
refusing = pytest.mark.parametrize(
    ("tags", "reason"),
    [({}, Reason.NOT_OPTED_IN), (OTHERS, Reason.ALARM_NOT_ALLOWED), (ELSEWHERE, Reason.OTHER_STACK)],
    ids=["not opted in", "another alarm's", "another stack's"],
)


@pytest.fixture
def world() -> Iterator[World]:
    with world_on_moto(policy=parse_policy(WIDE, "storm.toml")) as made:
        for name in "abcdefgh":
            made.ecs.services[f"ecs:prod/{name}"] = a.service(name=name)
        yield made


def tagged(world: World, tags: Reading[Mapping[str, str]], *names: str) -> None:
    for name in names:
        world.ecs.services[f"ecs:prod/{name}"] = a.service(name=name, tags=tags)


@refusing
def test_alarms_that_their_targets_do_not_allow_are_no_storm(
    world: World, tags: Mapping[str, str], reason: Reason
) -> None:
    tagged(world, tags, *"abcdef")
    assert {one.reason for one in strike(world, *"abcdef")} == {reason}
    assert world.storm_watch().storms.look() == ABSENT
    assert strike(world, "g")[0].outcome == "act"


@refusing
def test_they_are_none_under_a_kill_switch_either(
    world: World, tags: Mapping[str, str], reason: Reason
) -> None:
    del reason
    tagged(world, tags, *"abcdef")
    now = world.clock.at
    world.switches.pause(Hold("global", "ana", "migration", now, now + 60 * MINUTE))
    assert {one.reason for one in strike(world, *"abcdef")} == {Reason.SWITCHED_OFF}
    assert world.storm_watch().storms.look() == ABSENT


@refusing
def test_they_do_not_prolong_a_storm(world: World, tags: Mapping[str, str], reason: Reason) -> None:
    tagged(world, tags, "e", "f")
    strike(world, *"abcd")
    assert [one.reason for one in strike(world, "e", "f")] == [reason] * 2
    assert [one.name[0] for one in storm_of(world).red] == [*"abcd"]


def test_an_alarm_of_a_target_that_does_not_exist_counts_for_no_storm(world: World) -> None:
    for name in "abcdef":
        del world.ecs.services[f"ecs:prod/{name}"]
    strike(world, *"abcdef")
    assert world.storm_watch().storms.look() == ABSENT


def test_composites_that_were_built_to_name_nothing_hold_no_action_back(world: World) -> None:
    """Composite alarms can be nested as deep as AWS allows."""
    for name, below in [("c1", "c2"), ("c2", "c3"), ("c3", "leaf"), ("leaf", None)]:
        world.alarms.described[name] = a.described(name, children=(below,) if below else ())
    for name in "abcdef":
        event = eventbridge(world.red(name, kind=AlarmKind.COMPOSITE, metrics=()))
        event["detail"]["configuration"] = {"alarmRule": "ALARM(c1)"}
        world.alarms.described[name] = a.described(name, children=("c1",))
        assert world.remediator().handle(event).reason is Reason.TARGET_MALFORMED
    assert world.storm_watch().storms.look() == ABSENT


def test_an_alarm_whose_targets_tags_cannot_be_read_counts_and_acts_on_nothing(world: World) -> None:
    for name in "abcd":
        world.ecs.services[f"ecs:prod/{name}"] = Unknown("ThrottlingException")
    strike(world, *"abcd")
    assert storm_of(world).tripped_at is not None
    assert world.ecs.writes == []


def test_a_storm_stops_also_those_alarms_that_are_looked_at_when_it_begins(world: World) -> None:
    """Four functions run at once: none has claimed when the last of them counts."""
    names: list[str] = [*"abcd"]
    reasons: list[Reason] = []

    def next_one(call: str = "describe") -> None:
        if names and call == "describe":
            reasons.append(strike(world, names.pop())[0].reason)

    watched: Any = Wrapped(world.alarms, before=next_one)
    world.alarms = watched
    next_one()
    assert reasons == [Reason.STORM] * 4
    assert world.ecs.writes == []


def sibling(world: World, name: str = "other-team-cpu") -> Summary:
    return world.send(world.red(name))


def restarted(world: World) -> str:
    done = world.send(world.red())
    assert done.outcome == "act"
    world.pass_time(MINUTE)
    return done.incident_id


@refusing
def test_an_alarm_that_is_not_allowed_joins_no_incident_and_makes_no_recovery_worse(
    world: World, tags: Mapping[str, str], reason: Reason
) -> None:
    incident_id = restarted(world)
    service = world.ecs.services[a.TARGET.display]
    assert isinstance(service, ServiceLive)
    world.ecs.services[a.TARGET.display] = replace(service, tags=tags)
    assert sibling(world).reason is reason
    assert [member.name for member in world.incident(incident_id).members] == ["api-memory-high"]
    world.alarms.turn("api-memory-high", AlarmState.OK, world.clock.at)
    world.pass_time(20 * MINUTE)
    assert world.incident(incident_id).state is IncidentState.CLOSED


@refusing
def test_it_joins_none_under_a_kill_switch_in_a_storm_or_when_it_comes_late(
    world: World, tags: Mapping[str, str], reason: Reason
) -> None:
    incident_id = restarted(world)
    world.ecs.services[a.TARGET.display] = a.service(tags=tags)
    now = world.clock.at
    late = world.red("late")
    world.switches.pause(Hold("global", "ana", "migration", now, now + 10 * MINUTE))
    assert sibling(world).reason is Reason.SWITCHED_OFF
    world.clock.pass_time(11 * MINUTE)
    assert world.send(late).reason in {reason, Reason.TOO_OLD}
    assert [member.name for member in world.incident(incident_id).members] == ["api-memory-high"]


def test_an_allowed_sibling_joins_also_in_a_storm_that_knows_it(world: World) -> None:
    incident_id = restarted(world)
    alarm = world.red("api-5xx")
    world.send(alarm)
    strike(world, *"abcd")
    world.clock.pass_time(SECOND)
    world.send(world.red("api-5xx"))
    assert [m.name for m in world.incident(incident_id).members] == ["api-memory-high", "api-5xx"]


def test_a_sibling_whose_targets_tags_cannot_be_read_joins(world: World) -> None:
    """More alarms only make the verdict stricter."""
    incident_id = restarted(world)
    world.ecs.services[a.TARGET.display] = Unknown("ThrottlingException")
    assert sibling(world).reason is Reason.IN_FLIGHT
    assert len(world.incident(incident_id).members) == 2


TAGS = st.sampled_from([{}, OPTED_IN, OTHERS, {**OPTED_IN, "firebreak:alarms": "a- b- c-"}, {"x": "y"}])
EVENTS = st.lists(
    st.tuples(st.sampled_from("abcdef"), st.sampled_from(["cpu", "memory", "page"]), TAGS), max_size=12
)


@given(EVENTS)
@settings(max_examples=15, deadline=None)
def test_all_that_a_storm_counts_and_all_members_of_incidents_have_their_targets_consent(
    events: list[tuple[str, str, dict[str, str]]],
) -> None:
    allowed: set[str] = set()
    with world_on_moto(policy=parse_policy(WIDE, "storm.toml")) as world:
        for service, what, tags in events:
            name = f"{service}-{what}"
            if what == "page":  # for humans: no target was asked
                world.page_desk().handle(eventbridge(world.red(name, tags={"firebreak:action": "page"})))
                continue
            world.ecs.services[f"ecs:prod/{service}"] = a.service(name=service, tags=tags)
            if tags.get("firebreak:enabled") == "true" and allows(tags, name):
                allowed.add(name)
            target = {"firebreak:action": "restart-service", "firebreak:target": f"ecs:prod/{service}"}
            done = world.send(world.red(name, tags=target))
            world.clock.pass_time(SECOND)
            if done.outcome == "act" or done.reason is Reason.IN_FLIGHT:
                assert {member.name for member in world.incident(done.incident_id).members} <= allowed
            storm = world.storm_watch().storms.look()
            if isinstance(storm, Storm):
                assert {one.name for one in storm.red} <= allowed
