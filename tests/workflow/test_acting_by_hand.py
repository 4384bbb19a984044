"""An act by hand is decided, claimed, verified and announced by the functions that answer alarms."""

from dataclasses import replace
from datetime import timedelta
from typing import NoReturn

import pytest

from firebreak.core.incident.states import IncidentState
from firebreak.core.ledger import incident_name
from firebreak.core.limits.history import Hold
from firebreak.core.manual import manual_request, plan_id, stand_in
from firebreak.core.model import Alarm, AlarmState, OwnEvent, Plan
from firebreak.core.readings import ABSENT
from firebreak.core.reasons import Reason
from firebreak.intake.lookups import Resolution
from firebreak.intake.target_resolution import request_of
from firebreak.paging.crash_reports import Crash
from firebreak.policy.compiler import parse_policy
from firebreak.remediation.decision_recorder import Summary
from firebreak.remediation.snapshot import tags_of
from firebreak.services.ecs.model import ServiceLive
from firebreak.services.registry import ACTIONS
from firebreak.wire.requests import request_event
from tests.support import builders as a
from tests.support.fakes import FakeAlarms
from tests.support.world import World

MINUTE = timedelta(minutes=1)
S = IncidentState
OBSERVING = a.AUTO_POLICY.replace('autonomy = "auto"', 'autonomy = "observe"')


def asked(world: World, action: str = "restart-service", *, red: tuple[Alarm, ...] = ()) -> OwnEvent:
    """The request as the command makes it: with the plan that it showed."""
    event = manual_request(action, a.TARGET, by="ana", why="it hangs\nreally", at=world.clock.at, red=red)
    built = ACTIONS[action](world.services())
    request = request_of(event, action, a.TARGET, ABSENT, Resolution(a.TARGET))
    plan = built.plan(request, built.observe(a.TARGET), world.policy.rules(action, a.TARGET))
    return replace(event, plan_seen=plan_id(plan) if isinstance(plan, Plan) else "none")


def act(world: World, event: OwnEvent) -> Summary:
    done = world.remediator(event.action).handle(request_event(event))
    world.deliver()
    return done


def live_service(world: World) -> ServiceLive:
    live = world.ecs.services[a.TARGET.display]
    assert isinstance(live, ServiceLive)
    return live


def labels(world: World) -> list[str]:
    return [subject.removeprefix("[Firebreak] ").partition(":")[0] for subject in world.subjects]


@pytest.mark.parametrize("policy", [a.AUTO_POLICY, OBSERVING], ids=["auto", "observe"])
def test_an_act_without_an_alarm_is_verified_by_its_target_and_closed(world: World, policy: str) -> None:
    world.policy = parse_policy(policy, "by hand.toml")

    done = act(world, asked(world))

    assert (done.outcome, world.incident(done.incident_id).state) == ("act", S.ACTED)
    world.pass_time(10 * MINUTE)
    assert world.incident(done.incident_id).state is S.CLOSED
    assert labels(world) == ["ACTED", "RESOLVED"]
    assert [name for name, _, _ in world.ecs.writes] == ["force_deployment"]


def test_the_page_names_who_requested_it_and_why_and_no_alarm(world: World) -> None:
    act(world, asked(world))
    page = world.pager.sent[0][1]
    assert "requested by ana" in page
    assert "reason given: it hangs really" in page
    assert "Alarm:" not in page
    assert "If not, Firebreak asks a human to take over." in page


def test_the_incident_has_the_id_that_the_command_prints_before_it_sends(world: World) -> None:
    event = asked(world)
    assert act(world, event).incident_id == incident_name(event)


def test_the_same_request_delivered_twice_acts_once(world: World) -> None:
    event = asked(world)
    act(world, event)
    again = act(world, event)
    assert (again.outcome, again.reason) == ("refuse", Reason.DUPLICATE)
    assert len(world.ecs.writes) == 1


def test_an_act_that_does_not_help_goes_to_humans_and_no_other_action_follows(world: World) -> None:
    alarm = world.red()
    done = act(world, asked(world, red=(alarm,)))
    world.pass_time(20 * MINUTE)
    assert world.incident(done.incident_id).state is S.PAGED
    assert [name for name, _, _ in world.ecs.writes] == ["force_deployment"]


def test_a_red_alarm_of_the_target_has_to_recover_as_well(world: World) -> None:
    alarm = world.red()
    done = act(world, asked(world, red=(alarm,)))
    world.pass_time(3 * MINUTE)
    world.alarms.turn(alarm.name, AlarmState.OK, world.clock.at)
    world.pass_time(10 * MINUTE)
    assert world.incident(done.incident_id).state is S.CLOSED


def test_an_alarm_that_turns_red_after_the_act_joins_and_makes_it_worse(world: World) -> None:
    done = act(world, asked(world))
    world.pass_time(MINUTE)
    world.send(world.red())
    world.pass_time(5 * MINUTE)
    assert world.incident(done.incident_id).state is S.PAGED
    assert "api-memory-high turned red after the action" in world.pager.sent[-1][1]


def test_a_temporary_change_by_hand_is_taken_back_after_its_rest(world: World) -> None:
    done = act(world, asked(world, "scale-service"))
    world.pass_time(60 * MINUTE)
    assert [count for _, _, count in world.ecs.writes] == [3, 2]
    assert world.incident(done.incident_id).state is S.CLOSED
    assert labels(world) == ["ACTED", "RESOLVED", "RESTORED"]


def test_a_failed_effect_is_paged_and_closed_once_the_target_is_at_rest(world: World) -> None:
    world.ecs.stuck = True
    done = act(world, asked(world))
    world.pass_time(30 * MINUTE)
    assert world.incident(done.incident_id).state is S.PAGED
    assert "You get a message when the target is at rest." in world.pager.sent[-1][1]
    live = live_service(world)
    world.ecs.services[a.TARGET.display] = replace(
        live, deployments=(replace(live.deployments[0], rollout="COMPLETED"),)
    )
    world.pass_time(5 * MINUTE)
    world.sweep()
    assert world.incident(done.incident_id).state is S.CLOSED


def test_two_people_who_ask_at_once_get_one_act_and_one_refusal(world: World) -> None:
    first = asked(world)
    world.clock.pass_time(timedelta(seconds=1))
    second = replace(asked(world), by="kim")
    assert act(world, first).outcome == "act"
    refused = act(world, second)
    assert (refused.outcome, refused.reason) == ("refuse", Reason.IN_FLIGHT)
    assert len(world.ecs.writes) == 1


def test_an_alarm_that_comes_during_the_act_joins_it_and_is_not_acted_on(world: World) -> None:
    done = act(world, asked(world))
    joined = world.send(world.red())
    assert (joined.reason, joined.incident_id) == (Reason.IN_FLIGHT, done.incident_id)
    assert len(world.ecs.writes) == 1


def test_a_pause_holds_a_human_as_well_and_the_refusal_is_recorded_with_the_name(world: World) -> None:
    world.switches.pause(Hold("global", "kim", "migration", world.clock.at, world.clock.at + MINUTE * 60))
    done = act(world, asked(world))
    assert (done.outcome, done.reason, world.ecs.writes) == ("refuse", Reason.SWITCHED_OFF, [])


def test_after_the_cooldown_refused_it_the_page_says_until_when(world: World) -> None:
    act(world, asked(world))
    world.pass_time(10 * MINUTE)
    refused = act(world, asked(world))
    assert (refused.outcome, refused.reason) == ("refuse", Reason.COOLDOWN)
    assert "requested by ana" in world.pager.sent[-1][1]
    assert "CloudWatch sends nothing more" not in world.pager.sent[-1][1]


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("ecs:prod", Reason.TARGET_MALFORMED),
        ("lambda:api", Reason.TARGET_UNSUPPORTED),
        ("ecs:prod/nobody", Reason.TARGET_MISSING),
    ],
)
def test_a_target_that_cannot_be_changed_is_refused(world: World, target: str, reason: Reason) -> None:
    done = act(world, replace(asked(world), target=target))
    assert (done.outcome, done.reason, world.ecs.writes) == ("refuse", reason, [])


def test_a_plan_that_changed_since_the_command_showed_it_is_refused(world: World) -> None:
    event = asked(world)
    live = live_service(world)
    world.ecs.services[a.TARGET.display] = replace(
        live, task_definition=a.TASK_DEFINITION.replace(":7", ":8")
    )
    done = act(world, event)
    assert (done.reason, world.ecs.writes) == (Reason.PLAN_CHANGED, [])


def test_a_function_that_failed_on_a_request_by_hand_is_reported_without_an_alarm_and_with_the_reason(
    world: World,
) -> None:
    event = request_event(asked(world))
    message, record = Crash("restart-service", "RetriesExhausted", event).reported(world.clock.at)
    assert (message.alarm_name, message.watches) == ("", ())
    assert "reason given: it hangs really" in " ".join(message.facts).replace("\n", " ")
    assert record


class NoAlarms(FakeAlarms):
    def tags(self, arn: str) -> NoReturn:
        raise AssertionError(f"the tags of {arn} were asked for")


def test_nobody_asks_for_the_tags_of_the_value_that_stands_for_an_alarm() -> None:
    assert tags_of(stand_in(a.TARGET, "why", a.NOW), NoAlarms()) is ABSENT
