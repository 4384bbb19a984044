"""Every decision that the functions record with a snapshot is the same when it is made again."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from firebreak.core.incident.questions import question_id
from firebreak.core.limits.history import Hold
from firebreak.core.model import AlarmState, Mute
from firebreak.core.readings import Unknown
from firebreak.policy.compiler import parse_policy
from firebreak.policy.policy import Policy
from firebreak_cli.queries.ledger_queries import StoredDecision, read_decision
from firebreak_cli.replay.replaying import Again, Source, replay_all
from tests.support import builders as a
from tests.support.world import TABLE, World

MINUTE = timedelta(minutes=1)


def recorded(world: World) -> list[StoredDecision]:
    """Every decision in the ledger, as a replay reads it."""
    found = world.dynamodb.scan(TableName=TABLE)["Items"]
    return [read_decision(item) for item in found if item["pk"]["S"].startswith("DECISION#")]


def climbs(world: World) -> None:
    world.send(world.red())
    world.pass_time(30 * MINUTE)


def repeats(world: World) -> None:
    """The same alarm within its cooldown, and another one that joins."""
    world.send(world.red())
    world.send(world.red("api-cpu-high"))
    world.pass_time(MINUTE)
    world.send(world.red())


def is_muted(world: World) -> None:
    world.send(world.red(mute=Mute("friday", a.NOW + 20 * MINUTE)))
    world.pass_time(25 * MINUTE)


def is_paused(world: World) -> None:
    world.switches.pause(Hold("global", "ana", "password is hunter" + "2", a.NOW, a.NOW + 60 * MINUTE))
    world.send(world.red())


def cannot_look(world: World) -> None:
    world.send(world.red())
    alarm = world.red("web-memory-high")
    world.alarms.described[alarm.name] = Unknown("ThrottlingException")
    world.send(alarm)


def is_approved(world: World) -> None:
    world.policy = parse_policy(a.AUTO_POLICY.replace('"auto"', '"approve"'), "asking.toml")
    incident = world.incident(world.send(world.red()).incident_id)
    assert question_id(incident)
    world.pass_time(90 * MINUTE)


def is_no_longer_red(world: World) -> None:
    alarm = world.red()
    world.alarms.described[alarm.name] = a.described(alarm.name, state=AlarmState.OK)
    world.send(alarm)


LIVES = [climbs, repeats, is_muted, is_paused, cannot_look, is_approved, is_no_longer_red]


@pytest.mark.parametrize("life", LIVES, ids=lambda one: one.__name__)
def test_every_recorded_decision_is_made_again_the_same(world: World, life: Callable[[World], None]) -> None:
    life(world)

    policies: dict[str, Policy] = {world.policy.hash: world.policy}
    kept = tuple(one for one in recorded(world) if one.inputs)
    results = replay_all(Source(id="all", decisions=kept, policy_of=policies.__getitem__)).replayed

    assert kept
    assert [one.recorded for one in results if not (isinstance(one.result, Again) and one.result.same)] == []


def test_what_was_refused_before_a_snapshot_is_the_only_thing_without_one(world: World) -> None:
    climbs(world)
    world.send(world.red("one", metrics=()))

    without = {one.reason: one.inputs_left_out for one in recorded(world) if not one.inputs}

    assert without == {"unknown_kind": "no snapshot was taken"}
