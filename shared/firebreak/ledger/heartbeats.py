"""When the newest heartbeat was recorded, by the index by time."""

from datetime import datetime
from typing import TYPE_CHECKING

from firebreak.aws.translate import look
from firebreak.core.readings import ABSENT, Absent, Reading
from firebreak.ledger.items import BY_TIME_INDEX, LISTED_HEARTBEAT, Fields, text

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


class DynamoHeartbeats:
    """Reads heartbeats in the ledger's table."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def newest(self) -> Reading[datetime]:
        """The time of the newest one; Absent when none was recorded in the day for which they are kept."""
        return look("Query", self._newest)

    def _newest(self) -> datetime | Absent:
        reply = self._client.query(
            TableName=self._table,
            IndexName=BY_TIME_INDEX,
            KeyConditionExpression="listed = :kind",
            ExpressionAttributeValues={":kind": text(LISTED_HEARTBEAT)},
            ScanIndexForward=False,
            Limit=1,
        )
        return next((Fields(item).time("at") for item in reply["Items"]), ABSENT)
