"""`firebreak replay`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from firebreak_cli.environment import environment_of
from firebreak_cli.options import AsJson, StackName, print_json
from firebreak_cli.stack import DEFAULT_STACK


def register(app: typer.Typer) -> None:
    """Add the command to the `firebreak` command."""
    app.command()(replay)


def replay(
    ctx: typer.Context,
    wanted: Annotated[
        str, typer.Argument(metavar="ID", help="A decision's key, or an id: every decision under it.")
    ],
    *,
    policy: Annotated[
        Path | None,
        typer.Option("--policy", help="A policy file instead of the one that decided: would it differ?"),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option("--file", help="Offline, from `export decisions --json`; it needs --policy."),
    ] = None,
    stack: StackName = DEFAULT_STACK,
    as_json: AsJson = False,
) -> None:
    """Make a past decision again, from the snapshot and the policy that were kept. Changes nothing.

    Example: firebreak replay i-0123456789 --policy shared/policy.toml
    """
    from firebreak_cli.exit_codes import Ending
    from firebreak_cli.replay import replay_screen, replaying, sources

    environment = environment_of(ctx)
    asked = sources.Question(wanted=wanted, policy=policy, file=file, stack=stack)
    found = replaying.replay_all(sources.source_of(asked, environment, sys.stderr))
    if as_json:
        print_json(replay_screen.as_json(found))
    else:
        from firebreak_cli import screen

        replay_screen.show(found, screen.console())
    if missed := replay_screen.missed(found):
        raise Ending(*missed)
