"""The extras of a page: error lines of a log group, and a picture of an alarm's metrics."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber
from hypothesis import given
from hypothesis import strategies as some

from firebreak.aws.clients import reader
from firebreak.aws.page_extras import (
    ERRORS,
    LOG_CALL_SECONDS,
    LOG_SECONDS,
    MOST_PAGES,
    PARTLY,
    AlarmPictures,
    LogGroups,
)
from firebreak.core.readings import ABSENT, Unknown
from tests.support import builders as a

SINCE, UNTIL = a.NOW - timedelta(minutes=10), a.NOW
NEWEST = UNTIL - timedelta(minutes=5)


def asked(since: datetime, until: datetime, **more: str) -> dict[str, Any]:
    return {
        "logGroupName": "/ecs/api",
        "startTime": int(since.timestamp() * 1000),
        "endTime": int(until.timestamp() * 1000),
        "filterPattern": ERRORS,
        "limit": 100,
        **more,
    }


def stubbed(service: str) -> Iterator[tuple[Any, Stubber]]:
    client: Any = reader(boto3.session.Session(region_name="eu-west-1"), service)
    with Stubber(client) as stub:
        yield client, stub
        stub.assert_no_pending_responses()


@pytest.fixture
def logs() -> Iterator[tuple[LogGroups, Stubber]]:
    for client, stub in stubbed("logs"):
        yield LogGroups(client, lambda: 0.0), stub


@pytest.fixture
def pictures() -> Iterator[tuple[AlarmPictures, Stubber]]:
    for client, stub in stubbed("cloudwatch"):
        yield AlarmPictures(client), stub


def page(*lines: str, token: str = "") -> dict[str, Any]:
    more = {"nextToken": token} if token else {}
    return {"events": [{"message": line, "timestamp": 1} for line in lines], **more}


def test_error_lines_are_read_in_their_order_over_empty_pages(logs: tuple[LogGroups, Stubber]) -> None:
    reads, stub = logs
    stub.add_response("filter_log_events", page(token="t1"), asked(NEWEST, UNTIL))
    stub.add_response("filter_log_events", page("ERROR a", "ERROR b"), asked(NEWEST, UNTIL, nextToken="t1"))
    assert reads.last("/ecs/api", SINCE, UNTIL) == ("ERROR a", "ERROR b")


def test_only_some_pages_are_followed(logs: tuple[LogGroups, Stubber]) -> None:
    reads, stub = logs
    for n in range(MOST_PAGES):
        stub.add_response("filter_log_events", page(f"ERROR {n}", token="more"))
    found = reads.last("/ecs/api", SINCE, UNTIL)
    assert found == tuple(f"ERROR {n}" for n in range(MOST_PAGES))


def test_the_time_before_is_looked_at_where_the_newest_minutes_hold_nothing(
    logs: tuple[LogGroups, Stubber],
) -> None:
    reads, stub = logs
    stub.add_response("filter_log_events", page(), asked(NEWEST, UNTIL))
    stub.add_response("filter_log_events", page("ERROR a"), asked(SINCE, NEWEST))
    assert reads.last("/ecs/api", SINCE, UNTIL) == ("ERROR a",)


def test_a_short_time_is_read_once_and_nothing_found_in_all_of_it_is_none(
    logs: tuple[LogGroups, Stubber],
) -> None:
    reads, stub = logs
    since = UNTIL - timedelta(minutes=3)
    stub.add_response("filter_log_events", page(), asked(since, UNTIL))
    assert reads.last("/ecs/api", since, UNTIL) == ()


def test_a_part_without_an_error_is_not_taken_for_all(logs: tuple[LogGroups, Stubber]) -> None:
    reads, stub = logs
    for _ in range(MOST_PAGES):
        stub.add_response("filter_log_events", page(token="more"))
    stub.add_response("filter_log_events", page())
    assert reads.last("/ecs/api", SINCE, UNTIL) == PARTLY


class SlowLogs:
    """Each call takes so long, as the clock says, and leads to another."""

    def __init__(self, seconds: float, *lines: str) -> None:
        self.at, self.seconds, self.calls, self.answer = 0.0, seconds, 0, page(*lines, token="more")

    def filter_log_events(self, **_: Any) -> dict[str, Any]:
        self.at += self.seconds
        self.calls += 1
        return self.answer


@given(seconds=some.floats(0.01, LOG_CALL_SECONDS))
def test_reading_a_slow_log_ends_within_three_seconds_in_all(seconds: float) -> None:
    slow: Any = SlowLogs(seconds)
    assert LogGroups(slow, lambda: slow.at).last("/ecs/api", SINCE, UNTIL) == PARTLY
    assert slow.calls >= 1
    assert slow.at <= LOG_SECONDS == 3


def test_lines_that_a_slow_log_returned_so_far_are_shown() -> None:
    slow: Any = SlowLogs(1.9, "ERROR a")
    assert LogGroups(slow, lambda: slow.at).last("/ecs/api", SINCE, UNTIL) == ("ERROR a",)
    assert slow.calls == 1


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
