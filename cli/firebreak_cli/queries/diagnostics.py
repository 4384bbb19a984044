"""The diagnostics of an incident's acts, as `firebreak show` prints them and as plain values."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import assert_never

from firebreak.core.diagnostics import Diagnostics, MetricPicture, Section
from firebreak.core.readings import Absent, NotRead, Reading, Unknown
from firebreak_cli import screen
from firebreak_cli.queries.sparkline import in_numbers, named, sparkline


def diagnostics_rows(found: Reading[tuple[Diagnostics, ...]], now: datetime) -> Iterator[screen.Row]:
    """One row a line, each source under the time at which it was read."""
    match found:
        case Absent():
            return
        case Unknown(why) | NotRead(why):
            yield "Unknown", f"they could not be read: {why}"
        case acts:
            for act in acts:
                yield screen.when(act.at, now), f"before the act of rung {act.rung + 1}"
                for section in act.sections:
                    yield from _section_rows(section)


def _section_rows(section: Section) -> Iterator[screen.Row]:
    source = screen.line_of(section.source).plain
    match section.found:
        case Absent():
            yield source, "does not exist"
        case Unknown(why):
            yield source, f"could not be read: {why}"
        case NotRead(why):
            yield source, f"not read: {why}"
        case MetricPicture() as picture:
            yield source, named(picture)
            yield " ", f"{sparkline(picture)} {in_numbers(picture)}".lstrip()
        case ():
            yield source, "none"
        case lines:
            yield source, lines[0]
            for line in lines[1:]:
                yield " ", line


def diagnostics_json(found: Reading[tuple[Diagnostics, ...]]) -> object:
    """A list, oldest first; an object that says why where they could not be read."""
    match found:
        case Absent():
            return []
        case Unknown(why) | NotRead(why):
            return {"unreadable": why}
        case acts:
            return [
                {
                    "at": act.at.isoformat(),
                    "rung": act.rung + 1,
                    "sections": [*map(section_json, act.sections)],
                }
                for act in acts
            ]


def section_json(section: Section) -> dict[str, object]:
    """One source: `lines` or `metric` where it was read, `why` where it was not."""
    match section.found:
        case Absent():
            return _plain(section.source, "absent")
        case Unknown(why):
            return _plain(section.source, "unknown", why=why)
        case NotRead(why):
            return _plain(section.source, "not_read", why=why)
        case MetricPicture() as picture:
            return _plain(section.source, "read", metric=_metric(picture))
        case tuple() as lines:
            return _plain(section.source, "read", lines=lines)
        case never:
            assert_never(never)


def _plain(
    source: str,
    state: str,
    *,
    lines: Sequence[str] = (),
    why: str | None = None,
    metric: Mapping[str, object] | None = None,
) -> dict[str, object]:
    return {"source": source, "state": state, "lines": list(lines), "why": why, "metric": metric}


def _metric(picture: MetricPicture) -> dict[str, object]:
    return {
        "name": picture.name,
        "statistic": picture.statistic or None,
        "period_seconds": int(picture.period.total_seconds()),
        "threshold": picture.threshold,
        "points": [{"at": point.at.isoformat(), "value": point.value} for point in picture.points],
    }
