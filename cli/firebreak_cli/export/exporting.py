"""`firebreak export`: the rows of one kind as they are read, in the format that is asked for."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from firebreak.core.readings import Unknown
from firebreak_cli.export.columns import Row, table_of
from firebreak_cli.export.kinds import Kind
from firebreak_cli.export.lines import csv_lines, json_lines
from firebreak_cli.progress import Progress
from firebreak_cli.queries.by_range import Source
from firebreak_cli.stack import Stack


@dataclass(slots=True)
class Export:
    """One export. `rows` and `damaged` count those and the items that could not be read, so far."""

    stack: Stack
    kind: Kind
    first: datetime
    until: datetime
    progress: Progress
    damaged: int = 0
    rows: int = 0

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
            on_page=lambda: self.progress.look(f"{self.rows} {self.kind}"),
        )
        for row in table_of(self.kind).rows(source):
            if isinstance(row, Unknown):
                self.damaged += 1
            else:
                self.rows += 1
                yield row
