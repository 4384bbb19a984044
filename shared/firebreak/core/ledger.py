"""The values that are read from the ledger and written to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from firebreak.core.decision import Decision, Inputs
from firebreak.core.guards.table import TAKES_A_SLOT
from firebreak.core.incident.states import Incident, may_move
from firebreak.core.keys import digest
from firebreak.core.limits.history import (
    Act,
    Decided,
    GroupSize,
    Hold,
    Judged,
    ScopeHistory,
    Transition,
    with_slot,
)
from firebreak.core.limits.scopes import Scope
from firebreak.core.limits.storm import Storm
from firebreak.core.messages.announcement import Announcement
from firebreak.core.model import Alarm, OwnEvent, Request, RequestKind
from firebreak.core.people import approved_by, caller
from firebreak.core.readings import Reading


def alarm_key(alarm: Alarm, action: str) -> str:
    """The delivery key of an alarm's transition for one action."""
    return digest("alarm", alarm.series, alarm.state.value, int(alarm.since.timestamp() * 1000), action)


def delivery_key(request: Request | OwnEvent) -> str:
    """The key of a delivery: requests with an equal key are the same delivery, and are decided once."""
    if request.kind is RequestKind.ALARM:
        return alarm_key(request.alarm, request.action)
    subject = request.incident_id or alarm_key(request.alarm, request.action)
    # An answer to another question, or of another person, must not stand in the way of this one.
    question = [request.question] if request.question else []
    if request.kind is RequestKind.APPROVAL and request.verified:
        question.append(request.by)
    return digest(request.kind.value, subject, request.rung, request.attempt, request.action, *question)


def incident_name(request: Request | OwnEvent) -> str:
    """The id a new incident of this request gets: short enough to type, the same for duplicates."""
    return request.incident_id or f"i-{delivery_key(request)[:10]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerView:
    """One consistent look at every item a decision needs; each reading may fail alone.

    `dependency_incidents` are the incidents that shared dependencies point to, whatever their state is now.
    """

    holds: Reading[tuple[Hold, ...]]
    decided: Reading[Decided]
    transition: Reading[Transition]
    incident: Reading[Incident]
    dependency_incidents: Reading[tuple[Incident, ...]]
    scopes: Mapping[Scope, Reading[ScopeHistory]]
    storm: Reading[Storm]


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRecord:
    """A decision as it is stored: enough to explain it without anything else.

    `alarm` is None for an event that could not be read as one. `by` names the human who asked, if one did,
    and `verified` says that AWS confirmed the name.
    `inputs` is None where no snapshot was taken: the event was rejected before that, or every claim was lost.
    """

    key: str
    at: datetime
    kind: RequestKind
    action: str
    incident_id: str
    target: str
    alarm: Alarm | None
    decision: Decision
    by: str = ""
    verified: bool = False
    inputs: Inputs | None = None


def record_of(
    request: Request, decision: Decision, at: datetime, inputs: Inputs | None, incident_id: str = ""
) -> DecisionRecord:
    """The record of a decision on a request; without an id it belongs to the incident that it would open."""
    return DecisionRecord(
        key=delivery_key(request),
        at=at,
        kind=request.kind,
        action=request.action,
        incident_id=incident_id or incident_name(request),
        target=request.target.key,
        alarm=request.alarm,
        decision=decision,
        by=request.by,
        verified=request.verified,
        inputs=inputs,
    )


def untargeted(
    key: str, alarm: Alarm | None, action: str, decision: Decision, at: datetime
) -> DecisionRecord:
    """The record of a decision that is about no target; it is shown under a name made of its key."""
    return DecisionRecord(
        key=key,
        at=at,
        kind=RequestKind.ALARM,
        action=action,
        incident_id=f"i-{key[:10]}",
        target="",
        alarm=alarm,
        decision=decision,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Everything that is written in one transaction to claim an act for one function.

    `seen` is the view that the decision was made on: the claim fails when any of it has changed. `before`
    is the incident as read (None when this claim opens it), `after` the incident after the claim.
    `group_size` is the size of the target's group, where it was counted again.
    """

    request: Request
    seen: LedgerView
    at: datetime
    before: Incident | None
    after: Incident
    record: DecisionRecord
    group_size: GroupSize | None = None

    @property
    def scopes(self) -> tuple[Scope, ...]:
        """The scopes in which a slot is taken: every scope that the decision looked at."""
        return tuple(self.seen.scopes)

    @property
    def takes_slots(self) -> bool:
        """Whether it counts against budgets: putting something back does not, or it could be refused."""
        return self.request.kind in TAKES_A_SLOT

    @property
    def people(self) -> str:
        """The humans who requested it or approved it, in words; empty where none did."""
        request = self.request
        if request.kind is RequestKind.APPROVAL and request.by_hand:
            requester, *others = self.after.approved_by
            return f"requested by {approved_by([requester])}, approved by {approved_by(others)}"
        if request.kind is RequestKind.APPROVAL:
            return f"approved by {approved_by(self.after.approved_by)}"
        return f"requested by {caller(request.by, verified=request.verified)}" if request.by else ""

    def acts_in(self, history: ScopeHistory | None) -> tuple[Act, ...]:
        """The acts that a scope holds once the claim is won."""
        if not self.takes_slots:
            return history.acts if history else ()
        after = self.after
        return with_slot(history, Act(self.at, after.id, after.action, after.rung, after.target.key))


class ClaimResult(StrEnum):
    """How a claim ended. `unknown`: the reply was lost and the ledger could not be re-read."""

    WON = "won"
    LOST = "lost"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentChange:
    """One move of an incident with its history line and its announcement to humans.

    `record` is set when the move comes from a decision, so that both are written or neither;
    `judged` when the present rung's act got its verdict, which its slots then remember.
    """

    before: Incident
    after: Incident
    at: datetime
    what: str
    message: Announcement | None = None
    record: DecisionRecord | None = None
    judged: Judged | None = None

    def __post_init__(self) -> None:
        """Raises ValueError for a move that the state machine does not know, before it is written: a bug."""
        if not may_move(self.before.state, self.after.state):
            raise ValueError(f"an incident cannot go from {self.before.state} to {self.after.state}")


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One line of an incident's history, oldest first by `sequence`."""

    sequence: int
    at: datetime
    what: str
