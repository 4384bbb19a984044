"""The texts of the policies that decided, each once under its hash, for `firebreak replay`.

Verify writes the text of its policy, never a function that acts. Each day it writes it again, so that it
outlives the last decision that names it.

Where the policy comes from AppConfig, Verify also keeps the last one that it loaded from there, under one key
and for good: a function that cannot load the newest one takes it (remediation/policy_in_force.py).
"""

import base64
import zlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from firebreak.aws.translate import look, translated
from firebreak.core.readings import ABSENT, Reading, Unknown
from firebreak.errors import Conflict
from firebreak.ledger.items import (
    Attribute,
    DamagedItem,
    Fields,
    Item,
    V,
    expires,
    key,
    number,
    stamped,
    text,
)
from firebreak.ledger.ports import KeptPolicy
from firebreak.ledger.retention import USUAL, Retention
from firebreak.wire.epoch import at_ms, ms

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

# A policy is rewritten once a day; a stack whose Verify does not run for longer than this keeps its decisions
# longer than its policy.
SPARE = timedelta(days=7)
# DynamoDB's limit is 400 kB an item, and a policy that is kept has 200,000 characters (policy_keeper.py).
MOST_CHARACTERS = 300_000
_MOST_BYTES = 800_000
LAST_LOADED = "POLICY#LAST_LOADED"


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

    def last_loaded(self) -> Reading[KeptPolicy]:
        """The last policy that Verify loaded from AppConfig; Unknown where its text is not kept, too."""
        found = look("GetItem", self._last_loaded)
        if not isinstance(found, dict):
            return found
        if not found:
            return ABSENT
        try:
            if why := left_out(found):
                return Unknown(f"the last policy that loaded is not kept: {why}")
            return _kept(found)
        except DamagedItem as error:
            return Unknown(f"the last policy that loaded is damaged: {error}")

    def _last_loaded(self) -> Item:
        reply = self._client.get_item(TableName=self._table, Key=key(LAST_LOADED), ConsistentRead=True)
        return dict(reply.get("Item", {}))

    def keep_last_loaded(self, found: KeptPolicy) -> None:
        """Keeps it unless a later one, or one of a later release, is kept."""
        self._put_last_loaded(_packed(found.text), found)

    def leave_out_last_loaded(self, why: str, found: KeptPolicy) -> None:
        """Keeps in its place why its text is not kept, so that no earlier one counts as the last."""
        self._put_last_loaded({"left_out": text(why)}, found)

    def _put_last_loaded(self, content: Item, found: KeptPolicy) -> None:
        item: Item = {
            **stamped(LAST_LOADED),
            **content,
            "number": number(found.number),
            "at": number(ms(found.at)),
        }
        try:
            with translated("PutItem", mutates=True):
                self._client.put_item(
                    TableName=self._table,
                    Item=item,
                    ConditionExpression="attribute_not_exists(pk) OR (v <= :v AND #at < :at)",
                    ExpressionAttributeNames={"#at": "at"},
                    ExpressionAttributeValues={":v": number(V), ":at": item["at"]},
                )
        except Conflict:
            return


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


def _kept(item: Mapping[str, Attribute]) -> KeptPolicy:
    fields = Fields(item)
    try:
        at = at_ms(fields.number("at"))
    except (OverflowError, OSError, ValueError) as error:
        raise DamagedItem("at") from error
    return KeptPolicy(text=read_policy_text(item), number=fields.number("number"), at=at)


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
