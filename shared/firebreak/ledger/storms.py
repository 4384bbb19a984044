"""The storm's own items: red alarms are added without a condition, beginning and end are decided once."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from firebreak.aws.translate import translated
from firebreak.core.limits.storm import RENEW_EVERY, RedAlarm, Storm
from firebreak.core.messages.announcement import Announcement
from firebreak.core.readings import Reading
from firebreak.errors import Conflict
from firebreak.ledger.claims import ABSENT_KEY, NO_STORM, NOT_NEWER, Condition, put
from firebreak.ledger.items import (
    PAGES_STORM,
    RED,
    SINGLE,
    STORM,
    Item,
    V,
    key,
    number,
    read_red,
    red_entry,
    stamped,
    storm_field,
)
from firebreak.ledger.outbox_items import outbox_item
from firebreak.ledger.reads import find, read_as, storm_in
from firebreak.ledger.transactions import IN_THE_WAY, retry_on_conflict, won, written
from firebreak.wire.epoch import ms

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

# The condition that nobody has renewed the storm since it was read.
NOT_RENEWED = "(attribute_not_exists(renewed_at) OR renewed_at <= :known)"
# An update may name so many fields and stay far below DynamoDB's 4 KB for an expression.
FORGET_AT_ONCE = 20


class DynamoStorms:
    """ports.Storms on the ledger's table: the storm that holds actions back, or that `of_pages`."""

    def __init__(self, client: "DynamoDBClient", table: str, *, of_pages: bool = False) -> None:
        self._client = client
        self._table = table
        self._of_pages = of_pages
        self._pk = PAGES_STORM if of_pages else STORM

    def look(self) -> Reading[Storm]:
        """The red alarms, and whether they are a storm."""
        found = find(self._client, self._table, [(self._pk, SINGLE), (self._pk, RED)])
        return self._marked(storm_in(found, self._pk))

    def remember(self, red: RedAlarm, forget: Sequence[RedAlarm], at: datetime) -> Reading[Storm]:
        """Adds an alarm without comparing, so that no write waits; returns the alarms remembered then.

        The end of a storm writes the same item; a write that meets it tries again.
        """
        return retry_on_conflict(lambda: self._remember(red, forget, at))

    def _remember(self, red: RedAlarm, forget: Sequence[RedAlarm], at: datetime) -> Reading[Storm]:
        # An alarm that comes again is replaced: one update may not name a field twice.
        others = [one for one in forget if one.series != red.series][:FORGET_AT_ONCE]
        old = {f"#old{n}": storm_field(one) for n, one in enumerate(others)}
        remove = f" REMOVE {', '.join(old)}" if old else ""
        with translated("UpdateItem", mutates=True):
            reply = self._client.update_item(
                TableName=self._table,
                Key=key(self._pk, RED),
                UpdateExpression=f"SET #red = :red, last_red_at = :at, #v = :v ADD #version :one{remove}",
                ConditionExpression=NOT_NEWER,
                ExpressionAttributeNames={
                    "#red": storm_field(red),
                    "#v": "v",
                    "#version": "version",
                    **old,
                },
                ExpressionAttributeValues={
                    ":red": red_entry(red),
                    ":at": number(ms(at)),
                    ":v": number(V),
                    ":one": number(1),
                },
                ReturnValues="ALL_NEW",
            )
        return self._marked(read_as(reply["Attributes"], read_red))

    def _marked(self, storm: Reading[Storm]) -> Reading[Storm]:
        return replace(storm, of_pages=self._of_pages) if isinstance(storm, Storm) else storm

    def trip(self, at: datetime, message: Announcement) -> bool:
        """Declares the storm; False when somebody else did.

        Claims check its item. Raises Conflict when they were in the way at every try: a storm that
        nobody declared must not pass for one that somebody else did.
        """
        declare: TransactWriteItemTypeDef = {
            "Update": {
                "TableName": self._table,
                "Key": key(self._pk),
                "UpdateExpression": "SET tripped_at = :at, #v = :v",
                "ConditionExpression": f"{NO_STORM} AND {NOT_NEWER}",
                "ExpressionAttributeNames": {"#v": "v"},
                "ExpressionAttributeValues": {":at": number(ms(at)), ":v": number(V)},
            }
        }
        return written(self._client, [declare, put(self._table, outbox_item(message))])

    def renew(self, at: datetime) -> bool:
        """Records that it is not quiet, in the small item: of many at one moment one writes."""
        # The end of a storm, and a claim of a human, meet it there and try again as well.
        try:
            retry_on_conflict(lambda: self._renew(at))
        except Conflict as error:
            if error.code in IN_THE_WAY:
                raise
            return False
        return True

    def _renew(self, at: datetime) -> None:
        long_ago = "(attribute_not_exists(renewed_at) OR renewed_at <= :before)"
        with translated("UpdateItem", mutates=True):
            self._client.update_item(
                TableName=self._table,
                Key=key(self._pk),
                UpdateExpression="SET renewed_at = :at",
                ConditionExpression=f"{NOT_NEWER} AND attribute_exists(tripped_at) AND {long_ago}",
                ExpressionAttributeNames={"#v": "v"},
                ExpressionAttributeValues={
                    ":at": number(ms(at)),
                    ":before": number(ms(at - RENEW_EVERY)),
                    ":v": number(V),
                },
            )

    def remind(self, message: Announcement) -> bool:
        """Records that a storm goes on; False when that was recorded before."""
        return won(self._client, [put(self._table, outbox_item(message), Condition(ABSENT_KEY))])

    def calm(self, storm: Storm, message: Announcement) -> bool:
        """Ends the storm and forgets its alarms; False when one more turned red meanwhile."""
        nobody: Item = {**stamped(self._pk, RED), "version": number(storm.version + 1)}
        as_read = Condition(
            f"{NOT_NEWER} AND #version = :version",
            {":v": number(V), ":version": number(storm.version)},
            {"#v": "v", "#version": "version"},
        )
        still = Condition(
            f"{NOT_NEWER} AND attribute_exists(tripped_at) AND {NOT_RENEWED}",
            {":v": number(V), ":known": number(ms(storm.renewed_at) if storm.renewed_at else 0)},
            {"#v": "v"},
        )
        items = [
            put(self._table, nobody, as_read if storm.version else Condition(ABSENT_KEY)),
            put(self._table, stamped(self._pk), still),
            put(self._table, outbox_item(message)),
        ]
        return won(self._client, items)
