"""The calls that reached AWS, by the emulator's own record (CloudTrail), never by Firebreak's ledger.

The record's times are those at which the emulator had carried a call out, to the microsecond;
only the times by which it can be asked for are whole seconds.
"""

import json
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from boto3.session import Session

from tests.proofs.concurrency.testbed import Fleet

# LookupEvents answers with so many at most, and the emulator gives no token for more.
MOST = 50
SECOND = timedelta(seconds=1)


class Incomplete(Exception):
    """The record cannot be trusted to hold every call."""


@dataclass(frozen=True, slots=True, order=True)
class Act:
    """One UpdateService that the emulator carried out."""

    at: datetime
    cluster: str
    service: str
    action: str
    call: str


@dataclass
class Trail:
    """The acts of one run, read piece by piece while it goes on: the record is a ring of 100,000 calls."""

    session: Session
    fleet: Fleet
    since: datetime
    read_until: datetime | None = None

    def __post_init__(self) -> None:
        self._client: Any = self.session.client("cloudtrail")
        self._found: dict[str, Act] = {}
        if not self._oldest_is_there():
            raise Incomplete("the emulator records nothing")

    def read(self) -> list[Act]:
        """Every act so far, oldest first. Raises Incomplete when calls may have been lost."""
        start = (self.read_until or self.since).replace(microsecond=0)
        end = datetime.now(UTC).replace(microsecond=0) + SECOND
        for event in self._between(start, end):
            act = _act(event)
            if self.fleet.owns(act.cluster):
                self._found[act.call] = act
        self.read_until = end - 2 * SECOND
        return sorted(self._found.values())

    def _between(self, start: datetime, end: datetime) -> Iterator[dict[str, Any]]:
        found = self._lookup("UpdateService", start, end)
        if len(found) < MOST:
            yield from found
            return
        if end - start <= SECOND:
            raise Incomplete(f"{MOST} or more acts within a second, at {start}")
        middle = start + max((end - start) // 2 // SECOND, 1) * SECOND
        yield from self._between(start, middle)
        yield from self._between(middle, end)

    def _lookup(self, operation: str, start: datetime, end: datetime) -> list[dict[str, Any]]:
        attributes = [{"AttributeKey": "EventName", "AttributeValue": operation}]
        answer = self._client.lookup_events(LookupAttributes=attributes, StartTime=start, EndTime=end)
        return list(answer["Events"])

    def _oldest_is_there(self) -> bool:
        """The run's own first call must still be in the ring."""
        found = self._lookup("CreateTable", self.since - 600 * SECOND, datetime.now(UTC) + SECOND)
        return any(_parameters(event).get("TableName") == self.fleet.table for event in found)


def _parameters(event: dict[str, Any]) -> dict[str, Any]:
    return json.loads(event["CloudTrailEvent"]).get("requestParameters") or {}


def _act(event: dict[str, Any]) -> Act:
    sent = _parameters(event)
    action = "scale-service" if "desiredCount" in sent else "restart-service"
    return Act(event["EventTime"], sent["cluster"], sent["service"], action, event["EventId"])


def most_in_window(times: Collection[datetime], window: timedelta) -> int:
    """The most acts in any window of this length: one that begins at each act, its end included."""
    return max((sum(start <= at < start + window for at in times) for start in times), default=0)


def by_key[K](acts: Iterable[Act], key: Callable[[Act], K]) -> dict[K, list[datetime]]:
    """The times of the acts that share a key."""
    found: dict[K, list[datetime]] = {}
    for act in acts:
        found.setdefault(key(act), []).append(act.at)
    return found
