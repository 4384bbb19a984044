"""The report as plain lines, for a mail: the parts of `firebreak stats`, without a screen."""

from collections.abc import Iterator, Sequence

from firebreak.paging.rendering import plain
from firebreak_cli.report.sections import Section, sections
from firebreak_cli.report.words import span_of, wording_of
from firebreak_cli.statistics.record import Record
from firebreak_cli.statistics.summary import Statistics

_GAP = "  "


def lines_of(found: Statistics) -> Iterator[str]:
    """Every part, each line harmless and tables aligned by spaces."""
    record, said = found.record, wording_of(found.record)
    yield said.title
    yield f"Of    {plain(record.source)}"
    yield f"From  {span_of(record)}"
    for section in sections(found):
        yield ""
        yield from _part(section)


def damaged_line(record: Record) -> str:
    """The line that says how much of the ledger could not be read; empty where all was."""
    if not record.damaged:
        return ""
    return f"{record.damaged} items of the ledger could not be read: they are in no number"


def _part(section: Section) -> Iterator[str]:
    yield section.title
    yield from map(plain, section.lines)
    if section.rows:
        yield from _table([section.columns, *section.rows])


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    harmless = [[plain(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*harmless, strict=True)]
    for row in harmless:
        yield _GAP.join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
