"""The stack's own dead letters and events, in the shapes of SQS and CloudWatch."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.stub import Stubber

from firebreak.aws.clients import fail_fast
from firebreak.aws.own_measures import DeadLetters, OwnEvents
from firebreak.core.readings import ABSENT, NotRead, Reading, Unknown
from tests.support.builders_ecs import session

URL = "https://sqs.eu-west-1.amazonaws.com/111122223333/firebreak-DeadLetters-1A2B3C"
NOW = datetime(2026, 11, 20, 10, 22, 41, tzinfo=UTC)
UNTIL = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


@pytest.fixture
def sqs() -> Iterator[Stubber]:
    yield from stubbed("sqs")


@pytest.fixture
def cloudwatch() -> Iterator[Stubber]:
    yield from stubbed("cloudwatch")


def stubbed(service: str) -> Iterator[Stubber]:
    client: Any = fail_fast(session(), service)
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def letters(stub: Stubber, attributes: dict[str, str]) -> Reading[int]:
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    asked = {"QueueUrl": URL, "AttributeNames": names}
    stub.add_response("get_queue_attributes", {"Attributes": attributes}, asked)
    return DeadLetters(lambda _: stub.client, URL).count()


def test_a_message_that_somebody_reads_at_the_moment_counts_too(sqs: Stubber) -> None:
    attributes = {"ApproximateNumberOfMessages": "3", "ApproximateNumberOfMessagesNotVisible": "2"}
    assert letters(sqs, attributes) == 5


def test_an_empty_queue_holds_none(sqs: Stubber) -> None:
    attributes = {"ApproximateNumberOfMessages": "0", "ApproximateNumberOfMessagesNotVisible": "0"}
    assert letters(sqs, attributes) == 0


def test_an_answer_without_a_number_is_not_an_empty_queue(sqs: Stubber) -> None:
    assert isinstance(letters(sqs, {"ApproximateNumberOfMessages": "0"}), Unknown)


def test_a_queue_that_may_not_be_read_is_unknown(sqs: Stubber) -> None:
    sqs.add_client_error("get_queue_attributes", "AccessDenied", http_status_code=403)
    assert isinstance(DeadLetters(lambda _: sqs.client, URL).count(), Unknown)


def test_a_function_that_knows_no_queue_asks_for_none() -> None:
    def connect(service: str) -> Any:
        raise AssertionError(service)

    assert isinstance(DeadLetters(connect, "").count(), NotRead)


def query(name: str) -> dict[str, Any]:
    dimension = {"Name": "service", "Value": "firebreak"}
    metric = {"Namespace": "Firebreak", "MetricName": name, "Dimensions": [dimension]}
    return {"Id": name.lower(), "MetricStat": {"Metric": metric, "Period": 300, "Stat": "Sum"}}


def lost(stub: Stubber, **sums: list[float]) -> Reading[int]:
    return lost_by(stub, {"MetricDataResults": results(**sums)})


def results(**sums: list[float]) -> list[dict[str, Any]]:
    return [
        {"Id": name, "Timestamps": [UNTIL - n * timedelta(minutes=5) for n in range(len(values))]}
        | {"Values": values, "StatusCode": "Complete"}
        for name, values in sums.items()
    ]


def lost_by(stub: Stubber, reply: dict[str, Any]) -> Reading[int]:
    asked = {
        "MetricDataQueries": [query("Events"), query("Decisions"), query("Failures")],
        "StartTime": UNTIL - timedelta(minutes=30),
        "EndTime": UNTIL,
    }
    stub.add_response("get_metric_data", reply, asked)
    return OwnEvents(lambda _: stub.client, "Firebreak", "firebreak").lost(NOW)


@pytest.mark.parametrize(
    ("events", "decisions", "failures", "expected"),
    [
        ([6.0, 7.0], [6.0, 7.0], [], 0),
        ([6.0, 7.0], [6.0, 4.0], [0.0, 3.0], 0),
        ([6.0, 7.0], [6.0, 5.0], [0.0, 0.0], 2),
        ([6.0, 7.0], [6.0], [], 7),
        ([6.0], [7.0], [], 0),
    ],
    ids=["all decided", "some failed", "two were killed", "none of one period", "an arrival is late"],
)
def test_events_are_lost_that_neither_were_decided_nor_failed(
    cloudwatch: Stubber,
    events: list[float],
    decisions: list[float],
    failures: list[float],
    expected: int,
) -> None:
    assert lost(cloudwatch, events=events, decisions=decisions, failures=failures) == expected


def test_no_event_at_all_is_no_count_of_zero(cloudwatch: Stubber) -> None:
    """A sweep is an event, so there is always one."""
    assert lost(cloudwatch, events=[], decisions=[], failures=[]) == ABSENT


def test_an_answer_without_one_of_the_counts_is_unknown(cloudwatch: Stubber) -> None:
    assert isinstance(lost(cloudwatch, events=[1.0], decisions=[1.0]), Unknown)


@pytest.mark.parametrize("state", ["PartialData", "InternalError", "Forbidden"])
def test_a_part_of_the_counts_is_neither_a_loss_nor_no_event(cloudwatch: Stubber, state: str) -> None:
    """A part of the decisions looks like lost events, a part of the events like none."""
    found = results(events=[6.0], decisions=[], failures=[])
    found[1]["StatusCode"] = state
    why = f"GetMetricData: CloudWatch gave only a part ({state})"
    assert lost_by(cloudwatch, {"MetricDataResults": found}) == Unknown(why)


def test_an_answer_with_a_message_about_all_of_it_is_unknown(cloudwatch: Stubber) -> None:
    reply = {"MetricDataResults": results(events=[], decisions=[], failures=[])}
    reply["Messages"] = [
        {"Code": "MaxMetricsExceeded", "Value": "Maximum number of allowed metrics exceeded"}
    ]
    assert isinstance(lost_by(cloudwatch, reply), Unknown)


def test_metrics_that_may_not_be_read_are_unknown(cloudwatch: Stubber) -> None:
    cloudwatch.add_client_error("get_metric_data", "AccessDenied", http_status_code=403)
    found = OwnEvents(lambda _: cloudwatch.client, "Firebreak", "firebreak").lost(NOW)
    assert isinstance(found, Unknown)
