"""The test pages in the ledger's table: one item each, `PAGETEST#id`, for a day."""

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from firebreak.aws.translate import translated
from firebreak.core.paging.page_tests import PageTest, PageTestState
from firebreak.core.readings import Reading
from firebreak.errors import Conflict
from firebreak.ledger.claims import ABSENT_KEY
from firebreak.ledger.items import Attribute, DamagedItem, Fields, Item, expires, key, number, stamped, text
from firebreak.ledger.reads import read_as
from firebreak.wire.epoch import ms

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

# The command reads it within minutes; a day is for the questions of the person who ran it.
KEPT = timedelta(days=1)


class DynamoPageTests:
    """ports.PageTests in the ledger's table."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def begin(self, test: PageTest) -> bool:
        """Writes it; False when a test of that id is there already, so that it is sent once."""
        try:
            # Sent once: a lost reply leaves a test that was not sent, and says so after its time.
            with translated("PutItem", mutates=False):
                self._client.put_item(TableName=self._table, Item=_item(test), ConditionExpression=ABSENT_KEY)
        except Conflict:
            return False
        return True

    def finish(self, test: PageTest) -> None:
        """Writes what came of it."""
        with translated("PutItem", mutates=False):
            self._client.put_item(TableName=self._table, Item=_item(test))

    def look(self, test_id: str) -> Reading[PageTest]:
        """Reads it consistently; Absent before Page took it up, Unknown when it is damaged."""
        with translated("GetItem", mutates=False):
            reply = self._client.get_item(TableName=self._table, Key=key(_pk(test_id)), ConsistentRead=True)
        return read_as(reply.get("Item"), _read)


def _pk(test_id: str) -> str:
    return f"PAGETEST#{test_id}"


def _item(test: PageTest) -> Item:
    channels: Item = {"channels": {"SS": list(test.channels)}} if test.channels else {}
    return {
        **stamped(_pk(test.id)),
        **channels,
        "channel": text(test.channel),
        "state": text(test.state.value),
        "severity": text(test.severity),
        "detail": text(test.detail),
        "at": number(ms(test.at)),
        "expires_at": expires(test.at + KEPT),
    }


def _read(item: Mapping[str, Attribute]) -> PageTest:
    fields = Fields(item)
    state = fields.text("state")
    if state not in set(PageTestState):
        raise DamagedItem("state")
    return PageTest(
        id=fields.text("pk").removeprefix("PAGETEST#"),
        channel=fields.text("channel"),
        state=PageTestState(state),
        at=fields.time("at"),
        severity=fields.text("severity"),
        detail=fields.text("detail"),
        channels=tuple(sorted(item.get("channels", {}).get("SS", ()))),
    )
