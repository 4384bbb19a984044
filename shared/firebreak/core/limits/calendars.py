"""Change Calendars of AWS Systems Manager as a freeze: the answer of each, and what it means for an act."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from firebreak.core.readings import NotRead, Reading

NOT_READ_YET = NotRead("the calendar was not read")


@dataclass(frozen=True, slots=True)
class ChangeCalendar:
    """A Change Calendar of the policy: the name that it has there, and its ARN."""

    name: str
    arn: str


class CalendarState(StrEnum):
    """The two answers of GetCalendarState, whatever the calendar's usual state is."""

    OPEN = "OPEN"
    CLOSED = "CLOSED"


@dataclass(frozen=True, slots=True)
class CalendarAnswer:
    """The state of a calendar; `until` is its next transition, None where it has none."""

    state: CalendarState
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class UnusableCalendar:
    """AWS answered that the document is no calendar, or one that it cannot read; `why` is its code."""

    why: str


type CalendarReading = Reading[CalendarAnswer | UnusableCalendar]
