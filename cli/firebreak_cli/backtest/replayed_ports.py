"""The clock, the bus, the schedules and the ledger of a replay: virtual time, and no effect outside."""

import heapq
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Protocol

from firebreak.core.incident.states import ENDED, Incident
from firebreak.core.ledger import Claim, ClaimResult, DecisionRecord, IncidentChange, delivery_key
from firebreak.core.messages.announcement import Announcement
from firebreak.core.model import Alarm, OwnEvent
from firebreak.ledger.memory.ledger import MemoryLedger
from firebreak.ledger.memory.state import Held, Memory

# So many decisions are kept, as no delivery of a history repeats (transitions.py).
KEPT_DECISIONS = 64


class VirtualClock:
    """A clock that a replay sets."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        """The moment of the replay."""
        return self.at

    def monotonic(self) -> float:
        """The same as seconds."""
        return self.at.timestamp()

    def sleep(self, seconds: float) -> None:
        """Moves on."""
        self.at += timedelta(seconds=seconds)


class NoLog:
    """Drops log events and metrics: a replay counts by itself."""

    def event(self, name: str, **fields: object) -> None:
        """Nothing."""

    def about(self, correlation_id: str) -> AbstractContextManager[None]:
        """Nothing."""
        del correlation_id
        return nullcontext()

    def came_in(self) -> None:
        """Nothing."""

    def count(self, name: str, by: int = 1) -> None:
        """Nothing."""

    def gauge(self, name: str, value: float) -> None:
        """Nothing."""


@dataclass(frozen=True, slots=True)
class Check:
    """A wake-up of Verify."""

    incident_id: str
    rung: int
    attempt: int


@dataclass(frozen=True, slots=True)
class MuteEnd:
    """The end of a mute window that an announcement waits for; `key` is the announcement's."""

    key: str


@dataclass(slots=True)
class WakeUps:
    """One-time schedules, earliest first: `ports.Schedules`."""

    _heap: list[tuple[datetime, int, Check | OwnEvent | MuteEnd]] = field(default_factory=list)
    _waiting: set[Check] = field(default_factory=set)
    _about: Counter[str] = field(default_factory=Counter)
    _order: "count[int]" = field(default_factory=count)

    def check(self, incident_id: str, rung: int, attempt: int, at: datetime) -> None:
        """Wakes Verify then, once for each name."""
        wanted = Check(incident_id, rung, attempt)
        if wanted not in self._waiting:
            self._waiting.add(wanted)
            heapq.heappush(self._heap, (at, next(self._order), wanted))

    def ask_again(self, request: OwnEvent, at: datetime) -> None:
        """Delivers the request then."""
        self._about[request.alarm.series] += 1
        heapq.heappush(self._heap, (at, next(self._order), request))

    def mute_ends(self, ended: MuteEnd, at: datetime) -> None:
        """Reports then that a mute window has ended."""
        heapq.heappush(self._heap, (at, next(self._order), ended))

    @property
    def next_at(self) -> datetime | None:
        """When the next one is due."""
        return self._heap[0][0] if self._heap else None

    def is_about(self, series: str) -> bool:
        """Whether a request waits that began with this alarm."""
        return self._about[series] > 0

    def pop(self) -> Check | OwnEvent | MuteEnd:
        """The next one."""
        found = heapq.heappop(self._heap)[2]
        if isinstance(found, Check):
            self._waiting.discard(found)
        elif isinstance(found, OwnEvent):
            self._about[found.alarm.series] -= 1
        return found


@dataclass(slots=True)
class ReplayedBus:
    """Keeps requests until the replay delivers them, and hands announcements on: `ports.Bus`."""

    announced: Callable[[Announcement], None]
    asked: list[OwnEvent] = field(default_factory=list)

    def announce(self, announcement: Announcement) -> None:
        """Hands it on."""
        self.announced(announcement)

    def ask(self, request: OwnEvent) -> None:
        """Keeps it."""
        self.asked.append(request)


class Listener(Protocol):
    """Hears what a replay decides."""

    def decided(self, record: DecisionRecord, message: Announcement | None) -> None:
        """A decision was recorded, with what is announced about it."""

    def claimed(self, claim: Claim) -> None:
        """An act was claimed."""

    def moved(self, change: IncidentChange) -> None:
        """An incident moved on."""


class ReplayedLedger(MemoryLedger):
    """The ledger in memory, which reports each decision to a listener and forgets what none needs."""

    def __init__(self, listener: Listener) -> None:
        super().__init__(Memory())
        self._listener = listener
        # The newest decision, where it was only recorded: nothing else follows from it.
        self.only_recorded: tuple[DecisionRecord, Announcement | None] | None = None

    def claim(self, claim: Claim) -> ClaimResult:
        """Claims, and reports a claim that was won."""
        result = super().claim(claim)
        if result is ClaimResult.WON:
            self._listener.claimed(claim)
            self._report(claim.record, None)
        return result

    def record(
        self, record: DecisionRecord, message: Announcement | None, later: OwnEvent | None = None
    ) -> bool:
        """Records, and reports."""
        recorded = super().record(record, message, later) and self._report(record, message)
        self.only_recorded = (record, message) if recorded and later is None else None
        return recorded

    def open(self, incident: Incident, record: DecisionRecord, message: Announcement | None) -> bool:
        """Opens, and reports."""
        return super().open(incident, record, message) and self._report(record, message)

    def join(self, incident: Incident, alarm: Alarm, record: DecisionRecord) -> bool:
        """Joins, and reports."""
        return super().join(incident, alarm, record) and self._report(record, None)

    def move(self, change: IncidentChange) -> bool:
        """Moves, and reports the move and the decision that it comes from."""
        if not super().move(change):
            return False
        self._listener.moved(change)
        return self._report(change.record, change.message) if change.record else True

    def delivered(self, request: OwnEvent) -> None:
        """Forgets a request that was kept until its time."""
        self.settle_request(delivery_key(request))

    def _report(self, record: DecisionRecord, message: Announcement | None) -> bool:
        self.only_recorded = None
        self._listener.decided(record, message)
        if len(self.memory.held.decisions) > KEPT_DECISIONS:
            self.memory.change(lambda held: (_forgotten(held), None))
        return True


def _forgotten(held: Held) -> Held:
    """The ledger without the records of the past: no limit and no open incident looks at them."""
    fresh = Held()
    incidents = {id_: one for id_, one in held.incidents.items() if one.state not in ENDED}
    rungs = {rung: claim for rung, claim in held.rungs.items() if rung[0] in incidents}
    return replace(
        held,
        decisions=fresh.decisions,
        lines=fresh.lines,
        published=fresh.published,
        put_off=fresh.put_off,
        incidents=incidents,
        rungs=rungs,
    )
