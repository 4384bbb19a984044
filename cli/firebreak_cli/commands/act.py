"""`firebreak act`."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from firebreak_cli.environment import Environment, environment_of
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
from firebreak_cli.stack import DEFAULT_STACK, Stack, find, human_bus

if TYPE_CHECKING:
    from firebreak_cli.acting.preview import Preview
    from firebreak_cli.acting.waiting import Outcome

ActionName = Annotated[str, typer.Argument(metavar="ACTION", help="For example restart-service.")]
TargetName = Annotated[str, typer.Argument(metavar="TARGET", help="For example ecs:prod/api.")]


def register(app: typer.Typer) -> None:
    """Add the command to the `firebreak` command."""
    app.command(epilog='Example: firebreak act restart-service ecs:prod/api --reason "it hangs"')(act)


def act(
    ctx: typer.Context,
    action: ActionName,
    target: TargetName,
    *,
    reason: WhyRequested,
    yes: Yes = False,
    dry_run: DryRun = False,
    wait: Wait = True,
    despite_freeze: DespiteFreeze = None,
    everything: Annotated[
        bool, typer.Option("--all", "-v", help="Show the guards that passed, too.")
    ] = False,
    stack: StackName = DEFAULT_STACK,
    as_json: AsJson = False,
) -> None:
    """Run an action by hand, under every limit that holds for alarms.

    Only autonomy is lifted, and with --despite-freeze a freeze.
    """
    from firebreak_cli.acting import act_screen
    from firebreak_cli.acting.results import Result
    from firebreak_cli.acting.waiting import Outcome

    environment = environment_of(ctx)
    found = find(environment, stack)
    despite = override_reason(despite_freeze)
    preview = _preview(environment, found, action, target, reason=reason, despite_freeze=despite)
    if not as_json:
        from firebreak_cli import screen

        act_screen.show_preview(preview, found, screen.console(), everything=everything)
    if not preview.would_act:
        outcome = Outcome(Result.WOULD_REFUSE)
    elif dry_run:
        outcome = Outcome(Result.WOULD_ACT)
    else:
        if not yes:
            in_freeze = " despite the freeze" if preview.decision.override else ""
            confirm(f"Request {action} of {target} in {found.place}{in_freeze}?")
        outcome = _request(environment, found, preview, wait=wait)
    _end(preview, outcome, found, as_json=as_json)


def _preview(
    environment: Environment, found: Stack, action: str, target: str, *, reason: str, despite_freeze: str
) -> "Preview":
    from dataclasses import replace
    from functools import partial

    from firebreak.core.reasons import Reason
    from firebreak.ledger.switches import Switches
    from firebreak_cli.acting.preview import preview, read_asked
    from firebreak_cli.explain.deployed_policy import newest_difference
    from firebreak_cli.explain.sources import live_sources
    from firebreak_cli.operations import approvals, switches
    from firebreak_cli.policies import policy_of
    from firebreak_cli.progress import shown_progress

    asked = read_asked(action, target, switches.reason_of(reason), found, despite_freeze)
    used, by = policy_of(found), approvals.caller(found)
    policy = used.policy
    dynamodb = found.reader("dynamodb")
    with shown_progress(environment.now, sys.stderr) as look:
        looked = partial(
            preview,
            asked,
            by=by,
            policy=policy,
            sources=live_sources(found, policy),
            cloudwatch=found.reader("cloudwatch"),
            look=look,
        )
        offset = Switches(dynamodb, found.ledger_table).clock_offset()
        made = looked(at=environment.now() + offset)
        if made.decision.reason is Reason.CLOCK_BEHIND:  # another act was claimed while it looked
            made = looked(at=environment.now() + offset)
        look("the policy of the stack's newest decision")
        differs = newest_difference(found, used)
    return replace(made, differs="; ".join((*used.notes, *filter(None, [differs]))))


def _request(environment: Environment, found: Stack, preview: "Preview", *, wait: bool) -> "Outcome":
    """Put the request on the bus, and wait for its result unless that is not wanted. Raises AwsError."""
    from firebreak.core.ledger import incident_name
    from firebreak.errors import Unavailable
    from firebreak_cli.acting.results import Result
    from firebreak_cli.acting.waiting import Outcome, Waiting
    from firebreak_cli.polling import Polling
    from firebreak_cli.progress import shown_progress

    answered = True
    try:
        human_bus(found).ask(preview.event)
    except Unavailable:
        answered = False  # it may be on the bus all the same
    if not wait:
        return Outcome(Result.REQUESTED if answered else Result.UNKNOWN)
    # The id is printed first, so that an interrupted wait loses nothing.
    typer.echo(f"Requested: {found.command('show', incident_name(preview.event))}", err=True)
    with shown_progress(environment.now, sys.stderr) as look:
        polling = Polling(environment.now, environment.sleep, look)
        return Waiting(found.reader("dynamodb"), found.ledger_table, polling).outcome(preview.event)


def _end(preview: "Preview", outcome: "Outcome", found: Stack, *, as_json: bool) -> None:
    """Print the result, and exit with what it means."""
    from firebreak_cli.acting import act_screen
    from firebreak_cli.acting.results import exit_code

    if as_json:
        print_json(act_screen.as_json(preview, outcome, found))
    else:
        from firebreak_cli import screen

        act_screen.show_outcome(preview, outcome, found, screen.console())
    if code := exit_code(outcome.result):
        raise typer.Exit(code)
