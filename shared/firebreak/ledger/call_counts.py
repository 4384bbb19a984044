"""The number of new calls that each channel carried lately, in the ledger's table."""

from datetime import datetime
from typing import TYPE_CHECKING

from firebreak.aws.translate import translated
from firebreak.core.limits.budgets import LONGEST_WINDOW, Budget
from firebreak.core.paging.ceilings import entry, room_at, run_out
from firebreak.core.paging.page import Severity
from firebreak.errors import Conflict
from firebreak.ledger.claims import NOT_NEWER
from firebreak.ledger.items import Item, V, key, number
from firebreak.ledger.transactions import retry_on_conflict

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

ROOM = f"{NOT_NEWER} AND (attribute_not_exists(calls) OR size(calls) < :most)"
NAMES = {"#v": "v"}


class DynamoCallCounts:
    """ports.CallCounts: next to each channel's health, an item for critical calls and one for the others.

    An item holds at most as many calls as the ceiling has, since a call above it is not written.
    """

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def take(
        self, channel: str, severity: Severity, call: str, budget: Budget, at: datetime
    ) -> datetime | None:
        """Counts a call on a channel; None when there is room for it, else the time of the next room."""
        place = key(f"CHANNEL#{channel}", "CRITICAL" if severity is Severity.CRITICAL else "CALLS")
        with translated("GetItem", mutates=False):
            found = self._client.get_item(TableName=self._table, Key=place, ConsistentRead=True)
        entries = set(found.get("Item", {}).get("calls", {}).get("SS", ()))
        old = set(run_out(entries, budget.window, at))
        if any(one.endswith(f"#{call}") for one in entries - old):
            return None
        if old:
            self._forget(place, sorted(old))
        return None if self._counted(place, entry(at, call), budget, at) else room_at(entries, budget, at)

    def _forget(self, place: Item, old: list[str]) -> None:
        def send() -> None:
            with translated("UpdateItem", mutates=True):
                self._client.update_item(
                    TableName=self._table,
                    Key=place,
                    UpdateExpression="DELETE calls :old",
                    ExpressionAttributeValues={":old": {"SS": old}},
                )

        retry_on_conflict(send)

    def _counted(self, place: Item, one: str, budget: Budget, at: datetime) -> bool:
        """Whether there was room; calls counted at the same time never take the same slot."""
        values: Item = {
            ":one": {"SS": [one]},
            ":most": number(budget.acts),
            ":v": number(V),
            ":expires": number(int((at + LONGEST_WINDOW).timestamp())),
        }

        def send() -> None:
            with translated("UpdateItem", mutates=True):
                self._client.update_item(
                    TableName=self._table,
                    Key=place,
                    UpdateExpression="ADD calls :one SET #v = :v, expires_at = :expires",
                    ConditionExpression=ROOM,
                    ExpressionAttributeNames=NAMES,
                    ExpressionAttributeValues=values,
                )

        try:
            retry_on_conflict(send)
        except Conflict:
            return False
        return True
