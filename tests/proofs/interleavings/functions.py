"""The real functions, wired so that each of their outside calls is asked.

Looks that run in a pool of threads are asked as one: the order of reads inside them decides nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, cast

from firebreak.core.action_spec import ActionSpec
from firebreak.core.alarm_readings import AlarmReading, WatchedAlarm
from firebreak.core.decision import Snapshot
from firebreak.core.incident.states import Incident
from firebreak.core.incident.verdict import Evidence
from firebreak.core.limits.history import Hold
from firebreak.core.model import Alarm, AlarmState, Obstacle, OwnEvent, Plan, Receipt, Request, Target
from firebreak.core.readings import Reading
from firebreak.core.rules import Rules
from firebreak.intake import alarm_events
from firebreak.policy.compiler import parse_policy
from firebreak.policy.policy import Policy
from firebreak.remediation.decision_recorder import DecisionRecorder, Summary
from firebreak.remediation.outbox import Announcer
from firebreak.remediation.remediator import Remediator
from firebreak.remediation.snapshot import Observer
from firebreak.remediation.storm_detector import StormWatch
from firebreak.remediation.verifier import Verifier
from firebreak.services.action import Observation
from firebreak.services.registry import CATALOG
from firebreak.wire.requests import request_event
from tests.proofs.interleavings.calls import Ask, AskingClock, Call, Port, Silent
from tests.support import builders as a
from tests.support.fakes import as_confirmed
from tests.support.world import eventbridge

SWEEP = {"source": "firebreak", "detail-type": "Firebreak Sweep", "detail": {"v": 1}}


class SteadyPolicy(Policy):
    """A policy that answers the same question with the same object."""

    def __hash__(self) -> int:
        return id(self)

    def rules(self, action: str, target: Target) -> Rules:
        return _rules(self, action, target)


@lru_cache
def _rules(policy: SteadyPolicy, action: str, target: Target) -> Rules:
    return Policy.rules(policy, action, target)


@lru_cache
def policy_of(text: str) -> SteadyPolicy:
    """The policy of that text."""
    policy = parse_policy(text, "scene.toml")
    return SteadyPolicy(**{field.name: getattr(policy, field.name) for field in fields(policy)})


@dataclass(frozen=True, slots=True, kw_only=True)
class AskingObserver(Observer):
    """Asks for the look at the target's tags, for the live look as a whole, and for the second look."""

    ask: Ask

    def target(self, target: Target) -> Observation:
        return cast("Observation", self.ask(Call("observer", "target", (self.action.spec.name, target))))

    def live(
        self,
        request: Request,
        rules: Rules,
        before: Snapshot,
        now: datetime,
        known: Observation | None = None,
    ) -> Snapshot:
        seen = self.ask(Call("observer", "live", (self.action.spec.name, request, rules, before, now, known)))
        assert isinstance(seen, Snapshot)
        return seen

    def plan_again(
        self, request: Request, rules: Rules, incident: Reading[Incident]
    ) -> Reading[Plan | Obstacle]:
        asked = (self.action.spec.name, request, rules, incident)
        return cast("Reading[Plan | Obstacle]", self.ask(Call("observer", "plan_again", asked)))


@dataclass(frozen=True, slots=True)
class AskingAction:
    """Asks for the one change."""

    spec: ActionSpec
    ask: Ask

    def execute(self, plan: Plan) -> Receipt:
        receipt = self.ask(Call("action", "execute", (self.spec.name, plan)))
        assert isinstance(receipt, Receipt)
        return receipt


@dataclass(frozen=True, slots=True, kw_only=True)
class AskingVerifier(Verifier):
    """Asks for the evidence as a whole."""

    ask: Ask

    def _evidence(self, incident: Incident, now: datetime) -> Evidence:
        evidence = self.ask(Call("verifier", "evidence", (incident, now)))
        assert isinstance(evidence, Evidence)
        return evidence

    def _states(self, incident: Incident) -> Mapping[WatchedAlarm, AlarmReading]:
        return cast("Mapping[WatchedAlarm, AlarmReading]", self.ask(Call("verifier", "states", (incident,))))


type Run = Callable[[Wiring], object]


@dataclass(frozen=True, slots=True)
class Process:
    """Concurrent functions, as many as `copies`, with the event that each is invoked on.

    `keys` are the decisions they owe; `skew` is how wrong their clock is. They start at any point once
    time has passed so many times as `starts_after` says.
    """

    name: str
    run: Run
    keys: tuple[str, ...] = ()
    skew: timedelta = timedelta()
    copies: int = 1
    starts_after: int = 0

    def __str__(self) -> str:
        return self.name


class Wiring:
    """The functions of one process, all asking alike."""

    def __init__(self, process: Process, policy: Policy, ask: Ask) -> None:
        self.ask = ask
        self.clock = AskingClock(ask, process.skew)
        self._policy = policy

    def port(self, name: str) -> Any:
        return Port(name, self.ask)

    def announcer(self) -> Announcer:
        return Announcer(self.port("bus"), self.port("ledger"), Silent())

    def storms(self) -> StormWatch:
        return StormWatch(self.port("storms"), self.port("alarms"), self.announcer(), self.clock, Silent())

    def remediator(self, action: str) -> Remediator:
        asking: Any = AskingAction(CATALOG.specs[action], self.ask)
        ledger, schedules = self.port("ledger"), self.port("schedules")
        return Remediator(
            action=asking,
            observer=AskingObserver(asking, self.port("alarms"), "firebreak", ask=self.ask),
            ledger=ledger,
            schedules=schedules,
            announcer=self.announcer(),
            recorder=DecisionRecorder(ledger, schedules, self.announcer(), self.clock, Silent()),
            storms=self.storms(),
            policy=lambda: self._policy,
            acknowledged=lambda _: "",
            clock=self.clock,
            log=Silent(),
            new_id=self.port("ids").new,
            jitter=lambda _: 0.0,
            account=a.ACCOUNT,
            region=a.REGION,
            partition="aws",
            confirm=as_confirmed,
        )

    def verifier(self) -> Verifier:
        known: Mapping[str, Any] = dict.fromkeys(("restart-service", "scale-service"), object())
        return AskingVerifier(
            actions=known,
            alarms=self.port("alarms"),
            ledger=self.port("ledger"),
            schedules=self.port("schedules"),
            bus=self.port("bus"),
            announcer=self.announcer(),
            storms=self.storms(),
            policy=lambda: self._policy,
            clock=self.clock,
            log=Silent(),
            stack_name="firebreak",
            account=a.ACCOUNT,
            region=a.REGION,
            partition="aws",
            ask=self.ask,
        )


def remediates(alarm: Alarm, action: str = "restart-service") -> Run:
    """An action's function, invoked on an alarm. Its event is read once: what it says depends on nothing."""
    parsed = alarm_events.parse(eventbridge(alarm))
    return lambda wiring: wiring.remediator(action).take(parsed)


def carries_out(request: OwnEvent) -> Run:
    """An action's function, invoked on one of Firebreak's requests."""
    parsed = alarm_events.parse(request_event(request))
    return lambda wiring: wiring.remediator(request.action).take(parsed)


def verifies(event: Mapping[str, Any]) -> Run:
    """Verify, invoked on a check, a sweep or an OK."""
    return lambda wiring: wiring.verifier().handle(event)


def goes_ok(alarm: Alarm) -> Run:
    """The alarm goes OK, and Verify hears of it later."""

    def run(wiring: Wiring) -> Summary:
        wiring.port("aws").turn(alarm.name, AlarmState.OK, alarm.since)
        return wiring.verifier().handle(eventbridge(alarm))

    return run


def pauses(hold: Hold) -> Run:
    """A human throws a kill switch."""
    return lambda wiring: cast("Hold", wiring.port("switches").pause(hold))
