"""`firebreak undo`."""

import sys
from typing import Annotated

import typer

from firebreak_cli.environment import environment_of
from firebreak_cli.options import (
    AsJson,
    DespiteFreeze,
    DryRun,
    StackName,
    Wait,
    WhyRequested,
    Yes,
    confirm,
    override_reason,
    print_json,
)
from firebreak_cli.stack import DEFAULT_STACK, find

IncidentId = Annotated[str, typer.Argument(metavar="ID", help="The incident, as its page names it.")]


def register(app: typer.Typer) -> None:
    """Add the command to the `firebreak` command."""
    app.command(epilog='Example: firebreak undo i-0123456789 --reason "the limit was wrong"')(undo)


def undo(
    ctx: typer.Context,
    incident: IncidentId,
    *,
    reason: WhyRequested,
    yes: Yes = False,
    dry_run: DryRun = False,
    wait: Wait = True,
    despite_freeze: DespiteFreeze = None,
    stack: StackName = DEFAULT_STACK,
    as_json: AsJson = False,
) -> None:
    """Put the last act of an incident back, while Firebreak still watches it and the action can."""
    from firebreak.paging.rendering import plain
    from firebreak_cli.acting import undoing
    from firebreak_cli.acting.results import Result, exit_code
    from firebreak_cli.explain.sources import live_sources
    from firebreak_cli.operations import approvals, switches
    from firebreak_cli.policies import policy_of
    from firebreak_cli.polling import Polling
    from firebreak_cli.progress import shown_progress

    environment, why = environment_of(ctx), switches.reason_of(reason)
    despite = override_reason(despite_freeze)
    found = find(environment, stack)
    desk, by = undoing.UndoDesk(found), approvals.caller(found)
    known, used = desk.incident(incident), policy_of(found)
    policy = used.policy
    for note in used.notes:
        typer.echo(plain(f"firebreak: {note}"), err=True)
    sources, now = live_sources(found, policy), environment.now()
    preview = desk.preview(
        known, by=by, why=why, despite_freeze=despite, now=now, policy=policy, sources=sources
    )
    if not as_json:
        undoing.show_preview(preview, found)
    seen = None
    if not preview.plan:
        result = Result.WOULD_REFUSE
    elif dry_run:
        result = Result.WOULD_UNDO
    else:
        if not yes:
            confirm(f"Undo {known.action} of {known.target.display} in {found.place}?")
        result, seen = Result.REQUESTED, desk.request(preview, environment.now())
        if wait:
            with shown_progress(environment.now, sys.stderr) as look:
                result, seen = desk.outcome(seen, Polling(environment.now, environment.sleep, look))
    if as_json:
        print_json(undoing.as_json(result, preview, seen, found))
    else:
        undoing.show_outcome(result, preview, seen, found)
    if code := exit_code(result):
        raise typer.Exit(code)
