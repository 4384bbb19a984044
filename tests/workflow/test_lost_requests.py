"""A request that got lost is asked for again by the sweeper, and decided once."""

from dataclasses import replace
from datetime import timedelta

import pytest

from firebreak.core.incident.own_requests import CLIMB_TIMEOUT, request_of
from firebreak.core.incident.states import IncidentState, Member
from firebreak.core.model import AlarmState, Mute
from firebreak.core.readings import Unknown
from firebreak.core.reasons import Reason
from firebreak.errors import Unavailable
from firebreak.ledger.incident_items import incident_item
from firebreak.remediation.sweeper import SWEEP_LIMIT
from firebreak.services.ecs.model import ServiceLive
from firebreak.wire.requests import request_event
from tests.support.world import TABLE, World

MINUTE = timedelta(minutes=1)


def test_a_lost_climb_is_asked_for_again(world: World) -> None:
    done = world.send(world.red())
    world.clock.pass_time(6 * MINUTE)
    world.verifier().handle({"detail-type": "Firebreak Sweep"})
    assert world.incident(done.incident_id).state is IncidentState.CLIMBING
    world.bus.asked.clear()
    world.clock.pass_time(6 * MINUTE)
    world.sweep()
    assert [name for name, _, _ in world.ecs.writes] == ["force_deployment", "set_desired_count"]


def test_a_request_that_nobody_takes_up_lets_the_others_have_their_turn(world: World) -> None:
    done = world.send(world.red())
    world.clock.pass_time(6 * MINUTE)
    world.verifier().handle({"detail-type": "Firebreak Sweep"})
    for _ in range(2):
        world.bus.asked.clear()
        world.clock.pass_time(6 * MINUTE)
        assert [one.incident_id for one in world.ledger.overdue(world.clock.at, 50)] == [done.incident_id]
        world.verifier().handle({"detail-type": "Firebreak Sweep"})
        assert [asked.incident_id for asked in world.bus.asked] == [done.incident_id]
        assert world.ledger.overdue(world.clock.at, 50) == []
        assert world.incident(done.incident_id).due_at == world.clock.at + CLIMB_TIMEOUT


def test_an_incident_behind_many_paged_ones_is_looked_at_all_the_same(world: World) -> None:
    done = world.send(world.red())
    alarm = world.red("api-5xx")
    stored = replace(world.incident(done.incident_id), state=IncidentState.PAGED, plan=None, due_at=None)
    for n in range(SWEEP_LIMIT + 10):
        one = replace(stored, id=f"i-{n:010d}", opened_at=stored.opened_at + n * timedelta(seconds=1))
        one = replace(one, members=(Member.of(alarm),)) if n == SWEEP_LIMIT else one
        world.dynamodb.put_item(TableName=TABLE, Item=incident_item(one))
    world.green(alarm)
    for _ in range(2):
        world.clock.pass_time(5 * MINUTE)
        world.sweep()
    assert world.incident(f"i-{SWEEP_LIMIT:010d}").state is IncidentState.CLOSED
    assert world.incident("i-0000000000").state is IncidentState.PAGED


def test_a_lost_wake_of_a_deferred_climb_is_asked_for_again(world: World) -> None:
    world.policy = replace(world.policy, defaults=replace(world.policy.defaults, rung_gap=10 * MINUTE))
    done = world.send(world.red())
    world.pass_time(5 * MINUTE)
    assert world.incident(done.incident_id).state is IncidentState.DEFERRED
    assert world.summaries[-1].reason is Reason.RUNG_GAP
    world.schedules.asks.clear()
    world.clock.pass_time(10 * MINUTE)
    world.sweep()
    assert [name for name, _, _ in world.ecs.writes] == ["force_deployment", "set_desired_count"]


def test_a_lost_wake_up_of_a_muted_alarm_is_made_by_the_sweeper(world: World) -> None:
    muted = world.red(mute=Mute("friday", world.clock.at + 30 * MINUTE))
    assert world.send(muted).reason is Reason.MUTED
    world.schedules.asks.clear()
    world.clock.pass_time(40 * MINUTE)
    world.sweep()
    assert [name for name, _, _ in world.ecs.writes] == ["force_deployment"]
    world.sweep()
    assert len(world.ecs.writes) == 1


def test_a_wake_up_of_a_muted_alarm_that_comes_late_is_made_all_the_same(world: World) -> None:
    world.send(world.red(mute=Mute("friday", world.clock.at + 60 * MINUTE)))
    world.clock.pass_time(60 * MINUTE)
    [(wake, _)] = world.schedules.asks
    world.clock.pass_time(11 * MINUTE)
    world.remediator().handle(request_event(wake))
    assert [name for name, _, _ in world.ecs.writes] == ["force_deployment"]


def test_alarms_that_come_too_late_are_one_page(world: World) -> None:
    late = [world.red(f"api-{n}") for n in range(3)]
    world.clock.pass_time(11 * MINUTE)
    assert {world.send(alarm).reason for alarm in (*late, late[0])} == {Reason.TOO_OLD}
    assert [subject.partition(": ")[0] for subject in world.subjects] == ["[Firebreak] NOT ACTING"]
    assert world.ecs.writes == []


def test_an_alarm_that_was_answered_is_not_announced_when_its_event_is_delivered_again_too_late(
    world: World,
) -> None:
    alarm = world.red()
    world.send(alarm)
    text = list(world.subjects)
    world.clock.pass_time(11 * MINUTE)
    assert world.send(alarm).reason is Reason.TOO_OLD
    assert world.subjects == text


def test_a_climb_that_comes_too_late_for_an_incident_that_moved_on_is_not_announced(world: World) -> None:
    done = world.send(world.red())
    climb = replace(request_of(world.incident(done.incident_id), world.clock.at), rung=1)
    text = list(world.subjects)
    world.clock.pass_time(11 * MINUTE)
    late = replace(climb, action="restart-service")
    assert world.remediator().handle(request_event(late)).reason is Reason.TOO_OLD
    world.deliver()
    assert world.subjects == text


def test_a_wake_up_that_was_not_lost_is_decided_once(world: World) -> None:
    world.send(world.red(mute=Mute("friday", world.clock.at + 30 * MINUTE)))
    world.pass_time(33 * MINUTE)
    assert [name for name, _, _ in world.ecs.writes] == ["force_deployment"]
    world.sweep()
    assert [name for name, _, _ in world.ecs.writes] == ["force_deployment"]
    assert world.summaries[-1].reason is Reason.DUPLICATE


def test_green_alarms_over_a_deployment_that_never_settles_are_no_success(world: World) -> None:
    world.ecs.stuck = True
    alarm = world.red()
    done = world.send(alarm)
    world.pass_time(MINUTE)
    world.green(alarm)
    world.pass_time(40 * MINUTE)
    assert world.incident(done.incident_id).state is IncidentState.PAGED
    world.sweep()
    assert world.incident(done.incident_id).state is IncidentState.PAGED
    assert "RESOLVED" not in " ".join(world.subjects)
    assert len(world.ecs.writes) == 1
    live = world.ecs.services["ecs:prod/api"]
    assert isinstance(live, ServiceLive)
    mended = replace(live.deployments[0], id="ecs-svc/of-a-human", rollout="COMPLETED")
    world.ecs.services["ecs:prod/api"] = replace(live, deployments=(mended,))
    world.sweep()
    assert "RESOLVED" in world.subjects[-1]


def test_a_target_that_cannot_be_read_is_not_taken_for_one_at_rest(world: World) -> None:
    alarm = world.red()
    done = world.send(alarm)
    world.pass_time(10 * MINUTE)
    world.alarms.turn(alarm.name, AlarmState.OK, world.clock.at)
    world.ecs.services["ecs:prod/api"] = Unknown("ThrottlingException")
    world.sweep()
    assert world.incident(done.incident_id).state is IncidentState.PAGED


def test_a_bus_that_takes_no_request_does_not_keep_due_incidents_waiting(world: World) -> None:
    world.send(world.red("web-memory-high", mute=Mute("friday", world.clock.at + MINUTE)))
    alarm = world.red()
    done = world.send(alarm)
    world.alarms.turn(alarm.name, AlarmState.OK, world.clock.at)
    world.clock.pass_time(10 * MINUTE)
    world.bus.broken = Unavailable("PutEvents", "503")
    with pytest.raises(Unavailable):
        world.verifier().handle({"detail-type": "Firebreak Sweep"})
    assert world.incident(done.incident_id).state is IncidentState.HOLDING


def test_a_bus_that_does_not_take_a_repeated_request_either_makes_the_sweep_fail(world: World) -> None:
    done = world.send(world.red())
    world.clock.pass_time(6 * MINUTE)
    world.verifier().handle({"detail-type": "Firebreak Sweep"})
    world.bus.asked.clear()
    world.clock.pass_time(6 * MINUTE)
    world.bus.broken = Unavailable("PutEvents", "503")
    with pytest.raises(Unavailable):
        world.verifier().handle({"detail-type": "Firebreak Sweep"})
    world.bus.broken = None
    world.clock.pass_time(6 * MINUTE)
    world.verifier().handle({"detail-type": "Firebreak Sweep"})
    assert [asked.incident_id for asked in world.bus.asked] == [done.incident_id]


def test_verify_goes_on_without_the_scheduler(world: World) -> None:
    alarm = world.red()
    done = world.send(alarm)
    world.pass_time(MINUTE)
    world.schedules.broken = Unavailable("CreateSchedule", "ServiceUnavailable")
    world.green(alarm)
    assert world.incident(done.incident_id).state is IncidentState.HOLDING
    world.clock.pass_time(10 * MINUTE)
    world.sweep()
    assert world.incident(done.incident_id).state is IncidentState.CLOSED


def test_an_ok_is_a_recorded_decision_too(world: World) -> None:
    world.green(world.red())
    items = world.dynamodb.scan(TableName="ledger")["Items"]
    decided = [item for item in items if item["pk"]["S"].startswith("DECISION#")]
    assert [item["reason"]["S"] for item in decided] == ["not_in_alarm"]


def test_early_looks_do_not_use_up_the_tries_of_a_blind_one(world: World) -> None:
    world.ecs.stuck = True
    done = world.send(world.red())
    world.pass_time(7 * MINUTE)
    assert world.incident(done.incident_id).attempt == 2
    live = world.ecs.services["ecs:prod/api"]
    assert isinstance(live, ServiceLive)
    settled = replace(live.deployments[0], rollout="COMPLETED")
    world.ecs.services["ecs:prod/api"] = replace(live, deployments=(settled,))
    world.alarms.described["api-memory-high"] = Unknown("ThrottlingException")
    world.pass_time(2 * MINUTE)
    found = world.incident(done.incident_id)
    assert (found.state, found.blind_looks) == (IncidentState.VERIFYING, 1)
