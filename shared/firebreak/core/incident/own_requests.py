"""The requests that Firebreak makes of itself for an incident."""

from datetime import datetime, timedelta

from firebreak.core.incident.states import Incident, IncidentState, Purpose
from firebreak.core.model import OwnEvent, Request, RequestKind

# A climb that nobody picked up is asked for again by the sweeper after this.
CLIMB_TIMEOUT = timedelta(minutes=3)


def request_of(incident: Incident, at: datetime) -> OwnEvent:
    """The request that asks the action's function to look at this incident.

    A deferred one is woken: its climb was decided, and only an undecided request is looked at.
    """
    return OwnEvent(
        kind=_asked_for(incident),
        action=incident.action,
        incident_id=incident.id,
        rung=incident.rung,
        attempt=incident.attempt,
        at=at,
        alarm=incident.alarm,
    )


def _asked_for(incident: Incident) -> RequestKind:
    match incident.state, incident.purpose:
        case IncidentState.UNDOING, Purpose.RESTORE:
            return RequestKind.RESTORE
        case IncidentState.UNDOING, _:
            return RequestKind.UNDO
        case IncidentState.DEFERRED, _:
            return RequestKind.WAKE
        case _:
            return RequestKind.CLIMB


def wake_of(request: Request, until: datetime) -> OwnEvent:
    """The same request, to be decided again then."""
    return OwnEvent(
        kind=RequestKind.WAKE,
        action=request.action,
        incident_id=request.incident_id,
        rung=request.rung,
        attempt=request.attempt + 1,
        at=until,
        alarm=request.alarm,
        by=request.by,
        refused=request.refused,
    )
