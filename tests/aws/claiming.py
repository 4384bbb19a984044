"""Claims as the workflow makes them, for the ledger's suites."""

import uuid
from datetime import datetime, timedelta
from typing import Any

from firebreak.core.decide import decide, refuse
from firebreak.core.incident import Incident
from firebreak.core.ledger import (
    Claim,
    ClaimResult,
    DecisionRecord,
    LedgerView,
    delivery_key,
    incident_name,
)
from firebreak.core.model import Request, RequestKind
from firebreak.core.opening import claimed, climbing, opened
from firebreak.core.reasons import Reason
from firebreak.core.scopes import scopes_of
from firebreak.ports import Ledger
from tests import builders as a

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
    return Claim(
        request=asked,
        seen=seen,
        at=at,
        before=before,
        after=claimed(incident, a.PLAN, f"{claim_id}-{uuid.uuid4().hex[:20]}", at, at + AFTER),
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
    assert ledger.open(incident, record_of(request, reason=Reason.CEILING_REACHED))
    return incident


def climb_of(incident: Incident, **changes: Any) -> Request:
    """The request for the incident's present rung."""
    return a.request(
        RequestKind.CLIMB, action=incident.action, incident_id=incident.id, rung=incident.rung, **changes
    )
