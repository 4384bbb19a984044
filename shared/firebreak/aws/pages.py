"""Pages on their way to humans: the SNS topic, and the memory of what was told."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from firebreak.aws.items import DECISION_KEPT, Fields, Item, key, ms, number, stamped, text
from firebreak.aws.translate import translated
from firebreak.core.paging.page import Page
from firebreak.errors import AwsError, Conflict, Undelivered

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_sns import SNSClient

# Telling takes seconds; a teller that has not finished after this has died, and the next one tells.
LEASE = timedelta(seconds=60)

# What took its whole time once would take it again.
TIMED_OUT = frozenset({"ConnectTimeoutError", "ReadTimeoutError"})

FREE_TO_TELL = "attribute_not_exists(pk) OR (#state <> :told AND lease_until < :now)"


class TopicChannel:
    """ports.Channel on an SNS topic; subscriptions may filter by the attributes `severity` and `phase`."""

    def __init__(self, name: str, client: "SNSClient", topic_arn: str) -> None:
        self._name = name
        self._client = client
        self._topic_arn = topic_arn

    def send(self, page: Page, ref: str) -> str:  # noqa: ARG002  # for channels with a thread of their own
        """Publish the page with its links below; SNS knows no thread, so there is no reference.

        Once more after what may be over already, never after a time-out: the page may come twice.
        """
        try:
            try:
                self._publish(page)
            except AwsError as error:
                if not error.retryable or error.code in TIMED_OUT:
                    raise
                self._publish(page)
        except AwsError as error:
            raise Undelivered(self._name, str(error), retryable=error.retryable) from error
        return ""

    def _publish(self, page: Page) -> None:
        links = [f"{word}: {address}" for word, address in page.links]
        with translated("Publish", mutates=False):
            self._client.publish(
                TopicArn=self._topic_arn,
                Subject=page.ascii_subject,
                Message="\n".join([page.body, *links]),
                MessageAttributes={
                    "severity": {"DataType": "String", "StringValue": page.severity.value},
                    "phase": {"DataType": "String", "StringValue": page.phase.value},
                },
            )

    def show(self, ref: str, picture: bytes) -> None:
        """SNS carries no picture."""


class DynamoDeliveries:
    """ports.Deliveries in the ledger's table.

    begin ──► lease taken ──► told ──► done
                   └─ teller died: the lease runs out and the redelivered event tells again
    """

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def begin(self, key_: str, at: datetime) -> bool:
        """Take the lease. Raises Conflict while a living teller holds it."""
        try:
            with translated("PutItem", mutates=False):
                self._client.put_item(
                    TableName=self._table,
                    Item=_mark(key_, "telling", at),
                    ConditionExpression=FREE_TO_TELL,
                    ExpressionAttributeNames={"#state": "state"},
                    ExpressionAttributeValues={":told": text("told"), ":now": number(ms(at))},
                )
        except Conflict:
            return self._begin_again(key_)
        return True

    def _begin_again(self, key_: str) -> bool:
        with translated("GetItem", mutates=False):
            item = self._client.get_item(TableName=self._table, Key=key(f"PAGE#{key_}"), ConsistentRead=True)
        if "Item" in item and Fields(item["Item"]).text("state", "") == "told":
            return False
        raise Conflict("PutItem", "another function is telling this right now")

    def done(self, key_: str, at: datetime) -> None:
        """Remember that it was told."""
        with translated("PutItem", mutates=False):
            self._client.put_item(TableName=self._table, Item=_mark(key_, "told", at))

    def forget(self, key_: str, at: datetime) -> None:
        """Give the lease of what was told back, for whoever tells it next."""
        try:
            with translated("PutItem", mutates=False):
                self._client.put_item(
                    TableName=self._table,
                    Item=_mark(key_, "telling", at - 2 * LEASE),
                    ConditionExpression="attribute_exists(pk)",
                )
        except Conflict:
            return


def _mark(key_: str, state: str, at: datetime) -> Item:
    return {
        **stamped(f"PAGE#{key_}"),
        "state": text(state),
        "lease_until": number(ms(at + LEASE)),
        "expires_at": number(int((at + DECISION_KEPT).timestamp())),
    }
