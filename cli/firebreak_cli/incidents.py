"""`firebreak incidents`: what is open, and what was decided lately without acting."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from rich.console import Console
from rich.table import Table

from firebreak.core.incident import Incident
from firebreak.core.reasons import Reason
from firebreak.core.routing import VERIFY
from firebreak_cli import kept, screen
from firebreak_cli.kept import Bounds, Found, KeptDecision
from firebreak_cli.stack import Stack

# A screenful; --all shows everything.
SHOWN_DECISIONS = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """What is listed, newest first. `left_out` counts decisions that --all would list.

    `heartbeat_at` is when the last heartbeat came all the way, None where the ledger holds none.
    """

    incidents: tuple[Incident, ...]
    decisions: tuple[KeptDecision, ...]
    left_out: int
    cut: bool
    damaged: int
    heartbeat_at: datetime | None = None


def overview(stack: Stack, *, everything: bool, bounds: Bounds | None = None) -> Overview:
    """Look at the ledger. Raises AwsError."""
    found = kept.everything(stack.reader("dynamodb"), stack.ledger_table, bounds or Bounds())
    return _everything(found) if everything else _recent(found)


def _everything(found: Found) -> Overview:
    return Overview(
        incidents=tuple(found.incidents),
        decisions=tuple(found.decisions),
        left_out=0,
        cut=found.cut,
        damaged=found.damaged,
        heartbeat_at=_heartbeat(found),
    )


def _recent(found: Found) -> Overview:
    """Decisions that led to an incident are that incident's: `firebreak show` tells them.

    Heartbeats are told in one line: two of them every quarter of an hour would leave room for nothing else.
    """
    hidden = {incident.id for incident in found.incidents}
    news = (decision for decision in found.decisions if decision.reason != Reason.HEARTBEAT)
    alone = [decision for decision in news if decision.incident_id not in hidden]
    return Overview(
        incidents=tuple(incident for incident in found.incidents if kept.is_open(incident)),
        decisions=tuple(alone[:SHOWN_DECISIONS]),
        left_out=len(alone[SHOWN_DECISIONS:]),
        cut=found.cut,
        damaged=found.damaged,
        heartbeat_at=_heartbeat(found),
    )


def _heartbeat(found: Found) -> datetime | None:
    """When an action's function last recorded a heartbeat; that its alarm went OK again is none."""
    beats = (d.at for d in found.decisions if d.reason == Reason.HEARTBEAT and d.action != VERIFY)
    return max(beats, default=None)


def as_json(seen: Overview, stack: Stack) -> dict[str, object]:
    """The overview as plain values."""
    return {
        "stack": stack.name,
        "incidents": [_incident(incident) for incident in seen.incidents],
        "decisions": [kept.decision_json(decision) for decision in seen.decisions],
        "decisions_left_out": seen.left_out,
        "cut": seen.cut,
        "damaged": seen.damaged,
        "last_heartbeat": seen.heartbeat_at.isoformat() if seen.heartbeat_at else None,
    }


def _incident(incident: Incident) -> dict[str, object]:
    return {
        "id": incident.id,
        "state": incident.state.value,
        "target": incident.target.display,
        "target_key": incident.target.key,
        "action": incident.action,
        "rung": incident.rung,
        "ladder": list(incident.ladder),
        "alarm": incident.alarm.name,
        "opened_at": incident.opened_at.isoformat(),
        "due_at": incident.due_at.isoformat() if incident.due_at else None,
        "note": incident.note,
    }


def show(seen: Overview, stack: Stack, now: datetime, console: Console) -> None:
    """Print the overview."""
    console.print(screen.told(f"Incidents of {stack.place}", "bold"))
    console.print(_incidents_table(seen, now) if seen.incidents else screen.told("none is open"))
    console.print()
    console.print(screen.told("Decisions that did not act", "bold"))
    console.print(_decisions_table(seen, now) if seen.decisions else screen.told("none"))
    if seen.heartbeat_at:
        console.print(screen.told(f"Last heartbeat {screen.when(seen.heartbeat_at, now)}"))
    for line in remarks(seen):
        console.print(screen.told(line, "yellow"))


def remarks(seen: Overview) -> Iterator[str]:
    """What the overview does not show."""
    if seen.left_out:
        yield f"{seen.left_out} older decisions are not shown: --all shows them"
    if seen.cut:
        yield (
            f"The ledger is larger than one look ({kept.MAX_PAGES} MB): open incidents are all here,"
            " decisions and finished incidents may be missing"
        )
    if seen.damaged:
        yield f"{seen.damaged} items could not be read"


def _incidents_table(seen: Overview, now: datetime) -> Table:
    rows = (
        (
            incident.id,
            screen.when(incident.opened_at, now),
            incident.state.value,
            f"{incident.rung + 1}. {incident.action}",
            incident.target.display,
        )
        for incident in seen.incidents
    )
    return screen.listing(("id", "opened", "state", "rung", "target"), rows)


def _decisions_table(seen: Overview, now: datetime) -> Table:
    rows = (
        (
            decision.incident_id,
            screen.when(decision.at, now),
            decision.outcome,
            decision.reason,
            kept.short(decision.target) or decision.alarm,
        )
        for decision in seen.decisions
    )
    return screen.listing(("id", "at", "decision", "reason", "target"), rows)
