"""When Firebreak was watching: a heartbeat that came all the way proves it, one that is missing denies it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import pairwise

# A heartbeat may be so late: the schedule tries for 5 minutes, and CloudWatch counts in 5 minutes here.
LATE = timedelta(minutes=10)
# The longest distance of heartbeats that a stack can be deployed with (a test compares with the template).
LONGEST = timedelta(minutes=60)

_ALWAYS = datetime.min.replace(tzinfo=UTC)
_HOUR = timedelta(hours=1)


class Watch(StrEnum):
    """Whether Firebreak was watching. In JSON: members are never renamed."""

    WATCHED = "watched"
    NOT_WATCHED = "not_watched"
    NOT_KNOWN = "not_known"


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time from `begin` to just before `end` in which that did not change."""

    begin: datetime
    end: datetime
    watch: Watch

    @property
    def length(self) -> timedelta:
        """How long it lasted."""
        return self.end - self.begin


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """A heartbeat is due each `every`, surely so since `same_since`; before, it may have been rarer or off.

    Before `known_from` nothing is known: the stack was not there, or CloudWatch keeps no points that old.
    """

    every: timedelta
    same_since: datetime
    known_from: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """The stretches of a range of time in their order, without gap or overlap."""

    every: timedelta
    known_from: datetime
    stretches: tuple[Stretch, ...]

    def of(self, watch: Watch) -> tuple[Stretch, ...]:
        """The stretches of one kind."""
        return tuple(one for one in self.stretches if one.watch is watch)

    def total(self, watch: Watch) -> timedelta:
        """How long that was in all."""
        return sum((one.length for one in self.of(watch)), timedelta())

    def at(self, time: datetime) -> Watch:
        """Whether it was watching at that time; not known outside the range."""
        found = (one.watch for one in self.stretches if one.begin <= time < one.end)
        return next(found, Watch.NOT_KNOWN)

    def watched_between(self, begin: datetime, end: datetime) -> timedelta:
        """How long it was watching between the two."""
        spans = ((max(one.begin, begin), min(one.end, end)) for one in self.of(Watch.WATCHED))
        return sum((last - first for first, last in spans if first < last), timedelta())

    def watched_by_hour(self) -> tuple[timedelta, ...]:
        """How long it was watching in each of the 24 hours of the day, in UTC, over all days."""
        found = [timedelta()] * 24
        for one in self.of(Watch.WATCHED):
            for begin, end in _by_the_hour(one):
                found[begin.hour] += end - begin
        return tuple(found)


def coverage(beats: Iterable[datetime], first: datetime, until: datetime, expected: Expected) -> Coverage:
    """When Firebreak was watching from `first` to `until`, by its heartbeats.

    `beats` are those from LONGEST and LATE before `first` on, in any order. A heartbeat stands for the time
    until the next is due; where that one is missing, nobody watched from then until one came. Before the last
    deployment a heartbeat that is missing is not known.
    """
    unproven = _unproven(sorted(beats), until, expected)
    return Coverage(
        every=expected.every,
        known_from=expected.known_from,
        stretches=tuple(_filled(unproven, first, until)),
    )


def _unproven(beats: Sequence[datetime], until: datetime, expected: Expected) -> Iterator[Stretch]:
    """The stretches that no heartbeat proves, in order."""
    seen = [at for at in beats if expected.known_from <= at <= until]
    first = seen[0] if seen else until
    yield from _missing(_ALWAYS, max(expected.known_from, expected.same_since), first, expected)
    for last, following in pairwise([*seen, until]):
        if following - last > expected.every + LATE:
            yield from _missing(last + expected.every, max(last, expected.same_since), following, expected)


def _missing(begin: datetime, known: datetime, following: datetime, expected: Expected) -> Iterator[Stretch]:
    """A time without a heartbeat until the following one: nothing is known until one was surely due.

    `known` is since when one is surely expected. Before the last deployment heartbeats may have been rarer or
    off, and before its first a new stack has missed none.
    """
    late = following - known > expected.every + LATE
    due = known + expected.every if late else following
    if begin < due:
        yield Stretch(begin, due, Watch.NOT_KNOWN)
    if due < following:
        yield Stretch(due, following, Watch.NOT_WATCHED)


def _filled(unproven: Iterable[Stretch], first: datetime, until: datetime) -> Iterator[Stretch]:
    """The stretches within the range, and those between them in which it was watching."""
    at = first
    for one in unproven:
        begin, end = max(one.begin, first), min(one.end, until)
        if begin >= end:
            continue
        if at < begin:
            yield Stretch(at, begin, Watch.WATCHED)
        yield replace(one, begin=begin, end=end)
        at = end
    if at < until:
        yield Stretch(at, until, Watch.WATCHED)


def _by_the_hour(stretch: Stretch) -> Iterator[tuple[datetime, datetime]]:
    begin = stretch.begin
    while begin < stretch.end:
        end = min(stretch.end, begin.replace(minute=0, second=0, microsecond=0) + _HOUR)
        yield begin, end
        begin = end
