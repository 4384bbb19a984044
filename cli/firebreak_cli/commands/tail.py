"""`firebreak tail`."""

from typing import Annotated

import typer

from firebreak_cli.environment import environment_of
from firebreak_cli.options import StackName
from firebreak_cli.stack import DEFAULT_STACK, find


def register(app: typer.Typer) -> None:
    """Add the command to the `firebreak` command."""
    app.command()(tail)


def tail(
    ctx: typer.Context,
    *,
    since: Annotated[str, typer.Option("--since", help="Begin so far back: 90m, 2d; by default now.")] = "",
    target: Annotated[str, typer.Option("--target", help="Only where the target's name contains this.")] = "",
    alarm: Annotated[str, typer.Option("--alarm", help="Only where an alarm's name contains this.")] = "",
    reason: Annotated[
        str, typer.Option("--reason", help="Only decisions for this reason, such as frozen; no incidents.")
    ] = "",
    everything: Annotated[
        bool, typer.Option("--all", help="Good news and heartbeats, too: not_in_alarm, duplicate.")
    ] = False,
    every: Annotated[
        int | None, typer.Option("--every", metavar="SECONDS", min=1, max=3600, help="The interval; 5.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON Lines.")] = False,
    stack: StackName = DEFAULT_STACK,
) -> None:
    """Print decisions and changes of incidents as they come, until Ctrl-C.

    Example: firebreak tail --target ecs:prod/ --since 1h
    """
    from firebreak_cli import screen
    from firebreak_cli.incidents import tailing
    from firebreak_cli.incidents.filters import Wanted
    from firebreak_cli.incidents.listing import reason_named
    from firebreak_cli.incidents.looks import Looks
    from firebreak_cli.operations import switches

    environment = environment_of(ctx)
    now = environment.now()
    begin = now - switches.length_of(since, "--since") if since else now
    wanted = Wanted(target=target, alarm=alarm, reason=reason_named(reason))
    news = tailing.follow(find(environment, stack), wanted, begin, everything=everything)
    seconds = every or tailing.EVERY
    looks = Looks(look=news.look, now=environment.now, sleep=environment.sleep, seconds=seconds)
    tailing.run(looks, screen.console(), as_json=as_json)
