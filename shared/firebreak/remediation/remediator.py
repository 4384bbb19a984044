"""The life of a request: observe, decide, claim, act, record, announce.

The order is the safety: a check is scheduled before the claim, between a won claim and the one API call
there are only bounded looks at the target, and the result is recorded under the claim it belongs to.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from firebreak.core import ahead, second_look
from firebreak.core.decide import decide, refuse, refuse_unresolved
from firebreak.core.decision import Act, Decision, Inputs, Snapshot
from firebreak.core.formats import quarter_hour
from firebreak.core.guards.consent import refuses
from firebreak.core.incident import transitions
from firebreak.core.incident.events import Acted, NotSent, OutcomeLost
from firebreak.core.incident.lifecycle import advance
from firebreak.core.incident.rechecks import of_its_page
from firebreak.core.incident.states import Incident
from firebreak.core.intake import ONLY_RECORDED, is_asked_for, reject_early, unconfirmed
from firebreak.core.ledger import (
    Claim,
    ClaimResult,
    IncidentChange,
    LedgerView,
    incident_name,
    record_of,
)
from firebreak.core.limits.budgets import ACT_WITHIN
from firebreak.core.limits.disruption_budget import GroupCount
from firebreak.core.limits.history import Decided, GroupSize
from firebreak.core.limits.storm import RedAlarm, red_alarm, red_alarm_of
from firebreak.core.messages.decision_messages import of_blindness
from firebreak.core.model import Alarm, OwnEvent, Plan, Request, RequestKind, Unresolved
from firebreak.core.ports import Clock, Log, Schedules
from firebreak.core.readings import ABSENT, NotRead, Reading
from firebreak.core.reasons import Reason
from firebreak.core.rules import Rules
from firebreak.core.watchdog import heartbeat_of, is_heartbeat
from firebreak.errors import AwsError, OutcomeUnknown, PolicyError, UnusableEvent
from firebreak.intake import alarm_events, target_resolution
from firebreak.intake.names import Home
from firebreak.intake.target_groups import ServiceLookup, not_looked_up
from firebreak.ledger.ports import Ledger
from firebreak.policy.policy import Policy
from firebreak.remediation.decision_recorder import DecisionRecorder, Summary
from firebreak.remediation.outbox import Announcer
from firebreak.remediation.outcome_recorder import record_under_claim
from firebreak.remediation.snapshot import Observer, needs_consent, tags_of, with_application, with_consent
from firebreak.remediation.storm_detector import StormWatch
from firebreak.remediation.targets import TargetFinder
from firebreak.remediation.unusable_events import unusable_key
from firebreak.services.action import AnyAction

if TYPE_CHECKING:
    from firebreak.remediation.diagnostics import DiagnosticsCollector

TRIES = 3
# A plan is made of one snapshot; after this it describes a world that may be gone.
PLAN_EXPIRES = timedelta(seconds=10)
NOT_LOOKED_FOR = NotRead("the alarm's tags were not looked for")
ASKS_A_HUMAN = frozenset({Reason.OBSERVE_ONLY, Reason.NEEDS_APPROVAL})


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A decision with its snapshot and ledger view: the claim compares the ledger against that view."""

    decision: Decision
    seen: Snapshot
    view: LedgerView


@dataclass(frozen=True, slots=True, kw_only=True)
class Remediator:
    """Handles every event for one action's function.

    `policy` loads the policy (raises PolicyError); `acknowledged` names who has a page; `new_id` makes a
    claim id of at most 36 characters that never repeats; `jitter` gives the seconds to wait before try n.
    `confirm` names a request's caller as AWS does, `naming` an incident in every AWS call of a block;
    `diagnostics` reads what the act may destroy.
    """

    action: AnyAction
    observer: Observer
    ledger: Ledger
    schedules: Schedules
    announcer: Announcer
    recorder: DecisionRecorder
    storms: StormWatch
    policy: Callable[[], Policy]
    acknowledged: Callable[[str], str]
    clock: Clock
    log: Log
    new_id: Callable[[], str]
    jitter: Callable[[int], float]
    account: str
    region: str
    partition: str
    confirm: Callable[[OwnEvent], OwnEvent | Unresolved]
    behind: ServiceLookup = field(default_factory=lambda: not_looked_up("this function cannot"))
    naming: Callable[[str], AbstractContextManager[object]] = nullcontext
    diagnostics: "DiagnosticsCollector | None" = None

    def handle(self, event: object) -> Summary:
        """Decides on one event and carries it out. Raises only errors of which no human was notified yet."""
        try:
            parsed = alarm_events.parse(event)
        except UnusableEvent as error:
            return self._unusable(event, error)
        return self.take(parsed)

    def take(self, parsed: Alarm | OwnEvent) -> Summary:
        """The same for an event that was read already."""
        home = self.account, self.region, self.partition
        trigger = alarm_events.placed(parsed, *home) if isinstance(parsed, Alarm) else parsed
        alarm = trigger if isinstance(trigger, Alarm) else trigger.alarm
        try:
            policy = self.policy()
        except PolicyError as error:
            return self._blind(Reason.POLICY_UNUSABLE, error.cause, alarm)
        try:
            return self._handle(trigger, policy)
        except AwsError as error:
            return self._blind(Reason.LEDGER_UNAVAILABLE, f"{type(error).__name__}: {error}", alarm)

    def _handle(self, trigger: Alarm | OwnEvent, policy: Policy) -> Summary:
        if refused := ahead.refused(trigger, self.clock.now()):
            return self._reject(trigger, refused, policy)
        if isinstance(trigger, OwnEvent):
            return self._handle_own(trigger, policy)
        rejected = reject_early(trigger, policy.missing_data)
        if rejected and rejected.reason in ONLY_RECORDED:
            return self._reject(trigger, rejected, policy)
        tags = tags_of(trigger, self.observer.alarms)
        if rejected := rejected or unconfirmed(trigger, self.action.spec.name, tags):
            return self._reject(trigger, rejected, policy, tags)
        named = self._targets().of_alarm(trigger, tags)
        if isinstance(resolved := named.found, Unresolved):
            if resolved.reason is Reason.TARGET_UNREADABLE:
                # It may be about a target all the same. An event that names none holds nobody else's targets.
                red = red_alarm(trigger, self.clock.now())
                self.storms.count(red, policy.storm, self.storms.storms.look())
            return self._reject(trigger, resolved, policy, tags)
        request = target_resolution.request_of(trigger, self.action.spec.name, resolved, tags, named)
        return self._decide_and_do(request, policy.rules(self.action.spec.name, resolved), tags)

    def _handle_own(self, event: OwnEvent, policy: Policy) -> Summary:
        if event.action != self.action.spec.name:
            asked = Unresolved(Reason.UNSUPPORTED_REQUEST, f"{event.kind} of {event.action}")
            return self._reject(event, asked, policy)
        first = not event.incident_id and event.kind is not RequestKind.MANUAL
        if first and (rejected := reject_early(event.alarm, policy.missing_data)):
            return self._reject(event, rejected, policy)  # a retry of it is the same alarm
        if event.refused and (who := self.acknowledged(event.refused)):
            return self._reject(event, Unresolved(Reason.ACKNOWLEDGED, f"acknowledged by {who}"), policy)
        if isinstance(confirmed := self.confirm(event), Unresolved):
            return self._reject(event, confirmed, policy)
        return self._look_at_own(confirmed, policy)

    def _look_at_own(self, event: OwnEvent, policy: Policy) -> Summary:
        tags = tags_of(event.alarm, self.observer.alarms)
        named = self._targets().of_request(event, tags)
        if isinstance(target := named.found, Unresolved):
            return self._reject(event, target, policy, tags)
        request = target_resolution.request_of(event, event.action, target, tags, named)
        return self._decide_and_do(request, policy.rules(self.action.spec.name, target), tags)

    def _targets(self) -> TargetFinder:
        home = Home(self.account, self.region)
        return TargetFinder(self.action.spec.name, home, self.ledger, self.observer.alarms, self.behind)

    def _reject(
        self,
        trigger: Alarm | OwnEvent,
        why: Unresolved,
        policy: Policy,
        tags: Reading[Mapping[str, str]] = NOT_LOOKED_FOR,
    ) -> Summary:
        """Rejects early. Without tags, the owner's wishes are not known, so a refusal is worth a page."""
        now = self.clock.now()
        decision = refuse_unresolved(why, policy.hash, now)
        by_itself = isinstance(trigger, Alarm) or not (trigger.incident_id or trigger.by)
        alarm = trigger if isinstance(trigger, Alarm) else trigger.alarm
        return self.recorder.record_rejection(
            trigger,
            self.action.spec.name,
            decision,
            now,
            asked=not by_itself or is_asked_for(alarm, tags),
            observes=by_itself and policy.only_observes(self.action.spec.name),
        )

    def _unusable(self, event: object, error: UnusableEvent) -> Summary:
        """Records and announces it under a hash of its content, so that a redelivery is the same event."""
        try:
            return self.recorder.unusable(
                unusable_key(event), self.action.spec.name, refuse(Reason.UNUSABLE_EVENT, str(error))
            )
        except AwsError as failed:
            return self._blind(Reason.LEDGER_UNAVAILABLE, f"{type(failed).__name__}: {failed}", None)

    def _blind(self, reason: Reason, cause: str, alarm: Alarm | None) -> Summary:
        """Notifies a human past the ledger, which cannot take a record; nothing was changed.

        Raises NobodyNotified when the bus is gone as well; the function's failure destination pages then.
        """
        self.log.event("remediation.blind", reason=reason.value, cause=cause)
        self.announcer.announce_without_ledger(
            of_blindness(reason, cause, self.action.spec.name, alarm, self.clock.now())
        )
        return Summary("refuse", reason, "")

    def _decide_and_do(self, request: Request, rules: Rules, tags: Reading[Mapping[str, str]]) -> Summary:
        name = incident_name(request)
        with self.naming(name), self.log.about(name):
            return self._try_to_act(request, rules, tags)

    def _try_to_act(self, request: Request, rules: Rules, tags: Reading[Mapping[str, str]]) -> Summary:
        crowded = f"{request.target.key} {quarter_hour(self.clock.now())}"
        decision = refuse(
            Reason.LOST_RACE, f"{TRIES} claims in a row were lost", rules.policy_hash, cause=crowded
        )
        for tried in range(TRIES):
            if tried:
                self.clock.sleep(self.jitter(tried))
            started = self.clock.monotonic()
            wanted = self._decide(request, rules, tags)
            self._log_decision(request, wanted.decision)
            if not isinstance(wanted.decision.outcome, Act):
                done = self.recorder.record_decision(request, rules, wanted.decision, wanted.seen)
                if done:
                    return done
                continue
            if self.clock.monotonic() - started > PLAN_EXPIRES.total_seconds():
                decision = refuse(Reason.PLAN_EXPIRED, f"limit {PLAN_EXPIRES}", rules.policy_hash)
                continue
            done = self._claim_and_act(request, rules, wanted, wanted.decision.outcome.plan)
            if done:
                return done
        return self.recorder.record_lost_race(request, rules, decision, self._look(request, rules))

    def _look(self, request: Request, rules: Rules) -> LedgerView:
        return self.ledger.look(request, rules.scopes(request.target))

    def _red(self, request: Request, view: LedgerView) -> RedAlarm | None:
        """The red alarm that the request adds to the count; a heartbeat of Firebreak is no trouble."""
        alarm, stack = request.alarm, self.observer.stack_name
        own = is_heartbeat(alarm, stack, self.account, self.region)
        beats = own or heartbeat_of(alarm.metrics, alarm.account)
        return None if beats or isinstance(view.decided, Decided) else red_alarm_of(request, self.clock.now())

    def _decide(self, request: Request, rules: Rules, tags: Reading[Mapping[str, str]]) -> _Wanted:
        view = self._look(request, rules)
        seen = self.observer.ledger_only(view, tags, self.clock.now(), "an earlier guard already objected")
        decision, known = decide(request, rules, seen), None
        red = self._red(request, view)
        if self.storms.is_news(red, view.storm) or needs_consent(request, decision, view.incident):
            known = self.observer.target(request.target)
            seen = with_consent(request, decision, seen, known.tags)
            if refuses(known.tags, request.alarm.name, self.observer.stack_name):
                red = None
        # It counts unless its target is known not to allow it, and before anything else is looked at.
        view = replace(view, storm=self.storms.count(red, rules.storm, view.storm))
        seen = replace(seen, storm=view.storm)
        decision = decide(request, rules, seen)
        # A plan is worth a look even where the policy only lets Firebreak watch or ask.
        if decision.objected and decision.reason not in ASKS_A_HUMAN:
            return _Wanted(decision, seen, view)
        seen = self.observer.live(request, rules, seen, self.clock.now(), known)
        view, seen = with_application(self.ledger, request, rules, view, seen, now=self.clock.now)
        return _Wanted(decide(request, rules, seen), seen, view)

    def _log_decision(self, request: Request, decision: Decision) -> None:
        self.log.event(
            "remediation.decided",
            outcome=decision.word,
            reason=decision.reason.value,
            kind=request.kind.value,
            action=request.action,
            target=request.target.key,
            alarm=request.alarm.name,
            incident=incident_name(request),
        )

    def _claim_and_act(self, request: Request, rules: Rules, wanted: _Wanted, plan: Plan) -> Summary | None:
        """Claims, and acts if the claim is won; None when the race was lost."""
        started = self.clock.monotonic()  # before `at` is taken: act_by counts from there
        after = (claim := self._claim(request, rules, wanted, plan)).after
        self.schedules.check(after.id, after.rung, after.attempt, claim.at + rules.verification.after)
        match self.ledger.claim(claim):
            case ClaimResult.LOST:
                self.log.event("remediation.claim_lost", incident=claim.after.id)
                return None
            case ClaimResult.UNKNOWN:
                # If it is there after all, Verify finds it; if not, nobody else would ever announce it.
                cause = f"whether {claim.after.id} was claimed could not be read"
                return self._blind(Reason.LEDGER_UNAVAILABLE, cause, request.alarm)
            case ClaimResult.WON:
                return self._act_with_diagnostics(claim, plan, rules, started)

    def _claim(self, request: Request, rules: Rules, wanted: _Wanted, plan: Plan) -> Claim:
        view, group = wanted.view, wanted.seen.group
        before = view.incident if isinstance(view.incident, Incident) and request.incident_id else None
        at = self.clock.now()
        incident = before or transitions.opened(request, rules, at)
        return Claim(
            request=request,
            seen=view,
            at=at,
            before=before,
            after=transitions.claimed(
                incident, plan, self.new_id(), at, at + rules.verification.after, request=request
            ),
            record=record_of(request, wanted.decision, at, Inputs(request, wanted.seen), incident.id),
            group_size=GroupSize(group.total, group.counted_at) if isinstance(group, GroupCount) else None,
        )

    def _act_with_diagnostics(self, claim: Claim, plan: Plan, rules: Rules, started: float) -> Summary:
        if self.diagnostics is None:
            return self._act(claim, plan, rules, started)
        found = self.diagnostics.collect(claim, plan, self.clock.monotonic() - started)
        try:
            return self._act(claim, plan, rules, started)
        finally:
            self.diagnostics.keep(found)

    def _act(self, claim: Claim, plan: Plan, rules: Rules, started: float) -> Summary:
        again = self.observer.plan_again(claim.request, rules, claim.before or ABSENT)
        if held := second_look.objection(plan, again):
            self.log.event("remediation.held", incident=claim.after.id, reason=held.reason.value)
            return replace(self._not_executed(claim, second_look.in_words(held)), reason=held.reason)
        if self.clock.monotonic() - started > ACT_WITHIN.total_seconds():
            return self._not_executed(claim, "claim and second look took longer than the action may wait")
        override = claim.record.decision.override
        try:
            receipt = self.action.execute(plan)
        except OutcomeUnknown as error:
            lost = OutcomeLost(f"the reply to {error.operation} was lost ({error.code})", override)
            return self._record(claim, "uncertain", lost)
        except AwsError as error:
            return self._not_executed(claim, f"{error.operation} answered {error.code}")
        self.log.count("Acts")
        done, target = claim.after, claim.request.target.key
        self.log.event("remediation.acted", incident=done.id, action=done.action, target=target)
        return self._record(claim, "act", Acted(receipt, claim.people, override))

    def _not_executed(self, claim: Claim, why: str) -> Summary:
        """Records that nothing was sent, or AWS refused it: only here may a slot be given back."""
        summary = self._record(claim, "not_executed", NotSent(why))
        self._give_back(claim)
        return summary

    def _give_back(self, claim: Claim) -> None:
        """Gives the slot back. May fail without harm: a slot that stays taken makes the limits stricter."""
        if not claim.takes_slots:
            return
        try:
            self.ledger.give_back(claim)
        except AwsError as error:
            self.log.event("remediation.slot_kept", incident=claim.after.id, error=str(error))

    def _record(self, claim: Claim, word: str, event: Acted | OutcomeLost | NotSent) -> Summary:
        """Records under this claim, however many alarms join meanwhile."""
        summary = Summary(word, claim.record.decision.reason, claim.after.id)

        def change(now: Incident) -> IncidentChange:
            """The change, announced in the thread of the page that announced the look."""
            changed = advance(now, event, self.clock.now()).change
            return replace(changed, message=of_its_page(changed.message, claim.request.refused))

        try:
            if moved := record_under_claim(self.ledger, claim, change, self.clock, self.jitter):
                self.announcer.publish(moved.message)
                return summary
            self.log.event("remediation.superseded", incident=claim.after.id, result=word)
            self.ledger.note(claim.after.id, self.clock.now(), f"superseded result: {word}")
        except AwsError as error:
            # The claim stays in the ledger: Verify finds it past act_by and asks AWS what is true.
            self.log.event("remediation.unrecorded", incident=claim.after.id, result=word, error=str(error))
            self.announcer.announce_without_ledger(change(claim.after).message)
        return summary
