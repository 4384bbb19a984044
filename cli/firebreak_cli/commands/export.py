"""`firebreak export`."""

import io
import sys
from collections.abc import Iterable
from typing import Annotated

import typer

from firebreak_cli.environment import environment_of
from firebreak_cli.export.kinds import Kind
from firebreak_cli.options import StackName
from firebreak_cli.stack import DEFAULT_STACK, find


def register(app: typer.Typer) -> None:
    """Add the command to the `firebreak` command."""
    app.command()(export)


def export(
    ctx: typer.Context,
    kind: Annotated[Kind, typer.Argument(metavar="WHAT", help="decisions, incidents, pages or diagnostics.")],
    *,
    since: Annotated[str, typer.Option("--since", help="How far back: 90m, 2d; by default 30d.")] = "",
    first: Annotated[
        str,
        typer.Option(
            "--from", metavar="TIME", help="From when, instead of --since: 2026-11-01, or ISO 8601."
        ),
    ] = "",
    until: Annotated[
        str, typer.Option("--until", metavar="TIME", help="Until before then; by default all.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="JSON Lines instead of CSV.")] = False,
    stack: StackName = DEFAULT_STACK,
) -> None:
    """Print decisions, incidents, pages or diagnostics of a range of time as CSV or JSON Lines, oldest first.

    Example: firebreak export decisions --from 2026-11-01 --until 2026-12-01 > november.csv
    """
    from firebreak_cli.export.exporting import Export
    from firebreak_cli.export.spans import read_span
    from firebreak_cli.progress import progress_of

    environment = environment_of(ctx)
    begin, end = read_span(since, first, until, environment.now())
    progress = progress_of(environment.now, sys.stderr, sys.stdout)
    found = Export(find(environment, stack), kind, begin, end, progress)
    try:
        _write(found.lines(as_json=as_json))
    finally:
        progress.end()
    if found.damaged:
        typer.echo(f"firebreak: {found.damaged} {kind} could not be read: they are left out", err=True)


def _write(lines: Iterable[str]) -> None:
    """Each line as it comes, in UTF-8 whatever the terminal has; the lines bring their ends."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", newline="")
    for line in lines:
        sys.stdout.write(line)
