"""The two formats of an export: CSV for spreadsheets, JSON Lines for programs.

JSON Lines holds every text as it is, in ASCII. CSV is opened by spreadsheets, which carry out a cell that
begins like a formula, and the names of alarms are other people's text. So in CSV a text is one line without
control characters, and an apostrophe keeps it from being a formula.
"""

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import cast

from firebreak.core.paging.harmless_text import one_line
from firebreak_cli.export.columns import Row

# A spreadsheet takes these for the beginning of a formula, in their full-width forms as well
# (owasp.org/www-community/attacks/CSV_Injection). Where it splits cells at semicolons, as in most of Europe,
# a cell begins after each of them; a quotation mark that opens a cell is no part of it.
_FORMULA = re.compile(r"""(^|;)(?=[\s"']*[=+\-@\uff1d\uff0b\uff0d\uff20])""")


class _Echo:
    """A file that answers each line instead of keeping it."""

    def write(self, line: str) -> str:
        """The line itself, which `writerow` hands on."""
        return line


def csv_lines(columns: Sequence[str], rows: Iterable[Row]) -> Iterator[str]:
    """The heading, then a line for each row as RFC 4180 writes it; lists and objects are JSON in one cell."""
    writer = csv.writer(_Echo())
    yield cast("str", writer.writerow(columns))
    for row in rows:
        yield cast("str", writer.writerow([_cell(row[column]) for column in columns]))


def json_lines(rows: Iterable[Row]) -> Iterator[str]:
    """An object on a line for each row."""
    return (json.dumps(row) + "\n" for row in rows)


def _cell(value: object) -> object:
    match value:
        case None | int():
            return value
        case str():
            return harmless(value)
        case Mapping() | list():
            return harmless(json.dumps(value))
        case _:
            raise TypeError(f"no column holds a {type(value).__name__}")


def harmless(text: str) -> str:
    """The text as one line that no spreadsheet takes for a formula."""
    return _FORMULA.sub(r"\1'", one_line(text))
