"""Decisions that do not act: recorded once, announced as their reason says, moved along the ladder."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from firebreak.core.decision import Decision, Defer, Inputs, Snapshot
from firebreak.core.incident import transitions
from firebreak.core.incident.events import NotActedOn
from firebreak.core.incident.lifecycle import advance, first
from firebreak.core.incident.moved import Moved, Opened
from firebreak.core.incident.own_requests import wake_of
from firebreak.core.incident.rechecks import after_humans, promised, with_look
from firebreak.core.incident.states import WELL, Incident, IncidentState
from firebreak.core.keys import digest
from firebreak.core.ledger import (
    DecisionRecord,
    LedgerView,
    alarm_key,
    delivery_key,
    incident_name,
    record_of,
    untargeted,
)
from firebreak.core.messages import incident_messages
from firebreak.core.messages.announcement import Announcement
from firebreak.core.messages.decision_announcement import announcement_of, announcement_of_unresolved
from firebreak.core.messages.decision_messages import of_decision
from firebreak.core.model import Alarm, OwnEvent, Request
from firebreak.core.ports import Clock, Log, Schedules
from firebreak.core.readings import Unknown
from firebreak.core.reasons import Reason
from firebreak.core.rules import Rules
from firebreak.errors import AwsError, Unavailable
from firebreak.ledger.ports import Ledger
from firebreak.remediation.incident_writer import IncidentWriter
from firebreak.remediation.outbox import Announcer

# EventBridge Scheduler fires within the minute of the time asked for.
JOIN_WAKE = timedelta(minutes=1)

# Far above any count of looks, so that the names of wake-ups never meet.
_JOINED = 1_000_000

# A request that does not count must not move the incident: its question stays open for those who may answer.
_LEAVES_IT = frozenset({Reason.DUPLICATE, Reason.INCIDENT_MOVED_ON, Reason.CALLER_UNCONFIRMED})

# A part of stored keys, so it keeps the word of the first release: a request that was rejected before an
# upgrade and is delivered again after it is a duplicate.
REJECTED = "turned away"


@dataclass(frozen=True, slots=True)
class Summary:
    """The result of one event, returned by the handler and logged."""

    outcome: str
    reason: Reason
    incident_id: str


@dataclass(frozen=True, slots=True)
class DecisionRecorder:
    """Records events that did not lead to an act."""

    ledger: Ledger
    schedules: Schedules
    announcer: Announcer
    clock: Clock
    log: Log

    @property
    def writer(self) -> IncidentWriter:
        """Writes a change of an incident, with all that follows from it."""
        return IncidentWriter(self.ledger, self.schedules, self.announcer, self.log)

    def record_rejection(
        self,
        trigger: Alarm | OwnEvent,
        action: str,
        decision: Decision,
        at: datetime,
        *,
        asked: bool,
        observes: bool,
    ) -> Summary:
        """Records a refusal without a known target; `announcement_of_unresolved` decides who hears of it.

        The refusal of one of Firebreak's own requests has a key of its own: it must neither pass for the
        decision of the alarm behind it nor stand in the way of the same request when it is asked again. It
        is found under the request's name.
        """
        if isinstance(trigger, Alarm):
            key = alarm_key(trigger, action)
            if decision.reason is Reason.AHEAD_OF_TIME:  # not the key of a transition that may still come
                key = digest(decision.reason.value, key)
            record = untargeted(key, trigger, action, decision, at)
            return self._refused(record, announcement_of_unresolved(record, asked=asked, observes=observes))
        key = digest(REJECTED, action, decision.reason.value, delivery_key(trigger))
        record = untargeted(key, trigger.alarm, action, decision, at)
        record = replace(record, incident_id=incident_name(trigger), by=trigger.by)
        if trigger.incident_id:
            return self._refused(record, of_decision(record, None, of_an_incident=True))
        message = announcement_of_unresolved(record, asked=asked, observes=observes, refused=trigger.refused)
        return self._refused(record, message)

    def unusable(self, key: str, action: str, decision: Decision) -> Summary:
        """Records an event that is no alarm."""
        record = untargeted(key, None, action, decision, self.clock.now())
        return self._refused(record, of_decision(record, None))

    def _refused(self, record: DecisionRecord, message: Announcement | None) -> Summary:
        decision = record.decision
        with self.log.about(record.incident_id):
            if self.ledger.record(record, message):
                self.announcer.publish(message)
            self.log.event(
                "remediation.rejected",
                reason=decision.reason.value,
                action=record.action,
                incident=record.incident_id,
            )
        return Summary(decision.word, decision.reason, record.incident_id)

    def record_decision(
        self, request: Request, rules: Rules, decision: Decision, seen: Snapshot
    ) -> Summary | None:
        """Records a decision that does not act; None when the ledger moved meanwhile: look again.

        Raises AwsError; also when the request is for an incident that could not be read: a
        decision recorded now would leave it where it is for good.
        """
        if request.incident_id and isinstance(seen.incident, Unknown):
            raise Unavailable("BatchGetItem", "IncidentUnreadable")
        incident = seen.incident if isinstance(seen.incident, Incident) else None
        return self._record_decision(
            request, rules, decision, incident, seen.now, inputs=Inputs(request, seen)
        )

    def record_lost_race(
        self, request: Request, rules: Rules, decision: Decision, view: LedgerView
    ) -> Summary:
        """Records that every try was lost."""
        incident = view.incident if isinstance(view.incident, Incident) else None
        done = self._record_decision(request, rules, decision, incident, self.clock.now())
        return done or self._summary(request, decision)

    def _record_decision(
        self,
        request: Request,
        rules: Rules,
        decision: Decision,
        incident: Incident | None,
        now: datetime,
        *,
        inputs: Inputs | None = None,
    ) -> Summary | None:
        if decision.reason is Reason.DUPLICATE:
            return self._summary(request, decision)
        record = record_of(request, decision, now, inputs)
        if incident and transitions.joins(request, decision, incident):
            if not self.ledger.join(incident, request.alarm, record):
                return None
            with self.log.about(incident.id):
                self.log.event("remediation.joined", incident=incident.id, joins=record.incident_id)
                self._look_soon(incident, now)
            return self._summary(request, decision, incident.id)
        if incident and transitions.waits_for(request, incident) and decision.reason not in _LEAVES_IT:
            return self._move_on(request, rules, decision, incident, record)
        return self._without_incident(request, rules, decision, record)

    def _look_soon(self, incident: Incident, now: datetime) -> None:
        """Schedules a prompt check of an incident that counted as well; only this join uses its name."""
        if incident.state in WELL:
            self.writer.wake(incident, _JOINED + incident.version, now + JOIN_WAKE)

    def _without_incident(
        self, request: Request, rules: Rules, decision: Decision, record: DecisionRecord
    ) -> Summary | None:
        if opened := first(request, rules, record):
            return self._open(opened, decision)
        later = None
        if isinstance(decision.outcome, Defer):
            later = wake_of(request, decision.outcome.until)
            self.schedules.ask_again(later, later.at)
        message, again = with_look(announcement_of(record, request, rules), request, decision, record.at)
        if again:
            # The record keeps it, so that a schedule that could not be made costs minutes.
            self._looks_again(again)
            later = again
        if self.ledger.record(record, message, later):
            self.announcer.publish(message)
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

    def _open(self, opened: Opened, decision: Decision) -> Summary | None:
        if not self.writer.open(opened):
            return None
        climbs = opened.incident.state is IncidentState.CLIMBING
        return Summary("climb" if climbs else decision.word, decision.reason, opened.incident.id)

    def _move_on(
        self, request: Request, rules: Rules, decision: Decision, incident: Incident, record: DecisionRecord
    ) -> Summary | None:
        moved = advance(incident, NotActedOn(request, rules, record), record.at)
        if not self.writer.write(self._with_look(moved, incident, decision, record.at)):
            return None
        return self._summary(request, decision, incident.id)

    def _with_look(self, moved: Moved, incident: Incident, decision: Decision, now: datetime) -> Moved:
        """The move with a look announced in its message, where one is due and could be scheduled."""
        message = moved.change.message
        if moved.after.state is not IncidentState.PAGED or message is None:
            return moved
        again = after_humans(incident, decision, now)
        if again is None or not self._looks_again(again):
            return moved
        return replace(
            moved,
            change=replace(moved.change, message=promised(message, again, incident_messages.HEARS_OF_OK)),
        )

    def _summary(self, request: Request, decision: Decision, incident_id: str = "") -> Summary:
        return Summary(decision.word, decision.reason, incident_id or incident_name(request))
