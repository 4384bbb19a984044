"""What surrounds the functions, as one immutable value: a call turns it into another one and a reply.

The ledger is the one in memory, its code is the real one. `diary` is what no function can see: the
acts that reached ECS with the true time, and what the properties need to judge them.
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
class Outside:
    """Alarms and services as AWS has them; `writes` counts the changes that arrived."""

    alarms: Mapping[str, DescribedAlarm]
    services: Mapping[str, ServiceLive]
    writes: int = 0


@dataclass(frozen=True, slots=True)
class Milestone:
    """What of an announcement matters here; told twice is told once."""

    kind: str
    incident_id: str
    rung: int


@dataclass(frozen=True, slots=True)
class Bus:
    """What was handed over, and the requests that nobody took up yet."""

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
    outside: Outside
    bus: Bus = Bus()
    schedules: Schedules = Schedules()
    ids: int = 0
    diary: Diary = NOTHING_YET


@dataclass
class Props:
    """The doors to a stage. `make_ledger` may make a broken ledger, to see whether that is found."""

    policy: Policy
    make_ledger: Callable[[Memory], MemoryLedger] = MemoryLedger

    def __post_init__(self) -> None:
        self.memory = Memory()
        self._doors: Mapping[str, object] = {
            "ledger": self.make_ledger(self.memory),
            "storms": MemoryStorms(self.memory),
            "switches": MemorySwitches(self.memory),
        }

    def play(self, call: Call, parts: Parts) -> tuple[Parts, object]:
        """The parts of the stage that the call needs (`PARTS`), as it leaves them, and its result."""
        if door := self._doors.get(call.port):
            (self.memory.held,) = parts
            result = call.made_on(door)
            return (self.memory.held,), result
        if hand := _HANDS.get(call.port):
            after, result = hand(call, *parts)
            return (after,), result
        return parts, self._seen(call, *parts)

    def _seen(self, call: Call, outside: Outside) -> object:
        """What a look at the outside shows, by the real Observer and the real Verifier."""
        match call.port, call.args:
            case "observer", (str() as action, *rest):
                observer = Observer(ACTIONS[action](_services(_ecs(outside))), _alarms(outside), "firebreak")
                return Call("observer", call.name, tuple(rest), call.more).made_on(observer)
            case "verifier", (Incident() as incident,):
                return _eyes(outside)._states(incident)
            case "verifier", (Incident() as incident, datetime() as now):
                return _eyes(outside)._evidence(incident, now)
            case "alarms", _:
                return call.made_on(_alarms(outside))
            case _:
                raise AssertionError(call)


def _eyes(outside: Outside) -> Verifier:
    """A Verifier that can do nothing but look."""
    nothing = cast("Any", None)
    return Verifier(
        actions=BuiltActions(_services(_ecs(outside))),
        alarms=_alarms(outside),
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
    )


# Which parts of the stage a call on a port can see and change.
PARTS: Mapping[str, tuple[str, ...]] = {
    "ledger": ("ledger",),
    "storms": ("ledger",),
    "switches": ("ledger",),
    "clock": ("at",),
    "ids": ("ids",),
    "bus": ("bus",),
    "schedules": ("schedules",),
    "outside": ("outside",),
    "action": ("outside",),
    "alarms": ("outside",),
    "observer": ("outside",),
    "verifier": ("outside",),
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


def _handed(call: Call, bus: Bus) -> tuple[Bus, None]:
    (handed,) = call.args
    match handed:
        case Announcement():
            text = Milestone(handed.kind.value, handed.incident_id, handed.rung)
            return replace(bus, announced=bus.announced | {text}), None
        case OwnEvent():
            asked = sorted((*bus.asked, handed), key=lambda one: (one.at, delivery_key(one)))
            return replace(bus, asked=tuple(asked)), None
        case _:
            raise AssertionError(handed)


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


def _turned(call: Call, outside: Outside) -> tuple[Outside, None]:
    name, state, since = cast("tuple[str, AlarmState, datetime]", call.args)
    turned = replace(outside.alarms[name], state=state, since=since)
    return replace(outside, alarms=MappingProxyType({**outside.alarms, name: turned})), None


def _executed(call: Call, outside: Outside) -> tuple[Outside, Receipt]:
    name, plan = cast("tuple[str, Plan]", call.args)
    ecs = _ecs(outside)
    receipt = ACTIONS[name](_services(ecs)).execute(plan)
    services = cast("Mapping[str, ServiceLive]", MappingProxyType(ecs.services))
    return replace(outside, services=services, writes=outside.writes + 1), receipt


# What changes one part of the stage, by the port that does it.
_HANDS: Mapping[str, Callable[..., tuple[object, object]]] = {
    "clock": _time,
    "ids": _counted,
    "bus": _handed,
    "schedules": _scheduled,
    "outside": _turned,
    "action": _executed,
}


def _ecs(outside: Outside) -> FakeEcs:
    return FakeEcs(services=dict(outside.services), writes=[("", "", None)] * outside.writes)


def _services(ecs: FakeEcs) -> FakeServices:
    return FakeServices(ecs, ecs)


def _alarms(outside: Outside) -> FakeAlarms:
    return FakeAlarms(described=dict(outside.alarms))


@dataclass(frozen=True, slots=True)
class Who:
    """Who made a call: with what claim won last, at what true time, by how wrong a clock."""

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
