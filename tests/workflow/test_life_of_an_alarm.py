"""The life of an alarm through all functions, in one process."""

from datetime import timedelta

from firebreak.core.incident.states import IncidentState
from firebreak.core.limits.history import Hold
from firebreak.core.reasons import Reason
from firebreak.policy.compiler import parse_policy
from tests.support import builders as a
from tests.support.world import World

MINUTE = timedelta(minutes=1)


def test_a_red_alarm_restarts_the_service_and_a_held_recovery_closes_it(world: World) -> None:
    alarm = world.red()
    done = world.send(alarm)
    assert [name for name, _, _ in world.ecs.writes] == ["force_deployment"]
    assert world.incident(done.incident_id).state is IncidentState.ACTED
    world.pass_time(2 * MINUTE)
    world.green(alarm)
    assert world.incident(done.incident_id).state is IncidentState.HOLDING
    world.pass_time(6 * MINUTE)
    assert world.incident(done.incident_id).state is IncidentState.CLOSED
    assert [s.removeprefix("[Firebreak] ").partition(":")[0] for s in world.subjects] == ["ACTED", "RESOLVED"]


def test_the_same_alarm_within_the_cooldown_is_refused_with_the_time(world: World) -> None:
    alarm = world.red()
    world.send(alarm)
    world.pass_time(MINUTE)
    world.green(alarm)
    world.pass_time(6 * MINUTE)
    again = world.send(world.red())
    assert (again.outcome, again.reason) == ("refuse", Reason.COOLDOWN)
    assert len(world.ecs.writes) == 1
    assert "10:15:30Z" in world.pager.sent[-1][1]


def test_a_target_with_a_ladder_of_its_own_climbs_that_one(world: World) -> None:
    short = 'target = "ecs:prod/api"\naction = "restart-service"\nladder = ["restart-service", "page"]\n'
    world.policy = parse_policy(f"{a.AUTO_POLICY}[[overrides]]\n{short}", "own ladder.toml")
    done = world.send(world.red())
    world.pass_time(5 * MINUTE)
    assert world.incident(done.incident_id).state is IncidentState.PAGED
    assert [name for name, _, _ in world.ecs.writes] == ["force_deployment"]
    assert "nothing is left to try" in world.pager.sent[-1][1]


def test_a_ladder_climbs_one_acting_rung_at_a_time_and_ends_with_a_human(world: World) -> None:
    done = world.send(world.red())
    world.pass_time(5 * MINUTE)
    assert [name for name, _, _ in world.ecs.writes] == ["force_deployment", "set_desired_count"]
    world.pass_time(5 * MINUTE)
    assert world.incident(done.incident_id).state is IncidentState.PAGED
    assert len(world.ecs.writes) == 2
    assert [s.removeprefix("[Firebreak] ").partition(":")[0] for s in world.subjects] == [
        "ACTED",
        "ACTED",
        "NEEDS YOU",
    ]


def test_a_held_switch_records_and_pages_and_touches_nothing(world: World) -> None:
    now = world.clock.at
    world.switches.pause(Hold("global", "ana", "migration", now, now + 60 * MINUTE))
    done = world.send(world.red())
    assert (done.outcome, done.reason) == ("refuse", Reason.SWITCHED_OFF)
    assert world.ecs.writes == []
    assert "migration" in world.pager.sent[0][1]
    world.switches.resume("global", "ana")
    world.clock.pass_time(2 * MINUTE)
    assert world.send(world.red()).outcome == "act"


def test_a_duplicate_delivery_acts_once_and_pages_once(world: World) -> None:
    alarm = world.red()
    assert world.send(alarm).outcome == "act"
    assert world.send(alarm).reason is Reason.DUPLICATE
    assert (len(world.ecs.writes), len(world.pager.sent)) == (1, 1)


def test_a_second_alarm_of_the_target_joins_and_both_must_recover(world: World) -> None:
    first = world.red()
    done = world.send(first)
    second = world.red("api-5xx")
    assert world.send(second).reason is Reason.IN_FLIGHT
    assert len(world.incident(done.incident_id).members) == 2
    world.green(first)
    assert world.incident(done.incident_id).state is IncidentState.VERIFYING
    world.green(second)
    assert world.incident(done.incident_id).state is IncidentState.HOLDING


def test_observe_mode_says_what_it_would_have_done(world: World) -> None:
    world.policy = parse_policy(a.AUTO_POLICY.replace('"auto"', '"observe"'), "observe.toml")
    done = world.send(world.red())
    assert (done.outcome, done.reason, world.ecs.writes) == ("propose", Reason.OBSERVE_ONLY, [])
    subject, body = world.pager.sent[0]
    assert "WOULD ACT" in subject
    assert "The plan would be: " in body
    assert "api:7" in body


def test_a_human_who_was_paged_hears_when_it_is_over(world: World) -> None:
    alarm = world.red()
    done = world.send(alarm)
    world.pass_time(10 * MINUTE)
    assert world.incident(done.incident_id).state is IncidentState.PAGED
    world.green(alarm)
    world.deliver()
    assert world.incident(done.incident_id).state is IncidentState.CLOSED
    assert "RESOLVED" in world.subjects[-1]
