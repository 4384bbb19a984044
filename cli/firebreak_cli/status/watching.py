"""`firebreak status --watch`: the status, looked at again and again."""

import json

import typer
from rich.console import Console

from firebreak_cli import screen
from firebreak_cli.incidents.looks import Looks
from firebreak_cli.status import status_screen
from firebreak_cli.status.looking import Status


def run(looks: Looks[Status], console: Console, *, as_json: bool) -> None:
    """Shows each look: on a terminal in place of the one before it, in a pipe below it, as JSON on one line.

    Ends only with an error, such as KeyboardInterrupt.
    """
    for _, found in looks.each():
        if as_json:
            typer.echo(json.dumps(status_screen.as_json(found), default=str))
            continue
        if console.is_terminal:
            console.clear()
        status_screen.show(found, console)
        console.print(screen.line_of(f"Looks again every {looks.seconds}s; Ctrl-C ends", "dim"))
