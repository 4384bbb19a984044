"""All that the ledger holds of one kind within a range of time, item by item, however much that is.

Memory holds one page at a time. Decisions and incidents come in the order of time, as the index by time has
them. The items that it does not name (an earlier release wrote them, or there is no index) are found by a
scan of the whole table and come first, in no order. Threads of pages are always found by a scan.

Only damaged items are Unknown. An unprocessed key raises Throttled: its item may be good, and would be
missing.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from firebreak.core.incident.states import Incident
from firebreak.core.paging.threads import Thread
from firebreak.core.readings import Absent, NotRead, Unknown
from firebreak.core.reasons import Reason
from firebreak.errors import Throttled
from firebreak.ledger.incident_items import read_incident
from firebreak.ledger.items import LISTED_DECISION, LISTED_INCIDENT, META, SINGLE, Item, number, text
from firebreak.ledger.reads import read_as
from firebreak.ledger.threads import read_thread
from firebreak.wire.epoch import ms
from firebreak_cli.queries import by_time, ledger_queries
from firebreak_cli.queries.by_time import NoIndex
from firebreak_cli.queries.ledger_queries import StoredDecision

type OnPage = Callable[[], None]


def _nothing() -> None:
    """The look at each page that nobody asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The ledger and the range of time: from `first` until before `until`. `on_page` follows each page."""

    client: Any
    table: str
    first: datetime
    until: datetime
    on_page: OnPage = _nothing


@dataclass(frozen=True, slots=True)
class _Kind[T]:
    """The items of one kind: how their keys begin, the field of their time, and their list in the index."""

    begins: str
    sk: str
    at: str
    listed: str | None
    read: Callable[[Item], T]


_DECISIONS = _Kind("DECISION#", SINGLE, "at", LISTED_DECISION, ledger_queries.read_decision)
_INCIDENTS = _Kind("INC#", META, "opened_at", LISTED_INCIDENT, read_incident)
_THREADS = _Kind("THREAD#", SINGLE, "opened_at", None, read_thread)


def decisions(source: Source) -> Iterator[StoredDecision | Unknown]:
    """The decisions of that time but for heartbeats. One that cannot be read is Unknown. Raises AwsError."""
    for found in _all(source, _DECISIONS):
        if isinstance(found, Unknown) or found.reason != Reason.HEARTBEAT:
            yield found


def incidents(source: Source) -> Iterator[Incident | Unknown]:
    """The incidents that opened in that time. One that cannot be read is Unknown. Raises AwsError."""
    return _all(source, _INCIDENTS)


def threads(source: Source) -> Iterator[Thread | Unknown]:
    """The threads whose first page was in that time. One that cannot be read is Unknown. Raises AwsError."""
    return _all(source, _THREADS)


def _all[T](source: Source, kind: _Kind[T]) -> Iterator[T | Unknown]:
    for item in _items(source, kind):
        match read_as(item, kind.read):
            case Absent():
                continue  # deleted since it was listed
            case NotRead(why):
                yield Unknown(why)
            case found:
                yield found


def _items[T](source: Source, kind: _Kind[T]) -> Iterator[Item | None]:
    if kind.listed is None:
        yield from _scanned(source, kind, unlisted=False)
        return
    try:
        complete = by_time.reaches_back(source.client, source.table, source.first)
    except NoIndex:
        yield from _scanned(source, kind, unlisted=False)
        return
    if not complete:
        yield from _scanned(source, kind, unlisted=True)
    lines = by_time.between(source.client, source.table, kind.listed, source.first, source.until)
    read = by_time.items_at(source.client, source.table, (line.place for line in lines))
    for count, item in enumerate(read, start=1):
        if isinstance(item, Unknown):
            raise Throttled("BatchGetItem", "UnprocessedKeys")
        yield item
        if count % by_time.BATCH == 0:
            source.on_page()


def _scanned[T](source: Source, kind: _Kind[T], *, unlisted: bool) -> Iterator[Item]:
    """The items of that kind and time in the whole table, or only those that the index does not name."""
    wanted = "begins_with(pk, :pk) AND sk = :sk AND #time BETWEEN :first AND :last"
    values: Mapping[str, object] = {
        ":pk": text(kind.begins),
        ":sk": text(kind.sk),
        ":first": number(ms(source.first)),
        ":last": number(ms(source.until) - 1),
    }
    asked = {
        "TableName": source.table,
        "FilterExpression": f"{wanted} AND attribute_not_exists(listed)" if unlisted else wanted,
        "ExpressionAttributeNames": {"#time": kind.at},
        "ExpressionAttributeValues": values,
        "ConsistentRead": True,
    }
    for items, _ in ledger_queries.scanned(source.client, asked):
        yield from items
        source.on_page()
