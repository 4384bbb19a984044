"""The policy's sections for freezes: windows in the form of CloudWatch's alarm mute rules, and calendars."""

import re
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator

from firebreak.policy.patterns import TargetPattern
from firebreak.policy.time_windows import TZDATA, Cron, Once, Schedule, ScheduledWindow
from firebreak.policy.units import read_duration

SHORTEST, LONGEST = timedelta(minutes=1), timedelta(days=15)

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_DURATION = re.compile(r"P(?:([0-9]{1,2})D)?(?:T(?=[0-9])(?:([0-9]{1,3})H)?(?:([0-9]{1,5})M)?)?")
_SCHEDULE = re.compile(r"(cron|at)\(([^()]{1,250})\)")
_TIMESTAMP = re.compile(r"2[0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}")

# The names of documents are those of CreateDocument.
_CALENDAR = re.compile(
    r"arn:aws[a-z-]*:ssm:[a-z]{2}(-[a-z]+)+-[0-9]:[0-9]{12}:document/[A-Za-z0-9_.-]{3,128}", re.ASCII
)

_LISTED = r"{0}(-{0})?(,{0}(-{0})?)*"
_NUMBERS = re.compile(rf"\*|{_LISTED.format('[0-9]{1,2}')}")
_MONTHS = re.compile(rf"\*|{_LISTED.format('([0-9]{1,2}|[A-Z]{3})')}")
# EventBridge counts SUN as 1 and crontab as 0. A freeze on the wrong day is no freeze.
_WEEKDAYS = re.compile(rf"\*|{_LISTED.format('[A-Z]{3}')}")

_FIELDS = (
    ("minutes", _NUMBERS, "0-59"),
    ("hours", _NUMBERS, "0-23"),
    ("day-of-month", _NUMBERS, "1-31"),
    ("month", _MONTHS, "1-12 or JAN-DEC"),
    ("day-of-week", _WEEKDAYS, "SUN-SAT by name, SUN first"),
)


def _read_name(value: object) -> object:
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise ValueError('a name like "black-friday": up to 64 letters, digits, "-" and "_"')
    return value


def _read_schedule(value: object) -> object:
    match = _SCHEDULE.fullmatch(value) if isinstance(value, str) else None
    if not match:
        raise ValueError(
            'a schedule like "cron(0 9 * * MON-FRI)" (minutes, hours, day-of-month, month, day-of-week)'
            ' or "at(2026-11-27T00:00)"'
        )
    return _read_cron(match[2]) if match[1] == "cron" else _read_once(match[2])


def _read_once(text: str) -> Once:
    try:
        if _TIMESTAMP.fullmatch(text):
            return Once(datetime.fromisoformat(text))
    except ValueError:
        pass  # reported below, like every other text that names no time
    raise ValueError('at(yyyy-MM-ddThh:mm) with a date and time that exist, like "at(2026-11-27T00:00)"')


def _read_cron(text: str) -> Cron:
    fields = text.upper().split()
    if len(fields) != len(_FIELDS):
        raise ValueError("cron has five fields: minutes, hours, day-of-month, month, day-of-week")
    for place, (field, (name, form, values)) in enumerate(zip(fields, _FIELDS, strict=True)):
        alone = ["*"] * place + [field] + ["*"] * (len(_FIELDS) - place - 1)
        if not form.fullmatch(field) or not _parses(alone):
            raise ValueError(f"cron's {name} is * or {values}, also as lists (a,b) and ranges (a-b)")
    if not _parses(fields):
        raise ValueError("cron never comes: none of its months has such a day")
    return Cron(" ".join(fields))


def _parses(fields: list[str]) -> bool:
    from cronsim import CronSim, CronSimError

    try:
        CronSim(" ".join(fields), datetime(2000, 1, 1))  # noqa: DTZ001 - wall clock time has no zone
    except CronSimError:
        return False
    return True


def _read_duration(value: object) -> object:
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    try:
        length = _iso_length(match) if match else read_duration(value)
    except ValueError:
        length = timedelta()
    if not SHORTEST <= length <= LONGEST:
        raise ValueError(
            'a duration like "2h" or "1d12h" (or "P1DT12H", as CloudWatch has it), from 1m to 15d'
        )
    return length


def _iso_length(match: re.Match[str]) -> timedelta:
    days, hours, minutes = (int(part or 0) for part in match.groups())
    return timedelta(days=days, hours=hours, minutes=minutes)


def _read_timezone(value: object) -> object:
    if value not in (TZDATA / "zones").read_text(encoding="ascii").split():
        raise ValueError('an IANA time zone like "Europe/Berlin" or "UTC"')
    return value


def _read_calendar(value: object) -> object:
    if not isinstance(value, str) or not _CALENDAR.fullmatch(value):
        raise ValueError("the ARN of a Change Calendar: arn:PARTITION:ssm:REGION:ACCOUNT:document/NAME")
    return value


class HoursSection(BaseModel):
    """A stretch of time of the policy file that comes again and again."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, BeforeValidator(_read_name)]
    schedule: Annotated[Schedule, PlainValidator(_read_schedule, json_schema_input_type=str)]
    duration: Annotated[timedelta, BeforeValidator(_read_duration, json_schema_input_type=str)]
    timezone: Annotated[str, BeforeValidator(_read_timezone)] = "UTC"

    def window(self) -> ScheduledWindow:
        """The section as a window that answers for any time."""
        return ScheduledWindow(self.name, self.schedule, self.duration, self.timezone)


class WindowSection(HoursSection):
    """A window of the policy file; without `targets` or `actions` it is there for all of them.

    With `override = false` no human may act in spite of it.
    """

    targets: tuple[TargetPattern, ...] = ()
    actions: tuple[str, ...] = ()
    override: Annotated[bool, Field(strict=True)] = True


class CalendarSection(BaseModel):
    """A Change Calendar of the policy file; `targets`, `actions` and `override` are those of a window."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, BeforeValidator(_read_name)]
    arn: Annotated[str, BeforeValidator(_read_calendar)]
    targets: tuple[TargetPattern, ...] = ()
    actions: tuple[str, ...] = ()
    override: Annotated[bool, Field(strict=True)] = True

    @property
    def region(self) -> str:
        """The region of the calendar: it is read there alone."""
        return self.arn.split(":")[3]
