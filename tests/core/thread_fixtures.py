"""Threads of pages for tests: a route with three steps, office hours, and announcements of every kind."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from firebreak.core.alarm_readings import WatchedAlarm
from firebreak.core.messages import incident_messages
from firebreak.core.messages.announcement import Announcement, AnnouncementKind
from firebreak.core.model import AlarmState
from firebreak.core.paging.page import Phase, Severity
from firebreak.core.paging.rules import Route, Step
from firebreak.core.paging.threads import UNWATCHED, Sending, Thread, Turn, come_due, receive
from tests.support import builders as a

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
NIGHT = a.NOW.replace(hour=3, minute=0, second=0, microsecond=0)
OPENS = NIGHT.replace(hour=9)

STEPS = (
    Step(after=timedelta(), channels=("ops",), who="the platform team"),
    Step(after=15 * MINUTE, channels=("lead",), who="the engineering lead"),
    Step(after=30 * MINUTE, channels=("cto", "ops"), who="the CTO"),
)


@dataclass(frozen=True)
class Office:
    """Open every day from 9 to 17, UTC."""

    name: str = "office"

    def covering(self, now: datetime) -> datetime | None:
        ends = now.replace(hour=17, minute=0, second=0, microsecond=0)
        return ends if 9 <= now.hour < 17 else None

    def next_start(self, now: datetime) -> datetime | None:
        opens = now.replace(hour=9, minute=0, second=0, microsecond=0)
        return opens if opens > now else opens + timedelta(days=1)


ALWAYS = Route(severities=frozenset(Severity), steps=STEPS)
OFFICE = replace(ALWAYS, hours=(Office(),))


def announced(kind: AnnouncementKind, at: datetime = NIGHT, **changes: Any) -> Announcement:
    """An announcement about the usual incident."""
    base = replace(
        incident_messages.given_to_humans(a.incident(), at, "every rung was tried", AlarmState.ALARM),
        kind=kind,
    )
    if kind in UNWATCHED:
        base = replace(base, watches=(WatchedAlarm("api-memory-high"),))
    return replace(base, **changes)


@dataclass
class ThreadScenario:
    """A thread with a clock: its announcements, the passage of time, and all pages that were sent.

    Due threads are looked at so much `late`.
    """

    route: Route = ALWAYS
    severity: Severity = Severity.CRITICAL
    now: datetime = NIGHT
    late: timedelta = timedelta()
    thread: Thread | None = None
    sent: list[Sending] = field(default_factory=list)

    def say(self, kind: AnnouncementKind, **changes: Any) -> Sending | None:
        """An announcement comes in now."""
        found = receive(
            self.thread, announced(kind, self.now, **changes), self.severity, self.route, self.now
        )
        return self._take(found)

    def wait(self, span: timedelta) -> list[Sending]:
        """Time passes; whenever the thread is due it is looked at."""
        end, before = self.now + span, len(self.sent)
        while self.thread and self.thread.due_at and self.thread.due_at + self.late <= end:
            self.now = max(self.now, self.thread.due_at + self.late)
            turn = come_due(self.thread, self.route, self.now)
            assert turn.thread.due_at is None or turn.thread.due_at > self.now, turn.thread
            self._take(turn)
        self.now = end
        return self.sent[before:]

    def _take(self, turn: Turn) -> Sending | None:
        refs = {channel: f"ref-{channel}" for channel in (turn.sending.channels if turn.sending else ())}
        self.thread = replace(turn.thread, notified={**turn.thread.notified, **refs})
        if turn.sending:
            self.sent.append(turn.sending)
        return turn.sending


def outline(sent: Sequence[Sending]) -> list[tuple[Phase, tuple[str, ...]]]:
    """The phase and the channels of each sending."""
    return [(one.phase, one.channels) for one in sent]
