"""The report as text: the same parts as the page, for a terminal or a mail."""

from rich.console import Console

from firebreak_cli import screen
from firebreak_cli.report.sections import sections
from firebreak_cli.report.words import at, wording_of
from firebreak_cli.statistics.record import Record
from firebreak_cli.statistics.summary import Statistics


def span_of(record: Record) -> str:
    """From when until when the record is."""
    return f"{at(record.first)} to {at(record.until)}"


def show(found: Statistics, console: Console) -> None:
    """Print every part."""
    record, said = found.record, wording_of(found.record)
    console.print(screen.line_of(said.title, "bold"))
    if said.of_nothing:
        console.print(screen.line_of(said.of_nothing))
    console.print(screen.facts([("Of", record.source), ("From", span_of(record))]))
    for section in sections(found):
        console.print()
        console.print(screen.line_of(section.title, "bold"))
        for line in section.lines:
            console.print(screen.line_of(line))
        if section.rows:
            console.print(screen.listing(section.columns, section.rows))


def damaged_line(record: Record) -> str:
    """The line for standard error where a part of the ledger could not be read; empty where all was."""
    if not record.damaged:
        return ""
    return f"{record.damaged} items of the ledger could not be read: they are in no number"
