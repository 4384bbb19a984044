"""The interfaces of the shell to the world, as small protocols: clock, log, alarms, schedules, the bus."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
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
        """Waits, between two tries at a contended claim."""


class Log(Protocol):
    """Structured log events and metrics: identifiers with fields, never sentences."""

    def event(self, name: str, **fields: object) -> None:
        """Writes one event, for example "remediation.decided" with reason=..."""

    def about(self, correlation_id: str) -> AbstractContextManager[None]:
        """Writes all events of a block under one id: an incident's, or an event's until there is one."""

    def came_in(self) -> None:
        """Counts an event that has come in, so that it stays counted if the function is killed."""

    def count(self, name: str, by: int = 1) -> None:
        """Counts so many occurrences; zero says that there were none."""

    def gauge(self, name: str, value: float) -> None:
        """Reports the present value of a metric; a name that ends in `Seconds` is a length of time."""


class AlarmReads(Protocol):
    """Reads of CloudWatch alarms. Nothing here raises: blindness is an Unknown."""

    def describe(self, name: str) -> Reading[DescribedAlarm]:
        """The alarm of that name (metric or composite), Absent when there is none."""

    def tags(self, arn: str) -> Reading[Mapping[str, str]]:
        """All tags of the alarm, Absent when there is no such alarm."""

    def describe_all(self, names: Sequence[str]) -> Reading[Mapping[str, DescribedAlarm]]:
        """The alarms of this list that exist, by name."""

    def series_in_alarm(self, name: str) -> Reading[Mapping[str, Series]]:
        """The contributors of a multi-series alarm that are in ALARM now, by their ids."""


class Schedules(Protocol):
    """One-time wake-ups. Raises AwsError."""

    def check(self, incident_id: str, rung: int, attempt: int, at: datetime) -> None:
        """Wakes Verify for this rung and attempt then; a second call with the same name is a no-op."""

    def ask_again(self, request: OwnEvent, at: datetime) -> None:
        """Delivers a request to its action's function then."""


class Bus(Protocol):
    """Firebreak's own event bus. Raises AwsError."""

    def announce(self, announcement: Announcement) -> None:
        """Puts an announcement on the bus."""

    def ask(self, request: OwnEvent) -> None:
        """Puts a request for its action's function on the bus."""
