"""The content of a ledger in memory: one immutable value, replaced as a whole.

So it can be compared, kept and put back at any time, for tests that run often from one beginning.
Times are kept to the millisecond, as in DynamoDB, so that both ledgers decide alike.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType

from firebreak.core.incident.states import Incident, Purpose
from firebreak.core.ledger import DecisionRecord
from firebreak.core.limits.history import Act, GroupSize, Hold, ScopeHistory, Transition
from firebreak.core.limits.scopes import Scope
from firebreak.core.limits.storm import RedAlarm, Storm
from firebreak.core.messages.announcement import Announcement
from firebreak.core.model import OwnEvent
from firebreak.wire.epoch import at_ms, ms


def _empty[K, V]() -> Mapping[K, V]:
    return MappingProxyType({})


def with_entries[K, V](table: Mapping[K, V], more: Mapping[K, V]) -> Mapping[K, V]:
    """The table with those entries, which replace earlier ones of the same keys."""
    return MappingProxyType({**table, **more})


def with_entry[K, V](table: Mapping[K, V], key: K, value: V) -> Mapping[K, V]:
    """The table with that entry, which replaces an earlier one of the same key."""
    return with_entries(table, {key: value})


def without_entry[K, V](table: Mapping[K, V], key: K) -> Mapping[K, V]:
    """The table without that entry."""
    return MappingProxyType({other: value for other, value in table.items() if other != key})


@dataclass(frozen=True, slots=True)
class Switch:
    """A kill switch with its holders; one without holders stays as an empty one."""

    holds: tuple[Hold, ...]
    version: int

    @property
    def held_until(self) -> datetime | None:
        """The time at which the last hold ends."""
        return max((hold.until for hold in self.holds), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """All content of the ledger.

    `switches` are kept by the scope of their holds, `transitions` by the alarm's series,
    `rungs` (their claim ids) by incident, rung and purpose, `lines` by incident and place.
    `put_off` has the time until which an item waits behind the others that are due.
    """

    scopes: Mapping[Scope, ScopeHistory] = field(default_factory=_empty)
    switches: Mapping[str, Switch] = field(default_factory=_empty)
    storm: Storm | None = None
    transitions: Mapping[str, Transition] = field(default_factory=_empty)
    decisions: Mapping[str, DecisionRecord] = field(default_factory=_empty)
    rungs: Mapping[tuple[str, int, Purpose], str] = field(default_factory=_empty)
    incidents: Mapping[str, Incident] = field(default_factory=_empty)
    lines: Mapping[tuple[str, str], tuple[datetime, str]] = field(default_factory=_empty)
    unpublished: Mapping[str, Announcement] = field(default_factory=_empty)
    published: Mapping[str, Announcement] = field(default_factory=_empty)
    requests: Mapping[str, OwnEvent] = field(default_factory=_empty)
    put_off: Mapping[str, datetime] = field(default_factory=_empty)


type Step[T] = Callable[[Held], tuple[Held, T]]


class Memory:
    """The present value, changed by one caller at a time. `held` may be read and set at any time."""

    def __init__(self, held: Held | None = None) -> None:
        self.held = held or Held()
        self._lock = threading.Lock()

    def change[T](self, step: Step[T]) -> T:
        """Replaces the value by the result of `step`; nothing changes when it raises."""
        with self._lock:
            self.held, result = step(self.held)
        return result


def kept_time(at: datetime) -> datetime:
    """A time as the ledger keeps it."""
    return at_ms(ms(at))


def _kept(at: datetime | None) -> datetime | None:
    return at and kept_time(at)


def kept_incident(incident: Incident) -> Incident:
    """An incident as it reads back."""
    return replace(
        incident,
        opened_at=kept_time(incident.opened_at),
        act_by=_kept(incident.act_by),
        acted_at=_kept(incident.acted_at),
        healthy_since=_kept(incident.healthy_since),
        due_at=_kept(incident.due_at),
        members=tuple(replace(member, since=_kept(member.since)) for member in incident.members),
    )


def kept_act(act: Act) -> Act:
    """An act as it reads back."""
    return replace(act, at=kept_time(act.at))


def kept_red(red: RedAlarm) -> RedAlarm:
    """A red alarm as it reads back."""
    return replace(red, since=kept_time(red.since))


def kept_hold(hold: Hold) -> Hold:
    """A hold as it reads back."""
    return replace(hold, since=kept_time(hold.since), until=kept_time(hold.until))


def kept_size(size: GroupSize) -> GroupSize:
    """A group's size as it reads back."""
    return replace(size, counted_at=kept_time(size.counted_at))
