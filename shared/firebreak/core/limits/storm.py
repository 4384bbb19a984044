"""The storm: many routed alarms turn red at once, so one cause is likely and one restart is not the cure.

A storm of pages is one of alarms that are for humans. It holds no action back, for no target allowed them; it
only puts their pages together (docs/adr/0042).

Entered when enough distinct alarms turned red within a window, left only after a quiet period and
once fewer of them are red than it takes to enter: the two thresholds differ, so that it does not flap.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from firebreak.core.alarm_readings import NOT_LOOKED_AT, AlarmReading, WatchedAlarm, all_ok, may_be_red
from firebreak.core.limits.budgets import format_duration
from firebreak.core.model import Alarm, Request, RequestKind

# So many red alarms are remembered; the item stays far below DynamoDB's 400 KB, and a page readable.
MOST_REMEMBERED = 100
# A known alarm that turns red again is written no more often than this, however many alarms do so.
RENEW_EVERY = timedelta(seconds=60)
# Nor does it count for longer than this after the last new one: one flapping alarm would hold all acts back.
AGAIN_COUNTS_FOR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class StormRules:
    """`alarms` distinct routed alarms red within `within` are a storm; it ends after `quiet`.

    Events come up to `late` after their alarm turned red; an older event says nothing about now.
    """

    alarms: int
    within: timedelta
    quiet: timedelta
    late: timedelta


@dataclass(frozen=True, slots=True, order=True)
class RedAlarm:
    """A routed alarm, or one series of it, and since when it is red. Its name is untrusted text."""

    since: datetime
    series: str
    name: str
    contributor: str = ""

    @property
    def watched(self) -> WatchedAlarm:
        """The alarm, or its one series, to read for its state."""
        return WatchedAlarm(self.name, self.contributor)

    @classmethod
    def of(cls, alarm: Alarm, now: datetime) -> "RedAlarm":
        """The alarm as the storm counts it; a time that has not come yet counts as now."""
        contributor = alarm.contributor.id if alarm.contributor else ""
        return cls(min(alarm.since, now), alarm.series, alarm.name, contributor)


def red_alarm_of(request: Request, now: datetime) -> RedAlarm | None:
    """The alarm that a request adds to the count: a new one, or one whose mute window has ended.

    The next rung of an incident adds none, nor does a human's request or a second look: that alarm was red
    before.
    """
    if request.by or request.refused:
        return None
    if request.kind is RequestKind.WAKE and not request.incident_id:
        return RedAlarm.of(replace(request.alarm, since=request.at), now)
    return red_alarm(request.alarm, now) if request.kind is RequestKind.ALARM else None


def red_alarm(alarm: Alarm, now: datetime) -> RedAlarm | None:
    """The alarm as it counts, None when CloudWatch mutes or suppresses it."""
    return None if alarm.mute or alarm.suppressed_by else RedAlarm.of(alarm, now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Storm:
    """The red alarms that are remembered, and since when it is a storm (None: it is none).

    `last_red_at` is when the last event came of an alarm that had not been counted before, `renewed_at` when
    one turned red that adds nothing else: it was counted, or the memory is full. The latter is set
    only during a storm, and is accurate to a minute.
    `of_pages` says that it holds no action back: it only puts the pages of alarms for humans together.
    """

    red: tuple[RedAlarm, ...]
    version: int
    tripped_at: datetime | None = None
    last_red_at: datetime | None = None
    renewed_at: datetime | None = None
    of_pages: bool = False

    @property
    def is_full(self) -> bool:
        """Whether more alarms may have turned red than are remembered."""
        return len(self.red) >= MOST_REMEMBERED

    def stands_for(self, red: RedAlarm) -> bool:
        """Whether it is a storm that remembers the alarm, so that its page can name it."""
        return self.tripped_at is not None and any(one.series == red.series for one in self.red)

    @property
    def heard_at(self) -> datetime | None:
        """When the last event of a red alarm came, accurate to a minute; None when that is not known."""
        return max((at for at in (self.last_red_at, self.renewed_at) if at), default=None)


CALM = Storm(red=(), version=0)


def fullest_window(storm: Storm, rules: StormRules, now: datetime) -> list[RedAlarm]:
    """The most alarms that turned red within one window, of those that are young enough to count.

    The same alarms give the same window in any order of their events.
    """
    young = [red for red in sorted(storm.red) if not _is_outdated(red, rules, now)]
    windows = [
        [other for other in young if red.since <= other.since < red.since + rules.within] for red in young
    ]
    return max(windows, key=len, default=[])


def _is_outdated(red: RedAlarm, rules: StormRules, now: datetime) -> bool:
    return red.since + rules.within + rules.late <= now


def begins(storm: Storm, rules: StormRules, now: datetime, other_storm: Storm = CALM) -> bool:
    """Whether the remembered alarms are a storm that has not been declared yet.

    The alarms of another storm are counted with them, and while that storm lasts one alarm is enough.
    """
    if storm.tripped_at or not fullest_window(storm, rules, now):
        return False
    both = {red.series: red for red in (*other_storm.red, *storm.red)}
    together = replace(storm, red=tuple(both.values()))
    return bool(other_storm.tripped_at) or len(fullest_window(together, rules, now)) >= rules.alarms


def worth_remembering(storm: Storm, red: RedAlarm) -> bool:
    """Whether the alarm adds anything to the remembered ones; during a storm only a new alarm does."""
    known = next((other for other in storm.red if other.series == red.series), None)
    if storm.tripped_at is None:
        return known is None or known.since < red.since
    return known is None and not storm.is_full


def renews(storm: Storm, red: RedAlarm) -> bool:
    """Whether the alarm only shows that it is not quiet yet, and no other alarm did so for a minute.

    Its own time counts, so that an event which comes twice prolongs nothing, and only for an hour after the
    last alarm that was new.
    """
    if storm.tripped_at is None or worth_remembering(storm, red):
        return False
    new = max(storm.tripped_at, storm.last_red_at or storm.tripped_at)
    last = max(new, storm.renewed_at or new)
    return last + RENEW_EVERY <= red.since <= new + AGAIN_COUNTS_FOR


def may_renew(storm: Storm, at: datetime) -> bool:
    """Whether it is still a storm, and nobody has renewed it meanwhile."""
    return storm.tripped_at is not None and (storm.renewed_at is None or storm.renewed_at + RENEW_EVERY <= at)


def with_red(storm: Storm, red: RedAlarm, rules: StormRules, now: datetime) -> Storm:
    """The storm with one more red alarm, and declared if that makes it one."""
    others = tuple(other for other in storm.red if other.series != red.series)
    more = replace(storm, red=tuple(sorted((*others, red))), last_red_at=now)
    return replace(more, tripped_at=now) if begins(more, rules, now) else more


def outdated(storm: Storm, rules: StormRules, now: datetime) -> tuple[RedAlarm, ...]:
    """The alarms that may be forgotten: too old for any window, while there is no storm."""
    return () if storm.tripped_at else tuple(red for red in storm.red if _is_outdated(red, rules, now))


def still_red(storm: Storm, states: Mapping[WatchedAlarm, AlarmReading]) -> list[RedAlarm]:
    """The alarms that hold the storm: in ALARM, or not read.

    An alarm without data, or a deleted one, no longer holds it, because it may never send an event again; it
    is not OK either.
    """
    return [red for red in sorted(storm.red) if may_be_red(states.get(red.watched, NOT_LOOKED_AT))]


def not_ok(storm: Storm, states: Mapping[WatchedAlarm, AlarmReading]) -> list[tuple[RedAlarm, AlarmReading]]:
    """The alarms that are not known to be OK, with the reading of each."""
    readings = [(red, states.get(red.watched, NOT_LOOKED_AT)) for red in sorted(storm.red)]
    return [(red, reading) for red, reading in readings if not all_ok([reading])]


def ends(storm: Storm, red: Sequence[RedAlarm], rules: StormRules, now: datetime) -> bool:
    """Whether the storm is over: quiet for long enough, and fewer red alarms than it takes to enter."""
    quiet = quiet_until(storm, rules)
    return quiet is not None and quiet <= now and len(red) < rules.alarms


def quiet_until(storm: Storm, rules: StormRules) -> datetime | None:
    """When it was quiet for long enough if nothing more turns red; None when there is no storm."""
    last = _last(storm)
    return None if last is None else last + rules.quiet


def _last(storm: Storm) -> datetime | None:
    """When the last alarm of a storm turned red, as far as is known; None when there is no storm."""
    if storm.tripped_at is None:
        return None
    return max(storm.tripped_at, storm.heard_at or storm.tripped_at)


def numbers(storm: Storm, rules: StormRules, now: datetime) -> str:
    """The storm's count as an explanation shows it."""
    count = len(fullest_window(storm, rules, now))
    return f"{count}/{rules.alarms} routed alarms red within {format_duration(rules.within)}"
