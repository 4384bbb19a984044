"""`firebreak pause`, `resume`, `switches` and `storm`: the things that stop Firebreak."""

from typing import Annotated

import typer

from firebreak.core.limits.scopes import switch_scope_words
from firebreak_cli.environment import environment_of
from firebreak_cli.options import AsJson, StackName, print_json
from firebreak_cli.stack import DEFAULT_STACK, find

Scope = Annotated[
    str,
    typer.Option(
        "--scope",
        help="global, action NAME, group ecs:CLUSTER, application NAME or target ecs:CLUSTER/SERVICE.",
    ),
]
ScopeName = Annotated[str, typer.Argument(metavar="NAME", help="The name that --scope asks for.")]
Holder = Annotated[
    str, typer.Option("--holder", help="A label for the holder, shown together with your AWS identity.")
]


def register(app: typer.Typer) -> None:
    """Add the commands to the `firebreak` command."""
    app.command()(pause)
    app.command()(resume)
    app.command("switches")(held_switches)
    app.command()(storm)


def pause(
    ctx: typer.Context,
    scope_name: ScopeName = "",
    *,
    reason: Annotated[str, typer.Option("--reason", help="Why; shown to everybody whose alarm is refused.")],
    length: Annotated[
        str, typer.Option("--for", help="How long: 90s, 15m, 1h30m, at most 30d; by default 1h.")
    ] = "",
    until: Annotated[
        str,
        typer.Option(
            "--until", metavar="TIME", help="Until when, instead of --for: 08:00 (UTC), or ISO 8601."
        ),
    ] = "",
    scope: Scope = "global",
    holder: Holder = "",
    even_if_unknown: Annotated[
        bool, typer.Option("--even-if-unknown", help="Pause even if nothing has that name or is opted in.")
    ] = False,
    stack: StackName = DEFAULT_STACK,
    as_json: AsJson = False,
) -> None:
    """Stop Firebreak. Returns once nothing new can be claimed."""
    from firebreak_cli import screen
    from firebreak_cli.operations import pausing

    environment = environment_of(ctx)
    lasts = pausing.length_of(length, until, environment.now())
    asked = pausing.read(scope, scope_name, reason, lasts)
    paused, found = pausing.pause(asked, environment, stack, holder, even_if_unknown=even_if_unknown)
    if as_json:
        return print_json(pausing.as_json(paused, found))
    console = screen.console()
    console.print(screen.facts(pausing.rows(paused, found)))
    undo = pausing.resume_command(paused, found)
    return console.print(f"Resume  {undo}", soft_wrap=True)  # one line, to copy


def resume(
    ctx: typer.Context,
    scope_name: ScopeName = "",
    *,
    scope: Scope = "",
    holder: Holder = "",
    everything: Annotated[bool, typer.Option("--all", help="Every switch that you hold.")] = False,
    stack: StackName = DEFAULT_STACK,
    as_json: AsJson = False,
) -> None:
    """Release a switch, or all your switches with --all. Other holders of the same switch keep it."""
    from firebreak_cli import screen
    from firebreak_cli.operations import pausing

    environment = environment_of(ctx)
    released, found = pausing.resume(environment, stack, (scope, scope_name), holder, everything=everything)
    if as_json:
        return print_json(pausing.resumed_as_json(released, found))
    return screen.console().print(screen.facts(pausing.resumed_rows(released, found, environment.now())))


def held_switches(ctx: typer.Context, *, stack: StackName = DEFAULT_STACK, as_json: AsJson = False) -> None:
    """List the switches that are held: by whom, why, until when."""
    from firebreak_cli import screen
    from firebreak_cli.exit_codes import NO_AWS, Ending
    from firebreak_cli.operations import switches

    environment = environment_of(ctx)
    found = find(environment, stack)
    seen = switches.SwitchBoard(found).look(environment.now())
    unread = Ending(NO_AWS, *seen.unread_lines) if seen.unread else None
    if unread and (as_json or not seen.holds):
        raise unread
    if as_json:
        return print_json({"stack": found.name, "switches": [switches.as_json(hold) for hold in seen.holds]})
    if not seen.holds:
        return screen.console().print(screen.line_of(f"No switch is held in {found.place}"))
    rows = (
        (
            switch_scope_words(hold.scope),
            hold.shown_holder,
            screen.when(hold.until, environment.now()),
            hold.why,
        )
        for hold in seen.holds
    )
    screen.console().print(screen.listing(("scope", "holder", "until", "reason"), rows))
    if unread:
        raise unread
    return None


def storm(
    ctx: typer.Context,
    *,
    pages: Annotated[
        bool, typer.Option("--pages", help="The storm of alarms for humans, whose pages are gathered.")
    ] = False,
    end: Annotated[bool, typer.Option("--end", help="End it now; nothing is restarted.")] = False,
    reason: Annotated[str, typer.Option("--reason", help="With --end: why; everybody is notified.")] = "",
    holder: Annotated[
        str,
        typer.Option("--holder", help="With --end: the person who ends it; by default your AWS identity."),
    ] = "",
    stack: StackName = DEFAULT_STACK,
    as_json: AsJson = False,
) -> None:
    """Show whether there is a storm of red alarms, in which nothing is acted on; or end it."""
    from firebreak_cli import screen
    from firebreak_cli.exit_codes import BAD_INPUT, Ending
    from firebreak_cli.operations import storms, switches

    environment = environment_of(ctx)
    if not end and (reason or holder):
        raise Ending(BAD_INPUT, "--reason and --holder go with --end: nothing was ended")
    why = switches.reason_of(reason) if end else ""
    found = find(environment, stack)
    desk, console = storms.StormDesk(found, of_pages=pages), screen.console()
    if end:
        ended = desk.end(switches.holder_of(holder, found, environment).display_name, why, environment.now())
        if as_json:
            return print_json(storms.ended_as_json(ended, found))
        return console.print(screen.facts(storms.outcome_rows(ended, found)))
    seen, rules = desk.look(), desk.rules()
    states = desk.states(seen)
    if as_json:
        return print_json(storms.as_json(seen, states, rules, found))
    rows = [
        *storms.storm_rows(seen, states, rules, found, environment.now()),
        *storms.other(desk, environment.now()),
    ]
    console.print(screen.facts(rows))
    if seen.tripped_at:
        console.print(f"End it  {storms.end_command(seen, found)}", soft_wrap=True)  # one line, to copy
    if seen.red:
        red = storms.red_rows(seen, states, environment.now())
        console.print(screen.listing(("red since", "alarm", "now"), red))
    return None
