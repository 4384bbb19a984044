"""Decisions that do not act: recorded once, told as their reason says, moved along the ladder."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import assert_never

from firebreak.core.decision import Act, AskApproval, Decision, Defer, Propose, Refuse, Snapshot
from firebreak.core.incident import transitions
from firebreak.core.incident.rechecks import after_humans, promised, with_look
from firebreak.core.incident.states import WELL, Incident, IncidentState, Purpose
from firebreak.core.incident.verdict import Climb, GiveToHumans, next_rung
from firebreak.core.keys import digest
from firebreak.core.ledger import (
    DecisionRecord,
    IncidentChange,
    LedgerView,
    alarm_key,
    delivery_key,
    incident_name,
    untargeted,
)
from firebreak.core.messages import approval_messages, incident_messages, reversal_messages
from firebreak.core.messages.announcement import Announcement
from firebreak.core.messages.decision_announcement import announcement_of, announcement_of_unresolved
from firebreak.core.messages.decision_messages import of_decision
from firebreak.core.model import Alarm, Autonomy, OwnEvent, Plan, Request, RequestKind
from firebreak.core.ports import Clock, Log, Schedules
from firebreak.core.readings import Unknown
from firebreak.core.reasons import MEANINGS, Disposition, Reason
from firebreak.core.rules import Rules
from firebreak.errors import AwsError, Unavailable
from firebreak.ledger.ports import Ledger
from firebreak.remediation.outbox import Announcer

# A climb that nobody picked up is asked for again by the sweeper after this.
CLIMB_PATIENCE = timedelta(minutes=3)

# A restore that something holds back is asked for again after this, or when that is said to end.
RESTORE_PATIENCE = timedelta(minutes=5)
# EventBridge Scheduler fires within the minute of the time asked for.
JOIN_PATIENCE = timedelta(minutes=1)

_LEFT_AS_IT_IS = frozenset({Reason.CHANGED_SINCE, Reason.NOT_REVERSIBLE, Reason.TARGET_MISSING})
# Far above any count of looks, so that the names of wake-ups never meet.
_JOINED = 1_000_000

_ALREADY_HANDLED = frozenset({Reason.DUPLICATE, Reason.INCIDENT_MOVED_ON})


@dataclass(frozen=True, slots=True)
class Summary:
    """What came of one event, returned by the handler and logged."""

    outcome: str
    reason: Reason
    incident_id: str


@dataclass(frozen=True, slots=True)
class Concluder:
    """Writes down what did not lead to an act."""

    ledger: Ledger
    schedules: Schedules
    announcer: Announcer
    clock: Clock
    log: Log

    def turned_away(
        self,
        trigger: Alarm | OwnEvent,
        action: str,
        decision: Decision,
        at: datetime,
        *,
        asked: bool,
        observes: bool,
    ) -> Summary:
        """A refusal for which no target is known; who hears of it is `announcement_of_unresolved`.

        That of our own request has a key of its own: it must neither pass for the decision of the
        alarm behind it nor stand in the way of the same request when it is asked again. It is found
        under the name that the request has.
        """
        if isinstance(trigger, Alarm):
            key = alarm_key(trigger, action)
            if decision.reason is Reason.AHEAD_OF_TIME:  # not the key of a transition that may still come
                key = digest(decision.reason.value, key)
            record = untargeted(key, trigger, action, decision, at)
            return self._refused(record, announcement_of_unresolved(record, asked=asked, observes=observes))
        key = digest("turned away", action, decision.reason.value, delivery_key(trigger))
        record = untargeted(key, trigger.alarm, action, decision, at)
        record = replace(record, incident_id=incident_name(trigger), by=trigger.by)
        if trigger.incident_id:
            return self._refused(record, of_decision(record, None, of_an_incident=True))
        told = announcement_of_unresolved(record, asked=asked, observes=observes, refused=trigger.refused)
        return self._refused(record, told)

    def unusable(self, key: str, action: str, decision: Decision) -> Summary:
        """An event that is no alarm."""
        record = untargeted(key, None, action, decision, self.clock.now())
        return self._refused(record, of_decision(record, None))

    def _refused(self, record: DecisionRecord, told: Announcement | None) -> Summary:
        decision = record.decision
        if self.ledger.record(record, told):
            self.announcer.hand_over(told)
        self.log.event(
            "remediation.turned_away",
            reason=decision.reason.value,
            action=record.action,
            incident=record.incident_id,
        )
        return Summary(decision.word, decision.reason, record.incident_id)

    def conclude(self, request: Request, rules: Rules, decision: Decision, seen: Snapshot) -> Summary | None:
        """Record a decision that does not act; None when the ledger moved meanwhile: look again.

        Raises AwsError; also when the request is for an incident that could not be read: a
        decision recorded now would leave it where it is for good.
        """
        if request.incident_id and isinstance(seen.incident, Unknown):
            raise Unavailable("BatchGetItem", "IncidentUnreadable")
        incident = seen.incident if isinstance(seen.incident, Incident) else None
        return self._conclude(request, rules, decision, incident, seen.now)

    def conclude_last(self, request: Request, rules: Rules, decision: Decision, view: LedgerView) -> Summary:
        """Record that every try was lost."""
        incident = view.incident if isinstance(view.incident, Incident) else None
        done = self._conclude(request, rules, decision, incident, self.clock.now())
        return done or self._summary(request, decision)

    def _conclude(
        self, request: Request, rules: Rules, decision: Decision, incident: Incident | None, now: datetime
    ) -> Summary | None:
        if decision.reason is Reason.DUPLICATE:
            return self._summary(request, decision)
        record = self._record_of(request, decision, now)
        if incident and transitions.joins(request, decision, incident):
            if not self.ledger.join(incident, request.alarm, record):
                return None
            self._look_soon(incident, now)
            return self._summary(request, decision, incident.id)
        if incident and transitions.waits_for(request, incident) and decision.reason not in _ALREADY_HANDLED:
            return self._move_on(request, rules, decision, incident, record)
        return self._without_incident(request, rules, decision, record)

    def _look_soon(self, incident: Incident, now: datetime) -> None:
        """Who thinks all is well looks again at once; the name is of this join and of no other wake-up."""
        if incident.state in WELL:
            joined = replace(incident, attempt=_JOINED + incident.version)
            self._wake_then(joined, now + JOIN_PATIENCE)

    def _without_incident(
        self, request: Request, rules: Rules, decision: Decision, record: DecisionRecord
    ) -> Summary | None:
        later = None
        if isinstance(decision.outcome, AskApproval) and decision.outcome.plan:
            return self._ask_human(request, rules, decision, record, decision.outcome.plan)
        if isinstance(decision.outcome, Defer):
            later = self._ask_again(request, decision.outcome.until)
        elif _opens_above(request, rules, decision):
            match next_rung(rules.ladder, 0):
                case Climb(rung):
                    return self._open_above(request, rules, decision, record, rung)
                case GiveToHumans():
                    pass
        told, again = with_look(announcement_of(record, request, rules), request, decision, record.at)
        if again:
            # The record keeps it, so that a schedule that could not be made costs minutes.
            self._looks_again(again)
            later = again
        if self.ledger.record(record, told, later):
            self.announcer.hand_over(told)
            if decision.reason is Reason.HEARTBEAT:
                self.log.count("Heartbeats")
        return self._summary(request, decision)

    def _looks_again(self, again: OwnEvent) -> bool:
        """Whether the look after a refusal is scheduled."""
        try:
            self.schedules.ask_again(again, again.at)
        except AwsError as error:
            self.log.event("look_again.unscheduled", alarm=again.alarm.name, error=str(error))
            return False
        return True

    def _open_above(
        self, request: Request, rules: Rules, decision: Decision, record: DecisionRecord, rung: int
    ) -> Summary | None:
        why = _why(decision)
        fresh = transitions.opened(request, rules, record.at)
        incident = transitions.climbing(fresh, rung, record.at + CLIMB_PATIENCE, why)
        if not self.ledger.open(incident, record, None):
            return None
        self.announcer.ask(request_of(incident, record.at))
        return Summary("climb", decision.reason, incident.id)

    def _ask_human(
        self, request: Request, rules: Rules, decision: Decision, record: DecisionRecord, plan: Plan
    ) -> Summary | None:
        """Open an incident that waits for a yes; its check finds out that nobody said it."""
        fresh = transitions.opened(request, rules, record.at)
        incident = transitions.awaiting(fresh, plan, record.at + rules.approve_within)
        told = approval_messages.approval(incident, record)
        self._wake_then(incident, record.at + rules.approve_within)
        if not self.ledger.open(incident, record, told):
            return None
        self.announcer.hand_over(told)
        return self._summary(request, decision, incident.id)

    def _wake_then(self, incident: Incident, at: datetime) -> None:
        """May fail without harm: the incident is due then, and the sweeper looks at what is due."""
        try:
            self.schedules.check(incident.id, incident.rung, incident.attempt, at)
        except AwsError as error:
            self.log.event("check.unscheduled", incident=incident.id, error=str(error))

    def _move_on(
        self, request: Request, rules: Rules, decision: Decision, incident: Incident, record: DecisionRecord
    ) -> Summary | None:
        change = self._change(request, rules, decision, incident, record)
        if not self.ledger.move(change):
            return None
        self.announcer.hand_over(change.told)
        if change.after.state is IncidentState.CLIMBING:
            self.announcer.ask(request_of(change.after, record.at))
        return self._summary(request, decision, incident.id)

    def _change(
        self, request: Request, rules: Rules, decision: Decision, incident: Incident, record: DecisionRecord
    ) -> IncidentChange:
        if request.kind is RequestKind.RESTORE:
            return self._restore_refused(incident, rules, record, decision)
        match decision.outcome:
            case Defer(until):
                self._ask_again(request, until)
                after = replace(
                    incident,
                    state=IncidentState.DEFERRED,
                    version=incident.version + 1,
                    attempt=request.attempt + 1,
                    due_at=until + CLIMB_PATIENCE,
                )
                return _changed(incident, after, record, f"deferred: {_why(decision)}")
            case AskApproval(Plan() as plan):
                after = transitions.awaiting(incident, plan, record.at + rules.approve_within)
                told = approval_messages.approval(after, record)
                self._wake_then(after, record.at + rules.approve_within)
                asked = _changed(incident, after, record, f"asks for approval: {plan.summary}")
                return replace(asked, told=told)
            case Refuse() if incident.purpose is not Purpose.ACT:
                return self._to_humans(incident, record, decision)
            case Refuse() if decision.reason is Reason.NO_LONGER_RED:
                return self._recovered(incident, record, decision)
            case Refuse() if _may_climb(request, rules, decision):
                return self._above(incident, record, decision)
            case Act() | Propose() | AskApproval() | Refuse():
                return self._to_humans(incident, record, decision)
            case never:
                assert_never(never)

    def _restore_refused(
        self, incident: Incident, rules: Rules, record: DecisionRecord, decision: Decision
    ) -> IncidentChange:
        """It rests on, and is asked for again; what somebody changed since is left to them."""
        why, now = _why(decision), record.at
        if decision.reason in _LEFT_AS_IT_IS:
            closed = transitions.over(incident, IncidentState.CLOSED, f"the temporary change stays: {why}")
            return replace(
                _changed(incident, closed, record, closed.note), told=reversal_messages.kept(closed, now, why)
            )
        until = decision.deciding.until if decision.deciding else None
        again_at = max(until or now, now + RESTORE_PATIENCE)
        resting = transitions.resting(incident, again_at)
        given_up = (incident.healthy_since or now) + rules.settings.restore_after + rules.max_incident_age
        if given_up < now:
            return self._to_humans(incident, record, decision)
        self._wake_then(resting, again_at)
        waits = _changed(incident, resting, record, f"the restore waits: {why}")
        if decision.reason is Reason.RED_AGAIN:  # the next look goes on with that
            return waits
        sentence = f"{MEANINGS[decision.reason].sentence} {why}"
        return replace(waits, told=reversal_messages.restore_waits(resting, now, sentence, again_at))

    def _recovered(self, incident: Incident, record: DecisionRecord, decision: Decision) -> IncidentChange:
        after = transitions.over(incident, IncidentState.CLOSED, _why(decision))
        told = incident_messages.recovered(
            after, record.at, f"every alarm of the incident is OK before {incident.action} was needed"
        )
        return replace(_changed(incident, after, record, told.headline), told=told)

    def _above(self, incident: Incident, record: DecisionRecord, decision: Decision) -> IncidentChange:
        match next_rung(incident.ladder, incident.rung):
            case Climb(rung):
                after = transitions.climbing(incident, rung, record.at + CLIMB_PATIENCE, _why(decision))
                return _changed(incident, after, record, f"climbing: {_why(decision)}")
            case GiveToHumans():
                return self._to_humans(incident, record, decision)

    def _to_humans(self, incident: Incident, record: DecisionRecord, decision: Decision) -> IncidentChange:
        why = f"{MEANINGS[decision.reason].sentence} {_why(decision)}"
        after = transitions.over(incident, IncidentState.PAGED, why)
        told = replace(incident_messages.given_to_humans(after, record.at, why), opted_in=decision.opted_in)
        again = after_humans(incident, decision, record.at)
        if again and self._looks_again(again):
            told = promised(told, again, incident_messages.HEARS_OF_OK)
        return replace(_changed(incident, after, record, f"given to humans: {_why(decision)}"), told=told)

    def _ask_again(self, request: Request, until: datetime) -> OwnEvent:
        wake = OwnEvent(
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
        self.schedules.ask_again(wake, until)
        return wake

    def _record_of(self, request: Request, decision: Decision, at: datetime) -> DecisionRecord:
        return DecisionRecord(
            key=delivery_key(request),
            at=at,
            kind=request.kind,
            action=request.action,
            incident_id=incident_name(request),
            target=request.target.key,
            alarm=request.alarm,
            decision=decision,
            by=request.by,
        )

    def _summary(self, request: Request, decision: Decision, incident_id: str = "") -> Summary:
        return Summary(decision.word, decision.reason, incident_id or incident_name(request))


def _opens_above(request: Request, rules: Rules, decision: Decision) -> bool:
    """Whether an incident starts at the rung above; under autonomy `observe` none ever starts."""
    climbs = decision.disposition is Disposition.CLIMB and not request.incident_id
    return climbs and rules.autonomy is not Autonomy.OBSERVE


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


def _may_climb(request: Request, rules: Rules, decision: Decision) -> bool:
    """Whether the next rung follows at once.

    Whoever said yes to this one did not say yes to that, and a policy that by now only lets Firebreak
    watch would stop there as well: a human is asked at once.
    """
    climbs = decision.disposition is Disposition.CLIMB and request.kind is not RequestKind.APPROVAL
    return climbs and rules.autonomy is not Autonomy.OBSERVE


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


def _why(decision: Decision) -> str:
    deciding = decision.deciding
    return f"{deciding.guard}: {deciding.detail}" if deciding else decision.reason.value


def _changed(before: Incident, after: Incident, record: DecisionRecord, what: str) -> IncidentChange:
    return IncidentChange(before=before, after=after, at=record.at, what=what, record=record)
