"""The `firebreak` command: explain what would happen, see what did, stop it, and check a policy.

What a command needs is imported inside it: `firebreak explain --offline` must start quickly and
without the AWS SDK, and the commands further down bring more than that.
"""

from typing import Annotated

import typer

from firebreak_cli.commands.explain import register as register_explain
from firebreak_cli.commands.incidents import register as register_incidents
from firebreak_cli.commands.policy import register as register_policy
from firebreak_cli.commands.stopping import register as register_stopping
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


register_stopping(app)


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
