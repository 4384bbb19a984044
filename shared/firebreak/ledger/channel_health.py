"""The health of channels in the ledger's table: written only when one fails or comes back."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from firebreak.aws.translate import translated
from firebreak.core.paging.channel_breaker import FORGOTTEN, Health
from firebreak.core.readings import Reading
from firebreak.errors import Conflict
from firebreak.ledger.claims import ABSENT_KEY, Condition, put
from firebreak.ledger.items import Attribute, Fields, Item, V, key, number, stamped
from firebreak.ledger.reads import read_as
from firebreak.wire.epoch import ms

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

# The breaker's own forgetting time, and a day more, for clocks that differ and for later questions.
KEPT = FORGOTTEN + timedelta(days=1)
AS_READ = "#version = :seen AND #v <= :v"


class DynamoChannelHealth:
    """ports.ChannelHealth: one item a channel, `CHANNEL#name`."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def look(self, channel: str) -> Reading[Health]:
        """Reads the channel's item consistently; Unknown when it is damaged."""
        with translated("GetItem", mutates=False):
            item = self._client.get_item(TableName=self._table, Key=_key(channel), ConsistentRead=True)
        return read_as(item.get("Item"), _read)

    def keep(self, channel: str, health: Health, at: datetime) -> bool:
        """Writes the channel's item under a condition; False when another page wrote first."""
        as_read: Item = {":seen": number(health.version), ":v": number(V)}
        names = {"#version": "version", "#v": "v"}
        condition = Condition(AS_READ, as_read, names) if health.version else Condition(ABSENT_KEY)
        try:
            # Safe to re-send: a second write with the same condition changes nothing.
            with translated("PutItem", mutates=False):
                self._client.put_item(**put(self._table, _item(channel, health, at), condition)["Put"])
        except Conflict:
            return False
        return True


def _key(channel: str) -> Item:
    return key(f"CHANNEL#{channel}")


def _item(channel: str, health: Health, at: datetime) -> Item:
    item: Item = {
        **stamped(f"CHANNEL#{channel}"),
        "version": number(health.version + 1),
        "failures": number(health.failures),
        "expires_at": number(int((at + KEPT).timestamp())),
    }
    if health.failed_at:
        item["failed_at"] = number(ms(health.failed_at))
    if health.tried_until:
        item["tried_until"] = number(ms(health.tried_until))
    return item


def _read(item: Mapping[str, Attribute]) -> Health:
    fields = Fields(item)
    return Health(
        failures=fields.number("failures"),
        failed_at=fields.maybe_time("failed_at"),
        tried_until=fields.maybe_time("tried_until"),
        version=fields.number("version"),
    )
