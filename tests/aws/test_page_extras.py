"""The extras of a page: error lines of a log group, and a picture of an alarm's metrics."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber

from firebreak.aws.clients import reader
from firebreak.aws.page_extras import ERRORS, MOST_PAGES, AlarmPictures, LogGroups
from firebreak.core.readings import ABSENT, Unknown
from tests import builders as a

SINCE, UNTIL = a.NOW - timedelta(minutes=10), a.NOW
ASKED = {
    "logGroupName": "/ecs/api",
    "startTime": int(SINCE.timestamp() * 1000),
    "endTime": int(UNTIL.timestamp() * 1000),
    "filterPattern": ERRORS,
    "limit": 100,
}


def stubbed(service: str) -> Iterator[tuple[Any, Stubber]]:
    client: Any = reader(boto3.session.Session(region_name="eu-west-1"), service)
    with Stubber(client) as stub:
        yield client, stub
        stub.assert_no_pending_responses()


@pytest.fixture
def logs() -> Iterator[tuple[LogGroups, Stubber]]:
    for client, stub in stubbed("logs"):
        yield LogGroups(client), stub


@pytest.fixture
def pictures() -> Iterator[tuple[AlarmPictures, Stubber]]:
    for client, stub in stubbed("cloudwatch"):
        yield AlarmPictures(client), stub


def page(*lines: str, token: str = "") -> dict[str, Any]:
    more = {"nextToken": token} if token else {}
    return {"events": [{"message": line, "timestamp": 1} for line in lines], **more}


def test_error_lines_are_read_in_their_order_over_empty_pages(logs: tuple[LogGroups, Stubber]) -> None:
    reads, stub = logs
    stub.add_response("filter_log_events", page(token="t1"), ASKED)
    stub.add_response("filter_log_events", page("ERROR a", "ERROR b"), ASKED | {"nextToken": "t1"})
    assert reads.last("/ecs/api", SINCE, UNTIL) == ("ERROR a", "ERROR b")


def test_only_some_pages_are_followed(logs: tuple[LogGroups, Stubber]) -> None:
    reads, stub = logs
    for n in range(MOST_PAGES):
        stub.add_response("filter_log_events", page(f"ERROR {n}", token="more"))
    found = reads.last("/ecs/api", SINCE, UNTIL)
    assert found == tuple(f"ERROR {n}" for n in range(MOST_PAGES))


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("ResourceNotFoundException", ABSENT),
        ("AccessDeniedException", Unknown("FilterLogEvents: AccessDeniedException")),
    ],
)
def test_no_group_and_no_permission_are_two_things(
    logs: tuple[LogGroups, Stubber], code: str, found: object
) -> None:
    reads, stub = logs
    stub.add_client_error("filter_log_events", code, http_status_code=400)
    assert reads.last("/ecs/api", SINCE, UNTIL) == found


def test_a_picture_shows_the_alarm_with_its_threshold(pictures: tuple[AlarmPictures, Stubber]) -> None:
    reads, stub = pictures
    stub.add_response("get_metric_widget_image", {"MetricWidgetImage": b"png"}, {"MetricWidget": ANY})
    sent: list[dict[str, Any]] = []
    reads._client.meta.events.register(
        "provide-client-params.cloudwatch.GetMetricWidgetImage", lambda params, **_: sent.append(params)
    )
    assert reads.of(a.arn_of("api")) == b"png"
    assert json.loads(sent[0]["MetricWidget"])["annotations"] == {"alarms": [a.arn_of("api")]}


def test_a_picture_that_cannot_be_had_is_unknown(pictures: tuple[AlarmPictures, Stubber]) -> None:
    reads, stub = pictures
    stub.add_client_error("get_metric_widget_image", "AccessDenied", http_status_code=403)
    assert reads.of(a.arn_of("api")) == Unknown("GetMetricWidgetImage: AccessDenied")
