"""The measures of the stack itself that a sweep writes for the stack's own alarms.

An alarm on counts that no longer come must wait until CloudWatch finds no old ones, which is later than its
periods say (docs/adr/0067-gauges-instead-of-absence.md). A measure comes with every sweep: its alarm is red
at the first value that is too high.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeIs

from firebreak.core.ports import Log
from firebreak.core.readings import Absent, NotRead, Reading, Unknown


def measures_nothing(now: datetime) -> None:
    """Measures nothing: of a Verify whose stack has no alarms, such as that of a backtest."""
    del now


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfWatch:
    """Measures how old the newest heartbeat is, how many dead letters wait and how many events got lost.

    A measure that could not be read is left out, which fails no sweep: its alarm is red without it.
    """

    newest_heartbeat: Callable[[], Reading[datetime]]
    dead_letters: Callable[[], Reading[int]]
    lost_events: Callable[[datetime], Reading[int]]
    log: Log

    def measure(self, now: datetime) -> None:
        """Writes what can be read."""
        beat = self.newest_heartbeat()
        if self._is_read(beat, "HeartbeatAgeSeconds"):
            self.log.gauge("HeartbeatAgeSeconds", max((now - beat).total_seconds(), 0.0))
        letters = self.dead_letters()
        if self._is_read(letters, "DeadLetters"):
            self.log.gauge("DeadLetters", letters)
        lost = self.lost_events(now)
        if self._is_read(lost, "EventsWithoutDecision"):
            self.log.gauge("EventsWithoutDecision", lost)

    def _is_read[T](self, found: Reading[T], measure: str) -> TypeIs[T]:
        match found:
            case Unknown(why) | NotRead(why):
                self.log.event("watchdog.not_measured", measure=measure, why=why)
                return False
            case Absent():
                self.log.event("watchdog.not_measured", measure=measure, why="there is none")
                return False
            case _:
                return True
