"""The storm: many routed alarms turn red at once, so one cause is likely and one restart is not the cure.

Entered when enough distinct alarms turned red within a window, left only after a quiet period and
once fewer of them are red than it takes to enter: the two thresholds differ, so that it does not flap.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from firebreak.core.budgets import spell
from firebreak.core.model import Alarm, AlarmState
from firebreak.core.readings import Reading

# So many red alarms are remembered; the item stays far below DynamoDB's 400 KB, and a page readable.
MOST_REMEMBERED = 100
# During a storm its item is not written more often than this, however many alarms come.
REMEMBER_EVERY = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class StormRules:
    """`alarms` distinct routed alarms red within `within` are a storm; it ends after `quiet`."""

    alarms: int
    within: timedelta
    quiet: timedelta


@dataclass(frozen=True, slots=True, order=True)
class RedAlarm:
    """A routed alarm, or one series of it, and since when it is red. Its name is untrusted text."""

    since: datetime
    series: str
    name: str
    contributor: str = ""

    @classmethod
    def of(cls, alarm: Alarm, now: datetime) -> "RedAlarm":
        """The alarm as the storm counts it; a time that has not come yet counts as now."""
        contributor = alarm.contributor.id if alarm.contributor else ""
        return cls(min(alarm.since, now), alarm.series, alarm.name, contributor)


@dataclass(frozen=True, slots=True, kw_only=True)
class Storm:
    """The red alarms that are remembered, and since when it is a storm (None: it is none).

    `last_red_at` is when the last routed alarm that turned red was heard of, to a minute.
    """

    red: tuple[RedAlarm, ...]
    version: int
    tripped_at: datetime | None = None
    last_red_at: datetime | None = None


CALM = Storm(red=(), version=0)


def within_window(storm: Storm, rules: StormRules) -> list[RedAlarm]:
    """The alarms that turned red within one window, counted back from the newest."""
    newest = max((red.since for red in storm.red), default=None)
    return [red for red in sorted(storm.red) if newest and red.since > newest - rules.within]


def begins(storm: Storm, rules: StormRules) -> bool:
    """Whether what is remembered is a storm that nobody has declared yet."""
    return storm.tripped_at is None and len(within_window(storm, rules)) >= rules.alarms


def worth_remembering(storm: Storm, red: RedAlarm, now: datetime) -> bool:
    """Whether the alarm adds anything to what is remembered; under a storm little does."""
    known = next((other for other in storm.red if other.series == red.series), None)
    if storm.tripped_at is None:
        return known is None or known.since < red.since
    new = known is None and len(storm.red) < MOST_REMEMBERED
    return new or storm.last_red_at is None or storm.last_red_at + REMEMBER_EVERY <= now


def with_red(storm: Storm, red: RedAlarm, rules: StormRules, now: datetime) -> Storm:
    """The storm with one more red alarm, and declared if that makes it one."""
    others = tuple(other for other in storm.red if other.series != red.series)
    more = replace(storm, red=tuple(sorted((*others, red))), last_red_at=now)
    return replace(more, tripped_at=now) if begins(more, rules) else more


def outdated(storm: Storm, rules: StormRules) -> tuple[RedAlarm, ...]:
    """What may be forgotten: outside the window, while there is no storm."""
    if storm.tripped_at:
        return ()
    kept = set(within_window(storm, rules))
    return tuple(red for red in storm.red if red not in kept)


def still_red(storm: Storm, states: Mapping[str, Reading[AlarmState]]) -> list[RedAlarm]:
    """Those not known to be well, by series: what could not be read, or has no data, counts as red."""
    return [red for red in sorted(storm.red) if states.get(red.series) is not AlarmState.OK]


def ends(storm: Storm, red: Sequence[RedAlarm], rules: StormRules, now: datetime) -> bool:
    """Whether the storm is over: quiet for long enough, and fewer red alarms than it takes to enter."""
    if storm.tripped_at is None:
        return False
    quiet_since = max(storm.tripped_at, storm.last_red_at or storm.tripped_at)
    return quiet_since + rules.quiet <= now and len(red) < rules.alarms


def numbers(storm: Storm, rules: StormRules) -> str:
    """The storm's count as an explanation shows it."""
    return f"{len(within_window(storm, rules))}/{rules.alarms} routed alarms red within {spell(rules.within)}"
