"""Alarms, events and requests that must not lead to a change, and what is said of them."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from firebreak.core.incident.own_requests import request_of
from firebreak.core.incident.states import IncidentState
from firebreak.core.limits.history import Hold
from firebreak.core.model import AlarmKind, Metric, Mute
from firebreak.core.observed import DescribedAlarm
from firebreak.core.readings import ABSENT, Unknown
from firebreak.core.reasons import Reason
from firebreak.errors import PolicyError
from firebreak.ledger.incident_items import incident_item
from firebreak.wire.requests import request_event
from tests.support import builders as a
from tests.support.faults import NO_CONNECTION, Wrapped, fail
from tests.support.world import TABLE, World, eventbridge

MINUTE = timedelta(minutes=1)
DARK = Unknown("ThrottlingException")
S = IncidentState


def on_client(world: World, **disturb: Any) -> World:
    client: Any = Wrapped(world.dynamodb, **disturb)
    return replace(world, dynamodb=client)


UNSEEN: list[Any] = [
    pytest.param({"described": DARK}, Reason.MUTE_UNREADABLE, id="alarm unreadable"),
    pytest.param({"described": ABSENT}, Reason.ALARM_GONE, id="alarm gone"),
    pytest.param({"service": DARK}, Reason.OWN_STACK_UNREADABLE, id="service unreadable"),
    pytest.param({"service": ABSENT}, Reason.TARGET_MISSING, id="service missing"),
    pytest.param({"service": a.service(tags={})}, Reason.NOT_OPTED_IN, id="not opted in"),
    pytest.param({"service": a.service(status="DRAINING")}, Reason.NOT_ACTIVE, id="not active"),
    pytest.param({"tags": DARK}, Reason.TARGET_UNREADABLE, id="alarm tags unreadable"),
    pytest.param({"tags": {"firebreak:action": "none"}}, Reason.ACTION_NONE, id="a lost none"),
    pytest.param({"tags": {"firebreak:action": "page"}}, Reason.OTHER_ACTION, id="a lost page"),
    pytest.param({"tags": {"firebreak:target": "ecs:prod"}}, Reason.TARGET_MALFORMED, id="odd target tag"),
]
RECORDED = {Reason.ALARM_GONE, Reason.NOT_OPTED_IN, Reason.ACTION_NONE, Reason.TARGET_MISSING}


@pytest.mark.parametrize(("seen", "reason"), UNSEEN)
def test_a_target_that_is_unreadable_or_off_limits_is_left_and_announced_as_its_reason_says(
    world: World, seen: dict[str, Any], reason: Reason
) -> None:
    alarm = world.red(tags={})
    world.alarms.described[alarm.name] = seen.get("described", world.alarms.described[alarm.name])
    world.alarms.tagged[alarm.arn] = seen.get("tags", {})
    world.ecs.services[a.TARGET.display] = seen.get("service", a.service())
    done = world.send(alarm)
    assert (done.reason, world.ecs.writes) == (reason, [])
    assert len(world.pager.sent) == (0 if reason in RECORDED else 1)
    assert world.send(alarm).reason in {reason, Reason.DUPLICATE}
    assert len(world.pager.sent) == (0 if reason in RECORDED else 1)


NAMED = ("AWS/ECS", "MemoryUtilization")
ODD_ALARMS: list[Any] = [
    pytest.param({"metrics": ()}, Reason.UNKNOWN_KIND, id="no configuration"),
    pytest.param({"metrics": (Metric(*NAMED, {}),)}, Reason.TARGET_NONE, id="empty dimensions"),
    pytest.param(
        {"metrics": (Metric(*NAMED, {"ClusterName": "prod", "ServiceName": ""}),)},
        Reason.TARGET_MALFORMED,
        id="empty service",
    ),
    pytest.param(
        {
            "metrics": (
                Metric(*NAMED, {"ClusterName": "prod", "ServiceName": "api"}),
                Metric(*NAMED, {"ClusterName": "prod", "ServiceName": "web"}),
            )
        },
        Reason.TARGET_AMBIGUOUS,
        id="math over two services",
    ),
    pytest.param(
        {"account": "444455556666", "arn": a.arn_of("x").replace(a.ACCOUNT, "444455556666")},
        Reason.OTHER_ACCOUNT,
        id="another account",
    ),
]


@pytest.mark.parametrize(("changes", "reason"), ODD_ALARMS)
def test_an_alarm_that_names_no_single_target_of_the_account_changes_nothing_and_pages(
    world: World, changes: dict[str, Any], reason: Reason
) -> None:
    done = world.send(world.red(**changes))
    assert (done.reason, world.ecs.writes, len(world.pager.sent)) == (reason, [], 1)


MALFORMED: list[Any] = [
    pytest.param(None, id="null"),
    pytest.param("text", id="text"),
    pytest.param([], id="list"),
    pytest.param({}, id="empty"),
    pytest.param(
        {"detail-type": "CloudWatch Alarm State Change", "source": "aws.cloudwatch"}, id="no detail"
    ),
    pytest.param({"Records": [{"eventSource": "aws:sqs", "body": "{}"}]}, id="an SQS envelope"),
    pytest.param(
        {"source": "firebreak", "detail-type": "Firebreak Request", "detail": {"v": 9}},
        id="a later own event",
    ),
]


@pytest.mark.parametrize("event", MALFORMED)
def test_an_event_that_is_no_alarm_is_recorded_and_paged_once(world: World, event: object) -> None:
    for _ in range(2):
        done = world.remediator().handle(event)
        world.deliver()
        assert (done.outcome, done.reason) == ("refuse", Reason.UNUSABLE_EVENT)
    assert (world.ecs.writes, len(world.pager.sent)) == ([], 1)


@pytest.mark.parametrize("event", MALFORMED)
def test_an_event_that_is_no_alarm_is_paged_even_with_the_ledger_down(world: World, event: object) -> None:
    dark = on_client(world, before=fail(NO_CONNECTION))
    assert dark.remediator().handle(event).reason is Reason.LEDGER_UNAVAILABLE
    world.deliver()
    assert len(world.pager.sent) == 1


def test_without_a_usable_policy_nothing_is_changed_and_a_human_hears_without_its_contents(
    world: World,
) -> None:
    def broken() -> Any:
        raise PolicyError("policy.toml", ["defaults.autonomy: found 'hunter2'"])

    done = replace(world.remediator(), policy=broken).handle(eventbridge(world.red()))
    world.deliver()
    assert (done.reason, world.ecs.writes, len(world.pager.sent)) == (Reason.POLICY_UNUSABLE, [], 1)
    assert "hunter2" not in json.dumps(world.pager.sent) + repr(world.log.events)


@pytest.mark.parametrize(
    "kind", [AlarmKind.MULTI_SERIES, AlarmKind.PROMQL, AlarmKind.LOG, AlarmKind.COMPOSITE], ids=str
)
def test_sample_kinds_without_a_target_never_act(world: World, kind: AlarmKind) -> None:
    """The parser has tests of its own; whatever it returns, without a target nothing acts."""
    done = world.send(world.red(kind=kind, metrics=(Metric("Custom", "Depth", {}),)))
    assert (done.outcome, world.ecs.writes) == ("refuse", [])


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        pytest.param(AlarmKind.MULTI_SERIES, Reason.PARENT_OF_CONTRIBUTORS, id="parent"),
        pytest.param(AlarmKind.UNKNOWN, Reason.UNKNOWN_KIND, id="unknown"),
    ],
)
def test_a_retry_cannot_request_what_an_alarm_of_its_kind_may_not_do(
    world: World, kind: AlarmKind, reason: Reason
) -> None:
    retry = a.wake(
        replace(world.red(), kind=kind), at=world.clock.at, by="arn:aws:iam::111122223333:user/ana"
    )
    assert world.remediator().handle(request_event(retry)).reason is reason
    assert world.ecs.writes == []


def test_a_series_that_is_well_again_is_left_although_its_alarm_is_red(world: World) -> None:
    alarm = world.red()
    event = eventbridge(alarm)
    event["detail-type"] = "CloudWatch Alarm Contributor State Change"
    named = {"ClusterName": "prod", "ServiceName": "api"}
    event["detail"]["alarmContributor"] = {"id": "5d3e1f0a9c2b4e77", "attributes": named}
    assert world.remediator().handle(event).reason is Reason.NO_LONGER_RED
    world.alarms.series[alarm.name] = a.series("5d3e1f0a9c2b4e77")
    later = json.loads(json.dumps(event).replace("10:00:30", "10:00:31"))
    assert world.remediator().handle(later).outcome == "act"


MARK = "hunter2-swordfish"


def test_no_secret_of_an_alarm_or_a_service_reaches_a_log_or_an_unexpected_page(world: World) -> None:
    """Reason texts may hold log lines of the service; only the fields meant for people are shown."""
    event = eventbridge(world.red(reason=f"log line: password={MARK}"))
    event["detail"]["state"]["reasonData"] = json.dumps({"recentDatapoints": [MARK]})
    event["detail"]["actionLogLines"] = [MARK]
    event["detail"]["configuration"]["description"] = "Memory of the shop's API"
    live = a.service(tags={"firebreak:enabled": "true", "secret": MARK})
    world.ecs.services[a.TARGET.display] = live
    world.remediator().handle(event)
    world.deliver()
    world.pass_time(30 * MINUTE)
    world.sweep()
    assert len(world.pager.sent) >= 3
    assert MARK not in repr(world.log.events)
    assert MARK not in json.dumps(world.pager.sent)
    assert "Memory of the shop's API" in world.pager.sent[0][1]


@pytest.mark.parametrize("down", [True, False], ids=["ledger down", "ledger up"])
def test_no_part_of_an_event_that_cannot_be_read_reaches_a_log_or_a_page(world: World, *, down: bool) -> None:
    dark = on_client(world, before=fail(NO_CONNECTION)) if down else world
    dark.remediator().handle({"detail": {"password": MARK}, "detail-type": f"{MARK}\n" * 20, MARK: MARK})
    world.deliver()
    assert len(world.pager.sent) == 1
    assert MARK not in repr(world.log.events) + json.dumps(world.pager.sent)


def test_an_approval_of_what_asked_for_nothing_is_recorded_once_and_changes_nothing(world: World) -> None:
    """It has a key of its own: it is no duplicate of the alarm behind it."""
    alarm = world.red()
    done = world.send(alarm)
    approval = {
        "source": "firebreak",
        "detail-type": "Firebreak Human Request",
        "detail": request_detail(world, done.incident_id, "approval") | {"by": "ana"},
    }
    reasons = [world.remediator().handle(approval).reason for _ in range(2)]
    world.deliver()
    assert reasons == [Reason.INCIDENT_MOVED_ON, Reason.DUPLICATE]
    assert (len(world.ecs.writes), len(world.pager.sent)) == (1, 1)


def request_detail(world: World, incident_id: str, kind: str) -> dict[str, Any]:
    event = request_event(request_of(world.incident(incident_id), world.clock.at))
    detail = event["detail"]
    assert isinstance(detail, dict)
    return {**detail, "kind": kind, "rung": 0, "action": "restart-service"}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({"action": "scale-service"}, Reason.UNSUPPORTED_REQUEST, id="another function's action"),
        pytest.param({"incident": "i-9876543210"}, Reason.INCIDENT_MOVED_ON, id="no such incident"),
        pytest.param({"rung": 7}, Reason.INCIDENT_MOVED_ON, id="no such rung"),
        pytest.param({}, Reason.INCIDENT_MOVED_ON, id="an incident that asks for nothing"),
    ],
)
def test_a_request_that_does_not_fit_its_incident_changes_nothing(
    world: World, changes: dict[str, Any], reason: Reason
) -> None:
    done = world.send(world.red())
    detail = request_detail(world, done.incident_id, "climb") | changes
    asked = world.remediator().handle(
        {"source": "firebreak", "detail-type": "Firebreak Request", "detail": detail}
    )
    assert (asked.reason, len(world.ecs.writes)) == (reason, 1)
    assert world.incident(done.incident_id).state is S.ACTED


@pytest.mark.parametrize("state", [S.ACTED, S.VERIFYING, S.CLOSED, S.PAGED], ids=str)
def test_a_late_request_does_not_move_its_incident_even_when_another_guard_objects_first(
    world: World, state: IncidentState
) -> None:
    """A held switch names the reason before the incident is looked at."""
    done = world.send(world.red())
    detail = request_detail(world, done.incident_id, "wake") | {"attempt": 5}
    now = world.clock.at
    world.switches.pause(Hold("global", "ana", "migration", now, now + MINUTE))
    stored = world.incident(done.incident_id)
    world.dynamodb.put_item(TableName=TABLE, Item=incident_item(replace(stored, state=state)))
    event = {"source": "firebreak", "detail-type": "Firebreak Request", "detail": detail}
    assert world.remediator().handle(event).reason is Reason.SWITCHED_OFF
    assert world.incident(done.incident_id).state is state


def test_a_muted_alarm_is_looked_at_when_the_window_ends(world: World) -> None:
    mute = Mute("rule", world.clock.at + 20 * MINUTE)
    done = world.send(world.red(mute=mute))
    assert (done.outcome, done.reason, world.ecs.writes) == ("defer", Reason.MUTED, [])
    world.pass_time(21 * MINUTE)
    assert [name for name, _, _ in world.ecs.writes] == ["force_deployment"]


def test_a_muted_alarm_on_a_low_metric_is_left_when_the_window_ends(world: World) -> None:
    mute = Mute("rule", world.clock.at + 20 * MINUTE)
    alarm = world.red(mute=mute, tags={})
    low = world.alarms.described[alarm.name]
    assert isinstance(low, DescribedAlarm)
    world.alarms.described[alarm.name] = replace(low, comparison="LessThanThreshold")
    world.send(alarm)
    world.pass_time(21 * MINUTE)
    assert world.summaries[-1].reason is Reason.WRONG_DIRECTION
    assert world.ecs.writes == []
