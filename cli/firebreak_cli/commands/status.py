"""`firebreak status`."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from firebreak_cli.environment import environment_of
from firebreak_cli.options import AsJson, StackName, print_json
from firebreak_cli.stack import DEFAULT_STACK, find

if TYPE_CHECKING:
    from firebreak_cli.status.looking import Status


def register(app: typer.Typer) -> None:
    """Add the command to the `firebreak` command."""
    app.command()(status)


def status(
    ctx: typer.Context,
    *,
    stack: StackName = DEFAULT_STACK,
    as_json: AsJson = False,
    watch: Annotated[bool, typer.Option("--watch", help="Look again and again, until Ctrl-C.")] = False,
    every: Annotated[
        int | None,
        typer.Option("--every", metavar="SECONDS", min=1, max=3600, help="With --watch: the interval; 10."),
    ] = None,
) -> None:
    """Show on one screen whether Firebreak is stopped and at work, what is open, and who has it.

    Example: firebreak status --watch
    """
    from firebreak_cli import screen
    from firebreak_cli.exit_codes import BAD_INPUT, Ending
    from firebreak_cli.incidents.looks import Looks
    from firebreak_cli.incidents.watching import EVERY
    from firebreak_cli.status import status_screen, watching
    from firebreak_cli.status.looking import look

    if every and not watch:
        raise Ending(BAD_INPUT, "--every goes with --watch")
    environment = environment_of(ctx)
    found = find(environment, stack)

    def look_at(now: datetime) -> "Status":
        return look(found, now)

    if watch:
        seconds = every or EVERY
        looks = Looks(look=look_at, now=environment.now, sleep=environment.sleep, seconds=seconds)
        return watching.run(looks, screen.console(), as_json=as_json)
    seen = look_at(environment.now())
    if as_json:
        return print_json(status_screen.as_json(seen))
    return status_screen.show(seen, screen.console())
