"""A request that got lost is asked for again by the sweeper, and decided once."""

from datetime import timedelta

from firebreak.core.incident import IncidentState
from firebreak.core.reasons import Reason
from tests.world import World

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


def test_a_lost_wake_of_a_deferred_climb_is_asked_for_again(world: World) -> None:
    world.policy.file.__dict__["defaults"] = world.policy.file.defaults.model_copy(
        update={"rung_gap": 10 * MINUTE}
    )
    done = world.send(world.red())
    world.pass_time(5 * MINUTE)
    assert world.incident(done.incident_id).state is IncidentState.DEFERRED
    assert world.summaries[-1].reason is Reason.RUNG_GAP
    world.schedules.asks.clear()
    world.clock.pass_time(10 * MINUTE)
    world.sweep()
    assert [name for name, _, _ in world.ecs.writes] == ["force_deployment", "set_desired_count"]


def test_an_ok_is_a_recorded_decision_too(world: World) -> None:
    world.green(world.red())
    items = world.dynamodb.scan(TableName="ledger")["Items"]
    decided = [item for item in items if item["pk"]["S"].startswith("DECISION#")]
    assert [item["reason"]["S"] for item in decided] == ["not_in_alarm"]
