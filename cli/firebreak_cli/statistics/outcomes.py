"""The outcome of each act: its verdict, whether the recovery held, and whether it was the act's."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import assert_never

from firebreak.core.model import Verdict
from firebreak.core.reasons import Reason
from firebreak_cli.statistics.record import Act, Record, Red

# A recovery counts once its alarms stayed as they were for so long.
HELD_FOR = timedelta(minutes=60)

# Decisions of a transition that was decided before, or that came too late to say when the alarm turned red.
_NOT_RED_AGAIN = frozenset({Reason.DUPLICATE.value, Reason.TOO_OLD.value, Reason.NOT_IN_ALARM.value})

type RedTimes = Mapping[str, Sequence[datetime]]


class Outcome(StrEnum):
    """The outcome of an act. In JSON: members are never renamed."""

    HELD = "held"
    CAME_BACK = "came_back"
    SOMEBODY_HELPED = "somebody_helped"
    NOT_RECOVERED = "not_recovered"
    WORSE = "worse"
    UNKNOWN = "unknown"
    OPEN = "open"


def red_times(record: Record) -> RedTimes:
    """When each alarm turned red, oldest first; where CloudWatch was not read, as it was decided about."""
    found: dict[str, list[datetime]] = defaultdict(list)
    if isinstance(record.reds, tuple):
        for red in record.reds:
            found[red.alarm].append(red.begin)
    else:
        for one in record.decisions:
            if one.alarm and one.reason not in _NOT_RED_AGAIN:
                found[one.alarm].append(one.at)
    return {alarm: sorted(times) for alarm, times in found.items()}


def red_again(times: Sequence[datetime], since: datetime) -> bool:
    """Whether an alarm turned red after that and within `HELD_FOR`; its times come oldest first."""
    after = bisect_right(times, since)
    return after < len(times) and times[after] <= since + HELD_FOR


def outcome_of(act: Act, turned_red: RedTimes, until: datetime) -> Outcome:
    """The outcome of the act, as far as it was known at `until`."""
    match act.verdict:
        case None | Verdict.TOO_EARLY:
            return Outcome.OPEN
        case Verdict.NOT_RECOVERED:
            return Outcome.NOT_RECOVERED
        case Verdict.WORSE:
            return Outcome.WORSE
        case Verdict.UNKNOWN:
            return Outcome.UNKNOWN
        case Verdict.RECOVERED:
            return _after_recovery(act, turned_red, until)
        case never:
            assert_never(never)


def _after_recovery(act: Act, turned_red: RedTimes, until: datetime) -> Outcome:
    since = act.judged_at or act.at
    if any(red_again(turned_red.get(alarm, ()), since) for alarm in act.alarms):
        return Outcome.CAME_BACK
    if act.acknowledged:
        return Outcome.SOMEBODY_HELPED
    return Outcome.HELD if since + HELD_FOR <= until else Outcome.OPEN


def outcomes_of(record: Record) -> tuple[tuple[Act, Outcome], ...]:
    """Every act with what came of it, in their order."""
    turned_red = red_times(record)
    return tuple((act, outcome_of(act, turned_red, record.until)) for act in record.acts)


# A time red counts as recovered in time if it was over after so long, and the recovery held.
IN_TIME = timedelta(minutes=30)


def recovered_in_time(red: Red, times: Sequence[datetime], until: datetime) -> bool | None:
    """Whether the alarm was OK within `IN_TIME` and stayed so; None while that is open.

    `times` are those at which the alarm turned red, oldest first. With an act and without one it is the same
    rule.
    """
    seen = red.end or until
    if seen - red.begin > IN_TIME:
        return False
    if red.end is None:
        return None
    if red_again(times, red.end):
        return False
    return True if red.end + HELD_FOR <= until else None
