"""One more look after a refusal for something that ends by itself, such as a running deployment.

CloudWatch sends nothing more while the alarm stays red, so nobody else would look when it has ended. The look
is a request like any other. It names the refusal that it follows, and a refusal of it asks for no other.
"""

from datetime import datetime, timedelta

from firebreak.core.decision import Decision, Refuse
from firebreak.core.guards import clock
from firebreak.core.incident import Incident, Purpose
from firebreak.core.model import OwnEvent, Request, RequestKind
from firebreak.core.reasons import PASSING

# Most deployments and configuration changes have ended by then, or are stuck and need a human.
LOOK_AGAIN_AFTER = timedelta(minutes=15)
# Far above the attempts of a first request, so that the two never meet.
AFTER_HUMANS = 1_000


def after_refusal(request: Request, decision: Decision, thread: str, now: datetime) -> OwnEvent | None:
    """The look after the refusal of an alarm's first request; `thread` is what its page is known by."""
    woken = request.kind is RequestKind.WAKE and not request.incident_id and not request.refused
    first = (request.kind is RequestKind.ALARM or woken) and not request.by
    if not first or not _passes(decision):
        return None
    return OwnEvent(
        kind=RequestKind.WAKE,
        action=request.action,
        incident_id="",
        rung=0,
        attempt=request.attempt + 1,
        at=now + LOOK_AGAIN_AFTER,
        alarm=request.alarm,
        refused=thread,
    )


def after_humans(incident: Incident, decision: Decision, now: datetime) -> OwnEvent | None:
    """The look after an incident was given to humans: a first request for the action that was refused."""
    if incident.purpose is not Purpose.ACT or not _passes(decision):
        return None
    return OwnEvent(
        kind=RequestKind.WAKE,
        action=incident.action,
        incident_id="",
        rung=0,
        attempt=AFTER_HUMANS + incident.rung,
        at=now + LOOK_AGAIN_AFTER,
        alarm=incident.alarm,
        refused=incident.id,
    )


def words_of(again: OwnEvent) -> str:
    """What a page says of it."""
    return f"Firebreak looks again once at {clock(again.at)} if the alarm is still red."


def _passes(decision: Decision) -> bool:
    return isinstance(decision.outcome, Refuse) and decision.reason in PASSING
