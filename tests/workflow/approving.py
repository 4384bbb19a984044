"""Saying yes to an incident that waits for it, as `firebreak approve` does."""

from firebreak.concluding import Summary
from firebreak.core.incident import Incident
from firebreak.core.model import OwnEvent, RequestKind
from firebreak.wire import request_event
from tests.world import World

ANA = "arn:aws:sts::111122223333:assumed-role/oncall/ana"


def approve(world: World, incident: Incident, by: str = ANA) -> Summary:
    yes = OwnEvent(
        kind=RequestKind.APPROVAL,
        action=incident.action,
        incident_id=incident.id,
        rung=incident.rung,
        attempt=incident.attempt,
        at=world.clock.at,
        alarm=incident.alarm,
        by=by,
    )
    summary = world.remediator(incident.action).handle(request_event(yes))
    world.deliver()
    return summary
