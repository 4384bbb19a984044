"""The report as text: the same parts as the page, for a terminal."""

from rich.console import Console

from firebreak_cli import screen
from firebreak_cli.report.sections import sections
from firebreak_cli.report.words import span_of, wording_of
from firebreak_cli.statistics.summary import Statistics


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
