"""The memory of which pages were sent: each is sent once, and again only where that is not known."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from firebreak.aws.translate import translated
from firebreak.errors import Conflict
from firebreak.ledger.items import Fields, Item, key, number, stamped, text
from firebreak.ledger.retention import DECISION_KEPT
from firebreak.wire.epoch import ms

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

# Sending takes seconds; a sender that has not finished after this has died, and the next one sends.
LEASE = timedelta(seconds=60)

# The states of a delivery as they are stored, in the words of the first release.
NOTIFYING, NOTIFIED = "telling", "told"

FREE_TO_NOTIFY = "attribute_not_exists(pk) OR (#state <> :notified AND lease_until < :now)"


class DynamoDeliveries:
    """ports.Deliveries in the ledger's table.

    begin ──► lease taken ──► sent ──► done
                   └─ sender died: the lease runs out and the redelivered event sends again
    """

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def begin(self, key_: str, at: datetime) -> bool:
        """Takes the lease. Raises Conflict while a living sender holds it."""
        try:
            with translated("PutItem", mutates=False):
                self._client.put_item(
                    TableName=self._table,
                    Item=_mark(key_, NOTIFYING, at),
                    ConditionExpression=FREE_TO_NOTIFY,
                    ExpressionAttributeNames={"#state": "state"},
                    ExpressionAttributeValues={":notified": text(NOTIFIED), ":now": number(ms(at))},
                )
        except Conflict:
            return self._begin_again(key_)
        return True

    def _begin_again(self, key_: str) -> bool:
        with translated("GetItem", mutates=False):
            item = self._client.get_item(TableName=self._table, Key=key(f"PAGE#{key_}"), ConsistentRead=True)
        if "Item" in item and Fields(item["Item"]).text("state", "") == NOTIFIED:
            return False
        raise Conflict("PutItem", "another function is sending this right now")

    def done(self, key_: str, at: datetime) -> None:
        """Records that it was sent."""
        with translated("PutItem", mutates=False):
            self._client.put_item(TableName=self._table, Item=_mark(key_, NOTIFIED, at))

    def forget(self, key_: str, at: datetime) -> None:
        """Gives back the lease of an announcement that was sent, so that it can be sent again."""
        try:
            with translated("PutItem", mutates=False):
                self._client.put_item(
                    TableName=self._table,
                    Item=_mark(key_, NOTIFYING, at - 2 * LEASE),
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
