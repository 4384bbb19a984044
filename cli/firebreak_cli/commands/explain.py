"""`firebreak explain`."""

from pathlib import Path
from typing import Annotated

import typer

from firebreak_cli.environment import environment_of
from firebreak_cli.options import AsJson, StackName, print_json
from firebreak_cli.stack import DEFAULT_STACK


def register(app: typer.Typer) -> None:
    """Add the command to the `firebreak` command."""
    app.command()(explain)


def explain(
    ctx: typer.Context,
    event: Annotated[
        str, typer.Argument(metavar="[EVENT]", help="A file with one event, or - for stdin; or use --alarm.")
    ] = "",
    *,
    alarm: Annotated[
        str,
        typer.Option(
            "--alarm", metavar="NAME", help="A live alarm instead: as it is, or as if it turned red."
        ),
    ] = "",
    as_json: AsJson = False,
    offline: Annotated[
        bool, typer.Option("--offline", help="Look at nothing but the event; no AWS account is needed.")
    ] = False,
    policy: Annotated[
        Path | None, typer.Option("--policy", help="A policy file; by default the one that ships.")
    ] = None,
    stack: StackName = DEFAULT_STACK,
    at: Annotated[
        str,
        typer.Option("--at", metavar="TIME", help="Take the event as sent then (or now), to try a freeze."),
    ] = "",
    now: Annotated[
        str, typer.Option("--now", metavar="TIME", help="Offline: the time now, to let the event be old.")
    ] = "",
    expect: Annotated[
        str,
        typer.Option(
            "--expect",
            metavar="ANSWER",
            help="Exit with 5 on another answer: act, propose, ask, defer or refuse, then maybe :REASON.",
        ),
    ] = "",
    everything: Annotated[
        bool, typer.Option("--all", "-v", help="Show the guards that passed, too.")
    ] = False,
) -> None:
    """Say what Firebreak would do about an event, and why. Changes nothing."""
    from firebreak_cli.exit_codes import UNEXPECTED, Ending
    from firebreak_cli.explain.answer import Question, answer
    from firebreak_cli.explain.expectations import read_expectation
    from firebreak_cli.explain.explainer import as_json as plain_values

    wanted = read_expectation(expect) if expect else None
    asked = Question(event=event, alarm=alarm, policy=policy, stack=stack, offline=offline, at=at, now=now)
    found, policy_file = answer(asked, environment_of(ctx))
    if as_json:
        print_json(plain_values(found, policy_file))
    else:
        from firebreak_cli import screen
        from firebreak_cli.explain import explain_screen

        explain_screen.show(found, policy_file, screen.console(), everything=everything)
    if wanted and (missed := wanted.missed(found.decision)):
        raise Ending(UNEXPECTED, missed)
