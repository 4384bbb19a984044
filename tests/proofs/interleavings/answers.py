"""Scenes of answers and of putting back: a yes, a no, a restore, an undo, and events between them."""

from collections.abc import Iterator
from dataclasses import replace
from types import MappingProxyType

from firebreak.core.incident.questions import approval_of
from firebreak.core.incident.states import Incident
from firebreak.core.ledger import delivery_key, incident_name
from firebreak.core.manual import manual_request, plan_id
from firebreak.core.model import AlarmState, Plan
from tests.proofs.interleavings.explorer import Scene
from tests.proofs.interleavings.functions import Process, carries_out, goes_ok, remediates, verifies
from tests.proofs.interleavings.scene_parts import (
    API,
    API_OK,
    API_RED,
    API_SLOW,
    MINUTE,
    ROOMY,
    SECOND,
    after,
    ok_of,
    pause,
    remediator,
    scene,
    sweeper,
    world_with,
)
from tests.proofs.interleavings.simulated_world import SimulatedWorld
from tests.support import builders as a
from tests.support.fakes import as_confirmed
from tests.support.world import check_event

ASKING = ROOMY.replace('autonomy = "auto"', 'autonomy = "approve"')
OF_TWO = ASKING.replace('autonomy = "approve"', 'autonomy = "approve"\napprovers = 2')
BUSY = replace(API_RED, tags={**API_RED.tags, "firebreak:action": "scale-service"})


def yes(world: SimulatedWorld, copies: int = 1, *, by: str = "ana") -> Process:
    """A human's yes to the one incident of the world."""
    incident = _incident(world)
    request = approval_of(incident, by, world.at)
    key = delivery_key(as_confirmed(request))
    return Process(f"yes of {by}", carries_out(request), (key,), copies=copies)


def _incident(world: SimulatedWorld) -> Incident:
    (incident,) = world.ledger.incidents.values()
    return incident


def approvals() -> Iterator[Scene]:
    """A yes, together with each event that may disturb it."""
    asked = after(world_with(API_RED, API_SLOW), ASKING, ("restart", remediates(API_RED)), later=MINUTE)
    yield scene("a yes delivered twice", yes(asked, 2), world=asked, policy=ASKING)
    yield scene("a yes while the alarm goes OK", yes(asked), ok_of(API_OK), world=asked, policy=ASKING)
    yield scene(
        "pause(global) while somebody says yes", yes(asked), pause("global"), world=asked, policy=ASKING
    )
    yield scene("an alarm joins a question", yes(asked), remediator(API_SLOW), world=asked, policy=ASKING)
    yield scene("a yes, one is killed", yes(asked, 2), world=asked, policy=ASKING, kills=1)
    yield scene("a yes, a reply is lost", yes(asked, 2), world=asked, policy=ASKING, lost_replies=1)
    late = replace(asked, at=asked.at + 29 * MINUTE - SECOND)
    yield scene(
        "a yes in the last second, against the sweeper",
        yes(late),
        replace(sweeper(), starts_after=0),
        world=late,
        policy=ASKING,
        passes=(10 * SECOND, 3 * MINUTE),
    )
    yield scene("an alarm that asks, twice", remediator(API_RED, 2), policy=ASKING)


def two_people() -> Iterator[Scene]:
    """The yes of two people where the policy asks for both, at the same time, and with disturbances."""
    asked = after(world_with(API_RED, API_SLOW), OF_TWO, ("restart", remediates(API_RED)), later=MINUTE)
    once, ana, bo = yes(asked), yes(asked, 2), yes(asked, by="bo")
    yield scene("two people say yes, one of them twice", ana, bo, world=asked, policy=OF_TWO)
    yield scene("two people say yes, one is killed", ana, bo, world=asked, policy=OF_TWO, kills=1)
    yield scene("two people say yes, a reply is lost", once, bo, world=asked, policy=OF_TWO, lost_replies=1)
    yield scene("one person says yes twice where two must", ana, world=asked, policy=OF_TWO)


def by_hand(copies: int = 1) -> Process:
    """A human's own request to restart the usual service, for the plan that the command showed."""
    event = manual_request("restart-service", API, by="ana", why="it hangs", at=a.NOW)
    service = a.service(name=API.name)
    plan = Plan(
        summary="",
        change={
            "cluster": API.group,
            "service": API.name,
            "taskDefinition": service.task_definition,
            "forceNewDeployment": True,
        },
        before={},
    )
    asked = replace(event, plan_seen=plan_id(plan))
    return Process("by hand", carries_out(asked), (delivery_key(asked),), copies=copies)


def manual() -> Iterator[Scene]:
    """A human's own request, together with an alarm of the same target and what may disturb both."""
    world = world_with(API_RED, API_SLOW)
    yield scene("a request by hand delivered twice", by_hand(2), world=world)
    yield scene("a request by hand and an alarm of its target", by_hand(), remediator(API_RED), world=world)
    yield scene("pause(global) while somebody acts by hand", by_hand(), pause("global"), world=world)
    yield scene("a request by hand, one is killed", by_hand(2), world=world, kills=1)
    yield scene("a request by hand, a reply is lost", by_hand(2), world=world, lost_replies=1)


def rested() -> SimulatedWorld:
    """Scaled, well for half an hour, and now asked to give the task back; the request is on the bus."""
    scaled = after(world_with(BUSY, API_SLOW), ROOMY, ("scale", remediates(BUSY, "scale-service")))
    held = after(scaled, ROOMY, ("ok", goes_ok(API_OK)), later=5 * MINUTE)
    rests = after(held, ROOMY, ("check", verifies(check_event(opened(), 0, 1))), later=26 * MINUTE)
    return after(rests, ROOMY, ("check", verifies(check_event(opened(), 0, 2))))


def opened() -> str:
    """The incident of the scaled service."""
    return incident_name(a.request(alarm=BUSY, action="scale-service"))


def restores() -> Iterator[Scene]:
    """A temporary change is taken back, while something else happens."""
    asked = rested()
    (request,) = asked.bus.asked
    taken = replace(asked, bus=replace(asked.bus, asked=()))
    restore = Process("restore", carries_out(request), (delivery_key(request),), copies=2)
    once = replace(restore, copies=1)
    yield scene("a restore delivered twice", restore, world=taken)
    yield scene("a restore, one is killed", restore, world=taken, kills=1)
    yield scene("a restore, a reply is lost", restore, world=taken, lost_replies=1)
    yield scene("pause(global) while a task is given back", once, pause("global"), world=taken)
    late = replace(taken, at=taken.at + 6 * MINUTE)
    yield scene("a restore, late, against the sweeper", once, sweeper(), world=late)
    red = replace(BUSY, since=taken.at)
    described = {**taken.aws.alarms, BUSY.name: a.described(BUSY.name, AlarmState.ALARM, since=red.since)}
    back = replace(taken, aws=replace(taken.aws, alarms=MappingProxyType(described)))
    yield scene("a restore after the alarm came back", restore, world=back)


def undone() -> Iterator[Scene]:
    """The alarm comes back after a restore, and the task is asked for again."""
    asked = rested()
    (request,) = asked.bus.asked
    taken = replace(asked, bus=replace(asked.bus, asked=()))
    given = after(taken, ROOMY, ("restore", carries_out(request)), later=4 * MINUTE)
    described = {**given.aws.alarms, BUSY.name: a.described(BUSY.name, AlarmState.ALARM, since=given.at)}
    red = replace(given, aws=replace(given.aws, alarms=MappingProxyType(described)))
    restored = _incident(red)
    check = verifies(check_event(restored.id, restored.rung, restored.attempt))
    worse = after(red, ROOMY, ("check", check))
    (undo,) = worse.bus.asked
    world = replace(worse, bus=replace(worse.bus, asked=()))
    once = Process("undo", carries_out(undo), (delivery_key(undo),))
    yield scene("an undo delivered twice", replace(once, copies=2), world=world)
    yield scene("an undo, one is killed", replace(once, copies=2), world=world, kills=1)
    yield scene("an undo, a reply is lost", replace(once, copies=2), world=world, lost_replies=1)
    yield scene("pause(global) while harm is undone", once, pause("global"), world=world)
