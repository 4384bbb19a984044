"""The part of a report about the state right before the newest acts, and the chart of their metrics."""

from collections.abc import Iterator
from typing import assert_never

from firebreak.core.diagnostics import MOST_POINTS, MetricPicture, Section
from firebreak.core.readings import Absent, NotRead, Unknown
from firebreak_cli.queries.sparkline import in_numbers, named, number
from firebreak_cli.report import words
from firebreak_cli.report.drawing import ROW, TimeScale, ValueScale, chart, curve, label, level
from firebreak_cli.report.markup import Content, Markup
from firebreak_cli.statistics.record import Evidence

# The last lines of each source: `firebreak show` has all of them.
MOST_LINES = 5
# A curve is twice as high as a row of marks, and stands apart from the next.
_CURVE, _BETWEEN = 2 * ROW, 14.0

COLUMNS = ("Read at", "Target", "Source", "Found")


def lines(found: tuple[Evidence, ...]) -> tuple[str, ...]:
    """How much of it is shown."""
    if not found:
        return ()
    shown = words.counted(len(found), "newest act")
    return (f"The {shown} of which it was kept, the last {MOST_LINES} lines of each source.",)


def rows(found: tuple[Evidence, ...]) -> tuple[tuple[str, ...], ...]:
    """A row for each line, with the time, the target and the source that it is of."""
    return tuple(
        (words.at(one.act.at), one.target, section.source, line)
        for one in found
        for section in one.act.sections
        for line in _lines(section)
    )


def _lines(section: Section) -> tuple[str, ...]:
    match section.found:
        case Absent():
            return ("does not exist",)
        case Unknown(why):
            return (f"could not be read: {why}",)
        case NotRead(why):
            return (f"not read: {why}",)
        case MetricPicture() as picture:
            return (f"{named(picture)}: {in_numbers(picture)}",)
        case tuple() as read:
            return read[-MOST_LINES:] or ("none",)
        case never:
            assert_never(never)


def metrics(name: str, title: str, found: tuple[Evidence, ...]) -> Markup | None:
    """A curve with its threshold for each act whose metric has points; None without any."""
    drawn = list(_drawn(found))
    if not drawn:
        return None
    content: list[Content] = []
    for place, (one, picture) in enumerate(drawn):
        top = place * (_CURVE + _BETWEEN) + _BETWEEN
        content += [label(f"{one.target} {one.act.at:%m-%d %H:%MZ}", top + _CURVE / 2), *_curve(picture, top)]
    return chart(name, title, len(drawn) * (_CURVE + _BETWEEN) + _BETWEEN, *content)


def _drawn(found: tuple[Evidence, ...]) -> Iterator[tuple[Evidence, MetricPicture]]:
    for one in found:
        for section in one.act.sections:
            if isinstance(section.found, MetricPicture) and section.found.points:
                yield one, section.found


def _curve(picture: MetricPicture, top: float) -> Iterator[Markup]:
    points, threshold = picture.points, picture.threshold
    across = TimeScale(points[-1].at - (MOST_POINTS - 1) * picture.period, points[-1].at)
    levels = [point.value for point in points] + ([threshold] if threshold is not None else [])
    up = ValueScale(min(levels), max(levels), top, _CURVE)
    yield curve(
        [(across.x(point.at), up.y(point.value)) for point in points],
        f"{named(picture)}: {in_numbers(picture)}",
    )
    if threshold is not None:
        yield level(up.y(threshold), f"threshold {number(threshold)}")
