"""Verify: checks whether an act helped, and lets exactly one check decide the next step.

A schedule, the alarm's OK and the sweeper all come here. Each checks for itself; one conditional
update of the incident decides which result counts. Nothing here may change anything but the ledger.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import assert_never

from firebreak.core.alarm_readings import AlarmReading, WatchedAlarm, few_of, not_ok_words
from firebreak.core.decide import refuse
from firebreak.core.formats import format_span, late_words
from firebreak.core.incident.events import (
    ApprovalExpired,
    ClaimAbandoned,
    GivenUp,
    Judged,
    NotTakenUp,
    Recovered,
    TooOld,
)
from firebreak.core.incident.lifecycle import advance
from firebreak.core.incident.states import (
    AWAITS_VERDICT,
    WITH_HUMANS,
    Incident,
    IncidentState,
    claim_is_dead,
)
from firebreak.core.incident.temporary_changes import after_rest, judge_rest
from firebreak.core.incident.verdict import (
    Evidence,
    Judgement,
    Reversals,
    Step,
    all_members_ok,
    first_state,
    has_come_to_rest,
    judge,
    next_step,
    unknown_action,
)
from firebreak.core.ledger import alarm_key, untargeted
from firebreak.core.limits.budgets import ACT_TIMEOUT, CLOCK_SKEW
from firebreak.core.limits.history import Transition
from firebreak.core.messages.decision_messages import DAILY, of_blindness
from firebreak.core.model import Alarm, Failed, Receipt, RequestKind, Settled
from firebreak.core.ports import AlarmReads, Bus, Clock, Log, Schedules
from firebreak.core.readings import ABSENT, Absent, NotRead, Unknown
from firebreak.core.reasons import Reason
from firebreak.core.watchdog import is_heartbeat
from firebreak.errors import PolicyError, UnusableEvent
from firebreak.intake import alarm_events
from firebreak.ledger.ports import Ledger
from firebreak.policy.policy import Policy
from firebreak.remediation.alarm_status import describe_each, green_since, read_states, state_of
from firebreak.remediation.decision_recorder import Summary
from firebreak.remediation.future_events import refuse_ahead
from firebreak.remediation.incident_writer import IncidentWriter
from firebreak.remediation.outbox import Announcer
from firebreak.remediation.policy_keeper import keeps_no_policy
from firebreak.remediation.self_watch import measures_nothing
from firebreak.remediation.storm_detector import StormWatch
from firebreak.remediation.sweeper import Sweep
from firebreak.remediation.unusable_events import read_alarm, read_check, refuse_unusable
from firebreak.services.action import AnyAction, Observation

# The result of a check that could not look: the incident waits behind the others that are due.
UNSEEN = frozenset({"unreadable", "policy_unusable"})

WAITS_TO_ACT = frozenset({IncidentState.CLIMBING, IncidentState.DEFERRED, IncidentState.UNDOING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Verifier:
    """Handles checks, OK transitions and sweeps."""

    actions: Mapping[str, AnyAction]
    alarms: AlarmReads
    ledger: Ledger
    schedules: Schedules
    bus: Bus
    announcer: Announcer
    storms: StormWatch
    policy: Callable[[], Policy]
    clock: Clock
    log: Log
    stack_name: str
    account: str
    region: str
    partition: str
    keep_policy: Callable[[datetime], None] = keeps_no_policy
    measure: Callable[[datetime], None] = measures_nothing

    def handle(self, event: object) -> Summary:
        """Looks at the subject of the event. Raises AwsError when the ledger is unreachable: again later."""
        if check := read_check(event):
            return self._check(*check)
        match event:
            case {"detail-type": "Firebreak Sweep"}:
                return self._sweep()
            case _:
                return self._alarm(event)

    def _alarm(self, event: object) -> Summary:
        alarm = read_alarm(event, "a check, a sweep or an alarm's OK")
        if isinstance(alarm, UnusableEvent):
            return refuse_unusable(event, alarm, self.ledger, self.announcer, self.clock.now())
        return self.take(alarm)

    def take(self, alarm: Alarm) -> Summary:
        """Records that an alarm is no longer red, and looks at its incident at once."""
        alarm = alarm_events.placed(alarm, self.account, self.region, self.partition)
        if refused := refuse_ahead(alarm, self.ledger, self.announcer, self.clock.now()):
            return refused
        before = self.ledger.record_transition(alarm, self.clock.now())
        self._record_ok(alarm)
        if not isinstance(before, Transition) or not before.incident_id:
            return Summary("record", Reason.NOT_IN_ALARM, "")
        return self._check(before.incident_id, None)

    def _record_ok(self, alarm: Alarm) -> None:
        """Records an OK. Good news is a decision too: every event that came in can be found in the ledger."""
        own = is_heartbeat(alarm, self.stack_name, self.account, self.region)
        reason = Reason.HEARTBEAT if own else Reason.NOT_IN_ALARM
        decision = refuse(reason, f"the alarm is {alarm.state}")
        key = alarm_key(alarm, "verify")
        self.ledger.record(untargeted(key, alarm, "verify", decision, self.clock.now()), None)

    def _sweep(self) -> Summary:
        """Runs the sweep. Raises the first AwsError or NobodyNotified once all was looked at."""
        Sweep(
            check=lambda incident_id: self._check(incident_id, None).outcome not in UNSEEN,
            ledger=self.ledger,
            bus=self.bus,
            announcer=self.announcer,
            storms=self.storms,
            policy=self.policy,
            log=self.log,
            now=self.clock.now(),
            keep_policy=self.keep_policy,
            measure=self.measure,
        ).run()
        return Summary("swept", Reason.NOT_IN_ALARM, "")

    @property
    def writer(self) -> IncidentWriter:
        """Writes a change of an incident, with all that follows from it."""
        return IncidentWriter(self.ledger, self.schedules, self.announcer, self.log)

    def _check(self, incident_id: str, attempt: int | None) -> Summary:
        with self.log.about(incident_id):
            return self._look_up(incident_id, attempt)

    def _look_up(self, incident_id: str, attempt: int | None) -> Summary:
        incident = self.ledger.incident(incident_id)
        match incident:
            case Incident():
                return self._look_by_policy(incident, attempt)
            case Absent():
                # The schedule is made before the claim; this one's claim was lost.
                return Summary("nothing_claimed", Reason.INCIDENT_MOVED_ON, incident_id)
            case Unknown(why) | NotRead(why):
                self.log.event("verification.unreadable", incident=incident_id, why=why)
                self._announce_unreadable(incident_id, why)
                return Summary("unreadable", Reason.IN_FLIGHT_UNREADABLE, incident_id)
            case never:
                assert_never(never)

    def _look_by_policy(self, incident: Incident, attempt: int | None) -> Summary:
        """Checks by the policy; one that does not load judges nothing: announced, the incident stays due."""
        try:
            return self._look(incident, attempt)
        except PolicyError as error:
            cause = error.cause
            self.log.event("verification.policy_unusable", incident=incident.id, cause=cause)
            message = of_blindness(Reason.POLICY_UNUSABLE, cause, "", None, self.clock.now(), every=DAILY)
            waits = "Open incidents are not judged until the policy loads; Firebreak tries every few minutes."
            self.announcer.announce_without_ledger(replace(message, next=waits))
            return Summary("policy_unusable", Reason.POLICY_UNUSABLE, incident.id)

    def _announce_unreadable(self, incident_id: str, why: str) -> None:
        """Announces an act that cannot be verified. Raises NobodyNotified when the bus is gone as well."""
        cause = f"incident {incident_id}: {why}"
        message = of_blindness(Reason.IN_FLIGHT_UNREADABLE, cause, "", None, self.clock.now(), every=DAILY)
        self.announcer.announce_without_ledger(
            replace(
                message, incident_id=incident_id, next="Firebreak tries to read it again every few minutes."
            )
        )

    def _look(self, incident: Incident, attempt: int | None) -> Summary:
        if attempt is not None and attempt < incident.attempt:
            return self._said(incident, "stale_check")
        now = self.clock.now()
        if incident.state is IncidentState.CLAIMED:
            return self._look_at_claim(incident, now)
        if incident.state in WAITS_TO_ACT and incident.due_at and incident.due_at <= now:
            return self._ask_again(incident, now)
        if incident.state is IncidentState.AWAITING_APPROVAL:
            return self._look_at_approval(incident, now)
        if incident.state is IncidentState.RESTING:
            return self._look_at_rest(incident, now)
        if incident.state in WITH_HUMANS:
            return self._close_if_green(incident, now)
        if incident.state not in AWAITS_VERDICT:
            return self._said(incident, "nothing_to_verify")
        return self._judge(incident, now)

    def _close_if_green(self, incident: Incident, now: datetime) -> Summary:
        """Closes it if all is green: everybody who was paged is notified, and nothing stays open for good."""
        states = self._states(incident)
        if not (all_members_ok(incident, states) and self._at_rest(incident, now)):
            rules = self.policy().rules(incident.action, incident.target)
            if now - incident.opened_at <= rules.max_incident_age:
                return self._said(incident, "still_with_humans")
            age = f"open for more than {format_span(rules.max_incident_age)}, and it is not known to be over"
            return self._close(incident, TooOld("; ".join((age, *few_of(not_ok_words(states))))), now)
        return self._close(incident, Recovered(), now)

    def _close(self, incident: Incident, event: Recovered | TooOld, now: datetime) -> Summary:
        moved = advance(incident, event, now)
        if not self.writer.write(moved) or moved.change.message is None:
            return self._said(incident, "superseded")
        return Summary(moved.change.message.kind.value, Reason.NO_LONGER_RED, incident.id)

    def _look_at_approval(self, incident: Incident, now: datetime) -> Summary:
        """Ends a question with its trouble, or with its time; an answer comes by the action's function."""
        states = self._states(incident)
        # An act that a human asked for without an alarm ends with no alarm's OK.
        if not incident.has_no_alarm and all_members_ok(incident, states):
            return self._close(incident, Recovered(), now)
        if incident.due_at and incident.due_at > now:
            return self._said(incident, "awaits_approval")
        return self._to_humans(incident, ApprovalExpired(first_state(states.values())), now)

    def _at_rest(self, incident: Incident, now: datetime) -> bool:
        """Whether the target, too, has finished the change; a human may have changed it since."""
        if incident.plan is None or incident.state is IncidentState.NOT_EXECUTED:
            return True
        if incident.action not in self.actions:
            return False
        return has_come_to_rest(self._evidence(incident, now))

    def _ask_again(self, incident: Incident, now: datetime) -> Summary:
        """Repeats a request that nobody took up, behind others that wait, until it is too old."""
        rules = self.policy().rules(incident.action, incident.target)
        began = incident.opened_at
        if incident.state is IncidentState.UNDOING:  # a rest may have been longer than an incident's age
            began = max(began, (incident.healthy_since or began) + rules.verification.restore_after)
        if now - began <= rules.max_incident_age:
            asked = advance(incident, NotTakenUp(), now)
            if not self.writer.repeat(asked):
                return self._said(incident, "superseded")
            return self._said(asked.after, "asked_again")
        why = f"{incident.action} was asked for, and nothing came in {format_span(rules.max_incident_age)}"
        return self._to_humans(incident, GivenUp(why, None), now)

    def _to_humans(self, incident: Incident, event: ApprovalExpired | GivenUp, now: datetime) -> Summary:
        paged = advance(incident, event, now)
        if not self.writer.write(paged):
            return self._said(incident, "superseded")
        return self._said(paged.after, "given_to_humans")

    def _look_at_claim(self, incident: Incident, now: datetime) -> Summary:
        """Marks a claim whose function died as uncertain, never repeats it; a young one is left alone."""
        if not claim_is_dead(incident, now):
            act_by = incident.act_by or now
            again_at = act_by + ACT_TIMEOUT + CLOCK_SKEW + timedelta(seconds=1)
            self.writer.wake(incident, incident.attempt + 1, again_at)
            return self._said(incident, "claim_is_young")
        dead = advance(incident, ClaimAbandoned(), now)
        if not self.writer.write(dead):
            return self._said(incident, "superseded")
        return self._judge(dead.after, now)

    def _judge(self, incident: Incident, now: datetime) -> Summary:
        if incident.action not in self.actions:
            return self._to_humans(incident, GivenUp(unknown_action(incident), None), now)
        rules = self.policy().rules(incident.action, incident.target)
        evidence = self._evidence(incident, now)
        judgement = judge(incident, evidence, rules.verification)
        step = next_step(incident, judgement.verdict, rules.verification, evidence, rules.max_incident_age)
        return self._take(incident, judgement, step, evidence)

    def _look_at_rest(self, incident: Incident, now: datetime) -> Summary:
        """Decides when, and whether, the change of an act that was judged before is taken back."""
        if incident.action not in self.actions:
            return self._to_humans(incident, GivenUp(unknown_action(incident), None), now)
        rules = self.policy().rules(incident.action, incident.target)
        evidence = self._evidence(incident, now)
        step = after_rest(incident, evidence, rules.verification, now, rules.max_incident_age)
        return self._take(incident, judge_rest(incident, evidence), step, evidence)

    def _take(self, incident: Incident, judgement: Judgement, step: Step, evidence: Evidence) -> Summary:
        late = late_words(incident.due_at, evidence.now)
        judged = Judged(replace(judgement, why=f"{judgement.why}{late}"), step, evidence)
        self.log.event(
            "verification.judged",
            incident=incident.id,
            verdict=judgement.verdict.value,
            step=type(step).__name__,
        )
        if not self.writer.write(advance(incident, judged, evidence.now)):
            return self._said(incident, "superseded")
        return Summary(judgement.verdict.value, Reason.CLEAR_TO_ACT, incident.id)

    def _evidence(self, incident: Incident, now: datetime) -> Evidence:
        action, plan = self.actions[incident.action], incident.plan
        with ThreadPoolExecutor(max_workers=4) as pool:
            look = pool.submit(describe_each, self.alarms, [m.watched for m in incident.members])
            seen = pool.submit(action.observe, incident.target)
        observation, found = seen.result(), look.result()
        states = [(member, state_of(found[member.watched])) for member in incident.members]
        if plan is None:
            unknown = Unknown("the incident carries no plan")
            return Evidence(now=now, alarms=states, happened=unknown, settled=unknown, worse=unknown)
        receipt = incident.receipt
        happened = True if receipt else action.outcome(plan, observation)
        return Evidence(
            now=now,
            alarms=states,
            happened=happened,
            settled=_settled(action, incident, observation) if happened is True else Settled.YES,
            worse=action.worse(plan, observation),
            ways=Reversals(
                undo=action.undo(plan, observation, RequestKind.UNDO),
                restore=action.undo(plan, observation, RequestKind.RESTORE)
                if action.spec.temporary
                else ABSENT,
            ),
            green_since=green_since(found.values()),
            changed=action.changed_by_others(plan, observation),
        )

    def _states(self, incident: Incident) -> Mapping[WatchedAlarm, AlarmReading]:
        return read_states(self.alarms, [member.watched for member in incident.members])

    def _said(self, incident: Incident, word: str) -> Summary:
        self.log.event("verification.passed_by", incident=incident.id, state=incident.state.value, why=word)
        return Summary(word, Reason.INCIDENT_MOVED_ON, incident.id)


def _settled(action: AnyAction, incident: Incident, seen: Observation) -> Settled | Failed | Unknown:
    if incident.plan is None:
        return Unknown("the incident carries no plan")
    return action.settled(incident.plan, incident.receipt or Receipt(summary=""), seen)
