"""`firebreak retry`."""

from typing import Annotated

import typer

from firebreak_cli.environment import environment_of
from firebreak_cli.options import AsJson, DespiteFreeze, StackName, override_reason, print_json
from firebreak_cli.stack import DEFAULT_STACK, find

AlarmOrPage = Annotated[
    str, typer.Argument(metavar="ID", help="A page or decision by its id, or an alarm by its name.")
]


def register(app: typer.Typer) -> None:
    """Add the command to the `firebreak` command."""
    # A name may begin with a dash; what no option is called is one.
    app.command(context_settings={"ignore_unknown_options": True})(retry)


def retry(
    ctx: typer.Context,
    alarm: AlarmOrPage,
    *,
    everything: Annotated[
        bool, typer.Option("--all", help="Every alarm of the page: of a storm or a pause that is over.")
    ] = False,
    despite_freeze: DespiteFreeze = None,
    stack: StackName = DEFAULT_STACK,
    as_json: AsJson = False,
) -> None:
    """Decide a red alarm again. Every guard is asked again; only --despite-freeze lifts one, a freeze."""
    from firebreak_cli import screen
    from firebreak_cli.operations import approvals, retries, retry_names

    despite = override_reason(despite_freeze)
    environment = environment_of(ctx)
    found = find(environment, stack)
    desk, now = retries.RetryDesk(found), environment.now()
    wanted = retry_names.named(alarm, found, desk.bounds, all_of_them=everything)
    lasting, left_out = desk.lasting(wanted.names, now)
    by = approvals.caller(found)
    asked = desk.retries(lasting, by, now, despite)
    desk.ask(asked)
    if as_json:
        return print_json(retries.as_json(asked, by, found, cut=lasting.cut, left_out=left_out))
    rows = retries.outcome_rows(asked, by, found, now, cut=lasting.cut, left_out=left_out)
    return screen.console().print(screen.facts(rows))
