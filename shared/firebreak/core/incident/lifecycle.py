"""The life of an incident as a value: the change that an event makes, and everything that follows.

`advance` is the one table, and `first` gives the state that a decision opens an incident in. The rows of a
decision are in `after_decision.py`, those of a verdict in `after_verdict.py`. The shell writes the change,
schedules, asks and publishes; it decides nothing.
"""

from dataclasses import replace
from datetime import datetime
from typing import assert_never

from firebreak.core.incident import transitions
from firebreak.core.incident.after_decision import after_decision, asks_or_climbs
from firebreak.core.incident.after_verdict import after_verdict
from firebreak.core.incident.events import (
    Acted,
    ApprovalExpired,
    ClaimAbandoned,
    Denied,
    Event,
    GivenUp,
    Judged,
    NotActedOn,
    NotSent,
    NotTakenUp,
    OutcomeLost,
    Recovered,
    TooOld,
    UndoRequested,
)
from firebreak.core.incident.moved import Moved, Opened, move, to_humans
from firebreak.core.incident.own_requests import CLIMB_TIMEOUT, request_of
from firebreak.core.incident.states import WITH_HUMANS, Incident, IncidentState, Purpose
from firebreak.core.incident.verdict import ALL_OK, NO_ALARM
from firebreak.core.ledger import DecisionRecord
from firebreak.core.messages import approval_messages, incident_messages, reversal_messages
from firebreak.core.model import Request
from firebreak.core.people import person
from firebreak.core.rules import Rules


def first(request: Request, rules: Rules, record: DecisionRecord) -> Opened | None:
    """The incident that a decision opens without an act: it waits for approval, or starts at the rung above.

    None where the decision opens none. A request for an incident that is there never opens another one.
    """
    if request.incident_id:
        return None
    moved = asks_or_climbs(transitions.opened(request, rules, record.at), request, rules, record)
    if moved is None:
        return None
    return Opened(
        incident=moved.after,
        record=record,
        message=moved.change.message,
        wake_at=moved.wake_at,
        request=moved.request,
    )


def advance(  # noqa: C901, PLR0911, PLR0912 - the one table
    incident: Incident, event: Event, now: datetime
) -> Moved:
    """The incident after the event. Raises ValueError for a move that the state machine does not know."""
    match event:
        case Acted():
            return _acted(incident, event, now)
        case OutcomeLost(why, override):
            after = replace(incident, state=IncidentState.UNCERTAIN, version=incident.version + 1, note=why)
            message = incident_messages.uncertain(after, now, why, override=override)
            return move(incident, after, now, f"uncertain: {why}", message)
        case ClaimAbandoned():
            return _abandoned(incident, now)
        case NotSent(why):
            after = transitions.over(incident, IncidentState.NOT_EXECUTED, why)
            message = incident_messages.not_executed(after, now, why)
            return move(incident, after, now, f"not executed: {why}", message)
        case Judged():
            return after_verdict(incident, event)
        case NotActedOn():
            return after_decision(incident, event)
        case Denied(by, why):
            after = transitions.over(incident, IncidentState.PAGED, f"denied by {by}: {why}")
            return move(incident, after, now, after.note, approval_messages.denied(after, by, why, now))
        case UndoRequested(by, why):
            return _undo_requested(incident, f"requested by {person(by)}: {why}", now)
        case ApprovalExpired(state):
            why = approval_messages.unanswered(incident)
            return to_humans(incident, now, note=why, said=why, line=why, state=state)
        case GivenUp(why, state):
            return to_humans(incident, now, note=why, said=why, line=why, state=state)
        case Recovered():
            return _recovered(incident, now)
        case TooOld(why):
            closed = transitions.over(incident, IncidentState.CLOSED, why)
            return move(incident, closed, now, f"closed: {why}", incident_messages.expired(closed, now, why))
        case NotTakenUp():
            return _asked_again(incident, now)
        case never:
            assert_never(never)


def _acted(incident: Incident, event: Acted, now: datetime) -> Moved:
    receipt = event.receipt
    summary = "; ".join(filter(None, (receipt.summary, incident.plan.reset_by if incident.plan else "")))
    after = replace(
        incident,
        state=IncidentState.ACTED,
        version=incident.version + 1,
        receipt=replace(receipt, summary=summary),
    )
    if after.purpose is Purpose.ACT:
        message = incident_messages.acted(after, now, event.people, override=event.override)
    else:
        message = reversal_messages.put_back(after, now, override=event.override)
    return move(incident, after, now, receipt.summary, message)


def _abandoned(incident: Incident, now: datetime) -> Moved:
    why = "the function that claimed it never reported back"
    after = replace(
        incident, state=IncidentState.UNCERTAIN, version=incident.version + 1, note=why, due_at=now
    )
    return move(incident, after, now, why, incident_messages.uncertain(after, now, why))


def _recovered(incident: Incident, now: datetime) -> Moved:
    if incident.state in WITH_HUMANS:
        calm = f"the target is at rest, and {NO_ALARM}," if incident.has_no_alarm else ALL_OK
        why = f"{calm} after it was given to humans"
        closed = transitions.over(incident, IncidentState.CLOSED, why)
        message = incident_messages.recovered_after_humans(closed, now, why)
    else:
        why = f"{ALL_OK} before anybody approved {incident.action}"
        closed = transitions.over(incident, IncidentState.CLOSED, why)
        message = incident_messages.recovered(closed, now, why)
    return move(incident, closed, now, f"closed: {why}", message)


def _asked_again(incident: Incident, now: datetime) -> Moved:
    asked = replace(incident, version=incident.version + 1, due_at=now + CLIMB_TIMEOUT)
    moved = move(incident, asked, now, f"asked again: {incident.action}")
    return replace(moved, request=request_of(asked, now))


def _undo_requested(incident: Incident, why: str, now: datetime) -> Moved:
    """A temporary change at rest goes the way of its restore; nobody is paged before it is put back."""
    purpose = Purpose.RESTORE if incident.state is IncidentState.RESTING else Purpose.UNDO
    back = transitions.taking_back(incident, purpose, now + CLIMB_TIMEOUT, why)
    return replace(move(incident, back, now, f"to {purpose}: {why}"), request=request_of(back, now))
