"""Functions that go on with what another release left behind: its items, schedules and events."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from firebreak.core.incident.states import Incident
from firebreak.core.model import AlarmState
from firebreak.core.observed import DescribedAlarm
from tests.support.world import TABLE, World
from tests.upgrade.moments import MOMENTS

MINUTE = timedelta(minutes=1)

type Event = Mapping[str, Any]


@dataclass(frozen=True)
class Left:
    """The state that a release left behind at a moment."""

    moment: str
    at: datetime
    items: tuple[dict[str, Any], ...]
    schedules: tuple[tuple[datetime, Event], ...]
    on_the_bus: tuple[Event, ...]

    @property
    def incidents(self) -> tuple[str, ...]:
        """The ids of the incidents among the items."""
        found = [item["pk"]["S"] for item in self.items if item["sk"]["S"] == "META"]
        return tuple(pk.removeprefix("INC#") for pk in found)


def left_by(recording: Path) -> Left:
    """Reads a recording (record.py)."""
    found = json.loads(recording.read_text(encoding="utf-8"))
    due = [(datetime.fromisoformat(one["at"]), one["event"]) for one in found["schedules"]]
    return Left(
        moment=found["moment"],
        at=datetime.fromisoformat(found["at"]),
        items=tuple(found["items"]),
        schedules=tuple(sorted(due, key=lambda one: one[0])),
        on_the_bus=tuple(found["on_the_bus"]),
    )


def resume(world: World, left: Left) -> None:
    """Puts alarms and targets where they were at that moment, and in the ledger only what was left behind."""
    MOMENTS[left.moment](world)
    empty(world)
    for item in left.items:
        world.dynamodb.put_item(TableName=TABLE, Item=item)
    for kept in (world.schedules.checks, world.schedules.asks, world.bus.asked, world.bus.announced):
        kept.clear()
    world.pager.sent.clear()
    world.clock.pass_time(left.at - world.clock.at)


def empty(world: World) -> None:
    """Deletes every item of the ledger."""
    for item in world.dynamodb.scan(TableName=TABLE)["Items"]:
        world.dynamodb.delete_item(TableName=TABLE, Key={name: item[name] for name in ("pk", "sk")})


def deliver(world: World, event: Event) -> None:
    """Delivers an event as it was stored, not as this release would write it."""
    match event["detail-type"]:
        case "Firebreak Check":
            world.summaries.append(world.verifier().handle(event))
        case "Firebreak Announcement":
            world.page_desk().handle(event)
        case _:
            world.summaries.append(world.remediator(event["detail"]["action"]).handle(event))
    world.deliver()


def go_on(world: World, left: Left, length: timedelta, *, lost: bool = False) -> None:
    """Lets time pass with the sweeps of the stack; `lost` loses what was scheduled and on the bus."""
    for event in () if lost else left.on_the_bus:
        deliver(world, event)
    due = [] if lost else list(left.schedules)
    end = world.clock.at + length
    while world.clock.at < end:
        until = world.clock.at + 5 * MINUTE
        while due and due[0][0] <= until:
            at, event = due.pop(0)
            world.pass_time(max(at - world.clock.at, timedelta()))
            deliver(world, event)
        world.pass_time(max(until - world.clock.at, timedelta()))
        world.sweep()
        world.page_sweep()
        world.deliver()


def heal(world: World) -> None:
    """Every alarm turns OK, and no event says so: the sweep has to find out."""
    for name, alarm in list(world.alarms.described.items()):
        if isinstance(alarm, DescribedAlarm) and alarm.state is not AlarmState.OK:
            world.alarms.turn(name, AlarmState.OK, world.clock.at)


def incidents(world: World, left: Left) -> list[Incident]:
    """The incidents that were left behind, as they are now; those that cannot be read are left out."""
    found = [world.ledger.incident(one) for one in left.incidents]
    return [one for one in found if isinstance(one, Incident)]
