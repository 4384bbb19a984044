"""Alarms that nobody tagged, and targets that nobody opted in: who hears of them, through the functions."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from firebreak.core.limits.history import Hold
from firebreak.core.model import Alarm, AlarmKind, Metric
from firebreak.core.paging.page import Phase
from firebreak.core.readings import ABSENT, Unknown
from firebreak.core.reasons import Reason
from firebreak.policy.compiler import parse_policy
from tests.support import builders as a
from tests.support.world import World, eventbridge, world_on_moto

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
OBSERVE = parse_policy(a.AUTO_POLICY.replace('"auto"', '"observe"'), "observe.toml")
FOREIGN = Metric(
    "AWS/ECS", "MemoryUtilization", {"ClusterName": "prod", "ServiceName": "api"}, "444455556666"
)
CLUSTER = Metric("AWS/ECS", "MemoryUtilization", {"ClusterName": "prod"})
TWO = tuple(
    Metric("AWS/ECS", "MemoryUtilization", {"ClusterName": "prod", "ServiceName": name})
    for name in ("api", "web")
)


@pytest.fixture
def world() -> Iterator[World]:
    with world_on_moto() as made:
        yield made


def opted(world: World, *, into: bool) -> None:
    world.ecs.services[a.TARGET.display] = a.service(tags={"firebreak:enabled": "true"} if into else {})


def round_trip(world: World, **changes: Any) -> Reason:
    """The alarm turns red, is decided, turns OK, and Page looks at what is due."""
    alarm = world.red(**changes)
    reason = world.send(alarm).reason
    world.clock.pass_time(2 * MINUTE)
    world.green(alarm)
    world.deliver()
    for _ in range(6):
        world.pass_time(MINUTE)
        world.page_sweep()
    world.clock.pass_time(HOUR)
    return reason


def calls(world: World) -> list[str]:
    return [page.subject for _, page in world.pager.pages if page.phase is Phase.TRIGGER]


NO_SINGLE_TARGET: list[Any] = [
    pytest.param({"metrics": (CLUSTER,)}, Reason.TARGET_NONE, id="a cluster"),
    pytest.param({"metrics": ()}, Reason.UNKNOWN_KIND, id="an unknown kind"),
    pytest.param(
        {"metrics": (Metric("AWS/ECS", "MemoryUtilization", {}),)}, Reason.TARGET_NONE, id="no dimension"
    ),
    pytest.param({"metrics": TWO, "kind": AlarmKind.MATH}, Reason.TARGET_AMBIGUOUS, id="two services"),
    pytest.param({"metrics": (FOREIGN,)}, Reason.OTHER_ACCOUNT, id="another account"),
]


@pytest.mark.parametrize(("changes", "reason"), NO_SINGLE_TARGET)
@pytest.mark.parametrize("policy", [a.auto_policy(), OBSERVE], ids=["auto", "observe"])
def test_without_a_tag_what_names_no_single_target_is_recorded_and_not_paged(
    world: World, policy: Any, changes: dict[str, Any], reason: Reason
) -> None:
    world.policy = policy
    if reason is Reason.OTHER_ACCOUNT:
        event = eventbridge(world.red(tags={}))
        event["detail"]["configuration"]["metrics"][0]["accountId"] = "444455556666"
        done = world.remediator().handle(event)
        world.deliver()
    else:
        done = world.send(world.red(tags={}, **changes))
    assert (done.reason, world.subjects) == (reason, [])
    assert world.dynamodb.scan(TableName="ledger")["Items"]


@pytest.mark.parametrize(("changes", "reason"), NO_SINGLE_TARGET[:4])
def test_with_a_tag_it_is_paged(world: World, changes: dict[str, Any], reason: Reason) -> None:
    assert world.send(world.red(**changes)).reason is reason
    assert len(calls(world)) == 1


@pytest.mark.parametrize(("changes", "reason"), NO_SINGLE_TARGET[:4])
def test_with_a_tag_and_a_policy_that_only_observes_it_is_shown_once_a_day(
    world: World, changes: dict[str, Any], reason: Reason
) -> None:
    world.policy = OBSERVE
    reasons = [world.send(world.red(**changes)).reason, world.send(world.red(**changes)).reason]
    assert reasons[0] is reason
    assert [("WOULD NOT ACT" in subject) for subject in world.subjects] == [True]
    assert calls(world) == []


def test_a_policy_that_acts_on_any_target_pages_what_names_none(world: World) -> None:
    acts = '\n[[overrides]]\ntarget = "ecs:prod/web"\nautonomy = "auto"\n'
    world.policy = parse_policy(a.AUTO_POLICY.replace('"auto"', '"observe"') + acts, "some.toml")
    world.send(world.red(metrics=(CLUSTER,)))
    assert len(calls(world)) == 1


@pytest.mark.parametrize("kind", [{"metrics": (CLUSTER,)}, {"metrics": ()}], ids=["cluster", "unknown kind"])
def test_a_tag_on_the_alarm_that_did_not_ride_counts(world: World, kind: dict[str, Any]) -> None:
    alarm = world.red(tags={}, **kind)
    world.alarms.tagged[alarm.arn] = {"firebreak:action": "restart-service"}
    world.send(alarm)
    assert len(calls(world)) == 1


def test_a_tag_that_says_none_asks_for_nothing(world: World) -> None:
    alarm = world.red(tags={}, metrics=(CLUSTER,))
    world.alarms.tagged[alarm.arn] = {"firebreak:action": "none"}
    world.send(alarm)
    assert world.subjects == []


def test_tags_that_cannot_be_read_may_ask_for_something(world: World) -> None:
    alarm = world.red(tags={})
    world.alarms.tagged[alarm.arn] = Unknown("ListTagsForResource: AccessDenied")
    assert world.send(alarm).reason is Reason.TARGET_UNREADABLE
    assert len(calls(world)) == 1


def test_without_a_tag_a_service_that_does_not_exist_is_recorded(world: World) -> None:
    world.ecs.services[a.TARGET.display] = ABSENT
    assert world.send(world.red(tags={})).reason is Reason.TARGET_MISSING
    assert world.subjects == []


def untagged_before_any_look_at_the_target(world: World) -> Alarm:
    alarm = world.red(tags={})
    world.clock.pass_time(30 * MINUTE)
    return alarm


def test_without_a_tag_nobody_hears_of_a_pause_or_an_old_event_about_a_service_that_is_not_opted_in(
    world: World,
) -> None:
    opted(world, into=False)
    assert world.send(untagged_before_any_look_at_the_target(world)).reason is Reason.NOT_OPTED_IN
    now = world.clock.at
    world.switches.pause(Hold("global", "ana", "migration", now, now + HOUR))
    assert world.send(world.red(tags={})).reason is Reason.SWITCHED_OFF
    assert world.subjects == []
    opted(world, into=True)
    assert world.send(world.red("api-cpu", tags={})).reason is Reason.SWITCHED_OFF
    assert len(world.subjects) == 1


# --- tagged, and not opted in


def test_a_tagged_alarm_on_a_target_that_is_not_opted_in_is_a_call_once(world: World) -> None:
    opted(world, into=False)
    reasons = [round_trip(world) for _ in range(4)]
    assert set(reasons) == {Reason.NOT_OPTED_IN}
    [subject] = calls(world)
    assert "The alarm is tagged with restart-service, but its target is" in subject
    assert [page.phase for _, page in world.pager.pages] == [Phase.TRIGGER, Phase.RESOLVE]


def test_each_alarm_of_the_target_is_announced_by_itself(world: World) -> None:
    opted(world, into=False)
    for name in ("api-memory-high", "api-5xx", "api-memory-high"):
        world.send(world.red(name))
    assert len(calls(world)) == 2


def test_once_it_was_opted_in_and_is_out_again_it_is_announced_again(world: World) -> None:
    opted(world, into=False)
    round_trip(world)
    opted(world, into=True)
    assert round_trip(world) is Reason.CLEAR_TO_ACT
    opted(world, into=False)
    assert [round_trip(world), round_trip(world)] == [Reason.NOT_OPTED_IN] * 2
    assert ["tagged with restart-service" in subject for subject in calls(world)] == [True, True]


def tagged(world: World, **tags: str) -> None:
    world.ecs.services[a.TARGET.display] = a.service(
        tags={f"firebreak:{tag}": of for tag, of in tags.items()}
    )


def test_opted_in_as_the_page_asked_but_not_for_this_alarm_is_announced_too(world: World) -> None:
    opted(world, into=False)
    round_trip(world)
    tagged(world, enabled="true", alarms="other")
    assert [round_trip(world), round_trip(world)] == [Reason.ALARM_NOT_ALLOWED] * 2
    assert [subject.partition(", but ")[2][:20] for subject in calls(world)] == [
        "its target is not op",
        "its target's tag fir",
    ]
    opted(world, into=False)
    round_trip(world)
    assert len(calls(world)) == 3


def deploying(world: World) -> None:
    [one] = a.service().deployments
    world.ecs.services[a.TARGET.display] = a.service(deployments=(replace(one, rollout="IN_PROGRESS"),))


def test_a_refusal_for_another_reason_shows_that_it_was_opted_in(world: World) -> None:
    for out, why in ((False, "enabled"), (True, "alarms")):
        if out:
            tagged(world, enabled="true", alarms="other")
        else:
            opted(world, into=False)
        not_wanted = [round_trip(world)]
        deploying(world)
        assert round_trip(world) is Reason.DEPLOYMENT_RUNNING, why
        tagged(world, **({"enabled": "true", "alarms": "other"} if out else {}))
        not_wanted.append(round_trip(world))
        assert len(set(not_wanted)) == 1
    named = [subject for subject in calls(world) if "tagged with restart-service" in subject]
    assert len(named) == 4


def test_where_the_policy_only_observes_it_is_shown_and_calls_nobody(world: World) -> None:
    world.policy = OBSERVE
    opted(world, into=False)
    for _ in range(3):
        round_trip(world)
    assert [("WOULD NOT ACT" in subject) for subject in world.subjects] == [True]
    assert calls(world) == []
    world.policy = a.auto_policy()
    round_trip(world)
    assert len(calls(world)) == 1


def test_in_observe_mode_a_proposal_ends_the_notice(world: World) -> None:
    world.policy = OBSERVE
    for into in (False, True, False):
        opted(world, into=into)
        round_trip(world)
    assert [subject.removeprefix("[Firebreak] ").partition(":")[0] for subject in world.subjects] == [
        "WOULD NOT ACT",
        "WOULD ACT",
        "WOULD NOT ACT",
    ]


def test_its_severity_is_the_alarms(world: World) -> None:
    opted(world, into=False)
    world.send(world.red(tags={"firebreak:action": "restart-service", "firebreak:severity": "warning"}))
    assert [page.severity.value for _, page in world.pager.pages] == ["warning"]


def test_an_untagged_alarm_on_a_target_that_is_not_opted_in_stays_silent(world: World) -> None:
    opted(world, into=False)
    assert round_trip(world, tags={}) is Reason.NOT_OPTED_IN
    assert world.subjects == []
