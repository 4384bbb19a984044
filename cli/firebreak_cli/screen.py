"""Output for people: 80 columns, and no text of a stranger's is ever read as markup."""

import io
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from rich.console import Console
from rich.table import Table
from rich.text import Text

from firebreak.core.guards import clock
from firebreak.page_text import plain

# What stands before each finding; the first column of a table of checks.
_MARKS: Mapping[str, tuple[str, str]] = {
    "passed": ("pass", "green"),
    "objected": ("OBJECT", "bold red"),
    "not_looked_at": ("not looked", "yellow"),
    "not_applicable": ("-", "dim"),
}

type Row = tuple[str, str]


def console() -> Console:
    """Standard output, as wide as the terminal; strings are text, never markup."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # An alarm's name may hold what the terminal's encoding does not.
        sys.stdout.reconfigure(errors="replace")
    return Console(highlight=False, markup=False, emoji=False)


def told(text: str, style: str = "") -> Text:
    """Untrusted text as one harmless line."""
    return Text(plain(text), style=style)


def when(at: datetime, now: datetime) -> str:
    """A time in UTC, with its date unless it is today."""
    return clock(at) if at.date() == now.date() else f"{at:%Y-%m-%d} {clock(at)}"


def facts(rows: Iterable[Row], style: str = "") -> Table:
    """Labels and what they say, aligned; rows that say nothing are left out."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(style=style, overflow="fold")
    for label, value in rows:
        if value:
            table.add_row(Text(label), told(value))
    return table


def listing(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    """A table of short texts under a heading each."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 1))
    for column in columns:
        table.add_column(Text(column), overflow="fold")
    for row in rows:
        table.add_row(*(told(cell) for cell in row))
    return table


def checks(found: Iterable[Mapping[str, object]]) -> Table:
    """Every check, in the order of the guards, as `check_to_wire` writes it."""
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for check in found:
        result = str(check.get("result", ""))
        mark, style = _MARKS.get(result, (result, ""))
        quiet = "dim" if result == "not_applicable" else ""
        detail = told(str(check.get("detail", "")).removeprefix("not looked at: "), quiet)
        table.add_row(told(mark, style), told(str(check.get("guard", "")), quiet), detail)
    return table
