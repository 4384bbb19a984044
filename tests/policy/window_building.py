"""Windows and moments for the tests, and what a walk over the minutes finds."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from firebreak.policy.time_windows import ScheduledWindow
from firebreak.policy.window_sections import WindowSection

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")


def window(schedule: str, duration: str, timezone: str = "UTC") -> ScheduledWindow:
    """A window as it is written in the policy file."""
    section = WindowSection.model_validate(
        {"name": "window", "schedule": schedule, "duration": duration, "timezone": timezone}
    )
    return ScheduledWindow(section.name, section.schedule, section.duration, section.timezone)


def utc(text: str) -> datetime:
    """A moment, written in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@dataclass(frozen=True)
class Fields:
    """A cron by the values of its fields; None is a star."""

    minutes: frozenset[int] | None
    hours: frozenset[int] | None
    days: frozenset[int] | None
    months: frozenset[int] | None
    weekdays: frozenset[int] | None

    def __str__(self) -> str:
        names = self.weekdays and [WEEKDAYS[day] for day in sorted(self.weekdays)]
        numbers = (self.minutes, self.hours, self.days, self.months)
        texts = [",".join(map(str, sorted(field))) if field else "*" for field in numbers]
        return f"cron({' '.join(texts)} {','.join(names) if names else '*'})"

    def holds(self, wall: datetime) -> bool:
        """Whether the schedule has this time of the wall clock."""
        parts = ((self.minutes, wall.minute), (self.hours, wall.hour), (self.months, wall.month))
        return all(field is None or part in field for field, part in parts) and self._day(wall)

    def _day(self, wall: datetime) -> bool:
        by_date = self.days is None or wall.day in self.days
        by_name = self.weekdays is None or wall.isoweekday() % 7 in self.weekdays
        if self.days is None or self.weekdays is None:
            return by_date and by_name
        return by_date or by_name


def starts(fields: Fields, zone: ZoneInfo, first: datetime, last: datetime) -> list[datetime]:
    """Every minute at which the schedule starts something, found by looking at the clock each minute."""
    return [at for at, passed in _clock(zone, first, last) if any(map(fields.holds, passed))]


@lru_cache(maxsize=1)
def _clock(zone: ZoneInfo, first: datetime, last: datetime) -> list[tuple[datetime, tuple[datetime, ...]]]:
    """Each minute, and the times of the wall clock that have come since the minute before."""
    passed, before = [], _wall(zone, first - MINUTE)
    for at in _minutes(first, last):
        wall = _wall(zone, at)
        passed.append((at, tuple(_minutes(before + MINUTE, wall)) if wall - before > MINUTE else (wall,)))
        before = wall
    return passed


def stretch_end(begun: list[datetime], duration: timedelta, now: datetime) -> datetime | None:
    """The end of the stretch that holds now, joined occurrence by occurrence."""
    end = max((at + duration for at in begun if at <= now < at + duration), default=None)
    for at in begun:
        if end and now < at <= end:
            end = at + duration
    return end


@lru_cache
def pinned(name: str) -> ZoneInfo:
    """A zone by the tzdata of the lock; this machine's own may know less of what governments decided."""
    with (files("tzdata") / "zoneinfo" / name).open("rb") as data:
        return ZoneInfo.from_file(data, key=name)


@lru_cache
def changes(name: str) -> tuple[datetime, ...]:
    """The hours in which the zone's clocks are changed in 2026 and 2027; a plain day when never."""
    zone, first = pinned(name), utc("2026-01-01T00:00")
    hours = [first + HOUR * n for n in range(2 * 365 * 24)]
    found = [
        at for at in hours if at.astimezone(zone).utcoffset() != (at + HOUR).astimezone(zone).utcoffset()
    ]
    return tuple(found) or (utc("2026-06-15T12:00"),)


def _wall(zone: ZoneInfo, at: datetime) -> datetime:
    return at.astimezone(zone).replace(tzinfo=None)


def _minutes(first: datetime, last: datetime) -> Iterator[datetime]:
    while first <= last:
        yield first
        first += MINUTE
