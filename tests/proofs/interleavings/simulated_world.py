"""The world around the functions, as one immutable value: a call turns it into another one and a reply.

The ledger is the one in memory, its code is the real one. No function can see `diary`: the acts that
reached ECS with the true time, and the facts that the properties need to judge them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, cast

from firebreak.core.incident.states import Incident
from firebreak.core.ledger import Claim, delivery_key
from firebreak.core.messages.announcement import Announcement
from firebreak.core.model import AlarmState, OwnEvent, Plan, Receipt, Target
from firebreak.core.observed import DescribedAlarm
from firebreak.ledger.memory.ledger import MemoryLedger
from firebreak.ledger.memory.state import Held, Memory
from firebreak.ledger.memory.storms import MemoryStorms, MemorySwitches
from firebreak.policy.policy import Policy
from firebreak.remediation.snapshot import Observer
from firebreak.remediation.verifier import Verifier
from firebreak.services.ecs.model import ServiceLive
from firebreak.services.registry import ACTIONS, BuiltActions
from tests.proofs.interleavings.calls import Call
from tests.proofs.interleavings.diary import NOTHING_YET, Diary, noted, sent
from tests.support import builders as a
from tests.support.fakes import FakeAlarms, FakeEcs, FakeServices

type Parts = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class AwsState:
    """Alarms and services as AWS has them; `writes` counts the changes that arrived."""

    alarms: Mapping[str, DescribedAlarm]
    services: Mapping[str, ServiceLive]
    writes: int = 0


@dataclass(frozen=True, slots=True)
class Milestone:
    """The fields of an announcement that matter here; one published twice counts once."""

    kind: str
    incident_id: str
    rung: int


@dataclass(frozen=True, slots=True)
class Bus:
    """The published announcements, and the requests that no function received yet."""

    announced: frozenset[Milestone] = frozenset()
    asked: tuple[OwnEvent, ...] = ()


@dataclass(frozen=True, slots=True)
class Schedules:
    """One-time wake-ups: checks by name, and requests."""

    checks: Mapping[tuple[str, int, int], datetime] = field(default_factory=lambda: MappingProxyType({}))
    asks: tuple[tuple[OwnEvent, datetime], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedWorld:
    """Everything outside the functions."""

    at: datetime
    ledger: Held
    aws: AwsState
    bus: Bus = Bus()
    schedules: Schedules = Schedules()
    ids: int = 0
    diary: Diary = NOTHING_YET


@dataclass
class Props:
    """The ports to a world. `make_ledger` may make a broken ledger, to check that it is found."""

    policy: Policy
    make_ledger: Callable[[Memory], MemoryLedger] = MemoryLedger

    def __post_init__(self) -> None:
        self.memory = Memory()
        self._ports: Mapping[str, object] = {
            "ledger": self.make_ledger(self.memory),
            "storms": MemoryStorms(self.memory),
            "switches": MemorySwitches(self.memory),
        }

    def apply(self, call: Call, parts: Parts) -> tuple[Parts, object]:
        """The parts of the world that the call needs (`PARTS`), as it leaves them, and its result."""
        if port := self._ports.get(call.port):
            (self.memory.held,) = parts
            result = call.made_on(port)
            return (self.memory.held,), result
        if hand := _HANDS.get(call.port):
            after, result = hand(call, *parts)
            return (after,), result
        return parts, self._seen(call, *parts)

    def _seen(self, call: Call, aws: AwsState) -> object:
        """The result of a read from AWS, by the real Observer and the real Verifier."""
        match call.port, call.args:
            case "observer", (str() as action, *rest):
                observer = Observer(ACTIONS[action](_services(_ecs(aws))), _alarms(aws), "firebreak")
                return Call("observer", call.name, tuple(rest), call.more).made_on(observer)
            case "verifier", (Incident() as incident,):
                return _reading_verifier(aws)._states(incident)
            case "verifier", (Incident() as incident, datetime() as now):
                return _reading_verifier(aws)._evidence(incident, now)
            case "alarms", _:
                return call.made_on(_alarms(aws))
            case _:
                raise AssertionError(call)


def _reading_verifier(aws: AwsState) -> Verifier:
    """A Verifier that can only read."""
    nothing = cast("Any", None)
    return Verifier(
        actions=BuiltActions(_services(_ecs(aws))),
        alarms=_alarms(aws),
        ledger=nothing,
        schedules=nothing,
        bus=nothing,
        announcer=nothing,
        storms=nothing,
        policy=nothing,
        clock=nothing,
        log=nothing,
        stack_name="firebreak",
        account=a.ACCOUNT,
        region=a.REGION,
        partition="aws",
    )


# The parts of the world that a call on a port can see and change.
PARTS: Mapping[str, tuple[str, ...]] = {
    "ledger": ("ledger",),
    "storms": ("ledger",),
    "switches": ("ledger",),
    "clock": ("at",),
    "ids": ("ids",),
    "bus": ("bus",),
    "schedules": ("schedules",),
    "aws": ("aws",),
    "action": ("aws",),
    "alarms": ("aws",),
    "observer": ("aws",),
    "verifier": ("aws",),
}


EPOCH = a.NOW - timedelta(hours=1)


def _time(call: Call, at: datetime) -> tuple[datetime, object]:
    if call.name == "monotonic":
        return at, (at - EPOCH).total_seconds()
    skew = call.args[0]
    assert isinstance(skew, timedelta)
    return at, at + skew


def _counted(_: Call, last: int) -> tuple[int, str]:
    return last + 1, f"claim-{last + 1}"


def _published(call: Call, bus: Bus) -> tuple[Bus, None]:
    (message,) = call.args
    match message:
        case Announcement():
            text = Milestone(message.kind.value, message.incident_id, message.rung)
            return replace(bus, announced=bus.announced | {text}), None
        case OwnEvent():
            asked = sorted((*bus.asked, message), key=lambda one: (one.at, delivery_key(one)))
            return replace(bus, asked=tuple(asked)), None
        case _:
            raise AssertionError(message)


def _scheduled(call: Call, schedules: Schedules) -> tuple[Schedules, None]:
    if call.name == "ask_again":
        request, at = cast("tuple[OwnEvent, datetime]", call.args)
        asks = sorted((*schedules.asks, (request, at)), key=lambda one: (one[1], delivery_key(one[0])))
        return replace(schedules, asks=tuple(asks)), None
    incident_id, rung, attempt, at = cast("tuple[str, int, int, datetime]", call.args)
    name = (incident_id, rung, attempt)
    if name in schedules.checks:
        return schedules, None
    return replace(schedules, checks=MappingProxyType({**schedules.checks, name: at})), None


def _turned(call: Call, aws: AwsState) -> tuple[AwsState, None]:
    name, state, since = cast("tuple[str, AlarmState, datetime]", call.args)
    turned = replace(aws.alarms[name], state=state, since=since)
    return replace(aws, alarms=MappingProxyType({**aws.alarms, name: turned})), None


def _executed(call: Call, aws: AwsState) -> tuple[AwsState, Receipt]:
    name, plan = cast("tuple[str, Plan]", call.args)
    ecs = _ecs(aws)
    receipt = ACTIONS[name](_services(ecs)).execute(plan)
    services = cast("Mapping[str, ServiceLive]", MappingProxyType(ecs.services))
    return replace(aws, services=services, writes=aws.writes + 1), receipt


# The functions that change one part of the world, by the port that does it.
_HANDS: Mapping[str, Callable[..., tuple[object, object]]] = {
    "clock": _time,
    "ids": _counted,
    "bus": _published,
    "schedules": _scheduled,
    "aws": _turned,
    "action": _executed,
}


def _ecs(aws: AwsState) -> FakeEcs:
    return FakeEcs(services=dict(aws.services), writes=[("", "", None)] * aws.writes)


def _services(ecs: FakeEcs) -> FakeServices:
    return FakeServices(ecs, ecs)


def _alarms(aws: AwsState) -> FakeAlarms:
    return FakeAlarms(described=dict(aws.alarms))


@dataclass(frozen=True, slots=True)
class Who:
    """The caller: its last won claim, the true time, and how wrong its clock is."""

    claim: Claim | None
    at: datetime
    skew: timedelta


def after_call(diary: Diary, call: Call, result: object, who: Who, policy: Policy) -> Diary:
    """The diary after a call with that result."""
    if call.port == "action":
        name, plan = cast("tuple[str, Plan]", call.args)
        return sent(diary, who.claim, who.at, who.skew, policy.rules(name, changed_target(plan)))
    return noted(diary, call, result) if call.port in {"ledger", "storms", "switches"} else diary


def changed_target(plan: Plan) -> Target:
    """The target whose service a plan changes."""
    return replace(a.TARGET, group=str(plan.change["cluster"]), name=str(plan.change["service"]))
