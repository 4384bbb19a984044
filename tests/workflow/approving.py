"""Saying yes to an incident that waits for it, as `firebreak approve` does."""

from firebreak.core.incident.questions import approval_of
from firebreak.core.incident.states import Incident
from firebreak.remediation.decision_recorder import Summary
from firebreak.wire.requests import request_event
from tests.support.world import World

ANA = "arn:aws:sts::111122223333:assumed-role/oncall/ana"


def approve(world: World, incident: Incident, by: str = ANA) -> Summary:
    yes = approval_of(incident, by, world.clock.at)
    summary = world.remediator(incident.action).handle(request_event(yes))
    world.deliver()
    return summary
