"""An alarm with more text than the ledger can hold is refused by its name and size, not as BLIND."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from firebreak.core.incident.transitions import joined, opened
from firebreak.core.model import Alarm
from firebreak.core.reasons import Reason
from firebreak.errors import UnusableEvent
from firebreak.intake.alarm_events import parse
from firebreak.ledger.incident_items import incident_item
from firebreak.ledger.items import decision_item
from firebreak.ledger.outbox_items import request_item
from firebreak.wire.requests import request_event
from tests.ledger.claiming import record_of
from tests.support import builders as a
from tests.support.world import World, eventbridge, world_on_moto

# The limits of an EventBridge event and of a DynamoDB item.
LARGEST_EVENT, LARGEST_ITEM = 256 * 1024, 400 * 1024
SHAPES = ["metrics", "children", "tags", "dimensions"]


@pytest.fixture
def world() -> Iterator[World]:
    with world_on_moto() as made:
        yield made


def large(event: dict[str, Any], shape: str, count: int, letter: str = "x") -> dict[str, Any]:
    """The event with so many of these."""
    words = [f"{letter * 40}-{n}" for n in range(count)]
    detail = event["detail"]
    configuration = detail.setdefault("configuration", {})
    dimensions = {"ClusterName": "prod", "ServiceName": "api"}
    match shape:
        case "metrics":
            configuration["metrics"] = [_metric(word, dimensions) for word in words]
        case "children":
            configuration["alarmRule"] = " OR ".join(f"ALARM({json.dumps(word)})" for word in words)
        case "tags":
            detail["alarmTags"] = {"firebreak:action": "restart-service"} | dict.fromkeys(words, letter)
        case _:
            configuration["metrics"] = [_metric("MemoryUtilization", dimensions | dict.fromkeys(words, "v"))]
    return event


def _metric(name: str, dimensions: dict[str, str]) -> dict[str, Any]:
    metric = {"namespace": "AWS/ECS", "name": name, "dimensions": dimensions}
    return {"id": "m1", "metricStat": {"metric": metric, "period": 60, "stat": "Average"}}


@pytest.mark.parametrize("shape", ["metrics", "tags", "dimensions"])
def test_an_event_near_the_limit_of_eventbridge_is_paged_once_by_name_and_size(
    world: World, shape: str
) -> None:
    event = large(eventbridge(world.red()), shape, 4000 if shape != "metrics" else 900)
    for _ in range(2):
        done = world.remediator().handle(event)
        world.deliver()
        assert (done.outcome, done.reason) == ("refuse", Reason.UNUSABLE_EVENT)
    assert (world.ecs.writes, len(world.pager.sent)) == ([], 1)
    text = " ".join(world.pager.sent[0][1].split())
    assert "api-memory-high" in text
    assert "KB" in text


@given(
    shape=some.sampled_from(SHAPES), count=some.integers(0, 4500), letter=some.sampled_from("xä\N{FIRE}\n")
)
def test_of_no_event_that_eventbridge_delivers_comes_an_item_that_dynamodb_refuses(
    shape: str, count: int, letter: str
) -> None:
    event = large(eventbridge(a.alarm()), shape, count, letter)
    if len(json.dumps(event, ensure_ascii=False).encode()) > LARGEST_EVENT:
        return
    alarm = read(event)
    if isinstance(alarm, str):
        assert "api-memory-high" in alarm
        assert "KB" in alarm
        return
    request = a.request(alarm=alarm)
    incident = opened(request, a.rules(), a.NOW)
    for n in range(150):
        incident = joined(incident, a.alarm("\N{FIRE}" * 250 + str(n)))
    written = [incident_item(incident), decision_item(record_of(request)), request_item(a.wake(alarm))]
    assert all(size_of(item) < LARGEST_ITEM - 64 * 1024 for item in written)


def read(event: object) -> Alarm | str:
    """The alarm, or why it is refused."""
    try:
        found = parse(event)
    except UnusableEvent as error:
        return str(error)
    assert isinstance(found, Alarm)
    return found


def size_of(item: Any) -> int:
    return sum(len(name) + len(str(value).encode()) for name, value in item.items())


def test_a_forged_request_with_such_an_alarm_is_refused_as_well() -> None:
    alarm = a.alarm(tags={f"tag-{n}": "x" * 60 for n in range(2000)})
    with pytest.raises(UnusableEvent, match="KB"):
        parse(request_event(a.wake(alarm)))


def test_an_alarm_as_large_as_cloudwatch_makes_them_is_read() -> None:
    """A composite with 100 children, and 50 tags."""
    event = large(large(eventbridge(a.alarm()), "children", 100), "tags", 49)
    found = parse(event)
    assert isinstance(found, Alarm)
    assert (len(found.children), len(found.tags)) == (100, 50)
