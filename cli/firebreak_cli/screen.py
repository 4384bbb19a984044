"""Output for people: as wide as the terminal, and no text of a stranger's is ever read as markup.

Output into a pipe or a file is not folded: other programs read lines.
"""

import io
import os
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import IO, TextIO, cast

from rich.console import Console
from rich.table import Table
from rich.text import Text

from firebreak.core.formats import format_date_time, format_time
from firebreak.core.reasons import Reason
from firebreak.paging.rendering import plain

# The symbols before each finding; the first column of a table of checks.
_MARKS: Mapping[str, tuple[str, str]] = {
    "passed": ("pass", "green"),
    "objected": ("stops", "bold red"),
    "not_looked_at": ("not looked", "yellow"),
    "not_applicable": ("-", "dim"),
}

# An objection that leaves the change to a human, or to nobody in observe mode, is no alarm.
_MILD: Mapping[str, tuple[str, str]] = {
    Reason.NEEDS_APPROVAL: ("asks", "bold yellow"),
    Reason.OBSERVE_ONLY: ("observe", "bold yellow"),
}

# A human lifted the objection.
_OVERRIDDEN = ("overridden", "bold yellow")

type Row = tuple[str, str]

# Wider than any line.
_UNBOUNDED = 100_000


class _Screen(Console):
    """A console that says that its reader has gone away, and leaves it to the command what follows."""

    def on_broken_pipe(self) -> None:
        """Rich would exit with 1, which means something else here."""
        raise BrokenPipeError


class _Lines(io.TextIOBase):
    """Text for other programs: without the spaces with which tables fill their lines."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    @property
    def encoding(self) -> str:  # type: ignore[override]  # the base declares a field
        """The encoding of the output underneath: Rich draws accordingly."""
        return self._out.encoding or "utf-8"

    def write(self, text: str) -> int:
        """Rich writes whole lines."""
        self._out.write(re.sub(r" +(?=\n|\Z)", "", text))
        return len(text)

    def flush(self) -> None:
        """Hand on what is buffered; it is asked once more when the output is closed already."""
        if not self._out.closed:
            self._out.flush()


def console(*, stderr: bool = False) -> Console:
    """Standard output or error; strings are text, never markup. Folded for a terminal, or by COLUMNS."""
    out = sys.stderr if stderr else sys.stdout
    if isinstance(out, io.TextIOWrapper):
        # An alarm's name may hold what the terminal's encoding does not.
        out.reconfigure(errors="replace")
    if out.isatty():
        return _Screen(stderr=stderr, highlight=False, markup=False, emoji=False)
    width = None if os.environ.get("COLUMNS") else _UNBOUNDED
    lines = cast("IO[str]", _Lines(out))
    return _Screen(file=lines, width=width, highlight=False, markup=False, emoji=False)


def line_of(text: str, style: str = "") -> Text:
    """Untrusted text as one harmless line."""
    return Text(plain(text), style=style)


def print_code(code: str, console: Console) -> None:
    """Lines of code with their indentation, however narrow the terminal is; no control character in them."""
    for line in code.splitlines():
        indent = line[: len(line) - len(line.lstrip(" "))]
        console.print(Text(indent + plain(line)), soft_wrap=True)


def when(at: datetime, now: datetime | None = None) -> str:
    """A time in UTC, with its date unless it is today; without `now` always with it."""
    return format_date_time(at, now) if now else f"{at:%Y-%m-%d} {format_time(at)}"


def facts(rows: Iterable[Row], style: str = "") -> Table:
    """Labels and what they say, aligned; rows that say nothing are left out."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(style=style, overflow="fold")
    for label, value in rows:
        if value:
            table.add_row(Text(label), line_of(value))
    return table


def print_links(links: Mapping[str, str], console: Console) -> None:
    """One line each however narrow the terminal is, to copy or to click."""
    for what, address in links.items():
        console.print(Text(f"Open {what}  {address}"), soft_wrap=True)


def listing(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    """A table of short texts under a heading each."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 1))
    for column in columns:
        table.add_column(Text(column), overflow="fold")
    for row in rows:
        table.add_row(*(line_of(cell) for cell in row))
    return table


def checks(found: Iterable[Mapping[str, object]]) -> Table:
    """Every check, in the order of the guards, as `check_to_wire` writes it."""
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for check in found:
        result = str(check.get("result", ""))
        mark, style = _mark(result, str(check.get("reason", "")))
        mark, style = _OVERRIDDEN if check.get("overridden") else (mark, style)
        quiet = "dim" if result == "not_applicable" else ""
        detail = line_of(str(check.get("detail", "")).removeprefix("not looked at: "), quiet)
        table.add_row(line_of(mark, style), line_of(str(check.get("guard", "")), quiet), detail)
    return table


def _mark(result: str, reason: str) -> tuple[str, str]:
    objected = _MILD.get(reason) if result == "objected" else None
    return objected or _MARKS.get(result, (result, ""))
