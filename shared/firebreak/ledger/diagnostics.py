"""The diagnostics of acts in the ledger: an item for each act, in the partition of its incident."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from firebreak.aws.translate import look, translated
from firebreak.core.diagnostics import Diagnostics, MetricPicture, Point, Section
from firebreak.core.readings import ABSENT, Absent, NotRead, Reading, Unknown
from firebreak.errors import UnusableEvent
from firebreak.ledger.items import (
    Attribute,
    DamagedItem,
    Fields,
    Item,
    expires,
    number,
    pack,
    stamped,
    text,
)
from firebreak.ledger.reads import read_as
from firebreak.ledger.retention import USUAL, Retention
from firebreak.wire.codec import read
from firebreak.wire.epoch import at_ms, ms

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

# The beginning of their sort key; the lines of an incident's history begin with another one.
PREFIX = "DIAGNOSTICS#"
# A state of its own for numbers: a release before them says that a newer one wrote it.
READ, READ_METRIC, ABSENT_SOURCE, UNKNOWN, NOT_READ = "read", "metric", "absent", "unknown", "not_read"


@dataclass(frozen=True, slots=True)
class _Metric:
    """A picture: the period in seconds, the points as epoch milliseconds and value."""

    name: str
    statistic: str
    period: int
    threshold: float | None
    points: tuple[tuple[int, float], ...]


@dataclass(frozen=True, slots=True)
class _Stored:
    """A section of version 1: `lines` or `metric` where it was read, `why` where it was not."""

    source: str
    state: str
    lines: tuple[str, ...] = ()
    why: str = ""
    metric: _Metric | None = None


class DynamoDiagnostics:
    """Keeps and reads diagnostics."""

    def __init__(self, client: "DynamoDBClient", table: str, retention: Retention = USUAL) -> None:
        self._client = client
        self._table = table
        self._retention = retention

    def keep(self, found: Diagnostics) -> None:
        """Writes an item of its own. Raises AwsError."""
        with translated("PutItem", mutates=False):
            self._client.put_item(TableName=self._table, Item=diagnostics_item(found, self._retention))

    def of(self, incident_id: str) -> Reading[tuple[Diagnostics, ...]]:
        """Those of all acts of an incident, oldest first; Absent where there are none."""
        return look("Query", lambda: self._of(incident_id))

    def each(self, incident_id: str) -> Iterator[Diagnostics | Unknown]:
        """The same one by one; an item that cannot be read is Unknown. Raises AwsError."""
        with translated("Query", mutates=False):
            items = self._items(incident_id)
        read = (read_as(item, read_diagnostics) for item in items)
        yield from (one for one in read if isinstance(one, Diagnostics | Unknown))

    def _of(self, incident_id: str) -> tuple[Diagnostics, ...] | Absent:
        found = [read_diagnostics(item) for item in self._items(incident_id)]
        return tuple(sorted(found, key=lambda one: one.at)) or ABSENT

    def _items(self, incident_id: str) -> Sequence[Item]:
        """All of them, in the order of their rungs: a few kilobytes each, so one answer holds them."""
        reply = self._client.query(
            TableName=self._table,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :prefix)",
            ExpressionAttributeValues={":pk": text(f"INC#{incident_id}"), ":prefix": text(PREFIX)},
            ConsistentRead=True,
        )
        return reply["Items"]


def diagnostics_item(found: Diagnostics, retention: Retention = USUAL) -> Item:
    """Version 1 of the item; it expires with its incident."""
    return {
        **stamped(f"INC#{found.incident_id}", f"{PREFIX}{found.rung:02d}#{ms(found.at)}"),
        "rung": number(found.rung),
        "at": number(ms(found.at)),
        "sections": pack([_to_wire(section) for section in found.sections]),
        "expires_at": expires(found.at + retention.incidents),
    }


def read_diagnostics(item: Mapping[str, Attribute]) -> Diagnostics:
    """Diagnostics back from their item. Raises DamagedItem."""
    fields = Fields(item)
    return Diagnostics(
        incident_id=fields.text("pk").removeprefix("INC#"),
        rung=fields.number("rung"),
        at=fields.time("at"),
        sections=tuple(_section(one) for one in _stored(fields)),
    )


def _stored(fields: Fields) -> tuple[_Stored, ...]:
    try:
        return read(tuple[_Stored, ...], fields.unpack("sections"), "sections")
    except UnusableEvent as error:
        raise DamagedItem("sections") from error


def _to_wire(section: Section) -> dict[str, object]:
    match section.found:
        case Absent():
            return {"source": section.source, "state": ABSENT_SOURCE}
        case Unknown(why):
            return {"source": section.source, "state": UNKNOWN, "why": why}
        case NotRead(why):
            return {"source": section.source, "state": NOT_READ, "why": why}
        case MetricPicture() as picture:
            return {"source": section.source, "state": READ_METRIC, "metric": _metric_to_wire(picture)}
        case lines:
            return {"source": section.source, "state": READ, "lines": list(lines)}


def _metric_to_wire(picture: MetricPicture) -> dict[str, object]:
    return {
        "name": picture.name,
        "statistic": picture.statistic,
        "period": int(picture.period.total_seconds()),
        "threshold": picture.threshold,
        "points": [[ms(point.at), point.value] for point in picture.points],
    }


def _section(stored: _Stored) -> Section:
    match stored.state:
        case "read":
            return Section(stored.source, stored.lines)
        case "metric" if stored.metric:
            return Section(stored.source, _picture(stored.metric))
        case "absent":
            return Section(stored.source, ABSENT)
        case "not_read":
            return Section(stored.source, NotRead(stored.why))
        case _:
            return Section(stored.source, Unknown(stored.why or "a newer release wrote it"))


def _picture(stored: _Metric) -> MetricPicture:
    return MetricPicture(
        name=stored.name,
        statistic=stored.statistic,
        period=timedelta(seconds=stored.period),
        threshold=stored.threshold,
        points=tuple(Point(at_ms(at), value) for at, value in stored.points),
    )
