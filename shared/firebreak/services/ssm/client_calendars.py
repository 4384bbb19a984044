"""SSM Change Calendars: the state of one at a time, by GetCalendarState.

One call a calendar: asked about several, AWS answers CLOSED if any is, and does not say which.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from firebreak.aws.translate import look, translated
from firebreak.core.limits.calendars import CalendarAnswer, CalendarState, UnusableCalendar
from firebreak.errors import AwsError
from firebreak.wire.lenient_json import parse_timestamp

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from firebreak.core.limits.calendars import CalendarReading

# Answers about the document itself, which asking again does not change. One that does not exist, or is of
# another account and not shared, is InvalidDocument.
_UNUSABLE = frozenset({"InvalidDocumentType", "UnsupportedCalendarException"})
OTHER_REGION = "it is in another region than Firebreak"


class Calendars(Protocol):
    """The call of boto3's SSM client that is made here."""

    def get_calendar_state(self, **arguments: Any) -> Mapping[str, Any]:
        """GetCalendarState."""


class CalendarReader:
    """Reads calendars of one region; the client is made for the first of them."""

    def __init__(self, connect: Callable[[], Calendars], region: str) -> None:
        self._connect = connect
        self._region = region

    def state(self, arn: str, at: datetime) -> CalendarReading:
        """The state at that time; Absent when no such document can be seen from this account."""
        if arn.split(":")[3] != self._region:
            return UnusableCalendar(OTHER_REGION)
        return look("GetCalendarState", lambda: self._state(arn, at))

    def _state(self, arn: str, at: datetime) -> CalendarAnswer | UnusableCalendar:
        try:
            with translated("GetCalendarState", mutates=False):
                found = self._connect().get_calendar_state(
                    CalendarNames=[arn], AtTime=f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
                )
        except AwsError as error:
            if error.code in _UNUSABLE:
                return UnusableCalendar(error.code)
            raise
        return _answer(found)


def _answer(found: Mapping[str, Any]) -> CalendarAnswer:
    """The answer; raises KeyError or ValueError where it has no state. A time that is none is not known."""
    until = found.get("NextTransitionTime")
    return CalendarAnswer(CalendarState(found["State"]), parse_timestamp(until) if until else None)
