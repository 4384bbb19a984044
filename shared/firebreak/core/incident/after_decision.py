"""The rows of the lifecycle for a decision that does not act, of a new incident and of an open one."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import assert_never

from firebreak.core.decision import Act, AskApproval, Decision, Defer, Propose, Refuse
from firebreak.core.incident import transitions
from firebreak.core.incident.events import NotActedOn
from firebreak.core.incident.moved import Moved, climbing, left_as_it_is, move, to_humans
from firebreak.core.incident.own_requests import CLIMB_TIMEOUT, wake_of
from firebreak.core.incident.states import Incident, IncidentState, Purpose
from firebreak.core.incident.verdict import GiveToHumans, next_rung
from firebreak.core.ledger import DecisionRecord
from firebreak.core.messages import approval_messages, incident_messages, reversal_messages
from firebreak.core.messages.incident_facts import override_facts
from firebreak.core.model import AlarmState, Autonomy, Plan, Request, RequestKind
from firebreak.core.people import people, person
from firebreak.core.reasons import MEANINGS, Disposition, Reason
from firebreak.core.rules import Rules

# A restore that something holds back is asked for again after this, or when that is said to end.
RESTORE_RETRY = timedelta(minutes=5)

_LEFT_AS_IT_IS = frozenset({Reason.CHANGED_SINCE, Reason.NOT_REVERSIBLE, Reason.TARGET_MISSING})

# A human approved or requested this act, and no other one.
_FOR_ONE_ACT = frozenset({RequestKind.APPROVAL, RequestKind.MANUAL})


def after_decision(incident: Incident, event: NotActedOn) -> Moved:
    """The move after the decision, with its record: both are written or neither."""
    moved = _row(incident, event)
    return replace(moved, change=replace(moved.change, record=event.record))


def _row(incident: Incident, event: NotActedOn) -> Moved:
    request, rules, now = event.request, event.rules, event.record.at
    decision = event.record.decision
    if decision.reason is Reason.NEEDS_ANOTHER_APPROVER:
        return _one_more_approver(incident, request.by, rules, now)
    if request.kind is RequestKind.RESTORE:
        return _restore_refused(incident, rules, decision, now)
    match decision.outcome:
        case Defer(until):
            after = transitions.deferred(incident, request.attempt + 1, until + CLIMB_TIMEOUT)
            moved = move(incident, after, now, f"deferred: {why_of(decision)}")
            return replace(moved, later=wake_of(request, until))
        case Refuse() if incident.purpose is not Purpose.ACT:
            return _decided_to_humans(incident, decision, now)
        case Refuse() if decision.reason is Reason.NO_LONGER_RED:
            return _not_needed(incident, decision, now)
        case Act() | Propose() | AskApproval() | Refuse():
            onward = asks_or_climbs(incident, request, rules, event.record)
            return onward or _decided_to_humans(incident, decision, now)
        case never:
            assert_never(never)


def asks_or_climbs(
    incident: Incident, request: Request, rules: Rules, record: DecisionRecord
) -> Moved | None:
    """The move to a question for a human or to the rung above, of a new incident and of an open one alike.

    None where the decision leads to neither.
    """
    outcome = record.decision.outcome
    if isinstance(outcome, AskApproval) and outcome.plan:
        return _asks(incident, outcome.plan, rules, record, request)
    if _may_climb(request, rules, record.decision):
        return _above(incident, record)
    return None


def _asks(incident: Incident, plan: Plan, rules: Rules, record: DecisionRecord, request: Request) -> Moved:
    """The question waits for its answer; the look at its end finds out that nobody gave one.

    A human who asked for the act is the first who approves it.
    """
    until = record.at + rules.approve_within
    first = (request.by,) if request.kind is RequestKind.MANUAL else ()
    override = record.decision.override
    after = transitions.awaiting(incident, plan, until, approved_by=first, override=override)
    message = approval_messages.approval(after, record, rules.approvers)
    line = "; ".join([f"asks for approval: {plan.summary}", *override_facts(override)])
    moved = move(incident, after, record.at, line, message)
    return replace(moved, wake_at=until)


def _one_more_approver(incident: Incident, by: str, rules: Rules, now: datetime) -> Moved:
    """The same question waits for another person; an approver is counted and announced once."""
    if people((by,)) <= people(incident.approved_by):
        after = replace(incident, version=incident.version + 1)
        return move(incident, after, now, f"approved again by {person(by)}: another person must")
    after = transitions.approved(incident, by)
    message = approval_messages.half_approved(after, rules.approvers, now)
    return move(incident, after, now, message.headline, message)


def _may_climb(request: Request, rules: Rules, decision: Decision) -> bool:
    """Whether the next rung follows at once.

    An act that a human approved or requested stands for no other one, and a policy that by now only lets
    Firebreak observe would stop there as well: in both cases a human is asked at once.
    """
    climbs = decision.disposition is Disposition.CLIMB and request.kind not in _FOR_ONE_ACT
    return climbs and rules.autonomy is not Autonomy.OBSERVE


def _above(incident: Incident, record: DecisionRecord) -> Moved | None:
    above = next_rung(incident.ladder, incident.rung)
    if isinstance(above, GiveToHumans):
        return None
    why = why_of(record.decision)
    return climbing(incident, record.at, above.rung, why, f"climbing: {why}")


def _restore_refused(incident: Incident, rules: Rules, decision: Decision, now: datetime) -> Moved:
    """It keeps resting, and the restore is asked for again; a target changed by somebody is left to them."""
    why = why_of(decision)
    if decision.reason in _LEFT_AS_IT_IS:
        return left_as_it_is(incident, now, why)
    until = decision.deciding.until if decision.deciding else None
    again_at = max(until or now, now + RESTORE_RETRY)
    resting = transitions.resting(incident, again_at)
    given_up = (incident.healthy_since or now) + rules.verification.restore_after + rules.max_incident_age
    if given_up < now:
        return _decided_to_humans(incident, decision, now)
    message = None
    if decision.reason is not Reason.RED_AGAIN:  # the next look goes on with that
        sentence = f"{MEANINGS[decision.reason].sentence} {why}"
        message = reversal_messages.restore_waits(resting, now, sentence, again_at)
    return replace(move(incident, resting, now, f"the restore waits: {why}", message), wake_at=again_at)


def _not_needed(incident: Incident, decision: Decision, now: datetime) -> Moved:
    after = transitions.over(incident, IncidentState.CLOSED, why_of(decision))
    message = incident_messages.recovered(
        after, now, f"every alarm of the incident is OK before {incident.action} was needed"
    )
    return move(incident, after, now, message.headline, message)


def _decided_to_humans(incident: Incident, decision: Decision, now: datetime) -> Moved:
    why = f"{MEANINGS[decision.reason].sentence} {why_of(decision)}"
    return to_humans(
        incident,
        now,
        note=why,
        said=why,
        line=why_of(decision),
        state=AlarmState.ALARM if decision.saw_red else None,
        opted_in=decision.opted_in,
    )


def why_of(decision: Decision) -> str:
    """The finding that decided, in one line."""
    deciding = decision.deciding
    return f"{deciding.guard}: {deciding.detail}" if deciding else decision.reason.value
