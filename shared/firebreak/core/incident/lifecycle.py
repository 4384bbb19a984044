"""The life of an incident as a value: the change that an event makes, and everything that follows.

`advance` is the one table. The shell writes the change, schedules, asks and publishes; it decides nothing.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import assert_never

from firebreak.core.decision import Act, AskApproval, Decision, Defer, Propose, Refuse
from firebreak.core.incident import transitions
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
from firebreak.core.incident.states import WITH_HUMANS, Incident, IncidentState, Purpose
from firebreak.core.incident.verdict import (
    ALL_OK,
    NO_ALARM,
    Climb,
    Close,
    GiveToHumans,
    Hold,
    Keep,
    LookAgain,
    Rest,
    TakeBack,
    for_humans,
    judged_as,
    left_behind,
    next_rung,
)
from firebreak.core.ledger import IncidentChange
from firebreak.core.messages import approval_messages, incident_messages, reversal_messages
from firebreak.core.messages.announcement import Announcement
from firebreak.core.model import AlarmState, Autonomy, OwnEvent, Plan, Receipt, Request, RequestKind, Verdict
from firebreak.core.people import person
from firebreak.core.reasons import MEANINGS, Disposition, Reason
from firebreak.core.rules import Rules

# A climb that nobody picked up is asked for again by the sweeper after this.
CLIMB_PATIENCE = timedelta(minutes=3)

# A restore that something holds back is asked for again after this, or when that is said to end.
RESTORE_PATIENCE = timedelta(minutes=5)

_LEFT_AS_IT_IS = frozenset({Reason.CHANGED_SINCE, Reason.NOT_REVERSIBLE, Reason.TARGET_MISSING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """The move that an event makes of an incident.

    `change` is written in one transaction. `wake_at` is when Verify looks again and `later` a request for
    later: both are scheduled before the change is written. `request` is asked for once it is.
    """

    change: IncidentChange
    wake_at: datetime | None = None
    later: OwnEvent | None = None
    request: OwnEvent | None = None

    @property
    def after(self) -> Incident:
        """The incident as it is then."""
        return self.change.after


def advance(  # noqa: C901, PLR0911, PLR0912 - the one table
    incident: Incident, event: Event, now: datetime
) -> Moved:
    """The incident after the event. Raises ValueError for a move that the state machine does not know."""
    match event:
        case Acted(receipt, by):
            return _acted(incident, receipt, by, now)
        case OutcomeLost(why):
            after = replace(incident, state=IncidentState.UNCERTAIN, version=incident.version + 1, note=why)
            return _moved(
                incident, after, now, f"uncertain: {why}", incident_messages.uncertain(after, now, why)
            )
        case ClaimAbandoned():
            return _abandoned(incident, now)
        case NotSent(why):
            after = transitions.over(incident, IncidentState.NOT_EXECUTED, why)
            message = incident_messages.not_executed(after, now, why)
            return _moved(incident, after, now, f"not executed: {why}", message)
        case Judged():
            return _judged(incident, event)
        case NotActedOn():
            return _not_acted_on(incident, event)
        case Denied(by, why):
            after = transitions.over(incident, IncidentState.PAGED, f"denied by {by}: {why}")
            return _moved(incident, after, now, after.note, approval_messages.denied(after, by, why, now))
        case UndoRequested(by, why):
            return _undo_requested(incident, f"requested by {person(by)}: {why}", now)
        case ApprovalExpired(state):
            why = approval_messages.unanswered(incident)
            return _to_humans(incident, now, note=why, said=why, line=why, state=state)
        case GivenUp(why, state):
            return _to_humans(incident, now, note=why, said=why, line=why, state=state)
        case Recovered():
            return _recovered(incident, now)
        case TooOld(why):
            closed = transitions.over(incident, IncidentState.CLOSED, why)
            return _moved(
                incident, closed, now, f"closed: {why}", incident_messages.expired(closed, now, why)
            )
        case NotTakenUp():
            return _asked_again(incident, now)
        case never:
            assert_never(never)


def _moved(
    before: Incident, after: Incident, at: datetime, what: str, message: Announcement | None = None
) -> Moved:
    return Moved(change=IncidentChange(before=before, after=after, at=at, what=what, message=message))


def _acted(incident: Incident, receipt: Receipt, by: str, now: datetime) -> Moved:
    summary = "; ".join(filter(None, (receipt.summary, incident.plan.reset_by if incident.plan else "")))
    after = replace(
        incident,
        state=IncidentState.ACTED,
        version=incident.version + 1,
        receipt=replace(receipt, summary=summary),
    )
    if after.purpose is Purpose.ACT:
        message = incident_messages.acted(after, now, by)
    else:
        message = reversal_messages.put_back(after, now)
    return _moved(incident, after, now, receipt.summary, message)


def _abandoned(incident: Incident, now: datetime) -> Moved:
    why = "the function that claimed it never reported back"
    after = replace(
        incident, state=IncidentState.UNCERTAIN, version=incident.version + 1, note=why, due_at=now
    )
    return _moved(incident, after, now, why, incident_messages.uncertain(after, now, why))


def _to_humans(
    incident: Incident,
    now: datetime,
    *,
    note: str,
    said: str,
    line: str,
    state: AlarmState | None,
    opted_in: bool = False,
) -> Moved:
    """`note` is stored with the incident, `said` is what humans read, `line` goes into its history."""
    paged = transitions.over(incident, IncidentState.PAGED, note)
    message = replace(incident_messages.given_to_humans(paged, now, said, state), opted_in=opted_in)
    return _moved(incident, paged, now, f"given to humans: {line}", message)


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
    return _moved(incident, closed, now, f"closed: {why}", message)


def _asked_again(incident: Incident, now: datetime) -> Moved:
    asked = replace(incident, version=incident.version + 1, due_at=now + CLIMB_PATIENCE)
    moved = _moved(incident, asked, now, f"asked again: {incident.action}")
    return replace(moved, request=request_of(asked, now))


def _judged(incident: Incident, event: Judged) -> Moved:
    """The step after a verdict; the verdict that the act's slots remember goes with the step."""
    moved = _after_step(incident, event)
    waits = isinstance(event.step, LookAgain | Hold | Keep)
    judged = None if waits else judged_as(incident, event.judgement, event.evidence)
    return replace(moved, change=replace(moved.change, judged=judged))


def _after_step(incident: Incident, event: Judged) -> Moved:
    why, now, step = event.judgement.why, event.evidence.now, event.step
    match step:
        case LookAgain(at):
            blind = incident.blind_looks + 1 if event.judgement.verdict is Verdict.UNKNOWN else 0
            after = transitions.look_again(incident, IncidentState.VERIFYING, at)
            return replace(_moved(incident, replace(after, blind_looks=blind), now, why), wake_at=at)
        case Hold(until, since):
            after = transitions.look_again(incident, IncidentState.HOLDING, until)
            holding = replace(after, healthy_since=since, blind_looks=0)
            return replace(_moved(incident, holding, now, f"holding: {why}"), wake_at=until)
        case Rest(at, since, back_at):
            return _resting(incident, event, at=at, since=since, back_at=back_at)
        case Keep(detail):
            return _left_as_it_is(incident, now, detail)
        case TakeBack(purpose):
            back = transitions.taking_back(incident, purpose, now + CLIMB_PATIENCE, why)
            harm = reversal_messages.made_worse(back, now, why) if purpose is Purpose.UNDO else None
            moved = _moved(incident, back, now, f"to {purpose}: {why}", harm)
            return replace(moved, request=request_of(back, now))
        case Close():
            closed = transitions.over(incident, IncidentState.CLOSED, why)
            # That it was over was announced when the temporary change came to rest.
            announced = incident.purpose is Purpose.RESTORE
            message = None if announced else incident_messages.recovered(closed, now, why)
            return _moved(incident, closed, now, f"closed: {why}", message)
        case Climb(rung):
            note = f"{why}{left_behind(incident, event.evidence)}"
            return _climbing(incident, now, rung, note, f"climbing to rung {rung + 1}: {why}")
        case GiveToHumans():
            said = for_humans(incident, event.judgement, event.evidence)
            first = event.evidence.first_state
            return _to_humans(incident, now, note=why, said=said, line=why, state=first)


def _resting(incident: Incident, event: Judged, *, at: datetime, since: datetime, back_at: datetime) -> Moved:
    """The first time, the recovery is announced; later looks at a resting incident announce nothing."""
    why, now = event.judgement.why, event.evidence.now
    resting = replace(transitions.look_again(incident, IncidentState.RESTING, at), healthy_since=since)
    message = None
    if judged_as(incident, event.judgement, event.evidence):
        message = incident_messages.recovered_for_now(resting, now, why, back_at)
    return replace(_moved(incident, resting, now, f"resting: {why}", message), wake_at=at)


def _left_as_it_is(incident: Incident, now: datetime, detail: str) -> Moved:
    closed = transitions.over(incident, IncidentState.CLOSED, f"the temporary change stays: {detail}")
    return _moved(incident, closed, now, closed.note, reversal_messages.change_stays(closed, now, detail))


def _climbing(incident: Incident, now: datetime, rung: int, note: str, line: str) -> Moved:
    above = transitions.climbing(incident, rung, now + CLIMB_PATIENCE, note)
    return replace(_moved(incident, above, now, line), request=request_of(above, now))


def _not_acted_on(incident: Incident, event: NotActedOn) -> Moved:
    moved = _after_decision(incident, event)
    return replace(moved, change=replace(moved.change, record=event.record))


def _undo_requested(incident: Incident, why: str, now: datetime) -> Moved:
    """A temporary change at rest goes the way of its restore; nobody is paged before it is put back."""
    purpose = Purpose.RESTORE if incident.state is IncidentState.RESTING else Purpose.UNDO
    back = transitions.taking_back(incident, purpose, now + CLIMB_PATIENCE, why)
    return replace(_moved(incident, back, now, f"to {purpose}: {why}"), request=request_of(back, now))


def _after_decision(incident: Incident, event: NotActedOn) -> Moved:
    request, rules, now = event.request, event.rules, event.record.at
    decision = event.record.decision
    if request.kind is RequestKind.RESTORE:
        return _restore_refused(incident, rules, decision, now)
    match decision.outcome:
        case Defer(until):
            after = transitions.deferred(incident, request.attempt + 1, until + CLIMB_PATIENCE)
            moved = _moved(incident, after, now, f"deferred: {why_of(decision)}")
            return replace(moved, later=wake_of(request, until))
        case AskApproval(Plan() as plan):
            until = now + rules.approve_within
            after = transitions.awaiting(incident, plan, until)
            message = approval_messages.approval(after, event.record)
            moved = _moved(incident, after, now, f"asks for approval: {plan.summary}", message)
            return replace(moved, wake_at=until)
        case Refuse() if incident.purpose is not Purpose.ACT:
            return _decided_to_humans(incident, decision, now)
        case Refuse() if decision.reason is Reason.NO_LONGER_RED:
            return _not_needed(incident, decision, now)
        case Refuse() if _may_climb(request, rules, decision):
            return _above(incident, decision, now)
        case Act() | Propose() | AskApproval() | Refuse():
            return _decided_to_humans(incident, decision, now)
        case never:
            assert_never(never)


def _restore_refused(incident: Incident, rules: Rules, decision: Decision, now: datetime) -> Moved:
    """It keeps resting, and the restore is asked for again; a target changed by somebody is left to them."""
    why = why_of(decision)
    if decision.reason in _LEFT_AS_IT_IS:
        return _left_as_it_is(incident, now, why)
    until = decision.deciding.until if decision.deciding else None
    again_at = max(until or now, now + RESTORE_PATIENCE)
    resting = transitions.resting(incident, again_at)
    given_up = (incident.healthy_since or now) + rules.verification.restore_after + rules.max_incident_age
    if given_up < now:
        return _decided_to_humans(incident, decision, now)
    message = None
    if decision.reason is not Reason.RED_AGAIN:  # the next look goes on with that
        sentence = f"{MEANINGS[decision.reason].sentence} {why}"
        message = reversal_messages.restore_waits(resting, now, sentence, again_at)
    return replace(_moved(incident, resting, now, f"the restore waits: {why}", message), wake_at=again_at)


def _not_needed(incident: Incident, decision: Decision, now: datetime) -> Moved:
    after = transitions.over(incident, IncidentState.CLOSED, why_of(decision))
    message = incident_messages.recovered(
        after, now, f"every alarm of the incident is OK before {incident.action} was needed"
    )
    return _moved(incident, after, now, message.headline, message)


def _above(incident: Incident, decision: Decision, now: datetime) -> Moved:
    match next_rung(incident.ladder, incident.rung):
        case Climb(rung):
            why = why_of(decision)
            return _climbing(incident, now, rung, why, f"climbing: {why}")
        case GiveToHumans():
            return _decided_to_humans(incident, decision, now)


def _decided_to_humans(incident: Incident, decision: Decision, now: datetime) -> Moved:
    why = f"{MEANINGS[decision.reason].sentence} {why_of(decision)}"
    return _to_humans(
        incident,
        now,
        note=why,
        said=why,
        line=why_of(decision),
        state=AlarmState.ALARM if decision.saw_red else None,
        opted_in=decision.opted_in,
    )


def _may_climb(request: Request, rules: Rules, decision: Decision) -> bool:
    """Whether the next rung follows at once.

    An approval of this rung does not approve the next one, and a policy that by now only lets Firebreak
    observe would stop there as well: in both cases a human is asked at once.
    """
    climbs = decision.disposition is Disposition.CLIMB and request.kind is not RequestKind.APPROVAL
    return climbs and rules.autonomy is not Autonomy.OBSERVE


def why_of(decision: Decision) -> str:
    """The finding that decided, in one line."""
    deciding = decision.deciding
    return f"{deciding.guard}: {deciding.detail}" if deciding else decision.reason.value


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
