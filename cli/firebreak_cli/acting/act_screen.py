"""An act by hand as people and programs read it: the preview before the question, and the result."""

from collections.abc import Iterator, Mapping

from rich.console import Console

from firebreak.core.ledger import incident_name
from firebreak.core.reasons import MEANINGS
from firebreak.ledger.items import check_to_wire
from firebreak.paging.rendering import plain
from firebreak_cli import screen
from firebreak_cli.acting.preview import Preview
from firebreak_cli.acting.results import ONLY_ASKED, Result, headline
from firebreak_cli.acting.waiting import Outcome
from firebreak_cli.explain.advice import advice
from firebreak_cli.explain.explain_screen import show_checks
from firebreak_cli.queries import ledger_queries
from firebreak_cli.stack import Stack

VERSION = 1


def show_preview(found: Preview, stack: Stack, console: Console, *, everything: bool = False) -> None:
    """Print what would be done, and the checks that object; all of them where `everything` is wanted."""
    console.print(screen.facts(_about(found, stack)))
    if found.differs:
        console.print(screen.line_of(found.differs, "yellow"))
    console.print()
    word, style = ("ACT", "bold green") if found.would_act else ("DO NOTHING", "bold red")
    sentence = MEANINGS[found.decision.reason].sentence
    console.print(screen.line_of(f"{word}: {sentence} ({found.decision.reason})", style))
    console.print()
    show_checks(found.decision, console, everything=everything)
    console.print()


def _about(found: Preview, stack: Stack) -> Iterator[screen.Row]:
    event, plan = found.event, found.plan
    yield "Act", f"{event.action} {found.target.display}, {stack.place}"
    yield "By", event.by
    yield "Reason", event.alarm.reason
    yield "Plan", plan.summary if plan else "none"
    for warning in plan.warnings if plan else ():
        yield "Warning", warning
    yield "Undo", plan.stays if plan else ""
    red = ", ".join(alarm.name for alarm in found.red.found)
    yield "Red alarms", f"{red or 'none was found'}{f' ({found.red.unread})' if found.red.unread else ''}"
    yield (
        "Verified",
        "by these alarms and the target" if red else "by the target alone, and by alarms that join",
    )
    yield "Freeze", found.decision.override
    yield "Autonomy", f"{found.rules.autonomy} by {found.rules.sources['autonomy']}: your request lifts it"


def show_outcome(found: Preview, outcome: Outcome, stack: Stack, console: Console) -> None:
    """Print the result, with the checks of the decision that refused."""
    console.print(screen.line_of(*headline(outcome.result, "nothing was changed")))
    console.print(screen.facts(_result_rows(found, outcome, stack)))
    if outcome.decision and outcome.result is Result.REFUSED:
        console.print(screen.checks(check for check in outcome.decision.checks if _objects(check)))


def _objects(check: Mapping[str, object]) -> bool:
    return check.get("result") in ("objected", "not_looked_at")


def _result_rows(found: Preview, outcome: Outcome, stack: Stack) -> Iterator[screen.Row]:
    incident, decision = outcome.incident, outcome.decision
    if decision and outcome.result is Result.REFUSED:
        yield "Because", decision.reason
    if incident and incident.receipt:
        yield "Done", incident.receipt.summary
    if incident and incident.due_at:
        yield "Check", f"at {screen.when(incident.due_at)}: whether it helped"
    if incident and incident.note:
        yield "Note", incident.note
    if outcome.result is Result.WOULD_REFUSE:
        for line in advice(found.decision, offline=False, action=found.event.action, stack=stack.address):
            yield "To change it", line
    if outcome.result not in ONLY_ASKED:
        yield "Look", stack.command("show", incident_name(found.event))


def as_json(found: Preview, outcome: Outcome, stack: Stack) -> Mapping[str, object]:
    """The act as plain values (docs/acting.md)."""
    event, plan, incident = found.event, found.plan, outcome.incident
    sent = outcome.result not in ONLY_ASKED
    return {
        "version": VERSION,
        "stack": stack.name,
        "result": outcome.result.value,
        "action": event.action,
        "target": found.target.display,
        "target_key": found.target.key,
        "by": event.by,
        "reason": plain(event.alarm.reason),
        "despite_freeze": plain(event.despite_freeze) or None,
        "requested_at": event.at.isoformat() if sent else None,
        "incident": incident_name(event) if sent else None,
        "state": incident.state.value if incident else None,
        "receipt": incident.receipt.summary if incident and incident.receipt else None,
        "plan": plan.summary if plan else None,
        "warnings": list(plan.warnings) if plan else [],
        "red_alarms": [alarm.name for alarm in found.red.found],
        "red_alarms_unread": found.red.unread or None,
        "preview": {
            "decision": found.decision.word,
            "reason": found.decision.reason.value,
            "policy": found.decision.policy_hash,
            "checks": [check_to_wire(check) for check in found.decision.checks],
        },
        "decision": ledger_queries.decision_json(outcome.decision) if outcome.decision else None,
    }
