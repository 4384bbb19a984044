"""The `firebreak` command: explain what would happen, see what did, stop it, and check a policy.

What a command needs is imported inside it: `firebreak explain --offline` must start quickly and
without the AWS SDK, and the commands further down bring more than that.
"""

from typing import Annotated

import typer

from firebreak_cli.commands.explain import register as register_explain
from firebreak_cli.commands.incidents import register as register_incidents
from firebreak_cli.commands.policy import register as register_policy
from firebreak_cli.drill_app import register as register_drill
from firebreak_cli.endings import EXIT_CODES, PlainGroup
from firebreak_cli.local_app import register as register_local
from firebreak_cli.options import AsJson, StackName, print_json
from firebreak_cli.outside import outside
from firebreak_cli.stack import DEFAULT_STACK, find

app = typer.Typer(
    cls=PlainGroup,
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # its tracebacks can show local variables, such as what AWS answered
    help="Auto-remediation for AWS alarms that cannot make an outage worse.",
    epilog="Exit codes: " + "; ".join(f"{code} {means}" for code, means in EXIT_CODES.items()) + ".",
)


def _version(wanted: bool) -> None:  # noqa: FBT001 - Typer calls it with the option's value
    if wanted:
        from importlib.metadata import version

        typer.echo(f"firebreak {version('firebreak')}")
        raise typer.Exit


@app.callback()
def firebreak(
    *,
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_version, help="Show the version and exit.")
    ] = False,
) -> None:
    """Auto-remediation for AWS alarms that cannot make an outage worse."""
    del version


Scope = Annotated[
    str,
    typer.Option(
        "--scope",
        help="global, action NAME, group ecs:CLUSTER, application NAME or target ecs:CLUSTER/SERVICE.",
    ),
]
ScopeName = Annotated[str, typer.Argument(metavar="NAME", help="The name that --scope asks for.")]
Holder = Annotated[
    str, typer.Option("--holder", help="A label for who holds it, shown with who AWS says you are.")
]


register_explain(app)
register_incidents(app)


@app.command()
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
    from firebreak_cli import show as showing

    around = outside(ctx)
    found = showing.story(find(around, stack), wanted)
    if as_json:
        return print_json(showing.as_json(found))
    return showing.show(found, around.now(), screen.console())


@app.command()
def pause(
    ctx: typer.Context,
    scope_name: ScopeName = "",
    *,
    reason: Annotated[str, typer.Option("--reason", help="Why; everybody who is refused reads it.")],
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
        bool, typer.Option("--even-if-unknown", help="Also where nothing goes by that name, or opted in.")
    ] = False,
    stack: StackName = DEFAULT_STACK,
    as_json: AsJson = False,
) -> None:
    """Stop Firebreak. Returns once nothing new can be claimed."""
    from firebreak_cli import pausing, screen

    around = outside(ctx)
    lasts = pausing.length_of(length, until, around.now())
    asked = pausing.read(scope, scope_name, reason, lasts)
    paused, found = pausing.pause(asked, around, stack, holder, even_if_unknown=even_if_unknown)
    if as_json:
        return print_json(pausing.as_json(paused, found))
    console = screen.console()
    console.print(screen.facts(pausing.rows(paused, found)))
    undo = pausing.resume_command(paused, found)
    return console.print(f"Resume  {undo}", soft_wrap=True)  # one line, to copy


@app.command()
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
    """Release a switch, or with --all every switch of yours. Other holders of the same switch keep it."""
    from firebreak_cli import pausing, screen

    around = outside(ctx)
    released, found = pausing.resume(around, stack, (scope, scope_name), holder, everything=everything)
    if as_json:
        return print_json(pausing.resumed_as_json(released, found))
    return screen.console().print(screen.facts(pausing.resumed_rows(released, found, around.now())))


@app.command("switches")
def held_switches(ctx: typer.Context, *, stack: StackName = DEFAULT_STACK, as_json: AsJson = False) -> None:
    """List the switches that are held: by whom, why, until when."""
    from firebreak_cli import screen, switches

    around = outside(ctx)
    found = find(around, stack)
    holds = switches.SwitchBoard(found).held(around.now())
    if as_json:
        return print_json({"stack": found.name, "switches": [switches.as_json(hold) for hold in holds]})
    if not holds:
        return screen.console().print(screen.told(f"No switch is held in {found.place}"))
    rows = (
        (switches.words_of(hold.scope), hold.shown_holder, screen.when(hold.until, around.now()), hold.why)
        for hold in holds
    )
    return screen.console().print(screen.listing(("scope", "holder", "until", "reason"), rows))


@app.command()
def storm(
    ctx: typer.Context,
    *,
    pages: Annotated[
        bool, typer.Option("--pages", help="The storm of alarms for humans, whose pages are gathered.")
    ] = False,
    end: Annotated[bool, typer.Option("--end", help="End it now; nothing is restarted.")] = False,
    reason: Annotated[str, typer.Option("--reason", help="With --end: why; everybody is told.")] = "",
    holder: Annotated[
        str, typer.Option("--holder", help="With --end: who ends it; by default who AWS says you are.")
    ] = "",
    stack: StackName = DEFAULT_STACK,
    as_json: AsJson = False,
) -> None:
    """Show whether there is a storm of red alarms, in which nothing is acted on; or end it."""
    from firebreak_cli import screen, storms, switches
    from firebreak_cli.endings import BAD_INPUT, Ending

    around = outside(ctx)
    if not end and (reason or holder):
        raise Ending(BAD_INPUT, "--reason and --holder go with --end: nothing was ended")
    why = switches.reason_of(reason) if end else ""
    found = find(around, stack)
    desk, console = storms.StormDesk(found, of_pages=pages), screen.console()
    if end:
        ended = desk.end(switches.holder_of(holder, found, around).shown, why, around.now())
        if as_json:
            return print_json(storms.ended_as_json(ended, found))
        return console.print(screen.facts(storms.told(ended, found)))
    seen, rules = desk.look(), desk.rules()
    states = desk.states(seen)
    if as_json:
        return print_json(storms.as_json(seen, states, rules, found))
    rows = [*storms.shown(seen, states, rules, found, around.now()), *storms.other(desk, around.now())]
    console.print(screen.facts(rows))
    if seen.tripped_at:
        console.print(f"End it  {storms.end_command(seen, found)}", soft_wrap=True)  # one line, to copy
    if seen.red:
        red = storms.red_rows(seen, states, around.now())
        console.print(screen.listing(("red since", "alarm", "now"), red))
    return None


QuestionId = Annotated[str, typer.Argument(metavar="QUESTION", help="The question, as its page names it.")]


@app.command()
def approve(
    ctx: typer.Context, question: QuestionId, *, stack: StackName = DEFAULT_STACK, as_json: AsJson = False
) -> None:
    """Say yes to one question. Everything is looked at again first; a changed plan is refused."""
    from firebreak_cli import approvals, screen

    around = outside(ctx)
    found = find(around, stack)
    desk, by = approvals.ApprovalDesk(found), approvals.caller(found)
    waiting = desk.waiting(question, "approve", around.now())
    desk.approve(waiting, by, around.now())
    if as_json:
        return print_json(approvals.as_json(waiting, "approved", by, found))
    return screen.console().print(screen.facts(approvals.told(waiting, "Approved", by, found)))


@app.command()
def deny(
    ctx: typer.Context,
    question: QuestionId,
    *,
    reason: Annotated[str, typer.Option("--reason", help="Why; everybody is told.")],
    stack: StackName = DEFAULT_STACK,
    as_json: AsJson = False,
) -> None:
    """Say no to one question; nothing is changed, and the incident is yours."""
    from firebreak_cli import approvals, screen, switches

    around = outside(ctx)
    why = switches.reason_of(reason)
    found = find(around, stack)
    desk, by = approvals.ApprovalDesk(found), approvals.caller(found)
    waiting = desk.waiting(question, "deny", around.now())
    desk.deny(waiting, by, why, around.now())
    if as_json:
        return print_json(approvals.as_json(waiting, "denied", by, found, why))
    return screen.console().print(screen.facts(approvals.told(waiting, "Denied", by, found, why)))


PageId = Annotated[str, typer.Argument(metavar="ID", help="What you were paged about, as the page names it.")]


@app.command()
def ack(
    ctx: typer.Context, page: PageId, *, stack: StackName = DEFAULT_STACK, as_json: AsJson = False
) -> None:
    """Say that you have it: nobody further up is called, and whoever was paged hears of it."""
    from firebreak_cli import acknowledging, approvals, screen

    around = outside(ctx)
    found = find(around, stack)
    desk, by = acknowledging.PagerDesk(found), approvals.caller(found)
    before = desk.thread(page)
    after = desk.acknowledge(before, by, around.now())
    if as_json:
        return print_json(acknowledging.as_json(before, after, found))
    return screen.console().print(screen.facts(acknowledging.told(before, after, found, around.now())))


AlarmOrPage = Annotated[
    str, typer.Argument(metavar="ID", help="A page or decision by its id, or an alarm by its name.")
]


# A name may begin with a dash; what no option is called is one.
@app.command(context_settings={"ignore_unknown_options": True})
def retry(
    ctx: typer.Context,
    alarm: AlarmOrPage,
    *,
    everything: Annotated[
        bool, typer.Option("--all", help="Every alarm of the page: of a storm or a pause that is over.")
    ] = False,
    stack: StackName = DEFAULT_STACK,
    as_json: AsJson = False,
) -> None:
    """Have a red alarm decided again at your request. Every guard is asked again: nothing is lifted."""
    from firebreak_cli import approvals, retries, retry_names, screen

    around = outside(ctx)
    found = find(around, stack)
    desk, now = retries.RetryDesk(found), around.now()
    wanted = retry_names.named(alarm, found, desk.bounds, all_of_them=everything)
    lasting, left_out = desk.lasting(wanted.names, now)
    by = approvals.caller(found)
    asked = desk.retries(lasting, by, now)
    desk.ask(asked)
    if as_json:
        return print_json(retries.as_json(asked, by, found, cut=lasting.cut, left_out=left_out))
    rows = retries.told(asked, by, found, now, cut=lasting.cut, left_out=left_out)
    return screen.console().print(screen.facts(rows))


register_policy(app)
register_drill(app)
register_local(app)
