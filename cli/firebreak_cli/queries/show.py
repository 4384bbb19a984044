"""`firebreak show ID`: an incident, a decision that opened none, or a page, with all that is known of it."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import assert_never

from rich.console import Console

from firebreak.core.diagnostics import Diagnostics
from firebreak.core.incident.states import Incident
from firebreak.core.ledger import HistoryLine
from firebreak.core.limits.scopes import short_key
from firebreak.core.messages.incident_facts import rung_words
from firebreak.core.messages.measurements import red_words
from firebreak.core.paging.console import links
from firebreak.core.paging.threads import Thread
from firebreak.core.people import caller
from firebreak.core.readings import ABSENT, Absent, NotRead, Reading, Unknown
from firebreak.core.reasons import MEANINGS, Reason
from firebreak.ledger.diagnostics import DynamoDiagnostics
from firebreak.ledger.dynamodb import DynamoLedger
from firebreak.ledger.threads import DynamoThreads
from firebreak.wire.requests import alarm_to_wire
from firebreak_cli import screen
from firebreak_cli.exit_codes import NO_AWS, Ending
from firebreak_cli.queries import ledger_queries
from firebreak_cli.queries.diagnostics import diagnostics_json, diagnostics_rows
from firebreak_cli.queries.ledger_queries import Bounds, StoredDecision
from firebreak_cli.queries.names import id_meant
from firebreak_cli.queries.timeline import Entry, member_words, timeline
from firebreak_cli.stack import Stack

VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """All there is under one id: decisions newest first, history oldest first; `partition` is the stack's."""

    id: str
    partition: str
    incident: Incident | None
    history: tuple[HistoryLine, ...]
    decisions: tuple[StoredDecision, ...]
    cut: bool
    pages: Reading[Thread] = ABSENT
    diagnostics: Reading[tuple[Diagnostics, ...]] = ABSENT

    @property
    def timeline(self) -> tuple[Entry, ...]:
        """All of it in the order of time."""
        return timeline(self.incident, self.history, self.decisions, self.pages)


def story(stack: Stack, wanted: str, bounds: Bounds | None = None) -> Story:
    """Look up the id, or the one that its beginning, an alarm or a target means.

    Raises Ending when the ledger does not know it, AwsError when it cannot be read.
    """
    client = stack.reader("dynamodb")
    ledger = DynamoLedger(client, stack.ledger_table)
    pages = DynamoThreads(client, stack.ledger_table).thread(wanted)
    name = pages.latest.incident_id or wanted if isinstance(pages, Thread) else wanted
    incident = _incident(ledger, name)
    if incident is None and isinstance(pages, Absent):
        meant = id_meant(client, stack, wanted, bounds or Bounds())
        if meant != wanted:
            return story(stack, meant, bounds)
    opened_at = incident.opened_at if incident else None
    found = ledger_queries.decisions_of(client, stack.ledger_table, name, bounds or Bounds(), opened_at)
    return Story(
        id=wanted,
        partition=stack.partition,
        incident=incident,
        history=tuple(ledger.history(name)) if incident else (),
        decisions=tuple(found.decisions),
        cut=found.cut,
        pages=pages,
        diagnostics=DynamoDiagnostics(client, stack.ledger_table).of(name) if incident else ABSENT,
    )


def _incident(ledger: DynamoLedger, wanted: str) -> Incident | None:
    match ledger.incident(wanted):
        case Incident() as incident:
            return incident
        case Absent():
            return None
        case Unknown(why) | NotRead(why):
            raise Ending(NO_AWS, f"{wanted}: {why}")
        case never:
            assert_never(never)


def as_json(found: Story) -> dict[str, object]:
    """The story as plain values; docs/operations.md describes them."""
    return {
        "version": VERSION,
        "id": found.id,
        "incident": _incident_json(found.incident, found.partition) if found.incident else None,
        "timeline": [
            {"at": one.at.isoformat(), "kind": one.kind.value, "what": one.text} for one in found.timeline
        ],
        "history": [{"at": line.at.isoformat(), "what": line.what} for line in found.history],
        "decisions": [ledger_queries.decision_json(decision) for decision in found.decisions],
        "cut": found.cut,
        "pages": _pages_json(found.pages),
        "diagnostics": diagnostics_json(found.diagnostics),
    }


def _pages_json(pages: Reading[Thread]) -> dict[str, object] | None:
    match pages:
        case Thread() as thread:
            return {
                "state": thread.state.value,
                "severity": thread.severity.value,
                "notified": sorted(thread.notified),
                "held": thread.waiting,
                "next_step_at": _iso(thread.next_at),
                "acknowledged_by": thread.acknowledged_by or None,
                "latest": {
                    "at": thread.latest.at.isoformat(),
                    "kind": thread.latest.kind.value,
                    "headline": thread.latest.headline,
                    "red": thread.latest.red or None,
                    "facts": list(thread.latest.facts),
                    "next": thread.latest.next,
                },
            }
        case Absent():
            return None
        case Unknown(why) | NotRead(why):
            return {"unreadable": why}
        case never:
            assert_never(never)


def _incident_json(incident: Incident, partition: str) -> dict[str, object]:
    return {
        "state": incident.state.value,
        "target": incident.target.display,
        "target_key": incident.target.key,
        "action": incident.action,
        "rung": incident.rung + 1,  # as pages and screens count
        "ladder": list(incident.ladder),
        "attempt": incident.attempt,
        "alarm": alarm_to_wire(incident.alarm),
        "red": red_words(incident.alarm) or None,
        "links": links(incident.alarm, incident.target, partition),
        "members": [{**asdict(member), "since": _iso(member.since)} for member in incident.members],
        "members_left_out": incident.left_out,
        **{name: _iso(getattr(incident, name)) for name in _TIMES},
        "plan": asdict(incident.plan) if incident.plan else None,
        "receipt": asdict(incident.receipt) if incident.receipt else None,
        "note": incident.note,
    }


_TIMES = ("opened_at", "acted_at", "act_by", "healthy_since", "due_at")


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def show(found: Story, now: datetime, console: Console) -> None:
    """Print the story."""
    if found.incident:
        console.print(screen.line_of(f"{found.id} is {found.incident.state}", "bold"))
        console.print(screen.facts(_about(found.incident, now)))
        screen.print_links(links(found.incident.alarm, found.incident.target, found.partition), console)
        console.print()
        console.print(screen.line_of("Timeline", "bold"))
        console.print(screen.facts((screen.when(one.at, now), one.text) for one in found.timeline))
    else:
        what = "opened no incident" if found.decisions else "is a page about no single target"
        console.print(screen.line_of(f"{found.id} {what}", "bold"))
    if not isinstance(found.diagnostics, Absent):
        console.print()
        console.print(screen.line_of("Before the act", "bold"))
        console.print(screen.facts(diagnostics_rows(found.diagnostics, now)))
    if not isinstance(found.pages, Absent):
        console.print()
        console.print(screen.line_of("Pages", "bold"))
        console.print(screen.facts(_paged(found.pages, now)))
    for decision in found.decisions:
        console.print()
        console.print(screen.line_of(_heading(decision, now), "bold"))
        console.print(screen.line_of(_sentence(decision)))
        console.print(screen.checks(decision.checks))
    if found.cut:
        console.print(
            screen.line_of("The ledger is larger than one look: decisions may be missing", "yellow")
        )


def _about(incident: Incident, now: datetime) -> Iterator[screen.Row]:
    plan, receipt = incident.plan, incident.receipt
    yield "Target", f"{incident.target.display} ({incident.target.account} {incident.target.region})"
    yield "Rung", f"{incident.action}, {rung_words(incident)}"
    left_out = (f"and {incident.left_out} more, not watched",) if incident.left_out else ()
    yield "Red", red_words(incident.alarm)
    yield "Reason", incident.alarm.reason
    yield "Alarms", ", ".join((*(member_words(member) for member in incident.members), *left_out))
    yield "Opened", screen.when(incident.opened_at, now)
    yield "Acted", screen.when(incident.acted_at, now) if incident.acted_at else ""
    yield "Healthy", f"since {screen.when(incident.healthy_since, now)}" if incident.healthy_since else ""
    yield "Next look", screen.when(incident.due_at, now) if incident.due_at else "none: nothing looks again"
    yield "Plan", "; ".join((plan.summary, *plan.warnings)) if plan else ""
    yield "Before", ledger_queries.values(plan.before) if plan else ""
    yield "Receipt", receipt.summary if receipt else ""
    yield "After", ledger_queries.values(receipt.after) if receipt else ""
    yield "Note", incident.note


def _paged(pages: Thread | Unknown | NotRead, now: datetime) -> Iterator[screen.Row]:
    if not isinstance(pages, Thread):
        yield "Unknown", f"who was paged could not be read: {pages.why}"
        return
    latest = pages.latest
    yield "Latest", f"{screen.when(latest.at, now)} {latest.headline}"
    for fact in latest.facts:
        yield " ", fact
    yield "State", f"{pages.state}, {pages.severity}, since {screen.when(pages.opened_at, now)}"
    yield "Notified", ", ".join(sorted(pages.notified)) or "nobody yet"
    held = screen.when(pages.due_at, now) if pages.waiting and pages.due_at else ""
    yield "Held", f"{pages.waiting} until {held}" if held else ""
    yield "Next step", screen.when(pages.next_at, now) if pages.next_at else ""
    yield "Acknowledged by", pages.acknowledged_by


def _heading(decision: StoredDecision, now: datetime) -> str:
    about = short_key(decision.target) or decision.alarm
    by = f", by {caller(decision.by, verified=decision.verified)}" if decision.by else ""
    asked = f"{decision.action} {about}{by}".strip()
    return f"{screen.when(decision.at, now)} {decision.outcome}: {decision.reason} ({decision.kind}, {asked})"


def _sentence(decision: StoredDecision) -> str:
    known = decision.reason in set(Reason)
    sentence = MEANINGS[Reason(decision.reason)].sentence if known else "A reason of a newer release."
    return f"{sentence} Policy {decision.policy or '-'}."
