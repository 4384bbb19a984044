"""Windows of time, spelled as CloudWatch's alarm mute rules spell them.

The rules:

- A window starts whenever the wall clock of its zone shows the time of its schedule. When an hour
  is repeated in autumn it therefore starts twice; when an hour is skipped in spring, all that would
  have started in it starts at the moment of the jump.
- Its duration is elapsed time: two hours are two hours, also across a change of the clocks.
- Occurrences that overlap or touch are one stretch, so a window may be longer than its period.
- When a cron gives both a day of the month and a day of the week, either is enough.
- Zones are those of the pinned tzdata, on every machine.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

import tzdata
from msgspec import Struct

from firebreak.core.limits.freeze import HORIZON

TZDATA = Path(tzdata.__file__).parent
_MINUTE = timedelta(minutes=1)


# The two schedules carry a tag, so that a compiled policy says which of them it holds.
class Cron(Struct, frozen=True, tag=True):
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


class Once(Struct, frozen=True, tag=True):
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
    with (TZDATA / "zoneinfo" / name).open("rb") as data:
        return ZoneInfo.from_file(data, key=name)
