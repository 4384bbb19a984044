"""The diagnostics of a target: its state right before an act, which the act may destroy."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from firebreak.core.paging.log_lines import harmless_lines
from firebreak.core.readings import Absent, NotRead, Reading, Unknown

# The time that reading them may take, over all sources; the act waits for it.
COLLECTED_WITHIN = timedelta(seconds=3)
# The part of the time between claim and act that stays for the second look.
SECOND_LOOK_NEEDS = timedelta(seconds=4)
# So many lines of each source are kept, each as long as a line of a log on a page.
MOST_LINES = 15
# So many periods of the alarm's metric: half an hour of minutes.
MOST_POINTS = 30
# The source that every act has, besides those of its service.
METRIC = "metric of the alarm"


@dataclass(frozen=True, slots=True)
class Point:
    """The value of a metric in the period that began then."""

    at: datetime
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricPicture:
    """The last points of the metric that an alarm watches, oldest first; periods without data have none.

    `name` is its name or label (untrusted text), `statistic` empty for an expression, `threshold` None
    where the alarm compares with a band.
    """

    name: str
    statistic: str
    period: timedelta
    threshold: float | None
    points: tuple[Point, ...]


type Found = tuple[str, ...] | MetricPicture


@dataclass(frozen=True, slots=True)
class Section:
    """The lines of one source, oldest first, or its numbers; Absent or Unknown says why there are none."""

    source: str
    found: Reading[Found]


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostics:
    """The sections that were read for one act of an incident, and when."""

    incident_id: str
    rung: int
    at: datetime
    sections: tuple[Section, ...]


def time_left(elapsed: float, act_within: timedelta) -> float:
    """The seconds for reading, so long after the claim began; none where the act is short of time itself."""
    left = (act_within - SECOND_LOOK_NEEDS).total_seconds() - elapsed
    return max(0.0, min(COLLECTED_WITHIN.total_seconds(), left))


def headed(streams: Iterable[tuple[str, Reading[tuple[str, ...]]]]) -> Reading[tuple[str, ...]]:
    """The lines of several log streams, each under its name, which says why where it was not read.

    Where none was read at all, the result of the first of them. The lines stay as they are, so that a
    secret that goes on in the next line is found.
    """
    found = tuple(streams)
    if found and not any(isinstance(lines, tuple) for _, lines in found):
        return found[0][1]
    return tuple(line for name, lines in found for line in _under(name, lines))


def _under(name: str, found: Reading[tuple[str, ...]]) -> tuple[str, ...]:
    match found:
        case Absent():
            return (f"{name}: no log stream",)
        case Unknown(why) | NotRead(why):
            return (f"{name}: not read ({why})",)
        case lines:
            return (f"{name}:", *lines)


def without_secrets(found: Diagnostics, mask: Callable[[str], str]) -> Diagnostics:
    """The same with few, short and harmless lines; `mask` masks further text that it knows."""
    return replace(found, sections=tuple(_harmless(one, mask) for one in found.sections))


def _harmless(section: Section, mask: Callable[[str], str]) -> Section:
    match section.found:
        case tuple() as lines:
            return replace(section, found=harmless_lines(lines, mask, most=MOST_LINES))
        case MetricPicture() as picture:
            name = next(iter(harmless_lines((picture.name,), mask)), "")
            return replace(section, found=replace(picture, name=name, points=picture.points[-MOST_POINTS:]))
        case _:
            return section
