"""`firebreak approve`, `deny` and `ack`: the answers of people to a page."""

from typing import Annotated

import typer

from firebreak_cli.environment import environment_of
from firebreak_cli.options import AsJson, StackName, print_json
from firebreak_cli.stack import DEFAULT_STACK, find

QuestionId = Annotated[str, typer.Argument(metavar="QUESTION", help="The question, as its page names it.")]
PageId = Annotated[str, typer.Argument(metavar="ID", help="The id of the page, as the page names it.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the `firebreak` command."""
    for command in (approve, deny, ack):
        app.command()(command)


def approve(
    ctx: typer.Context, question: QuestionId, *, stack: StackName = DEFAULT_STACK, as_json: AsJson = False
) -> None:
    """Approve one plan. Everything is looked at again first; a changed plan is refused."""
    from firebreak_cli import screen
    from firebreak_cli.operations import approvals

    environment = environment_of(ctx)
    found = find(environment, stack)
    desk, by = approvals.ApprovalDesk(found), approvals.caller(found)
    incident = desk.open_question(question, "approve", environment.now())
    desk.approve(incident, by, environment.now())
    if as_json:
        return print_json(approvals.as_json(incident, "approved", by, found))
    return screen.console().print(screen.facts(approvals.outcome_rows(incident, "Approved", by, found)))


def deny(
    ctx: typer.Context,
    question: QuestionId,
    *,
    reason: Annotated[str, typer.Option("--reason", help="Why; everybody is notified.")],
    stack: StackName = DEFAULT_STACK,
    as_json: AsJson = False,
) -> None:
    """Deny one plan. Nothing is changed, and the incident is left to humans."""
    from firebreak_cli import screen
    from firebreak_cli.operations import approvals, switches

    environment = environment_of(ctx)
    why = switches.reason_of(reason)
    found = find(environment, stack)
    desk, by = approvals.ApprovalDesk(found), approvals.caller(found)
    incident = desk.open_question(question, "deny", environment.now())
    desk.deny(incident, by, why, environment.now())
    if as_json:
        return print_json(approvals.as_json(incident, "denied", by, found, why))
    return screen.console().print(screen.facts(approvals.outcome_rows(incident, "Denied", by, found, why)))


def ack(
    ctx: typer.Context, page: PageId, *, stack: StackName = DEFAULT_STACK, as_json: AsJson = False
) -> None:
    """Acknowledge a page. Nobody further up is called, and everybody who was paged is notified."""
    from firebreak_cli import screen
    from firebreak_cli.operations import acknowledging, approvals

    environment = environment_of(ctx)
    found = find(environment, stack)
    desk, by = acknowledging.PagerDesk(found), approvals.caller(found)
    before = desk.thread(page)
    after = desk.acknowledge(before, by, environment.now())
    if as_json:
        return print_json(acknowledging.as_json(before, after, found))
    return screen.console().print(
        screen.facts(acknowledging.outcome_rows(before, after, found, environment.now()))
    )
