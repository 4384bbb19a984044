"""Guards: nothing is decided twice, and one incident holds a target."""

from firebreak.core.decision import Check, Snapshot
from firebreak.core.formats import format_time
from firebreak.core.guards.findings import blind, objected, passed
from firebreak.core.incident.questions import question_id
from firebreak.core.incident.states import ASKED_IN, IN_FLIGHT
from firebreak.core.model import (
    Request,
    RequestKind,
)
from firebreak.core.readings import Absent, NotRead, Unknown
from firebreak.core.reasons import Reason
from firebreak.core.rules import Rules


def duplicate(request: Request, rules: Rules, seen: Snapshot) -> Check:
    """This very delivery was decided before."""
    del request, rules
    match seen.decided:
        case Unknown() | NotRead() as unseen:
            return blind("duplicate", unseen, Reason.DUPLICATE_UNREADABLE, seen.now)
        case Absent():
            return passed("duplicate", "first delivery")
        case before:
            return objected(
                "duplicate",
                Reason.DUPLICATE,
                f"{before.outcome} at {format_time(before.at)}: {before.reason}",
            )


def in_flight(request: Request, rules: Rules, seen: Snapshot) -> Check:
    """One incident at a time works on a target, and on what it shares with others.

    A request for an incident must find it as it was.
    """
    del rules
    match seen.incident:
        case Unknown() | NotRead() as unseen:
            return blind("in flight", unseen, Reason.IN_FLIGHT_UNREADABLE, seen.now)
        case Absent() if request.incident_id:
            return objected("in flight", Reason.INCIDENT_MOVED_ON, "the incident is not in the ledger")
        case Absent():
            return _dependency_incidents(request, seen, "no open incident")
        case incident:
            pass
    if incident.id != request.incident_id:
        if incident.holds_target:
            return objected("in flight", Reason.IN_FLIGHT, f"incident {incident.id} is {incident.state}")
        return _dependency_incidents(request, seen, f"incident {incident.id} is {incident.state}")
    as_asked = (incident.rung, incident.action) == (request.rung, request.action)
    if not as_asked or incident.state not in ASKED_IN[request.kind]:
        now_at = f"it is {incident.state} at rung {incident.rung} ({incident.action})"
        now_at += f", asked for rung {request.rung} ({request.action})"
        return objected("in flight", Reason.INCIDENT_MOVED_ON, now_at)
    if request.kind is RequestKind.APPROVAL and request.question != question_id(incident):
        answered = request.question or "no question at all"
        other = f"{answered} was answered; {question_id(incident)} is asked now"
        return objected("in flight", Reason.INCIDENT_MOVED_ON, other)
    return _dependency_incidents(request, seen, f"own incident, {incident.state}")


def _dependency_incidents(request: Request, seen: Snapshot, own: str) -> Check:
    """The target itself is free; a shared dependency must be, too."""
    match seen.dependency_incidents:
        case Unknown() | NotRead() as unseen:
            return blind("in flight", unseen, Reason.IN_FLIGHT_UNREADABLE, seen.now)
        case Absent():
            return passed("in flight", own)
        case others:
            busy = [i for i in others if i.id != request.incident_id and i.state in IN_FLIGHT]
    if not busy:
        return passed("in flight", own)
    detail = (
        f"incident {busy[0].id} of {busy[0].target.display}, which shares a dependency, is {busy[0].state}"
    )
    return objected("in flight", Reason.DEPENDENCY_IN_FLIGHT, detail)
