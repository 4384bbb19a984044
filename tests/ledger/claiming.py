"""Claims, and what becomes of them, as the workflow makes them: for the ledger's suites."""

import uuid
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from firebreak.core.decide import decide, refuse
from firebreak.core.incident.states import Incident, IncidentState
from firebreak.core.incident.transitions import claimed, climbing, opened
from firebreak.core.ledger import (
    Claim,
    ClaimResult,
    DecisionRecord,
    IncidentChange,
    LedgerView,
    delivery_key,
    incident_name,
)
from firebreak.core.limits.scopes import scopes_of
from firebreak.core.model import Alarm, AlarmState, Request, RequestKind
from firebreak.core.reasons import Reason
from firebreak.ledger.ports import Ledger
from tests.support import builders as a

AFTER = timedelta(minutes=4)


def record_of(request: Request, at: datetime = a.NOW, reason: Reason | None = None) -> DecisionRecord:
    """The record of an act, or of a refusal for that reason."""
    decision = refuse(reason, "why") if reason else decide(request, a.rules(), a.snapshot())
    return DecisionRecord(
        key=delivery_key(request),
        at=at,
        kind=request.kind,
        action=request.action,
        incident_id=incident_name(request),
        target=request.target.key,
        alarm=request.alarm,
        decision=decision,
    )


def claim_of(
    ledger: Ledger,
    request: Request | None = None,
    *,
    claim_id: str = "claim-1",
    at: datetime = a.NOW,
    view: LedgerView | None = None,
) -> Claim:
    """The claim that the workflow would make of what the ledger shows now, or showed in `view`.

    Its id never repeats, as in the workflow: DynamoDB remembers transaction tokens for ten minutes.
    """
    asked = request or a.request()
    seen = view or ledger.look(asked, scopes_of(asked.target, asked.action))
    before = seen.incident if isinstance(seen.incident, Incident) and asked.incident_id else None
    incident = before or opened(asked, a.rules(), at)
    mine = f"{claim_id}-{uuid.uuid4().hex[:20]}"
    return Claim(
        request=asked,
        seen=seen,
        at=at,
        before=before,
        after=claimed(incident, a.PLAN, mine, at, at + AFTER, request=asked),
        record=record_of(asked, at),
    )


def won(ledger: Ledger, request: Request | None = None, **changes: Any) -> Claim:
    """A claim that was won."""
    claim = claim_of(ledger, request, **changes)
    assert ledger.claim(claim) is ClaimResult.WON
    return claim


def waiting_to_climb(ledger: Ledger) -> Incident:
    """An incident in the ledger that waits for its second rung."""
    request = a.request()
    incident = climbing(opened(request, a.rules(), a.NOW), 1, a.NOW + AFTER, "no room")
    assert ledger.open(incident, record_of(request, reason=Reason.CEILING_REACHED), None)
    return incident


def climb_of(incident: Incident, **changes: Any) -> Request:
    """The request for the incident's present rung."""
    return a.request(
        RequestKind.CLIMB, action=incident.action, incident_id=incident.id, rung=incident.rung, **changes
    )


def change(before: Incident, state: IncidentState = IncidentState.ACTED, **changes: Any) -> IncidentChange:
    """A move of the incident, by default to having acted."""
    after = replace(before, state=state, version=before.version + 1)
    return replace(IncidentChange(before=before, after=after, at=a.NOW, what="moved"), **changes)


def acted(ledger: Ledger) -> Incident:
    """An incident whose rung was claimed and carried out."""
    moved = change(won(ledger).after)
    assert ledger.move(moved)
    return moved.after


def other_request(name: str = "api-5xx") -> Request:
    """A request of another alarm for the same target."""
    return a.request(alarm=a.alarm(name))


def open_another(ledger: Ledger) -> bool:
    """Whether an incident could be opened for another alarm of the same target."""
    request = other_request()
    incident = climbing(opened(request, a.rules(), a.NOW), 1, a.NOW + AFTER, "no room")
    return ledger.open(incident, record_of(request, reason=Reason.CEILING_REACHED), None)


def well(**changes: Any) -> Alarm:
    """The usual alarm, gone OK."""
    return a.alarm(state=AlarmState.OK, **changes)
