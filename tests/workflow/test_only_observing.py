"""A policy that only observes: through the functions, with a ledger, a clock and channels."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from firebreak.core.decide import decide
from firebreak.core.decision import Act, Snapshot
from firebreak.core.incident.states import Incident, IncidentState
from firebreak.core.limits.history import Hold
from firebreak.core.messages.announcement import AnnouncementKind
from firebreak.core.messages.observe_mode import LEDGER_FAULTS
from firebreak.core.model import Autonomy, Mute, Request, RequestKind
from firebreak.core.paging.page import Phase
from firebreak.core.readings import Unknown
from firebreak.core.reasons import Reason
from firebreak.ledger.memory.ledger import MemoryLedger
from firebreak.ledger.memory.state import Held, Memory
from firebreak.policy.compiler import parse_policy
from firebreak.remediation.decision_recorder import DecisionRecorder
from firebreak.remediation.outbox import Announcer
from tests.core.test_decide_properties import requests, snapshots
from tests.support import builders as a
from tests.support.fakes import FakeBus, FakeClock, FakeSchedules, ListLog
from tests.support.world import World, world_on_moto

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
OBSERVE = parse_policy(a.AUTO_POLICY.replace('"auto"', '"observe"'), "observe.toml")
WATCHED = a.rules(autonomy=Autonomy.OBSERVE)
# An act under way when the policy came to observe is still judged, by every alarm of its target.
ENDS = frozenset({IncidentState.PAGED, IncidentState.CLOSED, IncidentState.DEFERRED})


@pytest.fixture
def world() -> Iterator[World]:
    with world_on_moto(policy=OBSERVE) as made:
        yield made


def live(world: World, **changes: Any) -> None:
    world.ecs.services[a.TARGET.display] = a.service(**changes)


def flap(world: World, times: int) -> None:
    for _ in range(times):
        alarm = world.red()
        world.send(alarm)
        world.clock.pass_time(3 * MINUTE)
        world.green(alarm)
        world.deliver()
        world.clock.pass_time(3 * MINUTE)
        world.page_sweep()


def incidents(world: World) -> int:
    items = world.dynamodb.scan(TableName="ledger")["Items"]
    return sum(item["pk"]["S"].startswith("INC#") for item in items)


SITUATIONS: list[Any] = [
    pytest.param({}, "WOULD ACT", id="it could act"),
    pytest.param({"controller": "CODE_DEPLOY"}, "WOULD ACT", id="a controller without restarts"),
    pytest.param({"desired": 0, "running": 0}, "WOULD NOT ACT", id="scaled to zero"),
    pytest.param({"status": "DRAINING"}, "WOULD NOT ACT", id="draining"),
]


@pytest.mark.parametrize(("changes", "mark"), SITUATIONS)
def test_a_flapping_alarm_is_one_message_a_day_and_no_incident(
    world: World, changes: dict[str, Any], mark: str
) -> None:
    live(world, **changes)
    flap(world, 12)
    assert [subject.split("] ")[1].startswith(mark) for subject in world.subjects] == [True]
    assert [page.phase for _, page in world.pager.pages] == [Phase.UPDATE]
    assert (incidents(world), world.ecs.writes, world.schedules.checks) == (0, [], {})
    world.clock.pass_time(24 * HOUR)
    flap(world, 1)
    assert len(world.subjects) == 2


def test_a_ladder_is_described_and_not_climbed(world: World) -> None:
    live(world, controller="CODE_DEPLOY")
    done = world.send(world.red())
    assert (done.outcome, done.reason) == ("refuse", Reason.UNSUPPORTED_CONTROLLER)
    assert "It would climb to scale-service" in world.pager.sent[0][1]


def test_each_service_of_a_cluster_shows_its_own_plan(world: World) -> None:
    for name in ("api", "web", "jobs"):
        world.ecs.services[f"ecs:prod/{name}"] = a.service(name=name)
        tags = {"firebreak:action": "restart-service", "firebreak:target": f"ecs:prod/{name}"}
        world.send(world.red(f"{name}-memory", tags=tags))
    bodies = [body for _, body in world.pager.sent]
    assert [
        f"restart ecs:prod/{name}" in body for name, body in zip(("api", "web", "jobs"), bodies, strict=True)
    ]
    assert len(bodies) == 3


def test_a_role_that_may_not_look_is_no_page(world: World) -> None:
    world.ecs.services[a.TARGET.display] = Unknown("DescribeServices: AccessDenied")
    flap(world, 8)
    assert [page.phase for _, page in world.pager.pages] == [Phase.UPDATE]
    assert "AccessDenied" in world.pager.sent[0][1]


def test_a_muted_alarm_is_looked_at_when_the_mute_ends_and_then_proposed(world: World) -> None:
    mute = Mute("arn:aws:cloudwatch:eu-west-1:111122223333:alarm-mute-rule:deploys", a.NOW + 10 * MINUTE)
    assert world.send(world.red(mute=mute)).outcome == "defer"
    assert world.subjects == []
    world.pass_time(15 * MINUTE)
    assert ["WOULD ACT" in subject for subject in world.subjects] == [True]


def test_a_pause_that_ends_pages_nobody_of_what_is_only_observed(world: World) -> None:
    world.switches.pause(Hold("global", "ana", "migration", a.NOW, a.NOW + 10 * MINUTE))
    world.send(world.red())
    for _ in range(30):
        world.clock.pass_time(MINUTE)
        world.page_sweep()
    assert world.subjects == []


def test_an_incident_of_a_policy_that_came_to_observe_ends_with_a_human(world: World) -> None:
    world.policy = a.auto_policy()
    done = world.send(world.red())
    world.policy = OBSERVE
    world.pass_time(15 * MINUTE)
    assert world.incident(done.incident_id).state is IncidentState.PAGED
    assert ["ACTED" in world.subjects[0], "NEEDS YOU" in world.subjects[1]] == [True, True]
    assert len(world.ecs.writes) == 1


def test_a_climb_that_cannot_act_under_observe_asks_a_human_at_once(world: World) -> None:
    longer = a.AUTO_POLICY.replace(
        '"scale-service", "page"]\n[', '"scale-service", "replace-task", "page"]\n['
    )
    world.policy = parse_policy(longer.replace('"2/15m"', '"4/15m"').replace('"3/1h"', '"4/1h"'), "long.toml")
    done = world.send(world.red())
    at_the_ceiling = a.AUTO_POLICY.replace('"auto"', '"observe"').replace("ceiling = 10", "ceiling = 2")
    world.policy = parse_policy(at_the_ceiling, "observe.toml")
    world.pass_time(15 * MINUTE)
    after = world.incident(done.incident_id)
    assert (after.state, after.action) == (IncidentState.PAGED, "scale-service")


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(requests, snapshots)
def test_whatever_is_seen_nothing_is_opened_and_only_the_end_of_an_incident_is_a_page(
    request: Request, seen: Snapshot
) -> None:
    before = seen.incident if isinstance(seen.incident, Incident) else None
    held = Held(incidents={before.id: before} if before else {})
    memory = Memory(held)
    ledger, bus, log = MemoryLedger(memory), FakeBus(), ListLog()
    announcer = Announcer(bus, ledger, log)
    decision = decide(request, WATCHED, seen)
    if isinstance(decision.outcome, Act) or (request.incident_id and isinstance(seen.incident, Unknown)):
        return  # an undo that the policy does not speak to; what cannot be read raises
    recorder = DecisionRecorder(ledger, FakeSchedules(), announcer, FakeClock(a.NOW), log)
    recorder.record_decision(request, WATCHED, decision, seen)

    assert set(memory.held.incidents) == set(held.incidents)
    after = memory.held.incidents[before.id] if before else None
    waits_for_it = bool(before and request.incident_id == before.id)
    moved = before is not None and after is not None and after.state is not before.state
    to_rest = request.kind in {RequestKind.UNDO, RequestKind.RESTORE}
    assert not moved or (waits_for_it and after and (after.state in ENDS or to_rest))
    quiet = {AnnouncementKind.OBSERVED}
    of_human = request.kind in {RequestKind.APPROVAL, RequestKind.MANUAL}  # who is answered
    aside = moved or waits_for_it or of_human or decision.reason in LEDGER_FAULTS
    assert aside or {text.kind for text in bus.announced} <= quiet


def test_joining_an_act_of_before_is_no_opening(world: World) -> None:
    world.policy = a.auto_policy()
    done = world.send(world.red())
    world.policy = OBSERVE
    assert world.send(world.red("api-5xx")).reason is Reason.IN_FLIGHT
    assert len(world.incident(done.incident_id).members) == 2
