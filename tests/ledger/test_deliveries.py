"""Records of deliveries: one sender at a time, each page once, and a dead sender's work is taken over."""

from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from firebreak.aws.clients import reader
from firebreak.aws.topic import TopicChannel
from firebreak.core.paging.page import Page, Phase, Severity
from firebreak.errors import AwsError, Conflict, Throttled, Unavailable, Undelivered
from firebreak.ledger.deliveries import LEASE, DynamoDeliveries
from tests.ledger.tables import Table
from tests.support import builders as a
from tests.support.faults import CONNECT_TIMEOUT, NO_CONNECTION, READ_TIMEOUT, Wrapped, answer, fail

SECOND = timedelta(seconds=1)
TOPIC = "arn:aws:sns:eu-west-1:111122223333:firebreak-pages"


@pytest.fixture
def deliveries(table: Table) -> DynamoDeliveries:
    return DynamoDeliveries(table.client, table.name)


def test_a_delivered_page_is_not_delivered_again(deliveries: DynamoDeliveries) -> None:
    assert deliveries.begin("k", a.NOW) is True
    deliveries.done("k", a.NOW + SECOND)
    assert deliveries.begin("k", a.NOW + 2 * SECOND) is False
    assert deliveries.begin("k", a.NOW + timedelta(days=30)) is False


def test_each_key_is_a_delivery_of_its_own(deliveries: DynamoDeliveries) -> None:
    assert (deliveries.begin("k", a.NOW), deliveries.begin("other", a.NOW)) == (True, True)


def test_a_delivery_under_way_makes_another_attempt_come_back_later(deliveries: DynamoDeliveries) -> None:
    deliveries.begin("k", a.NOW)
    with pytest.raises(Conflict):
        deliveries.begin("k", a.NOW + LEASE)


def test_a_delivery_whose_function_died_is_taken_over(deliveries: DynamoDeliveries) -> None:
    deliveries.begin("k", a.NOW)
    assert deliveries.begin("k", a.NOW + LEASE + SECOND) is True
    with pytest.raises(Conflict):
        deliveries.begin("k", a.NOW + LEASE + 2 * SECOND)


def test_records_of_deliveries_expire_after_90_days(table: Table, deliveries: DynamoDeliveries) -> None:
    deliveries.done("k", a.NOW)
    item = table.get("PAGE#k")
    assert item is not None
    assert int(item["expires_at"]["N"]) == int((a.NOW + timedelta(days=90)).timestamp())


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        pytest.param(NO_CONNECTION, Unavailable, id="unreachable"),
        pytest.param(answer("ThrottlingException", operation="PutItem"), Throttled, id="throttled"),
    ],
)
def test_a_memory_that_does_not_answer_raises_and_is_no_conflict(
    table: Table, error: Exception, meaning: type[AwsError]
) -> None:
    """Only a conflict delays a page; at every other error Page sends it."""
    dark: Any = Wrapped(table.client, before=fail(error))
    with pytest.raises(meaning):
        DynamoDeliveries(dark, table.name).begin("k", a.NOW)


PAGE = Page(
    thread="i-0123456789",
    phase=Phase.UPDATE,
    severity=Severity.WARNING,
    subject="[Firebreak] ACTED: no action needed. ecs:prod/注文: restarted",
    ascii_subject="[Firebreak] ACTED: no action needed. ecs:prod/api: restarted",
    body="ACTED: restarted\n",
    source="ecs:prod/api",
    at=a.NOW,
    links=(("runbook", "https://wiki.example.com/api"),),
)


def test_a_page_goes_to_the_topic_with_its_links_and_what_a_subscription_may_filter_by() -> None:
    client = reader(boto3.session.Session(region_name=a.REGION), "sns")
    expected = {
        "TopicArn": TOPIC,
        "Subject": PAGE.ascii_subject,
        "Message": "ACTED: restarted\n\nrunbook: https://wiki.example.com/api",
        "MessageAttributes": {
            "severity": {"DataType": "String", "StringValue": "warning"},
            "phase": {"DataType": "String", "StringValue": "update"},
        },
    }
    with Stubber(client) as stub:
        stub.add_response("publish", {"MessageId": "1"}, expected)
        assert TopicChannel("topic", client, TOPIC).send(PAGE, "") == ""
        stub.assert_no_pending_responses()


@pytest.mark.parametrize(
    ("code", "status", "retryable"),
    [
        pytest.param("AuthorizationError", 403, False, id="denied"),
        pytest.param("Throttled", 429, True, id="throttled"),
        pytest.param("InternalError", 500, True, id="500"),
        pytest.param("NotFound", 404, False, id="no topic"),
    ],
)
def test_a_page_that_the_topic_does_not_take_is_undelivered(code: str, status: int, retryable: bool) -> None:
    class Refusing:
        def publish(self, **_: Any) -> None:
            raise answer(code, status, "Publish")

    refusing: Any = Refusing()
    with pytest.raises(Undelivered) as caught:
        TopicChannel("topic", refusing, TOPIC).send(PAGE, "")
    assert (str(caught.value), caught.value.retryable) == (f"topic: Publish: {code}", retryable)


@pytest.mark.parametrize(
    ("error", "asked"),
    [
        pytest.param(answer("InternalError", 500, "Publish"), 2, id="an error of the service"),
        pytest.param(NO_CONNECTION, 2, id="no connection"),
        pytest.param(READ_TIMEOUT, 1, id="no reply in time"),
        pytest.param(CONNECT_TIMEOUT, 1, id="no connection in time"),
        pytest.param(answer("AuthorizationError", 403, "Publish"), 1, id="denied"),
    ],
)
def test_the_topic_is_asked_once_more_except_after_a_time_out_or_a_no(error: Exception, asked: int) -> None:
    calls: list[str] = []

    class Failing:
        def publish(self, **message: Any) -> None:
            calls.append(message["Subject"])
            raise error

    failing: Any = Failing()
    with pytest.raises(Undelivered):
        TopicChannel("topic", failing, TOPIC).send(PAGE, "")
    assert len(calls) == asked
