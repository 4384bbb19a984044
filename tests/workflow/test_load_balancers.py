"""Alarms of load balancers through all functions: found by their group, compared with the live service."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from firebreak.core.model import AlarmKind, Metric
from firebreak.core.readings import Reading
from firebreak.core.reasons import Reason
from firebreak.intake.target_groups import ServicesBehind
from firebreak.policy.compiler import parse_policy
from firebreak.services.ecs.target_groups import Registrations
from tests.support import builders as a
from tests.support.world import World, eventbridge, world_on_moto

MINUTE = timedelta(minutes=1)
BLUE, GREEN = "targetgroup/blue/6071a0b1c2d3e4f5", "targetgroup/green/a0b1c2d3e4f56071"
ARNS = {name: f"arn:aws:elasticloadbalancing:{a.REGION}:{a.ACCOUNT}:{name}" for name in (BLUE, GREEN)}
TAGS = {"firebreak:action": "restart-service"}


class Seen:
    """Registrations read a moment ago; nobody looks at all services again."""

    def __init__(self, found: Registrations) -> None:
        self.found = found

    def look(self) -> Reading[Registrations]:
        return self.found

    def keep(self, found: Registrations) -> None:
        pytest.fail(f"kept {found}")

    def registrations(self, now: object) -> Reading[Registrations]:
        pytest.fail(f"looked at {now}")


@pytest.fixture
def world() -> Iterator[World]:
    with world_on_moto() as fresh:
        yield fresh


def sent(world: World, metric: str, live: set[str]) -> Reason:
    """The reason for what is done when an alarm on the blue group turns red; behind it is ecs:prod/api."""
    groups = frozenset(ARNS[name] for name in live)
    world.ecs.services[a.TARGET.display] = a.service(target_groups=groups)
    alarm = world.red(tags=TAGS, metrics=(Metric("AWS/ApplicationELB", metric, {"TargetGroup": BLUE}),))
    seen = Seen(Registrations(world.clock.at, {BLUE: ("prod/api",)}))
    behind = ServicesBehind(seen, seen, world.clock.now)
    return replace(world.remediator(), behind=behind).handle(eventbridge(alarm)).reason


def test_the_service_behind_the_group_is_restarted(world: World) -> None:
    assert sent(world, "HTTPCode_Target_5XX_Count", {BLUE, GREEN}) is Reason.CLEAR_TO_ACT
    assert [(name, target) for name, target, _ in world.ecs.writes] == [("force_deployment", "ecs:prod/api")]


@pytest.mark.parametrize("live", [set[str](), {GREEN}])
def test_a_service_that_is_not_behind_the_group_any_more_is_left_alone(world: World, live: set[str]) -> None:
    assert sent(world, "HTTPCode_Target_5XX_Count", live) is Reason.NOT_REGISTERED
    assert world.ecs.writes == []


def test_unhealthy_hosts_restart_nothing(world: World) -> None:
    assert sent(world, "UnHealthyHostCount", {BLUE}) is Reason.HOSTS_UNHEALTHY
    world.deliver()
    assert not any(name == "force_deployment" for name, _, _ in world.ecs.writes)


def test_unhealthy_hosts_below_a_composite_restart_nothing_at_the_rung_above_either(world: World) -> None:
    above = a.AUTO_POLICY.replace('["scale-service", "page"]', '["scale-service", "restart-service", "page"]')
    world.policy = parse_policy(above, "ladder.toml")
    world.ecs.services[a.TARGET.display] = a.service(target_groups=frozenset({ARNS[BLUE]}))
    hosts = Metric("AWS/ApplicationELB", "UnHealthyHostCount", {"TargetGroup": BLUE})
    world.alarms.described["hosts"] = a.described("hosts", metrics=(hosts,))
    alarm = world.red(
        "shop", kind=AlarmKind.COMPOSITE, metrics=(), tags={"firebreak:action": "scale-service"}
    )
    world.alarms.described["shop"] = a.described("shop", children=("hosts",))
    event = eventbridge(alarm)
    event["detail"]["configuration"] = {"alarmRule": "ALARM(hosts)"}
    seen = Seen(Registrations(world.clock.at, {BLUE: ("prod/api",)}))
    behind = ServicesBehind(seen, seen, world.clock.now)

    done = replace(world.remediator("scale-service"), behind=behind).handle(event)
    world.pass_time(10 * MINUTE)

    assert done.outcome == "act"
    assert [name for name, _, _ in world.ecs.writes] == ["set_desired_count"]
    assert "hosts_unhealthy" in str(world.dynamodb.scan(TableName="ledger")["Items"])
