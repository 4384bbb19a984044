"""The diagnostics of an incident's acts, as `firebreak show` prints them and as plain values."""

from collections.abc import Iterator
from datetime import datetime
from typing import assert_never

from firebreak.core.diagnostics import Diagnostics, Section
from firebreak.core.readings import Absent, NotRead, Reading, Unknown
from firebreak_cli import screen


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
                {"at": act.at.isoformat(), "rung": act.rung + 1, "sections": [*map(_section, act.sections)]}
                for act in acts
            ]


def _section(section: Section) -> dict[str, object]:
    match section.found:
        case Absent():
            return {"source": section.source, "state": "absent", "lines": [], "why": None}
        case Unknown(why):
            return {"source": section.source, "state": "unknown", "lines": [], "why": why}
        case NotRead(why):
            return {"source": section.source, "state": "not_read", "lines": [], "why": why}
        case tuple() as lines:
            return {"source": section.source, "state": "read", "lines": list(lines), "why": None}
        case never:
            assert_never(never)
