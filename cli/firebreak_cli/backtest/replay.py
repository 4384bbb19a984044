"""Replays a history: the functions that decide, verify and sweep, on virtual time and a ledger in memory."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from itertools import count
from typing import assert_never

from firebreak.core.incident.states import ENDED, WITH_HUMANS, Incident
from firebreak.core.limits.scopes import short_key
from firebreak.core.model import Alarm, AlarmState, OwnEvent, Plan
from firebreak.core.readings import Reading
from firebreak.core.routing import ROUTER, VERIFY
from firebreak.core.rules import PAGE_RUNG
from firebreak.errors import UnusableEvent
from firebreak.intake.effective_alarms import EffectiveAlarms
from firebreak.ledger.memory.storms import MemoryStorms
from firebreak.policy.policy import Policy
from firebreak.remediation.decision_recorder import DecisionRecorder
from firebreak.remediation.outbox import Announcer
from firebreak.remediation.remediator import Remediator
from firebreak.remediation.snapshot import Observer
from firebreak.remediation.storm_detector import StormWatch
from firebreak.remediation.sweeper import SWEEP_EVERY
from firebreak.remediation.verifier import Verifier
from firebreak_cli.backtest.alarm_events import AlarmEvents
from firebreak_cli.backtest.assumed_action import AssumedAction, AssumedActions, SeenToday
from firebreak_cli.backtest.assumptions import AssumedEffect, Assumptions, Effect, assumed_open
from firebreak_cli.backtest.facts import Facts
from firebreak_cli.backtest.recoveries import Recoveries
from firebreak_cli.backtest.remembered_alarms import RememberedAlarms
from firebreak_cli.backtest.remembered_policy import remembered
from firebreak_cli.backtest.replayed_alarms import ReplayedAlarms
from firebreak_cli.backtest.replayed_pages import ReplayedPages
from firebreak_cli.backtest.replayed_ports import (
    Check,
    MuteEnd,
    NoLog,
    ReplayedBus,
    ReplayedLedger,
    VirtualClock,
    WakeUps,
)
from firebreak_cli.backtest.standing_refusals import StandingRefusals
from firebreak_cli.backtest.tally import Made, Tally
from firebreak_cli.backtest.transitions import Skipped, Transition, TransitionReader
from firebreak_cli.backtest.witness import NOBODY, Witness

# No history has the heartbeat of a stack, and no target belongs to one without a name.
NO_STACK = ""


class Replay:
    """One replay of one history under one policy; `tally` and the counts hold its result.

    Without `shortcuts` every decision is made in full, also one that repeats (standing_refusals.py).
    """

    def __init__(
        self,
        facts: Facts,
        policy: Policy,
        reader: TransitionReader,
        assumed: Assumptions,
        *,
        shortcuts: bool = True,
        witness: Witness = NOBODY,
    ) -> None:
        self.facts, self.policy, self.reader, self.assumed = facts, remembered(policy), reader, assumed
        self.tally, self._witness = Tally(self.policy, facts, witness=witness), witness
        self.recoveries = Recoveries(policy.verification.after)
        self.fell_due = 0
        self.skipped: Counter[Skipped] = Counter()
        self.unrouted: Counter[str] = Counter()
        self.deleted: Counter[str] = Counter()
        self.routed: Counter[str] = Counter()
        self._shortcuts = shortcuts
        self._mutes = facts.mutes
        self._alarms, self._events = ReplayedAlarms(facts), AlarmEvents(facts, self._mutes)
        self._effect = AssumedEffect(assumed.effect, self._alarms)
        self._clock = VirtualClock(reader.start)
        self._ledger, self._wake_ups = ReplayedLedger(self.tally), WakeUps()
        self._bus = ReplayedBus(self.tally.announced)
        self._pages = ReplayedPages(self._alarms, self.tally, self._wake_ups, self._clock.now)
        storms = MemoryStorms(self._ledger.memory)
        self._standing = StandingRefusals(self.policy, storms, facts.account, facts.region)
        self._next_sweep: datetime | None = None
        self._build(storms)

    def _build(self, memory_storms: MemoryStorms) -> None:
        """The functions as the wiring of a stack builds them, on the ports of the replay."""
        log, effective = NoLog(), EffectiveAlarms(self._alarms, lambda: self.policy.missing_data)
        looks = RememberedAlarms(self._alarms, effective) if self._shortcuts else effective
        announcer = Announcer(self._bus, self._ledger, log)
        storms = StormWatch(memory_storms, looks, announcer, self._clock, log)
        recorder = DecisionRecorder(self._ledger, self._wake_ups, announcer, self._clock, log)
        ids = count()
        actions = AssumedActions(
            lambda spec: AssumedAction(
                spec=spec, facts=self.facts, opted_in=self.assumed.opted_in, acted=self._acted
            )
        )
        self._remediators = {
            name: Remediator(
                action=action,
                observer=Observer(action, looks, NO_STACK, assumed_open),
                ledger=self._ledger,
                schedules=self._wake_ups,
                announcer=announcer,
                recorder=recorder,
                storms=storms,
                policy=lambda: self.policy,
                acknowledged=lambda _: "",
                clock=self._clock,
                log=log,
                new_id=lambda: f"replayed-{next(ids)}",
                jitter=lambda _: 0.0,
                account=self.facts.account,
                region=self.facts.region,
                partition=self.facts.partition,
                confirm=lambda event: event,  # a history has alarms alone, and no human's request
                behind=self.facts.service_behind,
            )
            for name, action in actions.items()
        }
        self._verifier = Verifier(
            actions=actions,
            alarms=looks,
            ledger=self._ledger,
            schedules=self._wake_ups,
            bus=self._bus,
            announcer=announcer,
            storms=storms,
            policy=lambda: self.policy,
            clock=self._clock,
            log=log,
            stack_name=NO_STACK,
            account=self.facts.account,
            region=self.facts.region,
            partition=self.facts.partition,
        )

    def run(self, transitions: Iterable[Transition]) -> None:
        """Replays all transitions, and what follows from them until the end of the history."""
        for transition in transitions:
            self.step(transition)
        self.finish()

    def step(self, transition: Transition) -> list[Made]:
        """Replays one transition, and what fell due before it; returns the decisions that were made.

        The first `fell_due` of them are those that it did not lead to.
        """
        self.tally.recent.clear()
        self.fell_due = 0
        if transition.alarm not in self.facts.alarms:
            self.skipped[Skipped.DELETED_ALARM] += 1
            self.deleted[transition.alarm] += 1
        elif transition.at < self.reader.start:
            self.skipped[Skipped.OUTSIDE] += 1
            self._alarms.turn(transition)
        else:
            self._pass_time(transition.at)
            self.fell_due = len(self.tally.recent)
            self._turn_or_skip(transition)
        return self.tally.recent

    def _turn_or_skip(self, transition: Transition) -> None:
        try:
            self._turn(transition)
        except UnusableEvent:
            self.skipped[Skipped.UNUSABLE] += 1

    def finish(self) -> None:
        """Lets time pass to the end of the history."""
        self._pass_time(max(self.facts.end, self._clock.at))
        self.recoveries.finish(self._clock.at)

    def _pass_time(self, until: datetime) -> None:
        """Everything that falls due by then, in its order."""
        while True:
            wake_at, sweep_at = self._wake_ups.next_at, self._next_sweep
            at = min(wake_at, sweep_at) if wake_at and sweep_at else wake_at or sweep_at
            if at is None or at > until:
                break
            self._clock.at = max(at, self._clock.at)
            self._standing.count(self._clock.at)
            if at == sweep_at:
                self._next_sweep = None
                self._verifier.handle(_own_event("Firebreak Sweep", {"v": 1}))
            else:
                self._wake(self._wake_ups.pop())
            self._carry_on()
        self._clock.at = max(until, self._clock.at)

    def _wake(self, due: Check | OwnEvent | MuteEnd) -> None:
        match due:
            case OwnEvent():
                self._ledger.delivered(due)
                self._remediators[due.action].take(due)
            case MuteEnd():
                self._pages.mute_ended(due)
            case Check():
                detail = {"v": 1, "incident": due.incident_id, "rung": due.rung, "attempt": due.attempt}
                self._verifier.handle(_own_event("Firebreak Check", detail))
            case _:
                assert_never(due)

    def _carry_on(self) -> None:
        """Delivers what was asked for at once, and plans the next sweep."""
        while self._bus.asked:
            asked = self._bus.asked.pop(0)
            self._remediators[asked.action].take(asked)
        if self.assumed.effect is Effect.DOES_NOT_HELP:
            for transition in self._effect.let_go(self.incidents()):
                now = self._clock.at
                self._verifier.take(replace(self._events.alarm(transition), since=now, sent_at=now))
        self._plan_sweep()

    @property
    def assumptions(self) -> tuple[str, ...]:
        """The assumptions of the replay in words, a line each."""
        return self.assumed.lines(self.facts.mute_rules, calendars=len(self.policy.calendars))

    def incidents(self) -> list[Incident]:
        """Every incident that the replay opened, as it is by now."""
        return list(self._ledger.memory.held.incidents.values())

    def _plan_sweep(self) -> None:
        """A sweep is planned where one would find work: a storm, or an incident that humans have."""
        held, now = self._ledger.memory.held, self._clock.at
        wanted: datetime | None = None
        if held.storm and held.storm.tripped_at:
            wanted = now + SWEEP_EVERY
        elif ages := [one.opened_at for one in held.incidents.values() if one.state in WITH_HUMANS]:
            wanted = max(min(ages) + self.policy.defaults.max_incident_age, now) + SWEEP_EVERY
        if wanted is None or self._next_sweep is None or wanted < self._next_sweep:
            self._next_sweep = wanted

    def _turn(self, transition: Transition) -> None:
        """One transition of the history, by the functions that its rules would invoke."""
        self._alarms.turn(transition)
        self.recoveries.turn(transition)
        self._witness.turned(transition)
        if self._effect.overrules(transition):
            return
        functions = self._events.functions(transition)
        if ROUTER in functions:
            self.tally.not_routed(self._events.alarm(transition))
            functions = tuple(name for name in functions if name != ROUTER)
        if functions:
            self.routed[transition.alarm] += 1
            if not (self._shortcuts and self._passed_quickly(transition, functions)):
                self._in_full(transition, functions)
        elif transition.after is AlarmState.ALARM and not self.tally.recent[self.fell_due :]:
            self.unrouted[transition.alarm] += 1

    def _in_full(self, transition: Transition, functions: tuple[str, ...]) -> None:
        alarm = self._events.alarm(transition)
        self._standing.count(transition.at)
        if transition.after is AlarmState.ALARM:
            self._standing.notice(alarm)
        for function in functions:
            self._invoke(function, alarm)
        if len(functions) == 1 and self._ledger.only_recorded and not alarm.mute:
            record, message = self._ledger.only_recorded
            self._standing.keep(transition, alarm, record, message, self._tags_of(record.target))
        self._carry_on()

    def _passed_quickly(self, transition: Transition, functions: tuple[str, ...]) -> bool:
        """Whether the transition changes nothing but counts."""
        if functions == (VERIFY,):
            return self._is_of_no_incident(transition)
        if self._mutes.over(transition.alarm, transition.at):
            return False
        repeat = self._standing.again(transition)
        if repeat is None or self._wake_ups.is_about(self._series(transition)):
            return False
        self.tally.again(repeat, transition.at)
        return True

    def _is_of_no_incident(self, transition: Transition) -> bool:
        """Whether an OK is only recorded: no incident of its alarm is open, and no request of it waits."""
        held, series = self._ledger.memory.held, self._series(transition)
        known = held.transitions.get(series)
        incident = held.incidents.get(known.incident_id) if known and known.incident_id else None
        if (incident and incident.state not in ENDED) or self._wake_ups.is_about(series):
            return False
        self.tally.recovered += 1
        return True

    def _series(self, transition: Transition) -> str:
        arn = self.facts.alarms[transition.alarm].described.arn
        return f"{arn}#{transition.contributor}" if transition.contributor else arn

    def _tags_of(self, target_key: str) -> Reading[Mapping[str, str]]:
        line = self.facts.targets.get(short_key(target_key)) if target_key else None
        return SeenToday(line, self.assumed.opted_in).tags

    def _invoke(self, function: str, alarm: Alarm) -> None:
        self._ledger.only_recorded = None
        if function == VERIFY:
            self._verifier.take(alarm)
            self._ledger.only_recorded = None
        elif function == PAGE_RUNG:
            self._ledger.only_recorded = self._pages.page(alarm)
        else:
            self._remediators[function].take(alarm)

    def _acted(self, plan: Plan) -> None:
        """Lets an act do to its alarms what is assumed of it."""
        now, target = self._clock.at, str(plan.change["target"])
        for incident in self.incidents():
            if incident.target.key == target and incident.holds_target:
                for member in incident.members:
                    self.recoveries.acted((member.name, member.contributor), now)
        self._effect.acted(self.incidents(), target, now)


def _own_event(kind: str, detail: Mapping[str, object]) -> Mapping[str, object]:
    return {"source": "firebreak", "detail-type": kind, "detail": detail}
