"""Explaining with credentials says what the function then does, and changes nothing itself."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from firebreak.core.decision import Result
from firebreak.core.limits.history import Hold
from firebreak.core.model import Alarm, AlarmKind, Metric, Mute, OwnEvent, RequestKind
from firebreak.core.readings import Unknown
from firebreak.core.reasons import Reason
from firebreak.intake import alarm_events
from firebreak.policy.compiler import parse_policy
from firebreak.remediation.snapshot import Observer
from firebreak.services.registry import ACTIONS
from firebreak.wire.requests import request_event
from firebreak_cli.explain.explainer import Explainer, Explanation
from firebreak_cli.explain.sources import LiveSources
from tests.support import builders as a
from tests.support.sample_events import load
from tests.support.world import TABLE, World, check_event, eventbridge

MINUTE = timedelta(minutes=1)


def explain(world: World, event: object) -> Explanation:
    sources = LiveSources(
        account=a.ACCOUNT,
        region=a.REGION,
        ledger=world.ledger,
        alarms=world.alarms,
        observer=lambda name: Observer(ACTIONS[name](world.services()), world.alarms, "firebreak"),
    )
    explainer = Explainer(policy=world.policy, sources=sources, clock="real", offline=False)
    return explainer.explain(alarm_events.parse(event), world.clock.now())


def ledger_items(world: World) -> list[dict[str, Any]]:
    return sorted(world.dynamodb.scan(TableName=TABLE)["Items"], key=str)


def red_and_free(world: World) -> Alarm:
    return world.red()


def paused(world: World) -> Alarm:
    world.switches.pause(Hold(f"target {a.TARGET.key}", "ana", "migration", a.NOW, a.NOW + 60 * MINUTE))
    return world.red()


def cooling_down(world: World) -> Alarm:
    alarm = world.red()
    world.send(alarm)
    world.pass_time(MINUTE)
    world.green(alarm)
    world.pass_time(6 * MINUTE)
    return world.red()


def delivered_twice(world: World) -> Alarm:
    alarm = world.red()
    world.send(alarm)
    return alarm


def joining(world: World) -> Alarm:
    world.send(world.red())
    return world.red("api-5xx")


def not_opted_in(world: World) -> Alarm:
    world.ecs.services[a.TARGET.display] = a.service(tags={})
    return world.red()


def target_unreadable(world: World) -> Alarm:
    world.ecs.services[a.TARGET.display] = Unknown("DescribeServices: AccessDenied")
    return world.red()


def muted(world: World) -> Alarm:
    return world.red(mute=Mute("arn:aws:cloudwatch:mute", a.NOW + 30 * MINUTE))


def watched(world: World) -> Alarm:
    world.policy = parse_policy(a.AUTO_POLICY.replace('"auto"', '"observe"'), "observe.toml")
    return world.red()


def low_metric_by_symptom(world: World) -> Alarm:
    alarm = world.red(tags={})
    world.alarms.described[alarm.name] = a.described(alarm.name, comparison="LessThanThreshold")
    return alarm


def named_by_a_live_tag(world: World) -> Alarm:
    alarm = world.red(tags={})
    world.alarms.tagged[alarm.arn] = {"firebreak:action": "restart-service"}
    return alarm


def tagged_for_another_action(world: World) -> Alarm:
    alarm = world.red(tags={})
    world.alarms.tagged[alarm.arn] = {"firebreak:action": "page"}
    return alarm


def live_target_tag(world: World) -> Alarm:
    alarm = world.red()
    world.alarms.tagged[alarm.arn] = {"firebreak:target": "ecs:prod/other"}
    return alarm


def nameless(world: World) -> Alarm:
    return world.red(metrics=())


def long_ago(world: World) -> Alarm:
    alarm = world.red()
    world.clock.pass_time(30 * MINUTE)
    return alarm


def long_ago_and_gone(world: World) -> Alarm:
    """The function stops at the ledger's objection; an earlier guard would object to what it does not see."""
    alarm = world.red(tags={})
    del world.alarms.described[alarm.name]
    world.clock.pass_time(30 * MINUTE)
    return alarm


def heartbeat(world: World) -> Alarm:
    """A heartbeat one red alarm short of a storm, and under a kill switch."""
    world.policy = parse_policy(a.AUTO_POLICY.replace("alarms = 50", "alarms = 2"), "storm.toml")
    world.send(world.red())
    world.switches.pause(Hold("global", "ana", "migration", a.NOW, a.NOW + 60 * MINUTE))
    tags = {"firebreak:action": "restart-service", "firebreak:target": "ecs:firebreak/heartbeat"}
    return world.red("firebreak-heartbeat", tags=tags)


SITUATIONS = [
    heartbeat,
    red_and_free,
    paused,
    cooling_down,
    delivered_twice,
    joining,
    not_opted_in,
    target_unreadable,
    muted,
    watched,
    low_metric_by_symptom,
    named_by_a_live_tag,
    live_target_tag,
    nameless,
    long_ago,
    long_ago_and_gone,
]


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda found: found.__name__)
def test_the_explained_decision_is_the_one_that_is_made(
    world: World, situation: Callable[[World], Alarm]
) -> None:
    event = eventbridge(situation(world))
    before, writes = ledger_items(world), list(world.ecs.writes)

    text = explain(world, event)

    assert (ledger_items(world), world.ecs.writes) == (before, writes)
    done = world.remediator().handle(event)
    assert (text.decision.word, text.decision.reason) == (done.outcome, done.reason)
    assert text.incident_id == done.incident_id or situation is joining


def test_a_live_tag_for_another_function_is_explained_as_the_router_passes_it_on(world: World) -> None:
    event = eventbridge(tagged_for_another_action(world))

    text = explain(world, event)

    assert (text.routing.primary, text.routing.by) == ("page", "live tag")
    assert text.decision.reason is Reason.ROUTED_TO_HUMANS
    # The function that its symptom leads to leaves it alone.
    assert world.remediator().handle(event).reason is Reason.OTHER_ACTION


def test_a_climb_is_explained_on_the_incident_s_own_target(world: World) -> None:
    done = world.send(world.red())
    world.clock.pass_time(5 * MINUTE)
    world.verifier().handle(check_event(done.incident_id, 0, 0))
    asked = world.bus.asked[0]

    text = explain(world, request_event(asked))

    assert (text.routing.primary, text.target, text.decision.word) == ("scale-service", a.TARGET, "act")
    assert text.plan is not None
    world.deliver()
    assert world.ecs.writes[-1][0] == "set_desired_count"
    assert text.incident_id == done.incident_id


def test_a_climb_to_a_restart_is_explained_by_the_hosts_below_its_composite(world: World) -> None:
    hosts = Metric(
        "AWS/ApplicationELB", "UnHealthyHostCount", {"TargetGroup": "targetgroup/b/6071a0b1c2d3e4f5"}
    )
    world.alarms.described["hosts"] = a.described("hosts", metrics=(hosts,))
    alarm = a.alarm("shop", kind=AlarmKind.COMPOSITE, metrics=(), tags={"firebreak:action": "scale-service"})
    world.alarms.described["shop"] = a.described("shop", children=("hosts",))
    opened = world.send(world.red())
    climb = OwnEvent(
        kind=RequestKind.CLIMB,
        action="restart-service",
        incident_id=opened.incident_id,
        rung=1,
        attempt=0,
        at=world.clock.at,
        alarm=alarm,
    )

    found = explain(world, request_event(climb))

    readiness = next(check for check in found.decision.checks if check.guard == "readiness")
    assert readiness.reason is Reason.HOSTS_UNHEALTHY


def test_a_request_for_an_incident_that_is_not_there_is_refused(world: World) -> None:
    text = explain(world, load("own_climb"))

    assert (text.decision.word, text.decision.reason.value) == ("refuse", "incident_moved_on")


def test_everything_is_looked_at_also_when_a_switch_is_held(world: World) -> None:
    text = explain(world, eventbridge(paused(world)))

    assert text.decision.reason.value == "switched_off"
    assert Result.NOT_LOOKED_AT not in {check.result for check in text.decision.checks}
    readiness = next(check for check in text.decision.checks if check.guard == "readiness")
    assert readiness.result is Result.PASSED


def test_an_alarm_for_nobody_asks_nothing_of_a_target(world: World) -> None:
    text = explain(world, eventbridge(world.red(tags={"firebreak:action": "none"})))

    assert (text.routing.primary, text.rules, text.decision.reason.value) == (None, None, "action_none")
    assert text.target == a.TARGET


def test_the_heartbeat_is_explained_as_no_part_of_a_storm(world: World) -> None:
    text = explain(world, eventbridge(heartbeat(world)))
    (storm,) = [check for check in text.decision.checks if check.guard == "storm"]
    assert (text.decision.reason, storm.result) == (Reason.HEARTBEAT, Result.PASSED)
