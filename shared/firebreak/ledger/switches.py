"""Kill switches: held by people, with a reason and an end; kept in the ledger, not in the stack."""

import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from itertools import batched
from typing import TYPE_CHECKING

from firebreak.aws.translate import look, translated
from firebreak.core.limits.budgets import CLOCK_SKEW
from firebreak.core.limits.history import Hold
from firebreak.core.limits.scopes import place_of
from firebreak.core.model import Target
from firebreak.core.readings import Reading, Unknown
from firebreak.errors import Conflict, Unavailable
from firebreak.ledger.claims import Condition, put, switch_keys
from firebreak.ledger.items import (
    LISTED_SWITCH,
    SINGLE,
    Attribute,
    Fields,
    Item,
    V,
    key,
    number,
    read_holds,
    stamped,
    text,
)
from firebreak.ledger.reads import find, holds_in, read_as
from firebreak.wire.epoch import ms

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

# Claims check the switches, so a busy stack is often in the way; all tries together take some five seconds.
TRIES = 50
LONGEST_WAIT = 0.2
# An HTTP date is cut to the second, and the reply takes time.
DATE_PRECISION = timedelta(seconds=2)
# Ended holds stay long enough for a look back at last night; kept for ever, they would fill
# the item up to DynamoDB's 400 KB, and then nobody could pause any more.
ENDED_KEPT = timedelta(days=1) + CLOCK_SKEW
# This many full switches (400 KB each) fit in the 16 MB of one answer.
READ_AT_ONCE = 25
STILL_ABSENT = "attribute_not_exists(pk)"
AS_READ = "#version = :seen AND #v <= :v"

type Change = Callable[[Sequence[Hold]], list[Hold]]
# The holds of each switch, by its scope.
type Holdings = Mapping[str, Reading[tuple[Hold, ...]]]


def stored_for(holds: Sequence[Hold], hold: Hold) -> Hold:
    """The hold that a pause stores: the given one, or the holder's present one when that ends later.

    Several people and jobs may share one holder's name; the shorter pause must not end the longer.
    """
    return next((h for h in holds if h.holder == hold.holder and h.until > hold.until), hold)


def besides(holds: Sequence[Hold], holder: str, now: datetime) -> list[Hold]:
    """The other holders' holds that are still worth keeping."""
    return [h for h in holds if h.holder != holder and h.until + ENDED_KEPT > now]


class Switches:
    """Holds and releases kill switches. Raises AwsError when the ledger cannot be written."""

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._table = table
        self._wall = wall
        self._wait = wait

    def pause(self, hold: Hold) -> Hold:
        """Holds a switch; returns the hold in effect, stored whatever else writes at the same time."""
        stored = hold

        def with_it(holds: Sequence[Hold]) -> list[Hold]:
            nonlocal stored
            stored = stored_for(holds, hold)
            return [*besides(holds, hold.holder, hold.since), stored]

        self._retry(hold.scope, with_it)
        return stored

    def resume(self, scope: str, holder: str, now: datetime | None = None) -> bool:
        """Releases one holder's switch; False when it was not held. Without `now` the wall clock counts."""
        released: list[bool] = []
        at = now or self._wall()

        def without(holds: Sequence[Hold]) -> list[Hold]:
            released.append(any(h.holder == holder for h in holds))
            return besides(holds, holder, at)

        self._retry(scope, without)
        # A re-sent write whose first reply was lost looks like another writer: the switch was released.
        return any(released)

    def clock_offset(self) -> timedelta:
        """The offset of AWS's clock ahead of this machine's; zero when it is within its own precision.

        A hold ends by the functions' clocks, so its end must not be counted from a laptop's wrong clock.
        """
        with translated("GetItem", mutates=False):
            reply = self._client.get_item(TableName=self._table, Key=key("SWITCH#global"))
        stated = reply["ResponseMetadata"]["HTTPHeaders"].get("date", "")
        try:
            offset = parsedate_to_datetime(stated) - self._wall()
        except ValueError:
            return timedelta()
        return offset if abs(offset) > DATE_PRECISION else timedelta()

    def held(self) -> list[Hold]:
        """Every hold in the table, recently ended ones included. It reads the whole table."""
        return _holds(self._scanned())

    def _scanned(self) -> list[Item]:
        with translated("Scan", mutates=False):
            pages = self._client.get_paginator("scan").paginate(
                TableName=self._table,
                FilterExpression="begins_with(pk, :switch)",
                ExpressionAttributeValues={":switch": text("SWITCH#")},
                ConsistentRead=True,
            )
            return [item for page in pages for item in page["Items"]]

    def held_at(self, pks: Sequence[str]) -> list[Hold]:
        """Every hold of these switches, as they are now. Raises DamagedItem, or AwsError."""
        items: list[Item] = []
        for pk, item in self._found_at(pks):
            if isinstance(item, Unknown):
                raise Unavailable("BatchGetItem", f"no answer about {pk}")
            items += [item] if item else []
        return _holds(items)

    def _found_at(self, pks: Sequence[str]) -> Iterator[tuple[str, Item | Unknown | None]]:
        for some in batched(pks, READ_AT_ONCE, strict=False):
            found = find(self._client, self._table, [(pk, SINGLE) for pk in some])
            yield from ((pk, item) for (pk, _), item in found.items())

    def each(self, pks: Sequence[str] | None = None) -> Holdings:
        """The holds of each of these switches, each read by itself. Raises AwsError.

        One that is damaged, or that DynamoDB did not process, is Unknown and hides no other. Without `pks` it
        reads the whole table.
        """
        found: Iterable[tuple[str, Item | Unknown | None]] = (
            self._found_at(pks)
            if pks is not None
            else [(Fields(item).text("pk"), item) for item in self._scanned()]
        )
        return {_scope(pk): read_as(item, partial(read_holds, _scope(pk))) for pk, item in found}

    def holding(self, action: str, target: Target | None) -> Reading[tuple[Hold, ...]]:
        """The holds on a switch over everything, the action, or the target and its cluster."""
        scopes = place_of(target) if target else ()
        return look("BatchGetItem", lambda: self._holding(switch_keys(action or "-", scopes)))

    def _holding(self, pks: Sequence[str]) -> Reading[tuple[Hold, ...]]:
        return holds_in(find(self._client, self._table, [(pk, SINGLE) for pk in pks]), pks)

    def _retry(self, scope: str, change: Change) -> None:
        pk = switch_pk(scope)
        for _ in range(TRIES):
            with translated("GetItem", mutates=False):
                item = self._client.get_item(TableName=self._table, Key=key(pk), ConsistentRead=True).get(
                    "Item"
                )
            version = Fields(item).number("version") if item else None
            holds = change(read_holds(scope, item) if item else ())
            try:
                self._write(pk, holds, version)
            except Conflict:
                self._wait(random.uniform(0, LONGEST_WAIT))  # noqa: S311  # spreads load, guards no secret
                continue
            return
        raise Conflict("PutItem", f"{TRIES} writers in a row were faster")

    def _write(self, pk: str, holds: Sequence[Hold], version: int | None) -> None:
        until = max((ms(hold.until) for hold in holds), default=0)
        item: Item = {
            **stamped(pk),
            "version": number((version or 0) + 1),
            "held_until": number(until),
            "listed": text(LISTED_SWITCH),
            "at": number(until),
            "holders": {"M": {hold.holder: _entry(hold) for hold in holds}},
        }
        condition = (
            Condition(STILL_ABSENT)
            if version is None
            else Condition(
                AS_READ, {":seen": number(version), ":v": number(V)}, {"#version": "version", "#v": "v"}
            )
        )
        with translated("PutItem", mutates=True):
            self._client.put_item(**put(self._table, item, condition)["Put"])


def _holds(items: Iterable[Item]) -> list[Hold]:
    return [hold for item in items for hold in read_holds(_scope(Fields(item).text("pk")), item)]


def switch_pk(scope: str) -> str:
    """The partition key of a scope's switch."""
    return f"SWITCH#{scope.replace(' ', '#', 1)}"


def _scope(pk: str) -> str:
    return pk.removeprefix("SWITCH#").replace("#", " ", 1)


def _entry(hold: Hold) -> Attribute:
    entry: Item = {
        "why": text(hold.why),
        "since": number(ms(hold.since)),
        "until": number(ms(hold.until)),
        **({"claimed_by": text(hold.claimed_by)} if hold.claimed_by else {}),
    }
    return {"M": entry}
