"""What the shell needs of the world, as small protocols: clock, log, alarms, schedules and the bus."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from firebreak.core.messages.announcement import Announcement
from firebreak.core.model import (
    OwnEvent,
)
from firebreak.core.observed import DescribedAlarm, Series
from firebreak.core.readings import Reading


class Clock(Protocol):
    """The only two clocks of the shell."""

    def now(self) -> datetime:
        """The wall clock, in UTC."""

    def monotonic(self) -> float:
        """Seconds that only ever grow, for deadlines inside one invocation."""

    def sleep(self, seconds: float) -> None:
        """Wait, between two tries at a contended claim."""


class Log(Protocol):
    """Structured log events and metrics: identifiers with fields, never sentences."""

    def event(self, name: str, **fields: object) -> None:
        """Write one event, for example "remediation.decided" with reason=..."""

    def came_in(self) -> None:
        """Count an event that has come in, so that it stays counted if the function is killed."""

    def count(self, name: str, by: int = 1) -> None:
        """Count so many occurrences; zero says that there were none."""

    def gauge(self, name: str, value: float) -> None:
        """Tell how much there is of something now; a name that ends in `Seconds` is a length of time."""


class AlarmReads(Protocol):
    """Looking at CloudWatch alarms. Nothing here raises: blindness is an Unknown."""

    def describe(self, name: str) -> Reading[DescribedAlarm]:
        """The alarm of that name (metric or composite), Absent when there is none."""

    def tags(self, arn: str) -> Reading[Mapping[str, str]]:
        """All tags of the alarm, Absent when there is no such alarm."""

    def describe_all(self, names: Sequence[str]) -> Reading[Mapping[str, DescribedAlarm]]:
        """Those of these alarms that exist, by name."""

    def series_in_alarm(self, name: str) -> Reading[Mapping[str, Series]]:
        """The contributors of a multi-series alarm that are in ALARM now, by their ids."""


class Schedules(Protocol):
    """One-time wake-ups. Raises AwsError."""

    def check(self, incident_id: str, rung: int, attempt: int, at: datetime) -> None:
        """Wake Verify for this rung and attempt then; a second call with the same name is a no-op."""

    def ask_again(self, request: OwnEvent, at: datetime) -> None:
        """Deliver a request to its action's function then."""


class Bus(Protocol):
    """Firebreak's own event bus. Raises AwsError."""

    def announce(self, announcement: Announcement) -> None:
        """Hand an announcement to the bus."""

    def ask(self, request: OwnEvent) -> None:
        """Hand a request to its action's function."""
