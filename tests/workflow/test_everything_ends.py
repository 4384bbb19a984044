"""An item of the ledger expires when nothing can read it any more, and is never missed before."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from firebreak.core.ledger import alarm_key
from firebreak.core.limits.budgets import LONGEST_WINDOW, PAD
from firebreak.core.model import Alarm, RequestKind
from firebreak.core.reasons import Reason
from firebreak.ledger.retention import INCIDENT_KEPT, REMEMBERED, RUNG_KEPT
from firebreak.wire.requests import request_event
from tests.support import builders as a
from tests.support.world import TABLE, World, eventbridge, world_on_moto

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
# Deleted once it was announced, or by its holder, or one item in all.
WITHOUT_END = ("OUT#", "DEFER#", "STORM", "SWITCH#", "THREAD#", "DIGEST#", "INC#")


@pytest.fixture
def world() -> Iterator[World]:
    with world_on_moto() as made:
        yield made


def items(world: World) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = world.dynamodb.scan(TableName=TABLE)["Items"]
    return found


def over(world: World) -> tuple[Alarm, str]:
    """An incident that was acted on and is closed."""
    alarm = world.red()
    done = world.send(alarm)
    world.pass_time(MINUTE)
    world.green(alarm)
    world.pass_time(30 * MINUTE)
    assert world.incident(done.incident_id).state == "closed"
    return alarm, done.incident_id


def delete_what_ended(world: World) -> None:
    """Delete expired items, as DynamoDB does in the end."""
    for item in items(world):
        if "expires_at" in item and int(item["expires_at"]["N"]) <= world.clock.at.timestamp():
            world.dynamodb.delete_item(TableName=TABLE, Key={"pk": item["pk"], "sk": item["sk"]})


def test_every_item_that_an_incident_leaves_has_an_end(world: World) -> None:
    over(world)
    endless = [item["pk"]["S"] for item in items(world) if "expires_at" not in item]
    assert [pk for pk in endless if not pk.startswith(WITHOUT_END)] == []
    kinds = {item["pk"]["S"].split("#")[0] for item in items(world) if "expires_at" in item}
    assert {"SCOPE", "ALARM", "RUNG", "DECISION", "INC"} <= kinds


def test_a_scope_and_an_alarm_end_long_after_anything_of_them_counts() -> None:
    assert LONGEST_WINDOW + PAD + 2 * LONGEST_WINDOW < REMEMBERED
    assert RUNG_KEPT > INCIDENT_KEPT + 2 * LONGEST_WINDOW


def test_each_write_moves_the_end_of_a_scope_and_of_an_alarm_forward(world: World) -> None:
    def ends() -> dict[str, int]:
        found = [item for item in items(world) if item["pk"]["S"].startswith(("SCOPE#target", "ALARM#"))]
        return {item["pk"]["S"]: int(item["expires_at"]["N"]) for item in found}

    over(world)
    first = ends()
    world.pass_time(DAY)
    over(world)
    assert all(end >= first[pk] + DAY.total_seconds() for pk, end in ends().items())
    assert ends().keys() == first.keys()


def test_a_verdict_moves_the_end_of_its_scope_forward(world: World) -> None:
    alarm = world.red()
    world.send(alarm)

    def end() -> int:
        return next(
            int(item["expires_at"]["N"])
            for item in items(world)
            if item["pk"]["S"].startswith("SCOPE#action")
        )

    first = end()
    world.pass_time(MINUTE)
    world.green(alarm)
    world.pass_time(30 * MINUTE)
    assert end() > first


def test_an_item_of_the_release_before_gets_an_end_with_its_next_write(world: World) -> None:
    over(world)
    for item in items(world):
        if item["pk"]["S"].startswith(("SCOPE#", "ALARM#")):
            earlier = {name: value for name, value in item.items() if name != "expires_at"}
            world.dynamodb.put_item(TableName=TABLE, Item=earlier)
    world.pass_time(DAY)
    over(world)
    found = [item for item in items(world) if item["pk"]["S"].startswith(("SCOPE#", "ALARM#"))]
    assert all("expires_at" in item for item in found)


KINDS = [RequestKind.CLIMB, RequestKind.WAKE, RequestKind.APPROVAL, RequestKind.UNDO, RequestKind.RESTORE]


@pytest.mark.parametrize("lifetime", [INCIDENT_KEPT, RUNG_KEPT], ids=["with its rungs", "without its rungs"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_request_for_an_incident_that_was_deleted_is_refused(
    world: World, kind: RequestKind, lifetime: timedelta
) -> None:
    alarm, incident_id = over(world)
    acts = len(world.ecs.writes)
    world.clock.pass_time(lifetime + DAY)
    delete_what_ended(world)
    assert not [item for item in items(world) if item["pk"]["S"] == f"INC#{incident_id}"]
    world.red()
    asked = a.wake(
        replace(alarm, since=world.clock.at),
        kind=kind,
        incident_id=incident_id,
        attempt=0,
        at=world.clock.at,
    )
    assert world.remediator().handle(request_event(asked)).reason is Reason.INCIDENT_MOVED_ON
    assert len(world.ecs.writes) == acts


def test_an_alarm_that_is_delivered_again_after_all_of_it_ended_is_too_old(world: World) -> None:
    alarm, incident_id = over(world)
    acts = len(world.ecs.writes)
    world.clock.pass_time(RUNG_KEPT + DAY)
    delete_what_ended(world)
    pks = {item["pk"]["S"] for item in items(world)}
    assert not pks & {f"DECISION#{alarm_key(alarm, 'restart-service')}", f"RUNG#{incident_id}#0"}
    assert not [pk for pk in pks if pk.startswith(("ALARM#", "SCOPE#"))]
    world.red()
    done = world.remediator().handle(eventbridge(alarm))
    assert (done.reason, len(world.ecs.writes)) == (Reason.TOO_OLD, acts)
