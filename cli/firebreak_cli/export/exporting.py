"""`firebreak export`: the rows of one kind as they are read, in the format that is asked for."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TextIO

from firebreak.core.readings import Unknown
from firebreak_cli.export.columns import Row, table_of
from firebreak_cli.export.kinds import Kind
from firebreak_cli.export.lines import csv_lines, json_lines
from firebreak_cli.export.progress import Progress
from firebreak_cli.queries.by_range import Source
from firebreak_cli.stack import Stack


@dataclass(slots=True)
class Export:
    """One export. `damaged` counts the items that could not be read, as far as it has come."""

    stack: Stack
    kind: Kind
    first: datetime
    until: datetime
    progress: Progress
    damaged: int = 0

    def lines(self, *, as_json: bool) -> Iterator[str]:
        """The lines of the output, each with its end; read as they are taken. Raises AwsError."""
        if as_json:
            return json_lines(self._rows())
        return csv_lines(list(table_of(self.kind).columns), self._rows())

    def _rows(self) -> Iterator[Row]:
        source = Source(
            client=self.stack.reader("dynamodb"),
            table=self.stack.ledger_table,
            first=self.first,
            until=self.until,
            on_page=self.progress.look,
        )
        for row in table_of(self.kind).rows(source):
            if isinstance(row, Unknown):
                self.damaged += 1
            else:
                self.progress.rows += 1
                yield row


def progress_of(kind: Kind, now: Callable[[], datetime], error: TextIO, output: TextIO) -> Progress:
    """The progress on standard error. A terminal that gets the rows themselves shows nothing else."""
    watched = error.isatty() and not output.isatty()
    return Progress(kind.value, now, error if watched else None, now())
