"""The ledger's index by time: decisions and openings, newest first, without reading the rest.

It holds names alone; the items themselves are read from the table. It is a moment behind the table, as every
index of DynamoDB is, and knows nothing that the releases before it wrote.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import batched
from typing import Any

from firebreak.aws.translate import translated
from firebreak.core.readings import Unknown
from firebreak.errors import Denied, NotFound, Rejected
from firebreak.ledger.items import (
    BY_TIME_INDEX,
    LISTED_DECISION,
    META,
    Attribute,
    DamagedItem,
    Fields,
    Item,
    number,
    text,
)
from firebreak.ledger.reads import Place, find, place_of
from firebreak.wire.epoch import ms

# So many whole items always fit in the 16 MB that a BatchGetItem answers at most.
BATCH = 25


class NoIndex(Exception):
    """This table has no index by time, or the caller may not query it."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of the index; a name that cannot be read is empty, such a time None."""

    place: Place
    incident_id: str
    alarm: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines of the index, newest first; `cut` says that there is more than was read."""

    lines: Sequence[Listed]
    cut: bool


def newest(
    client: Any, table: str, kind: str, since: datetime, *, pages: int, page_items: int | None = None
) -> Lines:
    """The lines of that kind that are not older than `since`. Raises NoIndex, or AwsError."""
    asked = _asked(table, kind, "#at >= :at", since)
    if page_items:
        asked["Limit"] = page_items
    lines: list[Listed] = []
    for _ in range(pages):
        page = _page(client, asked)
        lines += map(_line, page["Items"])
        if "LastEvaluatedKey" not in page:
            return Lines(lines, cut=False)
        asked["ExclusiveStartKey"] = page["LastEvaluatedKey"]
    return Lines(lines, cut=True)


def between(client: Any, table: str, kind: str, first: datetime, until: datetime) -> Iterator[Listed]:
    """The lines of that kind from `first` until before `until`, oldest first, page after page.

    Raises AwsError, also where there is no index; `reaches_back` raises NoIndex there.
    """
    last: Item = {":last": number(ms(until) - 1)}
    asked = _asked(table, kind, "#at BETWEEN :at AND :last", first, last) | {"ScanIndexForward": True}
    while True:
        with translated("Query", mutates=False):
            page = client.query(**asked)
        yield from map(_line, page["Items"])
        if "LastEvaluatedKey" not in page:
            return
        asked["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def reaches_back(client: Any, table: str, to: datetime) -> bool:
    """Whether the releases that list what they write were at work then. Raises NoIndex, or AwsError.

    A decision of that time or before is listed: nothing that was written later is missing from the index.
    """
    asked = {**_asked(table, LISTED_DECISION, "#at <= :at", to), "Limit": 1}
    return bool(_page(client, asked)["Items"])


def _asked(
    table: str, kind: str, when: str, at: datetime, more: Mapping[str, Attribute] | None = None
) -> dict[str, object]:
    return {
        "TableName": table,
        "IndexName": BY_TIME_INDEX,
        "KeyConditionExpression": f"listed = :kind AND {when}",
        "ExpressionAttributeNames": {"#at": "at"},
        "ExpressionAttributeValues": {":kind": text(kind), ":at": number(ms(at)), **(more or {})},
        "ScanIndexForward": False,
    }


def _page(client: Any, asked: dict[str, object]) -> Any:
    """One answer. An index that is not there, or is still being filled, is refused like a wrong request.

    Where the table itself is not there, the scan that follows says so.
    """
    try:
        with translated("Query", mutates=False):
            return client.query(**asked)
    except (Denied, NotFound, Rejected) as error:
        raise NoIndex(str(error)) from error


def _line(item: Item) -> Listed:
    """A line whose names cannot be read leads to its item all the same, which is read or counted."""
    fields = Fields(item)
    return Listed(place_of(item), _name(fields, "incident"), _name(fields, "alarm_name"), _at(fields))


def _name(fields: Fields, name: str) -> str:
    try:
        return fields.text(name, "")
    except DamagedItem:
        return ""


def _at(fields: Fields) -> datetime | None:
    try:
        return fields.maybe_time("at")
    except DamagedItem:
        return None


def items_at(client: Any, table: str, places: Iterable[Place]) -> Iterator[Item | Unknown | None]:
    """The items themselves, in that order. Raises AwsError.

    None stands for what is deleted by now, Unknown for what DynamoDB did not process.
    """
    for some in batched(places, BATCH, strict=False):
        found = find(client, table, some)
        yield from (found[place] for place in some)


def with_incident(client: Any, table: str, ids: Iterable[str]) -> frozenset[str]:
    """Those of these ids that an incident is known to have; decisions of the others are listed.

    Raises AwsError.
    """
    asked = sorted(set(ids) - {""})
    items = items_at(client, table, ((f"INC#{name}", META) for name in asked))
    return frozenset(name for name, item in zip(asked, items, strict=True) if isinstance(item, dict))
