"""`firebreak incidents`."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated

import typer

from firebreak_cli.environment import environment_of
from firebreak_cli.options import AsJson, StackName, print_json
from firebreak_cli.stack import DEFAULT_STACK, find


def register(app: typer.Typer) -> None:
    """Add the command to the `firebreak` command."""
    app.command()(incidents)


def incidents(
    ctx: typer.Context,
    *,
    stack: StackName = DEFAULT_STACK,
    as_json: AsJson = False,
    everything: Annotated[
        bool, typer.Option("--all", help="List finished incidents and all decisions without an act.")
    ] = False,
    target: Annotated[str, typer.Option("--target", help="Only where the target's name contains this.")] = "",
    alarm: Annotated[str, typer.Option("--alarm", help="Only where an alarm's name contains this.")] = "",
    reason: Annotated[
        str, typer.Option("--reason", help="Only decisions for this reason, such as frozen.")
    ] = "",
    since: Annotated[
        str,
        typer.Option(
            "--since", help="How far back: 90m, 2d; by default 24h, with --all everything. Open ones always."
        ),
    ] = "",
    limit: Annotated[
        int | None,
        typer.Option("--limit", min=1, help="Decisions to list at most: by default 15, with --all no limit."),
    ] = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Look again and again; in a pipe, one line for each change.")
    ] = False,
    every: Annotated[
        int | None,
        typer.Option("--every", metavar="SECONDS", min=1, max=3600, help="With --watch: the interval; 10."),
    ] = None,
) -> None:
    """List open incidents and the latest decisions that did not act, newest first."""
    from firebreak_cli import screen
    from firebreak_cli.exit_codes import BAD_INPUT, Ending
    from firebreak_cli.incidents import listing, stops
    from firebreak_cli.incidents.filters import Wanted
    from firebreak_cli.incidents.watching import EVERY, Watch
    from firebreak_cli.operations import switches

    if every and not watch:
        raise Ending(BAD_INPUT, "--every goes with --watch")
    environment = environment_of(ctx)
    lately = None if everything else listing.LATELY
    back = switches.length_of(since, "--since") if since else lately
    wanted = Wanted(target=target, alarm=alarm, reason=listing.reason_named(reason))
    found = find(environment, stack)

    def look(now: datetime) -> tuple[listing.Overview, stops.Stops]:
        asked = replace(wanted, since=now - back if back else None)
        seen = listing.overview(found, everything=everything, wanted=asked, limit=limit)
        return seen, stops.look(found, now)

    if watch:
        seconds = every or EVERY
        looks = Watch(stack=found, look=look, now=environment.now, sleep=environment.sleep, seconds=seconds)
        return looks.run(screen.console(), as_json=as_json)
    seen, stopped = look(now := environment.now())
    if as_json:
        return print_json(listing.as_json(seen, found, stopped))
    return listing.show(seen, found, stopped, now, screen.console())
