"""`firebreak show`."""

from typing import Annotated

import typer

from firebreak_cli.environment import environment_of
from firebreak_cli.options import AsJson, StackName, print_json
from firebreak_cli.stack import DEFAULT_STACK, find


def register(app: typer.Typer) -> None:
    """Add the command to the `firebreak` command."""
    app.command()(show)


def show(
    ctx: typer.Context,
    wanted: Annotated[
        str, typer.Argument(metavar="ID", help="An id, the beginning of one, an alarm or a target.")
    ],
    *,
    stack: StackName = DEFAULT_STACK,
    as_json: AsJson = False,
) -> None:
    """Show one incident, or one decision that opened none, with every check."""
    from firebreak_cli import screen
    from firebreak_cli.queries import show as showing

    environment = environment_of(ctx)
    found = showing.story(find(environment, stack), wanted)
    if as_json:
        return print_json(showing.as_json(found))
    return showing.show(found, environment.now(), screen.console())
