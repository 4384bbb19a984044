"""How a decision becomes an incident: pure construction, no writing."""

from dataclasses import replace
from datetime import datetime

from firebreak.core.budgets import ACT_WITHIN
from firebreak.core.incident import Incident, IncidentState, Member
from firebreak.core.ledger import incident_name
from firebreak.core.model import Plan, Request
from firebreak.core.rules import Rules


def opened(request: Request, rules: Rules, at: datetime) -> Incident:
    """A new incident at its first rung."""
    return Incident(
        id=incident_name(request),
        target=request.target,
        state=IncidentState.OPEN,
        rung=0,
        action=request.action,
        ladder=rules.ladder,
        alarm=request.alarm,
        members=(Member.of(request.alarm),),
        opened_at=at,
    )


def claimed(incident: Incident, plan: Plan, claim_id: str, at: datetime, check_at: datetime) -> Incident:
    """The incident with its present rung claimed for this plan."""
    return replace(
        incident,
        state=IncidentState.CLAIMED,
        version=incident.version + 1,
        claim_id=claim_id,
        act_by=at + ACT_WITHIN,
        acted_at=at,
        healthy_since=None,
        attempt=0,
        blind_looks=0,
        plan=plan,
        receipt=None,
        due_at=check_at,
    )


def climbing(incident: Incident, rung: int, due_at: datetime, note: str) -> Incident:
    """The incident on its way to a higher rung."""
    return replace(
        incident,
        state=IncidentState.CLIMBING,
        version=incident.version + 1,
        rung=rung,
        action=incident.ladder[rung],
        attempt=0,
        claim_id="",
        act_by=None,
        plan=None,
        receipt=None,
        healthy_since=None,
        due_at=due_at,
        note=note,
    )


def over(incident: Incident, state: IncidentState, note: str) -> Incident:
    """The incident at rest: given to humans, closed, or not executed."""
    return replace(incident, state=state, version=incident.version + 1, due_at=None, note=note)
