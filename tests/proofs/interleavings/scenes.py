"""The scenes: concurrent functions and their world. Each of them broke a simpler design, or might."""

from collections.abc import Iterator
from dataclasses import replace
from types import MappingProxyType

from firebreak.core.ledger import alarm_key, delivery_key
from firebreak.core.model import AlarmState, Mute
from tests.proofs.interleavings.answers import approvals, manual, restores, two_people, undone
from tests.proofs.interleavings.explorer import Scene
from tests.proofs.interleavings.functions import Process, carries_out, goes_ok, remediates, verifies
from tests.proofs.interleavings.scene_parts import (
    API,
    API_OK,
    API_RED,
    API_SLOW,
    MINUTE,
    NO_ROOM,
    ONE_SLOT,
    ROOMY,
    SECOND,
    SHARED_DATABASE,
    SHORT_WINDOW,
    STORM_OF_THREE,
    STORM_OF_TWO,
    TWO_SLOTS,
    WEB_RED,
    WORKER,
    WORKER_RED,
    after,
    alarm,
    ok_of,
    opened_by,
    pause,
    remediator,
    scene,
    sweeper,
    world_with,
)
from tests.proofs.interleavings.simulated_world import AwsState
from tests.support import builders as a
from tests.support.world import check_event


def duplicates() -> Iterator[Scene]:
    """One alarm, delivered more than once."""
    yield scene("the same alarm twice", remediator(API_RED, 2))
    yield scene("the same alarm three times", remediator(API_RED, 3))


def limits() -> Iterator[Scene]:
    """More alarms than slots, targets or hands."""
    yield scene("two alarms of one target", remediator(API_RED), remediator(API_SLOW))
    yield scene("two targets, one slot", remediator(API_RED), remediator(WEB_RED), policy=ONE_SLOT)
    two = (remediator(API_RED), remediator(WEB_RED))
    yield scene("two targets on one dependency", *two, policy=SHARED_DATABASE)
    yield scene("a storm of two begins", *two, policy=STORM_OF_TWO)


def switches() -> Iterator[Scene]:
    """A kill switch, thrown at every point."""
    for scope in ("global", "action restart-service", f"group {API.group_key}", f"target {API.key}"):
        who = pause(scope)
        yield scene(f"{who} at every point", remediator(API_RED, 2), who)
    two = (remediator(API_RED), remediator(WEB_RED))
    yield scene("pause(global) between two targets", *two, pause("global"))


def slow() -> Iterator[Scene]:
    """A claimant that stands still for longer than its claim lives."""
    check = Process("check", verifies(check_event(opened_by(API_RED), 0, 0)))
    yield scene("a slow claimant against the sweeper", remediator(API_RED), sweeper(), passes=(6 * MINUTE,))
    yield scene(
        "a slow claimant, its check and the sweeper",
        remediator(API_RED),
        check,
        sweeper(),
        passes=(4 * MINUTE + SECOND, 2 * MINUTE),
    )
    yield scene(
        "a slow claimant, an early OK and a late alarm",
        remediator(API_RED),
        ok_of(API_OK),
        replace(remediator(API_SLOW), starts_after=1),
        passes=(81 * SECOND,),
    )
    yield scene(
        "a claimant stands still for just so long as it may",
        remediator(API_RED),
        replace(sweeper(), starts_after=2),
        passes=(10 * SECOND, 11 * SECOND, 6 * MINUTE),
    )


def closing() -> Iterator[Scene]:
    """Events that arrive while an incident closes."""
    acted = after(world_with(API_RED, API_SLOW), ROOMY, ("restart", remediates(API_RED)))
    held = after(acted, ROOMY, ("ok", goes_ok(API_OK)), later=6 * MINUTE)
    check = Process("check", verifies(check_event(opened_by(API_RED), 0, 1)))
    fresh = alarm(API, "api-latency-high", since=held.at - 10 * SECOND)
    held = replace(held, aws=world_with(API_RED, fresh).aws)
    green = replace(held.aws.alarms[API_RED.name], state=AlarmState.OK, since=a.NOW)
    alarms = MappingProxyType({**held.aws.alarms, API_RED.name: green})
    services = acted.aws.services
    held = replace(held, aws=AwsState(alarms, services, acted.aws.writes))
    yield scene("an alarm joins while Verify closes", check, remediator(fresh), world=held)
    yield scene("two close while an alarm joins", check, sweeper(), remediator(fresh), world=held)
    yield scene("an OK between observe and claim", remediator(API_RED, 2), ok_of(API_OK))


def climbing() -> Iterator[Scene]:
    """The next rung, asked for more than once."""
    acted = after(world_with(API_RED, API_SLOW), ROOMY, ("restart", remediates(API_RED)), later=11 * MINUTE)
    looked = after(acted, ROOMY, ("check", verifies(check_event(opened_by(API_RED), 0, 0))))
    (request,) = looked.bus.asked
    taken = replace(looked, bus=replace(looked.bus, asked=()))
    climb = Process("climb", carries_out(request), (delivery_key(request),), copies=2)
    yield scene("a next rung delivered twice", climb, world=taken)
    late = replace(taken, at=taken.at + 6 * MINUTE)
    yield scene("a next rung, late, against the sweeper", replace(climb, copies=1), sweeper(), world=late)
    ok = replace(API_OK, since=taken.at)
    yield scene("an OK while the next rung is asked for", replace(climb, copies=1), ok_of(ok), world=taken)
    yield scene("pause(global) while the next rung is asked for", climb, pause("global"), world=taken)


def clocks() -> Iterator[Scene]:
    """Functions whose clocks differ by as much as they may.

    A window of two minutes is free again 140 s later, counted from a slow clock to a fast one.
    """
    for length in (111 * SECOND, 130 * SECOND, 131 * SECOND, 132 * SECOND):
        yield scene(
            f"one slot in two minutes, {length} from a slow to a fast clock",
            remediator(API_RED, skew=-30 * SECOND),
            replace(remediator(WEB_RED, skew=30 * SECOND), starts_after=2),
            policy=SHORT_WINDOW,
            passes=(9 * SECOND, length),
        )
    yield scene(
        "an OK looks at a young claim by a fast clock",
        remediator(API_RED, skew=-30 * SECOND),
        replace(ok_of(API_OK), skew=30 * SECOND),
        passes=(9 * SECOND, 12 * SECOND),
    )
    yield scene(
        "a slow claimant against a sweeper with a fast clock",
        remediator(API_RED, skew=-30 * SECOND),
        replace(sweeper(), skew=30 * SECOND),
        passes=(6 * MINUTE,),
    )


def openings() -> Iterator[Scene]:
    """A first rung that cannot help opens an incident without a claim."""
    one, other = (
        replace(found, tags={**found.tags, "firebreak:action": "scale-service"})
        for found in (API_RED, API_SLOW)
    )
    scale = [
        Process(
            f"scale({found.name})", remediates(found, "scale-service"), (alarm_key(found, "scale-service"),)
        )
        for found in (one, other)
    ]
    yield scene("two alarms open one incident that climbs at once", *scale, policy=NO_ROOM)
    yield scene("an alarm that opens, twice", replace(scale[0], copies=2), policy=NO_ROOM)
    yield scene("an opening against a claim", scale[0], remediator(API_SLOW), policy=NO_ROOM)
    yield scene(
        "an opening against a claim, one is killed", scale[0], remediator(API_SLOW), policy=NO_ROOM, kills=1
    )


def deferred() -> Iterator[Scene]:
    """A deferred alarm, and its later look."""
    mute = Mute("window", a.NOW + 10 * MINUTE)
    muted = replace(API_RED, mute=mute)
    deferred_alarm = after(
        world_with(API_RED, API_SLOW), ROOMY, ("restart", remediates(muted)), later=13 * MINUTE
    )
    ((wake, _),) = deferred_alarm.schedules.asks
    woken = Process("wake", carries_out(wake), (delivery_key(wake),))
    taken = replace(deferred_alarm, schedules=replace(deferred_alarm.schedules, asks=()))
    yield scene("a muted alarm, twice", Process("muted", remediates(muted), remediator(muted).keys, copies=2))
    yield scene("a wake-up delivered twice", replace(woken, copies=2), world=taken)
    yield scene("a wake-up against the sweeper", woken, sweeper(2), world=taken)
    runs = (("api", remediates(API_RED)), ("web", remediates(WEB_RED)))
    stormy = after(world_with(API_RED, WEB_RED, WORKER_RED), STORM_OF_TWO, *runs, later=11 * MINUTE)
    fresh = alarm(WORKER, since=stormy.at - SECOND)
    aws = world_with(API_OK, replace(WEB_RED, state=AlarmState.OK), fresh).aws
    over = replace(stormy, aws=replace(aws, services=stormy.aws.services, writes=stormy.aws.writes))
    yield scene(
        "a storm ends while an alarm turns red", sweeper(), remediator(fresh), world=over, policy=STORM_OF_TWO
    )


def killed_and_swept(sweepers: int) -> Scene:
    """The incident of a killed claimant is swept, while another alarm of its target arrives."""
    return scene(
        f"a killed claimant, another alarm, and {sweepers} sweepers",
        remediator(API_RED),
        replace(remediator(API_SLOW), starts_after=1),
        replace(sweeper(sweepers), starts_after=1),
        passes=(6 * MINUTE,),
        kills=1,
    )


def disturbed() -> Iterator[Scene]:
    """One thing goes wrong, at any point."""
    two = remediator(API_RED, 2)
    yield scene("the same alarm twice, one is killed", two, kills=1)
    yield scene("the same alarm twice, a call fails", two, failures=1)
    yield scene("the same alarm twice, a reply is lost", two, lost_replies=1)
    one_slot = (remediator(API_RED), remediator(WEB_RED))
    yield scene("two targets, one slot, one is killed", *one_slot, policy=ONE_SLOT, kills=1)
    yield scene("two targets, one slot, a reply is lost", *one_slot, policy=ONE_SLOT, lost_replies=1)
    yield scene("two targets, one slot, a call fails", *one_slot, policy=ONE_SLOT, failures=1)
    yield killed_and_swept(1)
    yield scene("a storm of two, one is killed", *one_slot, policy=STORM_OF_TWO, kills=1)
    yield scene("pause(global), one is killed", remediator(API_RED), pause("global"), kills=1)


def disturbed_later() -> Iterator[Scene]:
    """The same at the later stations of an incident's life."""
    for sound in (*closing(), *climbing()):
        if len(sound.processes) < 3:
            yield replace(sound, name=f"{sound.name}, one is killed", kills=1)
            yield replace(sound, name=f"{sound.name}, a call fails", failures=1)
            yield replace(sound, name=f"{sound.name}, a reply is lost", lost_replies=1)


def gate() -> list[Scene]:
    """The scenes that the gate explores: about a minute."""
    sound = (
        duplicates(),
        limits(),
        switches(),
        slow(),
        closing(),
        climbing(),
        clocks(),
        openings(),
        deferred(),
        approvals(),
        two_people(),
        manual(),
        restores(),
        undone(),
    )
    return [one for part in (*sound, disturbed(), disturbed_later()) for one in part]


def deep() -> list[Scene]:
    """The scenes that are explored in addition before a release: minutes."""
    three = (remediator(API_RED), remediator(WEB_RED), remediator(WORKER_RED))
    return [
        scene("the same alarm four times", remediator(API_RED, 4)),
        scene(
            "a slow claimant, an early OK and another alarm",
            remediator(API_RED),
            ok_of(API_OK),
            remediator(API_SLOW),
            passes=(81 * SECOND,),
        ),
        scene("three targets, two slots", *three, policy=TWO_SLOTS),
        scene("three targets, a storm of three begins", *three, policy=STORM_OF_THREE),
        scene("two alarms of one target, one of them twice", remediator(API_RED, 2), remediator(API_SLOW)),
        killed_and_swept(2),
        scene("the same alarm three times, one is killed", remediator(API_RED, 3), kills=1),
        scene("the same alarm three times, a reply is lost", remediator(API_RED, 3), lost_replies=1),
        scene("pause(global) among three duplicates", remediator(API_RED, 3), pause("global")),
        scene(
            "a storm of two, two of one target",
            remediator(API_RED, 2),
            remediator(WEB_RED),
            policy=STORM_OF_TWO,
        ),
    ]
