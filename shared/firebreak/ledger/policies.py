"""The texts of the policies that decided, each once under its hash, for `firebreak replay`.

Verify writes the text of its policy, never a function that acts. Each day it writes it again, so that it
outlives the last decision that names it.

Where the policy comes from AppConfig, Verify also keeps the last one that it loaded from there, under one key
for each configuration profile and for good: a function of that profile that cannot load the newest one takes
it (remediation/policy_in_force.py). Another profile's is another stack's, or of an earlier life of this one.
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
from firebreak.ledger.ports import KeptPolicy, LeftOutPolicy
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
LAST_LOADED = "POLICY#LAST_LOADED#"


class DynamoPolicies:
    """ports.PolicyTexts in the ledger's table.

    `configuration` is the application, environment and profile in AppConfig; empty where the layer has it.
    """

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        retention: Retention = USUAL,
        *,
        configuration: tuple[str, ...] = (),
    ) -> None:
        self._client, self._table, self._kept = client, table, retention
        self._configuration = "/".join(configuration)

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

    def last_loaded(self) -> Reading[KeptPolicy | LeftOutPolicy]:
        """The last policy that Verify loaded from this configuration of AppConfig."""
        found = look("GetItem", self._last_loaded)
        if not isinstance(found, dict):
            return found
        if not found:
            return ABSENT
        try:
            if (of := Fields(found).text("configuration")) != self._configuration:
                return Unknown(f"the last policy that loaded is of another configuration: {of}")
            return _left_out(found, why) if (why := left_out(found)) else _kept(found)
        except DamagedItem as error:
            return Unknown(f"the last policy that loaded is damaged: {error}")

    @property
    def _last_pk(self) -> str:
        return f"{LAST_LOADED}{self._configuration}"

    def _last_loaded(self) -> Item:
        reply = self._client.get_item(TableName=self._table, Key=key(self._last_pk), ConsistentRead=True)
        return dict(reply.get("Item", {}))

    def keep_last_loaded(self, found: KeptPolicy) -> None:
        """Keeps it unless a later one, or one of a later release, is kept."""
        content = _packed(found.text) | {"number": number(found.number)}
        self._put_last_loaded(content, found.policy_hash, found.at)

    def leave_out_last_loaded(self, found: LeftOutPolicy) -> None:
        """Keeps in its place why its text is not kept, so that no earlier one counts as the last."""
        self._put_last_loaded({"left_out": text(found.why)}, found.policy_hash, found.at)

    def _put_last_loaded(self, content: Item, policy_hash: str, at: datetime) -> None:
        item: Item = {
            **stamped(self._last_pk),
            **content,
            "configuration": text(self._configuration),
            "hash": text(policy_hash),
            "at": number(ms(at)),
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
    return KeptPolicy(
        policy_hash=fields.text("hash"),
        text=read_policy_text(item),
        number=fields.number("number"),
        at=_at(item),
    )


def _left_out(item: Mapping[str, Attribute], why: str) -> LeftOutPolicy:
    return LeftOutPolicy(policy_hash=Fields(item).text("hash"), why=why, at=_at(item))


def _at(item: Mapping[str, Attribute]) -> datetime:
    try:
        return at_ms(Fields(item).number("at"))
    except (OverflowError, OSError, ValueError) as error:
        raise DamagedItem("at") from error


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
