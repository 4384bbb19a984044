"""The report's sections on pages by week and by hour, next to the time in which Firebreak was watching."""

from datetime import timedelta

from firebreak_cli.report import words
from firebreak_cli.report.words import Wording
from firebreak_cli.statistics.coverage import Coverage
from firebreak_cli.statistics.summary import Statistics, Week

type Lines = tuple[str, ...]
type Rows = tuple[tuple[str, ...], ...]

_HOUR = timedelta(hours=1)
_OVER_ALL = "Counted over all of the time: it is not known when Firebreak was watching."


def weeks(found: Statistics, said: Wording) -> tuple[Lines, Rows]:
    """The pages of each seven days; the whole number of them also for each week watched."""
    by_severity = ", ".join(f"{name} {n}" for name, n in sorted(found.severities.items()))
    line = f"By severity: {by_severity}." if by_severity else said.no_calls
    calls = found.calls_per_watched_week
    watched = () if calls is None else (f"{calls:.1f} pages for each week that Firebreak was watching.",)
    return (line, *watched, *_over_all(found)), tuple(map(_week, found.weeks))


def hours(found: Statistics, said: Wording) -> tuple[Lines, Rows]:
    """The pages of each hour of the day."""
    night = sum(found.hours[:6])
    total = words.counted(len(found.record.calls), "page")
    line = f"{night} of {total} between 00:00 and 06:00 UTC." if found.record.calls else said.no_calls
    watched = found.watched_hours
    rows = (
        (f"{hour:02}", str(count), *([] if watched is None else [f"{watched[hour] / _HOUR:.1f}h"]))
        for hour, count in enumerate(found.hours)
    )
    return (line, *_over_all(found)), tuple(rows)


def columns(found: Statistics, *names: str) -> tuple[str, ...]:
    """The columns of either: the time watched is one where it is known."""
    return (*names, "Watched") if isinstance(found.record.coverage, Coverage) else names


def _week(one: Week) -> tuple[str, ...]:
    name = f"{one.begin:%Y-%m-%d}{'' if one.whole else ' (not whole)'}"
    return (name, str(one.calls), *([] if one.watched is None else [words.length(one.watched)]))


def _over_all(found: Statistics) -> Lines:
    """That nobody knows in how much of it Firebreak was watching; a replay assumes that it always was."""
    known = isinstance(found.record.coverage, Coverage) or found.record.replayed
    return () if known else (_OVER_ALL,)
