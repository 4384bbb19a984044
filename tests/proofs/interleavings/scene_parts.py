"""The parts of scenes: alarms, policies in which one thing is scarce, processes, and worlds."""

from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType

from firebreak.core.ledger import alarm_key, incident_name
from firebreak.core.limits.history import Hold
from firebreak.core.model import Alarm, AlarmState, Target
from firebreak.ledger.memory.state import Held
from tests.proofs.interleavings.explorer import Scene
from tests.proofs.interleavings.functions import (
    SWEEP,
    Process,
    Run,
    goes_ok,
    pauses,
    policy_of,
    remediates,
    verifies,
)
from tests.proofs.interleavings.runner import Runner
from tests.proofs.interleavings.simulated_world import AwsState, Props, SimulatedWorld
from tests.support import builders as a

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)

API, WEB, WORKER = (replace(a.TARGET, name=name) for name in ("api", "web", "worker"))
RED = a.NOW - 30 * SECOND

# Nothing is scarce; a scene's policy makes one thing scarce.
ROOMY = a.AUTO_POLICY
ONE_SLOT = ROOMY.replace('group = ["5/15m"]', 'group = ["1/15m"]')
TWO_SLOTS = ROOMY.replace('group = ["5/15m"]', 'group = ["2/15m"]')
SHARED_DATABASE = (
    ROOMY
    + """
[[dependencies]]
name = "orders-db"
targets = ["ecs:prod/api", "ecs:prod/web"]
budget = ["4/15m"]
"""
)
NO_ROOM = ROOMY.replace(
    'ladder = ["scale-service", "page"]', 'ladder = ["scale-service", "restart-service", "page"]'
).replace("ceiling = 10", "ceiling = 2")
STORM_OF_TWO = ROOMY.replace("alarms = 50", 'alarms = 2\nwithin = "5m"\nquiet = "10m"')
STORM_OF_THREE = STORM_OF_TWO.replace("alarms = 2", "alarms = 3")
SHORT_WINDOW = ROOMY.replace('group = ["5/15m"]', 'group = ["1/2m"]')


def alarm(target: Target = API, name: str = "", since: datetime = RED) -> Alarm:
    """An alarm that names its target and its action."""
    tags = {"firebreak:action": "restart-service", "firebreak:target": target.display}
    return a.alarm(name or f"{target.name}-memory-high", tags=tags, since=since, sent_at=since)


API_RED, WEB_RED, WORKER_RED = alarm(API), alarm(WEB), alarm(WORKER)
API_SLOW = alarm(API, "api-latency-high")
API_OK = replace(API_RED, state=AlarmState.OK, since=a.NOW)


def world_with(*alarms: Alarm) -> SimulatedWorld:
    """An empty ledger, these alarms as they say, and three healthy services."""
    described = {one.name: a.described(one.name, one.state, since=one.since) for one in alarms}
    services = {t.display: a.service(name=t.name) for t in (API, WEB, WORKER)}
    aws = AwsState(MappingProxyType(described), MappingProxyType(services))
    return SimulatedWorld(at=a.NOW, ledger=Held(), aws=aws)


def remediator(alarm: Alarm, copies: int = 1, skew: timedelta = timedelta()) -> Process:
    """Functions that are invoked on the same alarm."""
    keys = (alarm_key(alarm, "restart-service"),)
    return Process(f"restart({alarm.name})", remediates(alarm), keys, skew, copies)


def ok_of(alarm: Alarm) -> Process:
    """The alarm goes OK, and Verify hears of it."""
    return Process(f"ok({alarm.name})", goes_ok(alarm), (alarm_key(alarm, "verify"),))


def sweeper(copies: int = 1) -> Process:
    """The five-minute sweep."""
    return Process("sweep", verifies(SWEEP), copies=copies)


def pause(scope: str) -> Process:
    """A human throws this kill switch."""
    hold = Hold(scope, "ana", "migration", a.NOW, a.NOW + HOUR)
    return Process(f"pause({scope.split(' ', maxsplit=1)[0]})", pauses(hold))


def opened_by(alarm: Alarm) -> str:
    """The id of the incident that this alarm opens."""
    return incident_name(a.request(alarm=alarm))


def after(
    world: SimulatedWorld, policy: str, *runs: tuple[str, Run], later: timedelta = timedelta()
) -> SimulatedWorld:
    """The world after these ran one after the other, and some time, with nothing fired meanwhile."""
    runner = Runner(Props(policy_of(policy)), world)
    for name, run in runs:
        runner.do(name, run)
    return replace(runner.world, at=runner.world.at + later)


def scene(name: str, *processes: Process, policy: str = ROOMY, **more: object) -> Scene:
    """A scene in the world that its alarms need."""
    world = more.pop("world", None) or world_with(API_RED, API_SLOW, WEB_RED, WORKER_RED)
    return Scene(name=name, processes=processes, world=world, policy=policy, **more)  # type: ignore[arg-type]
