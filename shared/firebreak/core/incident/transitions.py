"""How a decision becomes an incident: pure construction, no writing."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from firebreak.core.decision import Decision
from firebreak.core.incident.states import (
    ASKED_IN,
    PURPOSE_OF,
    WELL,
    Incident,
    IncidentState,
    Member,
    Purpose,
)
from firebreak.core.ledger import incident_name
from firebreak.core.limits.budgets import ACT_WITHIN
from firebreak.core.manual import manual_ladder
from firebreak.core.messages.incident_facts import stays, step_line
from firebreak.core.model import Alarm, Plan, Request, RequestKind
from firebreak.core.reasons import Reason
from firebreak.core.rules import Rules

# The most characters of each part of a rung's result.
MOST_OF_A_STEP = 300

# One DescribeAlarms takes 100 names; JSON writes a character outside ASCII in up to 12 bytes.
MOST_MEMBERS, MOST_MEMBERS_BYTES = 100, 100_000

NOT_ALLOWED = frozenset({Reason.NOT_OPTED_IN, Reason.ALARM_NOT_ALLOWED, Reason.OTHER_STACK})
LOOKED_AT_BEFORE = frozenset({RequestKind.APPROVAL, RequestKind.UNDO, RequestKind.RESTORE})


def opened(request: Request, rules: Rules, at: datetime) -> Incident:
    """A new incident at its first rung. One by hand has the red alarms of its target, and one rung."""
    manual = request.kind is RequestKind.MANUAL
    return Incident(
        id=incident_name(request),
        target=request.target,
        state=IncidentState.OPEN,
        rung=0,
        action=request.action,
        ladder=manual_ladder(request.action) if manual else rules.ladder,
        alarm=request.alarm,
        members=tuple(map(Member.of, request.red if manual else (request.alarm,))),
        opened_at=at,
    )


def claimed(
    incident: Incident, plan: Plan, claim_id: str, at: datetime, check_at: datetime, *, request: Request
) -> Incident:
    """The incident with its present rung claimed for this plan by this request.

    Where the rung was looked at before (for its approval, or its verdict) the looks are counted on:
    each wake-up has a name of its own. Every alarm that is a member by now was red before the act, even
    if the time that CloudWatch gave is ahead of the clock of this function.
    """
    kind = request.kind
    approver = (request.by,) if kind is RequestKind.APPROVAL else ()
    return replace(
        incident,
        state=IncidentState.CLAIMED,
        version=incident.version + 1,
        members=tuple(_red_before(member, at) for member in incident.members),
        claim_id=claim_id,
        act_by=at + ACT_WITHIN,
        acted_at=at,
        healthy_since=None,
        attempt=incident.attempt + 1 if kind in LOOKED_AT_BEFORE else 0,
        blind_looks=0,
        plan=plan,
        receipt=None,
        due_at=check_at,
        purpose=PURPOSE_OF.get(kind, Purpose.ACT),
        approved_by=(*incident.approved_by, *approver),
    )


def _red_before(member: Member, at: datetime) -> Member:
    return replace(member, since=min(member.since, at)) if member.since else member


def joined(incident: Incident, alarm: Alarm) -> Incident:
    """The incident with one more alarm that is red; an alarm that was a member before stays as it was.

    A recovery that was seen before has to start again.
    """
    known = alarm.series in {member.series for member in incident.members}
    room = known or _has_room(incident.members, Member.of(alarm))
    return replace(
        incident,
        members=incident.members if known or not room else (*incident.members, Member.of(alarm)),
        left_out=incident.left_out + (0 if room else 1),
        version=incident.version + 1,
        healthy_since=None if incident.state in WELL else incident.healthy_since,
    )


def _has_room(members: Sequence[Member], one: Member) -> bool:
    """Whether one more member leaves the incident far below DynamoDB's 400 KB, and a look at it short."""
    size = sum(len(json.dumps([m.name, m.arn, m.contributor])) for m in (*members, one))
    return len(members) < MOST_MEMBERS and size <= MOST_MEMBERS_BYTES


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
        purpose=Purpose.ACT,
        earlier=(*incident.earlier, _came_to(incident, note)),
        approved_by=(),
        override="",
    )


def _came_to(incident: Incident, note: str) -> str:
    """The result of the rung that is left, bounded: it is stored and shown with every rung above."""
    lines = [step_line(incident), note, *stays(incident)]
    return "; ".join(line[:MOST_OF_A_STEP] for line in lines if line)


def taking_back(incident: Incident, purpose: Purpose, due_at: datetime, note: str) -> Incident:
    """The incident whose plan is to be taken back; the plan stays, for it says how."""
    return replace(
        incident,
        state=IncidentState.UNDOING,
        version=incident.version + 1,
        attempt=incident.attempt + 1,
        due_at=due_at,
        note=note,
        purpose=purpose,
    )


def resting(incident: Incident, due_at: datetime) -> Incident:
    """The incident whose temporary change was to be taken back, and stays a little longer."""
    return replace(
        incident,
        state=IncidentState.RESTING,
        version=incident.version + 1,
        attempt=incident.attempt + 1,
        due_at=due_at,
        purpose=Purpose.ACT,
    )


def awaiting(
    incident: Incident, plan: Plan, until: datetime, *, approved_by: tuple[str, ...] = (), override: str = ""
) -> Incident:
    """The incident with a plan that humans may approve until then, and those who did by asking for it.

    `override` is the freeze that they overrode.
    """
    return replace(
        incident,
        state=IncidentState.AWAITING_APPROVAL,
        version=incident.version + 1,
        attempt=incident.attempt + 1,
        plan=plan,
        receipt=None,
        due_at=until,
        approved_by=approved_by,
        override=override,
    )


def approved(incident: Incident, by: str) -> Incident:
    """The incident with one more person who approved its plan; its question and its time stay."""
    return replace(incident, version=incident.version + 1, approved_by=(*incident.approved_by, by))


def deferred(incident: Incident, attempt: int, due_at: datetime) -> Incident:
    """The incident whose next act may be done later; its request is made again by then."""
    return replace(
        incident,
        state=IncidentState.DEFERRED,
        version=incident.version + 1,
        attempt=attempt,
        due_at=due_at,
    )


def look_again(incident: Incident, state: IncidentState, until: datetime) -> Incident:
    """The incident that is looked at again then."""
    return replace(
        incident, state=state, version=incident.version + 1, attempt=incident.attempt + 1, due_at=until
    )


def over(incident: Incident, state: IncidentState, note: str) -> Incident:
    """The incident at rest: given to humans, closed, or not executed."""
    return replace(incident, state=state, version=incident.version + 1, due_at=None, note=note)


def waits_for(request: Request, incident: Incident) -> bool:
    """Whether the incident stands where the request was made for it; a late request must not move it."""
    asked = (request.incident_id, request.rung, request.action)
    return asked == (incident.id, incident.rung, incident.action) and incident.state in ASKED_IN[request.kind]


def joins(request: Request, decision: Decision, incident: Incident) -> bool:
    """Whether the alarm joins the incident that holds its target, and is announced with it.

    It joins also where its own request may not act: an act that made it red must be judged by it. An alarm
    that the target is known not to allow never joins: it has no say about the target. A manual request brings
    no alarm.
    """
    if request.kind is RequestKind.MANUAL:
        return False
    if not NOT_ALLOWED.isdisjoint(check.reason for check in decision.checks):
        return False
    if decision.reason is Reason.IN_FLIGHT:
        return True
    late_or_switched_off = decision.reason in {Reason.SWITCHED_OFF, Reason.TOO_OLD}
    again = any(check.reason is Reason.DUPLICATE for check in decision.checks)
    first = request.kind is RequestKind.ALARM and not again
    return late_or_switched_off and first and incident.holds_target
