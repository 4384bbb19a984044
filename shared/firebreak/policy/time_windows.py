"""Windows of time, spelled as CloudWatch's alarm mute rules spell them.

What holds:

- A window starts whenever the wall clock of its zone shows the time of its schedule. When an hour
  is repeated in autumn it therefore starts twice; when an hour is skipped in spring, all that would
  have started in it starts at the moment of the jump.
- Its duration is elapsed time: two hours are two hours, also across a change of the clocks.
- Occurrences that overlap or touch are one stretch, so a window may be longer than its period.
- When a cron gives both a day of the month and a day of the week, either is enough.
- Zones are those of the pinned tzdata, on every machine.
"""

import fnmatch
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import tzdata
from pydantic import BaseModel, BeforeValidator, ConfigDict

from firebreak.core.limits.freeze import HORIZON, Window
from firebreak.policy.patterns import TargetPattern
from firebreak.policy.units import read_duration

SHORTEST, LONGEST = timedelta(minutes=1), timedelta(days=15)

_TZDATA = Path(tzdata.__file__).parent
_MINUTE = timedelta(minutes=1)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_DURATION = re.compile(r"P(?:([0-9]{1,2})D)?(?:T(?=[0-9])(?:([0-9]{1,3})H)?(?:([0-9]{1,5})M)?)?")
_SCHEDULE = re.compile(r"(cron|at)\(([^()]{1,250})\)")
_MOMENT = re.compile(r"2[0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}")

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


@dataclass(frozen=True, slots=True)
class Cron:
    """A recurring schedule: five fields, in whole minutes on the wall clock of any zone.

    The library steps on bare wall clock times only. Given a zone it looks past a start in the first
    of two equal hours, and may answer with a moment that has gone by.
    """

    fields: str

    def last(self, wall: datetime) -> datetime | None:
        """The last time on the schedule that is not after this one."""
        # Imported here, so that a policy without recurring windows does not pay for it.
        from cronsim import CronSim

        return next(CronSim(self.fields, wall + timedelta(seconds=1), reverse=True), None)

    def following(self, wall: datetime) -> datetime | None:
        """The first time on the schedule after this one."""
        from cronsim import CronSim

        return next(CronSim(self.fields, wall), None)


@dataclass(frozen=True, slots=True)
class Once:
    """A schedule with one time, on the wall clock of any zone."""

    at: datetime

    def last(self, wall: datetime) -> datetime | None:
        """The time, unless it is after this one."""
        return self.at if self.at <= wall else None

    def following(self, wall: datetime) -> datetime | None:
        """The time, if it is after this one."""
        return self.at if self.at > wall else None


type Schedule = Cron | Once


@dataclass(frozen=True, slots=True)
class ScheduledWindow:
    """A `Window` (core/limits/freeze.py): a schedule on the wall clock of a zone, and a duration."""

    name: str
    schedule: Schedule
    duration: timedelta
    timezone: str

    def covering(self, now: datetime) -> datetime | None:
        """The end of the stretch that holds this moment, in UTC; `now + HORIZON` when none was found."""
        now = now.astimezone(UTC)
        start = self._last_start(now)
        if start is None or start + self.duration <= now:
            return None
        while (end := (start := self._run_from(start)) + self.duration) < now + HORIZON:
            joined = self._last_start(end)
            if joined is None or joined <= start:
                return end
            start = joined
        return now + HORIZON

    def next_start(self, now: datetime) -> datetime | None:
        """The first start after this moment, in UTC."""
        now = now.astimezone(UTC)
        zone = _zone(self.timezone)
        walls = {self.schedule.following(wall) for wall in _shown(zone, now)}
        return min((start for start in _starts(zone, walls) if start > now), default=None)

    def _last_start(self, now: datetime) -> datetime | None:
        zone = _zone(self.timezone)
        walls = {self.schedule.last(wall) for wall in _shown(zone, now)}
        return max((start for start in _starts(zone, walls) if start <= now), default=None)

    def _run_from(self, start: datetime) -> datetime:
        """A later start of the same stretch and day, so that a star does not cost a step a minute."""
        zone = _zone(self.timezone)
        wall = start.astimezone(zone).replace(tzinfo=None)
        if isinstance(self.schedule, Once) or self.schedule.last(wall) != wall:
            return start
        later = start + _runs(self.schedule.fields, self.duration)[wall.time()]
        return later if _offset(zone, later) == _offset(zone, start) else start


def _shown(zone: ZoneInfo, now: datetime) -> tuple[datetime, ...]:
    """The present times on the wall clock, in whole minutes: the points from which a schedule is searched.

    Inside an hour that comes twice its edges are added, since a later time on the clock may
    have started already, and an earlier one may start again.
    """
    wall = now.astimezone(zone).replace(second=0, microsecond=0, tzinfo=None, fold=0)
    first, second = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first == second:
        return (wall,)
    change = _change(zone, first, second)
    opens, closes = (change + _offset(zone, side) for side in (second, first))
    return (opens.replace(tzinfo=None) - _MINUTE, wall, closes.replace(tzinfo=None) - _MINUTE)


def _starts(zone: ZoneInfo, walls: Iterable[datetime | None]) -> set[datetime]:
    """The moments at which the wall clock shows these times: usually one, two when an hour is repeated."""
    return {_instant(zone, wall, fold) for wall in walls if wall for fold in (0, 1)}


def _instant(zone: ZoneInfo, wall: datetime, fold: int) -> datetime:
    instant = wall.replace(tzinfo=zone, fold=fold).astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == wall:
        return instant
    # A skipped time reads as after the jump with the offset from before it, and the other way round.
    late, early = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    return _change(zone, early, late)


def _change(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The moment between these two at which the zone's clocks are changed."""
    old = _offset(zone, before)
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        before, after = (middle, after) if _offset(zone, middle) == old else (before, middle)
    return after


@lru_cache
def _runs(fields: str, duration: timedelta) -> Mapping[time, timedelta]:
    """For each start of a day without a change: the time to the last start that is joined to it."""
    from cronsim import CronSim

    midnight = datetime(2000, 1, 1)  # noqa: DTZ001 - wall clock time has no zone
    cron = CronSim(fields, midnight)
    starts = [midnight.replace(hour=h, minute=m) for h in sorted(cron.hours) for m in sorted(cron.minutes)]
    runs, last, following = {}, starts[-1], starts[-1]
    for start in reversed(starts):
        last = last if following - start <= duration else start
        runs[start.time()] = last - start
        following = start
    return runs


def _offset(zone: ZoneInfo, at: datetime) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta()


@lru_cache
def _zone(name: str) -> ZoneInfo:
    with (_TZDATA / "zoneinfo" / name).open("rb") as data:
        return ZoneInfo.from_file(data, key=name)


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
    return _read_cron(match[2]) if match[1] == "cron" else _read_moment(match[2])


def _read_moment(text: str) -> Once:
    try:
        if _MOMENT.fullmatch(text):
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
    if value not in (_TZDATA / "zones").read_text(encoding="ascii").split():
        raise ValueError('an IANA time zone like "Europe/Berlin" or "UTC"')
    return value


class HoursSection(BaseModel):
    """A stretch of time of the policy file that comes again and again."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, BeforeValidator(_read_name)]
    schedule: Annotated[Schedule, BeforeValidator(_read_schedule, json_schema_input_type=str)]
    duration: Annotated[timedelta, BeforeValidator(_read_duration, json_schema_input_type=str)]
    timezone: Annotated[str, BeforeValidator(_read_timezone)] = "UTC"

    def window(self) -> Window:
        """The section as the core's Window."""
        return ScheduledWindow(self.name, self.schedule, self.duration, self.timezone)


class WindowSection(HoursSection):
    """A window of the policy file; without `targets` or `actions` it is there for all of them."""

    targets: tuple[TargetPattern, ...] = ()
    actions: tuple[str, ...] = ()

    def applies_to(self, target: str, action: str) -> bool:
        """Whether the window applies to this action on this target (`ecs:prod/api`)."""
        targeted = any(fnmatch.fnmatchcase(target, pattern) for pattern in self.targets)
        return (targeted or not self.targets) and (action in self.actions or not self.actions)


def windows_of(sections: Iterable[WindowSection], target_display: str, action: str) -> tuple[Window, ...]:
    """The windows that apply to this action on this target, in the file's order."""
    return tuple(section.window() for section in sections if section.applies_to(target_display, action))
