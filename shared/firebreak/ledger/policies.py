"""The texts of the policies that decided, each once under its hash, for `firebreak replay`.

Verify writes the text of its policy, never a function that acts. Each day it writes it again, so that it
outlives the last decision that names it.
"""

import base64
import zlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from firebreak.aws.translate import translated
from firebreak.ledger.items import Attribute, DamagedItem, Fields, Item, expires, number, stamped, text
from firebreak.ledger.retention import USUAL, Retention
from firebreak.wire.epoch import ms

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

# A policy is rewritten once a day; a stack whose Verify does not run for longer than this keeps its decisions
# longer than its policy.
SPARE = timedelta(days=7)
# DynamoDB's limit is 400 kB an item, and a policy that is kept has 200,000 characters (policy_keeper.py).
MOST_CHARACTERS = 300_000
_MOST_BYTES = 800_000


class DynamoPolicies:
    """ports.PolicyTexts in the ledger's table."""

    def __init__(self, client: "DynamoDBClient", table: str, retention: Retention = USUAL) -> None:
        self._client, self._table, self._kept = client, table, retention

    def keep(self, policy_hash: str, written: str, at: datetime) -> None:
        """Keeps the text under its hash until decisions of that time have ended."""
        self._put(policy_hash, at, _packed(written))

    def leave_out(self, policy_hash: str, why: str, at: datetime) -> None:
        """Records in one line why the text is not kept."""
        self._put(policy_hash, at, {"left_out": text(why)})

    def _put(self, policy_hash: str, at: datetime, content: Item) -> None:
        item: Item = {
            **stamped(policy_pk(policy_hash)),
            **content,
            "at": number(ms(at)),
            "expires_at": expires(at + self._kept.decisions + SPARE),
        }
        with translated("PutItem", mutates=True):
            self._client.put_item(TableName=self._table, Item=item)


def policy_pk(policy_hash: str) -> str:
    """The key of a policy's text."""
    return f"POLICY#{policy_hash}"


def _packed(written: str) -> Item:
    packed = base64.b64encode(zlib.compress(written.encode())).decode("ascii")
    if len(packed) > MOST_CHARACTERS:
        return {"left_out": text(f"its text is too large: {len(packed)} characters packed")}
    return {"text": text(packed)}


def left_out(item: Mapping[str, Attribute]) -> str:
    """Why the text of a policy is not kept; empty where it is."""
    return Fields(item).text("left_out", "")


def read_policy_text(item: Mapping[str, Attribute]) -> str:
    """The text of a policy. Raises DamagedItem."""
    packed = Fields(item).text("text")
    try:
        stream = zlib.decompressobj()
        found = stream.decompress(base64.b64decode(packed, validate=True), _MOST_BYTES)
        if stream.eof:
            return found.decode()
    except (ValueError, zlib.error) as error:
        raise DamagedItem("text") from error
    raise DamagedItem("text")
