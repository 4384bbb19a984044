"""One fault that many alarms share is one thread of pages, and each alarm is found in the ledger."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from firebreak.core.incident.own_requests import request_of
from firebreak.core.incident.states import IncidentState
from firebreak.core.ledger import incident_name
from firebreak.core.model import Alarm, RequestKind
from firebreak.core.paging.page import Phase
from firebreak.core.reasons import Reason
from firebreak.policy.compiler import parse_policy
from firebreak.wire.requests import request_event
from tests.support import builders as a
from tests.support.faults import NO_CONNECTION, Wrapped, fail
from tests.support.world import World, eventbridge, world_on_moto
from tests.workflow.test_acting_by_hand import asked
from tests.workflow.test_flapping import wait

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
ARN = f"arn:aws:lambda:{a.REGION}:{a.ACCOUNT}:function:firebreak-restart-service:live"


@pytest.fixture
def world() -> Iterator[World]:
    with world_on_moto(policy=parse_policy(a.AUTO_POLICY, "auto.toml")) as made:
        yield made


def crash(payload: object, condition: str = "EventAgeExceeded", arn: str = ARN) -> dict[str, Any]:
    return {
        "requestContext": {"condition": condition, "functionArn": arn},
        "requestPayload": payload,
    }


def threads(world: World, phase: Phase = Phase.TRIGGER) -> set[str]:
    return {page.thread for _, page in world.pager.pages if page.phase is phase}


def crashed_on(world: World, count: int, **changes: str) -> list[Alarm]:
    reds = [world.red(f"svc-{number:02}-memory-high") for number in range(count)]
    for alarm in reds:
        world.page_desk().handle(crash(eventbridge(alarm), **changes))
    return reds


def test_sixty_events_that_expired_are_one_page_and_one_list_of_names(world: World) -> None:
    crashed_on(world, 60)
    assert len(threads(world)) == 1
    wait(world, 70 * MINUTE)
    assert len(threads(world)) == 1
    summed = next(page.body for _, page in world.pager.pages if page.body.startswith("SUMMED UP"))
    assert "59 more for the same cause" in summed
    assert "svc-07-memory-high" in summed


def test_each_alarm_a_function_failed_on_has_its_decision_in_the_ledger(world: World) -> None:
    crashed_on(world, 3)
    decisions = [
        item
        for item in world.dynamodb.scan(TableName="ledger")["Items"]
        if item["pk"]["S"].startswith("DECISION#")
    ]
    assert len(decisions) == 3
    assert all("function_failed" in str(item) for item in decisions)


STOPPED = "ZeroReservedConcurrency"


def of(function: str) -> str:
    return ARN.replace("restart-service", function)


def test_alarms_that_come_to_stopped_functions_are_one_page_and_one_list_of_names(world: World) -> None:
    for function in ("restart-service", "scale-service", "replace-task"):
        for number in range(10):
            alarm = world.red(f"{function}-{number}")
            world.page_desk().handle(crash(eventbridge(alarm), STOPPED, of(function)))
    assert len(threads(world)) == 1
    ((subject, body),) = world.pager.sent
    assert "CRASHED" in subject
    assert "its function is stopped (its reserved concurrency is 0). Handle it yourself." in body
    assert "Alarms that come to stopped functions meanwhile are summed up." in body
    wait(world, 70 * MINUTE)
    summed = [page.body for _, page in world.pager.pages if page.body.startswith("SUMMED UP")]
    assert "29 more for the same cause" in summed[0]
    assert "replace-task-9" in summed[0]
    assert len(threads(world)) == 1


def test_the_requests_of_incidents_that_a_stop_holds_up_are_no_page_each(world: World) -> None:
    """The sweep makes the request of a climbing incident again every five minutes."""
    climbing = [a.incident(IncidentState.CLIMBING, id=name) for name in ("i-0123456789", "i-9876543210")]
    for _ in range(24):
        for incident in climbing:
            event = request_event(request_of(incident, world.clock.now()))
            world.page_desk().handle(crash(event, STOPPED))
        wait(world, 5 * MINUTE)
    assert len(threads(world)) == 1
    (first, *later) = [body for _, body in world.pager.sent]
    assert "incident: i-0123456789" in first
    assert later == []


def test_what_a_human_asked_of_a_stopped_function_is_a_page_of_its_own(world: World) -> None:
    world.page_desk().handle(crash(eventbridge(world.red()), STOPPED))
    event = request_event(asked(world))
    world.page_desk().handle(crash(event, STOPPED))
    assert len(threads(world)) == 2


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        pytest.param({"kind": RequestKind.APPROVAL}, "The approved act", id="approval"),
        pytest.param({"kind": RequestKind.UNDO}, "The undo", id="undo"),
        pytest.param({"kind": RequestKind.RESTORE}, "The restore", id="restore"),
        pytest.param({"kind": RequestKind.WAKE, "incident_id": ""}, "The retry", id="retry"),
    ],
)
def test_what_a_human_asked_about_an_incident_is_one_page_that_names_it(
    world: World, changes: dict[str, Any], says: str
) -> None:
    world.page_desk().handle(crash(eventbridge(world.red("other")), STOPPED))
    incident = a.incident(IncidentState.AWAITING_APPROVAL, id="i-0123456789")
    request = replace(request_of(incident, world.clock.now()), by="ana", **changes)
    for _ in range(2):  # Lambda's report may come twice
        world.page_desk().handle(crash(request_event(request), STOPPED))
    _, *pages = world.pager.sent
    ((subject, body),) = pages
    assert "CRASHED" in subject
    stopped = "was not carried out: its function is stopped (its reserved concurrency is 0)."
    assert f"{says} of incident {incident_name(request)} {stopped} Handle it yourself." in body
    assert "requested by someone who claims to be ana" in body
    items = world.dynamodb.scan(TableName="ledger")["Items"]
    decided = [one for one in items if one["pk"]["S"].startswith("DECISION#") and "by" in one]
    assert [one["incident"]["S"] for one in decided] == [incident_name(request)]


def test_a_request_in_a_humans_name_that_no_human_can_make_is_one_of_the_stop(world: World) -> None:
    """Any sender on the bus may write any name into an event."""
    incident = a.incident(IncidentState.CLIMBING, id="i-0123456789")
    climb = replace(request_of(incident, world.clock.now()), by="ana")
    world.page_desk().handle(crash(request_event(climb), STOPPED))
    ((_, body),) = world.pager.sent
    assert "incident: i-0123456789" in body
    assert "Alarms that come to stopped functions meanwhile are summed up." in body


def test_a_stop_is_another_cause_than_a_failure(world: World) -> None:
    crashed_on(world, 1)
    crashed_on(world, 1, condition=STOPPED)
    assert len(threads(world)) == 2


def test_the_heartbeat_of_a_stopped_function_is_recorded_and_left_to_the_alarm_on_its_absence(
    world: World,
) -> None:
    beat = world.red("firebreak-heartbeat", tags={"firebreak:action": "restart-service"})
    result = world.page_desk().handle(crash(eventbridge(beat), STOPPED))
    assert result.reason is Reason.FUNCTION_FAILED
    assert world.pager.sent == []
    items = world.dynamodb.scan(TableName="ledger")["Items"]
    assert [item["reason"]["S"] for item in items if item["pk"]["S"].startswith("DECISION#")] == [
        "function_failed"
    ]


def test_a_heartbeat_that_a_function_failed_on_is_paged(world: World) -> None:
    beat = world.red("firebreak-heartbeat", tags={"firebreak:action": "restart-service"})
    world.page_desk().handle(crash(eventbridge(beat), "RetriesExhausted"))
    assert len(world.pager.sent) == 1


def test_an_event_that_is_delivered_again_after_a_failure_is_decided(world: World) -> None:
    (alarm,) = crashed_on(world, 1)
    world.send(alarm)
    assert world.log.counts.count("Acts") == 1


def test_another_condition_and_another_function_are_other_causes(world: World) -> None:
    crashed_on(world, 2)
    crashed_on(world, 2, condition="RetriesExhausted")
    crashed_on(world, 2, arn=ARN.replace("restart-service", "scale-service"))
    assert len(threads(world)) == 3


def test_a_failure_is_over_when_all_its_alarms_stayed_ok(world: World) -> None:
    reds = crashed_on(world, 2)
    for alarm in reds:
        world.green(alarm)
    wait(world, 25 * MINUTE)
    assert threads(world, Phase.RESOLVE) == threads(world)


def test_failures_that_cannot_be_counted_are_paged_each(world: World) -> None:
    reds = [world.red(f"svc-{number}") for number in range(3)]
    dark = replace(world, dynamodb=Wrapped(world.dynamodb, before=fail(NO_CONNECTION)))
    for alarm in reds:
        dark.page_desk().handle(crash(eventbridge(alarm)))
    assert len(world.pager.sent) == 3


def test_unusable_events_of_one_function_are_one_thread_whatever_is_wrong_with_each(world: World) -> None:
    for number in range(5):
        world.page_desk().handle(crash({f"Records{number}": []}))
    wait(world, 20 * MINUTE)
    world.page_desk().handle(crash({"detail": {}, "detail-type": "CloudWatch Alarm State Change"}))
    assert len(threads(world)) == 1


@pytest.mark.parametrize("tags", [{"firebreak:target": "ecs=prod/api"}, {"firebreak:target": "prod"}])
def test_sixty_alarms_with_one_malformed_target_are_one_thread(world: World, tags: dict[str, str]) -> None:
    for number in range(60):
        world.send(world.red(f"svc-{number:02}", tags={"firebreak:action": "restart-service", **tags}))
    assert len(threads(world)) == 1


def test_alarms_with_one_misspelt_action_are_one_thread_and_with_another_one_another(world: World) -> None:
    for number in range(6):
        tag = "restrat-service" if number % 2 else "restart"
        alarm = world.red(f"svc-{number:02}", tags={"firebreak:action": tag})
        world.page_desk().handle(eventbridge(alarm))
    assert len(threads(world)) == 2


def test_critical_alarms_with_one_misspelt_action_are_a_page_each_and_flap_in_their_own_thread(
    world: World,
) -> None:
    for _ in range(2):
        for name in ("api-db", "api-payments"):
            tags = {"firebreak:action": "pagee", "firebreak:severity": "critical"}
            alarm = world.red(name, tags=tags)
            world.page_desk().handle(eventbridge(alarm))
            world.green(alarm)
    assert len(threads(world)) == 2
    for name in ("api-db", "api-payments"):
        assert sum(f"Alarm:    {name}," in page.body for _, page in world.pager.pages) == 1


def test_alarms_that_are_tagged_page_stay_a_thread_each(world: World) -> None:
    for number in range(3):
        world.page_desk().handle(eventbridge(world.red(f"svc-{number}", tags={"firebreak:action": "page"})))
    assert len(threads(world)) == 3


def test_a_delay_of_hours_is_one_thread_and_not_one_in_15_minutes(world: World) -> None:
    for number in range(8):
        alarm = world.red(f"svc-{number}", tags={"firebreak:target": "ecs:prod/api"})
        wait(world, 16 * MINUTE)
        world.send(replace(alarm, sent_at=alarm.since))
    assert len(threads(world)) == 1


@pytest.mark.parametrize("function", ["verify", "page", "action"])
def test_sixty_events_that_cannot_be_read_are_one_thread_and_one_page_in_15_minutes(
    world: World, function: str
) -> None:
    handle = {
        "verify": world.verifier().handle,
        "page": world.page_desk().handle,
        "action": world.remediator("restart-service").handle,
    }[function]
    for number in range(60):
        handle({"source": "firebreak", "detail-type": "Firebreak Request", "detail": {"v": 9, "n": number}})
    world.deliver()
    assert len(world.pager.pages) == 1
    wait(world, 16 * MINUTE)
    handle({"source": "firebreak", "detail-type": "Firebreak Request", "detail": {"v": 9, "n": "later"}})
    world.deliver()
    assert len(world.pager.pages) == 2
    assert len({page.thread for _, page in world.pager.pages}) == 1
