"""The limits that reach beyond one target, through the functions."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from firebreak.core.incident.states import IncidentState
from firebreak.core.limits.history import GroupSize, Hold, ScopeHistory
from firebreak.core.limits.scopes import (
    Level,
    Scope,
    action_scope,
    application_scope,
    group_scope,
    target_scope,
)
from firebreak.core.model import Alarm, Verdict
from firebreak.core.readings import Unknown
from firebreak.core.reasons import Reason
from firebreak.errors import OutcomeUnknown
from firebreak.policy.compiler import parse_policy
from firebreak.policy.policy import Policy
from firebreak.services.ecs.model import ServiceLive
from tests.support import builders as a
from tests.support.world import World, eventbridge, world_on_moto

MINUTE = timedelta(minutes=1)
DEPENDENCY = """
[[dependencies]]
name = "orders-db"
targets = ["ecs:prod/api", "ecs:prod/web"]
budget = ["3/15m"]
"""


def policy(more: str = "", **replaced: str) -> Policy:
    text = a.AUTO_POLICY + more
    for old, new in replaced.items():
        text = text.replace(old, new)
    return parse_policy(text, "test.toml")


@pytest.fixture
def world() -> Iterator[World]:
    with world_on_moto() as made:
        yield made


def service(world: World, name: str, **changes: Any) -> Alarm:
    """Another service and its red alarm."""
    live = a.service(name=name)
    world.ecs.services[f"ecs:prod/{name}"] = replace(live, **changes)
    tags = {"firebreak:action": "restart-service", "firebreak:target": f"ecs:prod/{name}"}
    return world.red(f"{name}-memory-high", tags=tags)


def history(world: World, scope: Scope) -> ScopeHistory:
    found = world.ledger.look(a.request(), [*dict.fromkeys((*a.SCOPES, scope))]).scopes[scope]
    assert isinstance(found, ScopeHistory)
    return found


# --- shared dependencies


def test_two_targets_on_one_dependency_are_worked_on_one_after_the_other(world: World) -> None:
    world.policy = policy(DEPENDENCY)
    first = world.send(world.red())
    second = world.send(service(world, "web"))
    assert (first.outcome, second.reason) == ("act", Reason.DEPENDENCY_IN_FLIGHT)
    assert [target for _, target, _ in world.ecs.writes] == ["ecs:prod/api"]
    assert history(world, Scope(Level.DEPENDENCY, "orders-db")).incident_id == first.incident_id


def test_once_the_first_is_over_the_other_may_be_helped(world: World) -> None:
    world.policy = policy(DEPENDENCY)
    api = world.red()
    first = world.send(api)
    world.pass_time(2 * MINUTE)
    world.green(api)
    world.pass_time(10 * MINUTE)
    assert world.incident(first.incident_id).state is IncidentState.CLOSED
    second = world.send(service(world, "web"))
    assert second.outcome == "act"


def test_each_target_that_waits_for_a_busy_dependency_is_paged_once(world: World) -> None:
    world.policy = policy(DEPENDENCY.replace('"ecs:prod/web"', '"ecs:prod/*"'))
    world.send(world.red())
    for name in ("web", "jobs", "web", "jobs"):
        world.clock.pass_time(timedelta(seconds=1))
        assert world.send(service(world, name)).reason is Reason.DEPENDENCY_IN_FLIGHT
    refusals = [subject for subject in world.subjects if "NOT ACTING" in subject]
    assert ["web" in refusals[0], "jobs" in refusals[1], len(refusals)] == [True, True, 2]


def test_a_dependency_has_a_budget_over_all_that_share_it(world: World) -> None:
    world.policy = policy(DEPENDENCY)
    reasons = []
    for name in ("api", "web", "api", "web"):
        alarm = service(world, name)
        reasons.append(world.send(alarm).reason)
        world.clock.pass_time(MINUTE)
        world.green(alarm)
        world.pass_time(6 * MINUTE)
    assert reasons[:2] == [Reason.CLEAR_TO_ACT] * 2
    acts = history(world, Scope(Level.DEPENDENCY, "orders-db")).acts
    assert [act.target for act in acts] == [a.TARGET.key, replace(a.TARGET, name="web").key]


# --- applications


def test_the_application_that_a_tag_names_is_a_group_in_addition_to_the_cluster(world: World) -> None:
    world.policy = policy(
        **{
            'cooldown = "15m"': 'cooldown = "15m"\napplication_tag = "app"',
            'group = ["5/15m"]': 'group = ["1/15m"]',
        }
    )
    tags = {"firebreak:enabled": "true", "app": "shop"}
    world.ecs.services["ecs:prod/api"] = replace(a.service(), tags=tags)
    elsewhere = a.service(name="web")
    world.ecs.services["ecs:dev/web"] = replace(elsewhere, cluster="dev", tags=tags)
    assert world.send(world.red()).outcome == "act"
    other = world.red("web", tags={"firebreak:action": "restart-service", "firebreak:target": "ecs:dev/web"})
    refused = world.send(other)
    assert refused.reason is Reason.BUDGET_FULL
    assert "application shop 1/1 in 15m" in world.pager.sent[-1][1]
    shop = application_scope(a.TARGET, "shop")
    assert [act.target for act in history(world, shop).acts] == [a.TARGET.key]


def test_a_kill_switch_over_the_application_stops_it(world: World) -> None:
    world.policy = policy(**{'cooldown = "15m"': 'cooldown = "15m"\napplication_tag = "app"'})
    tags = {"firebreak:enabled": "true", "app": "shop"}
    world.ecs.services["ecs:prod/api"] = replace(a.service(), tags=tags)
    shop = application_scope(a.TARGET, "shop")
    now = world.clock.at
    world.switches.pause(Hold(f"group {shop.key}", "ana", "sale", now, now + 30 * MINUTE))
    assert world.send(world.red()).reason is Reason.SWITCHED_OFF
    assert world.ecs.writes == []


def test_an_act_that_is_claimed_while_the_application_is_looked_up_is_not_of_the_future(world: World) -> None:
    world.policy = policy(**{'cooldown = "15m"': 'cooldown = "15m"\napplication_tag = "app"'})
    tags = {"firebreak:enabled": "true", "app": "shop"}
    world.ecs.services["ecs:prod/api"] = replace(a.service(), tags=tags)
    world.ecs.services["ecs:dev/web"] = replace(a.service(name="web"), cluster="dev", tags=tags)
    other = world.red("web", tags={"firebreak:action": "restart-service", "firebreak:target": "ecs:dev/web"})
    sound = world.ledger
    sent: list[Alarm] = []

    class Busy:
        def __getattr__(self, name: str) -> Any:
            return getattr(sound, name)

        def read_more_scopes(self, view: Any, scopes: Any) -> Any:
            if not sent:
                sent.append(other)
                world.clock.pass_time(timedelta(milliseconds=200))
                assert world.remediator().handle(eventbridge(other)).outcome == "act"
            return sound.read_more_scopes(view, scopes)

    busy: Any = Busy()
    world.ledger = busy
    assert world.send(world.red()).outcome == "act"


def test_a_target_without_the_tag_has_only_its_cluster(world: World) -> None:
    world.policy = policy(**{'cooldown = "15m"': 'cooldown = "15m"\napplication_tag = "app"'})
    done = world.send(world.red())
    assert done.outcome == "act"
    assert len(history(world, group_scope(a.TARGET)).acts) == 1


# --- the share of a group


def test_more_of_a_cluster_than_max_unavailable_is_not_acted_on(world: World) -> None:
    world.policy = policy(**{"max_unavailable = 1.0": "max_unavailable = 0.5"})
    alarms = [service(world, name) for name in ("api", "web", "jobs", "mail")]
    assert [world.send(alarm).reason for alarm in alarms[:3]] == [
        Reason.CLEAR_TO_ACT,
        Reason.CLEAR_TO_ACT,
        Reason.SHARE_REACHED,
    ]


def test_a_claim_remembers_the_count_and_the_next_one_uses_it_until_it_is_too_old(world: World) -> None:
    world.policy = policy(**{"max_unavailable = 1.0": "max_unavailable = 0.5"})
    alarms = [service(world, name) for name in ("api", "web", "jobs", "mail")]
    world.send(alarms[0])
    assert history(world, group_scope(a.TARGET)).size == GroupSize(4, world.clock.at)
    world.ecs.counts.clear()
    assert world.send(alarms[1]).outcome == "act"
    assert world.ecs.counts == []
    world.clock.pass_time(5 * MINUTE)
    world.send(alarms[2])
    assert world.ecs.counts == ["prod"]


def test_no_refusal_comes_from_an_old_count(world: World) -> None:
    world.policy = policy(**{"max_unavailable = 1.0": "max_unavailable = 0.5"})
    assert world.send(service(world, "api")).outcome == "act"
    alarms = [service(world, name) for name in ("web", "jobs", "mail")]
    assert history(world, group_scope(a.TARGET)).size == GroupSize(1, world.clock.at)
    assert world.send(alarms[0]).outcome == "act"
    assert history(world, group_scope(a.TARGET)).size == GroupSize(4, world.clock.at)
    assert world.send(alarms[1]).reason is Reason.SHARE_REACHED


def test_a_group_that_cannot_be_counted_refuses(world: World) -> None:
    world.ecs.uncountable = Unknown("DescribeClusters: AccessDeniedException")
    assert world.send(world.red()).reason is Reason.GROUP_UNREADABLE
    assert world.ecs.writes == []


def test_min_healthy_is_counted_again_each_time(world: World) -> None:
    world.policy = policy(**{"max_unavailable = 1.0": "max_unavailable = 1.0\nmin_healthy = 1"})
    alarms = [service(world, name) for name in ("api", "web", "jobs")]
    assert world.send(alarms[0]).outcome == "act"
    assert world.send(alarms[1]).outcome == "act"
    refused = world.send(alarms[2])
    assert refused.reason is Reason.HEALTHY_FLOOR_REACHED
    assert world.ecs.counts == ["prod"] * 3
    live = world.ecs.services["ecs:prod/jobs"]
    assert isinstance(live, ServiceLive)


# --- verdicts, and the breakers that follow from them


def judged(world: World, scope: Scope) -> list[Verdict | None]:
    return [act.judged.verdict if act.judged else None for act in history(world, scope).acts]


def test_an_acts_verdict_is_written_into_its_slots(world: World) -> None:
    alarm = world.red()
    world.send(alarm)
    scopes = (target_scope(a.TARGET), group_scope(a.TARGET), action_scope(a.TARGET, "restart-service"))
    assert [judged(world, scope) for scope in scopes] == [[None]] * 3
    world.pass_time(2 * MINUTE)
    world.green(alarm)
    world.pass_time(10 * MINUTE)
    assert [judged(world, scope) for scope in scopes] == [[Verdict.RECOVERED]] * 3


def test_each_rung_gets_its_own_verdict(world: World) -> None:
    world.send(world.red())
    world.pass_time(40 * MINUTE)
    assert judged(world, target_scope(a.TARGET)) == [Verdict.NOT_RECOVERED] * 2
    assert judged(world, action_scope(a.TARGET, "scale-service")) == [Verdict.NOT_RECOVERED]


def test_an_incident_goes_on_when_its_slot_is_gone(world: World) -> None:
    alarm = world.red()
    done = world.send(alarm)
    key = {"pk": {"S": f"SCOPE#target#{a.TARGET.key}"}, "sk": {"S": "-"}}
    world.dynamodb.update_item(
        TableName="ledger",
        Key=key,
        UpdateExpression="SET acts = :none",
        ExpressionAttributeValues={":none": {"M": {}}},
    )
    world.pass_time(2 * MINUTE)
    world.green(alarm)
    world.pass_time(10 * MINUTE)
    assert world.incident(done.incident_id).state is IncidentState.CLOSED


BREAKER = """
[breaker.target]
failures = 2
open_for = "2h"
"""


def test_an_action_that_does_not_help_rests_and_that_is_paged_once(world: World) -> None:
    world.policy = policy(
        BREAKER, **{'["2/15m", "3/1h", "7/24h"]': '["20/15m"]', 'cooldown = "15m"': 'cooldown = "0s"'}
    )
    reasons = []
    for _ in range(5):
        reasons.append(world.send(world.red()).reason)
        world.pass_time(61 * MINUTE)
    may, rests = Reason.CLEAR_TO_ACT, Reason.BREAKER_OPEN
    assert reasons == [may, may, rests, rests, may]
    refusals = [body for subject, body in world.pager.sent if "NOT ACTING" in subject]
    assert len(refusals) == 1
    assert "target 2/2 in a row did not help, open until" in refusals[0]


def test_an_act_that_never_reached_aws_counts_as_no_help_even_if_the_alarm_recovers(world: World) -> None:
    def lost(_: str) -> None:
        raise OutcomeUnknown("UpdateService", "ReadTimeout")

    world.ecs.before_write = lost
    alarm = world.red()
    done = world.send(alarm)
    assert done.outcome == "uncertain"
    world.pass_time(2 * MINUTE)
    world.green(alarm)
    world.pass_time(20 * MINUTE)
    assert world.incident(done.incident_id).state is IncidentState.CLOSED
    assert judged(world, target_scope(a.TARGET)) == [Verdict.UNKNOWN]
