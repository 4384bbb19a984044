"""The contents of the ledger, read as operators ask for them.

Open items stand in the index `attention` and are never missed. Recent decisions are found by the index
`by_time`. Items that it does not name (an earlier release wrote them, or the table has no such index) are
found by scanning, within bounds, and the result says what a look left out.
"""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import islice
from typing import Any, cast

from firebreak.aws.translate import translated
from firebreak.core.incident.states import Incident, IncidentState
from firebreak.core.limits.budgets import CLOCK_SKEW
from firebreak.core.limits.scopes import short_key
from firebreak.core.readings import Unknown
from firebreak.errors import UNEXPECTED_SHAPE, UnusableEvent
from firebreak.ledger.incident_items import read_incident
from firebreak.ledger.items import (
    LISTED_DECISION,
    LISTED_HEARTBEAT,
    LISTED_INCIDENT,
    DamagedItem,
    Fields,
    Item,
    text,
)
from firebreak.ledger.reads import Place
from firebreak_cli.queries import by_time
from firebreak_cli.queries.by_time import Listed, NoIndex

# A page of a Scan holds at most 1 MB: a hundred or two of decisions with their snapshots.
MAX_PAGES = 25

# Before everything that the index by time can hold.
BEGINNING = datetime.fromtimestamp(0, UTC)

_FINISHED = frozenset({IncidentState.CLOSED, IncidentState.REFUSED, IncidentState.NOT_EXECUTED})

# The kinds of the index `attention` that incidents have.
_OPEN = ("due", "humans")

# The kinds of the index by time that decisions have.
_DECIDED = (LISTED_DECISION, LISTED_HEARTBEAT)

_ALL = "(begins_with(pk, :incident) AND sk = :meta) OR begins_with(pk, :decision)"
_OF_ONE = "begins_with(pk, :decision) AND incident = :id"
_DECISIONS = "begins_with(pk, :decision)"
_ABOUT = "begins_with(pk, :decision) AND contains(alarm, :name)"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDecision:
    """A decision as the ledger keeps it; words that a newer release wrote stay as they are.

    `by` names the human who asked, if one did, and `verified` says that AWS confirmed it. `transition` is the
    alarm as it was written down, with all that its event contained: `firebreak.wire.requests` reads it.
    `build` is the code that decided, `inputs` what it decided on (`firebreak.wire.decision_inputs`),
    `inputs_left_out` why that was not kept: each is empty where it was not written.
    """

    key: str
    at: datetime
    kind: str
    action: str
    incident_id: str
    target: str
    alarm: str
    outcome: str
    reason: str
    policy: str
    checks: tuple[Mapping[str, object], ...]
    by: str
    verified: bool
    transition: object = field(repr=False)
    build: str = ""
    inputs: str = field(default="", repr=False)
    inputs_left_out: str = ""


@dataclass(slots=True)
class Found:
    """The result of a look. `cut` says that it ended at its bound; `damaged` counts unreadable items.

    `unprocessed` are those of them that DynamoDB did not process: asked again, it may answer.

    `scanned` says that the index by time could not be asked; `older_cut` that a scan for what it
    lacks ended at its bound. `opened` are the decisions' incidents that the ledger holds, where only their
    ids were looked up.
    """

    incidents: list[Incident] = field(default_factory=list)
    decisions: list[StoredDecision] = field(default_factory=list)
    cut: bool = False
    damaged: int = 0
    scanned: bool = False
    older_cut: bool = False
    opened: frozenset[str] = frozenset()
    unprocessed: frozenset[Place] = frozenset()


@dataclass(frozen=True, slots=True)
class Bounds:
    """The part of the table that one look may read; `page_items` is DynamoDB's own choice unless set."""

    pages: int = MAX_PAGES
    page_items: int | None = None


# So many lines of the index by time are read of each kind at most, where everything is asked for.
LINES = Bounds(pages=5, page_items=1000)


def is_open(incident: Incident) -> bool:
    """Whether somebody, Firebreak or a human, still has to do with it."""
    return incident.state not in _FINISHED


def everything(
    client: Any, table: str, bounds: Bounds, lines: Bounds = LINES, since: datetime = BEGINNING
) -> Found:
    """All open incidents, whatever the bounds, and the others and decisions within them. Raises AwsError.

    Newest first, by the index by time. The table is scanned only where the index may lack something: an
    earlier release may have written since then, or there is no index.
    """
    found = _listed(client, table, since, lines, lambda _: True, kinds=(*_DECIDED, LISTED_INCIDENT))
    if found.scanned or not (found.cut or by_time.reaches_back(client, table, since)):
        values = {":incident": text("INC#"), ":meta": text("META"), ":decision": text("DECISION#")}
        older = _look(client, table, _ALL, values, bounds)
        found = _both(found, replace(older, older_cut=older.cut))
    return _both(found, open_incidents(client, table))


def meant(client: Any, table: str, wanted: Callable[[Listed], bool], lines: Bounds = LINES) -> Found:
    """All open incidents, and of what the index by time lists only what is wanted. Raises AwsError."""
    found = _listed(client, table, BEGINNING, lines, wanted, kinds=(*_DECIDED, LISTED_INCIDENT))
    return _both(found, open_incidents(client, table))


def _both(some: Found, more: Found) -> Found:
    """Both looks together: the newest version of each incident, and an item that neither could read once."""
    versions = sorted((*some.incidents, *more.incidents), key=lambda one: one.version)
    found = Found(
        [*{one.id: one for one in versions}.values()],
        [*{one.key: one for one in (*some.decisions, *more.decisions)}.values()],
        cut=some.cut or more.cut,
        older_cut=some.older_cut or more.older_cut,
        damaged=max(some.damaged, more.damaged),
        scanned=some.scanned or more.scanned,
    )
    _sort(found)
    return found


def open_incidents(client: Any, table: str) -> Found:
    """All that stands in the index of what somebody has to look at, newest first. Raises AwsError."""
    found = Found()
    for kind in _OPEN:
        _take_all(attention(client, table, kind), found)
    found.incidents = _newest_first(found.incidents)
    return found


def lately(client: Any, table: str, since: datetime, bounds: Bounds, beats: int) -> Found | None:
    """All open incidents, and what was decided since then, with so many heartbeats. Raises AwsError.

    None where there is no index by time, or it may not be queried.
    """
    try:
        decided = by_time.newest(
            client, table, LISTED_DECISION, since, pages=bounds.pages, page_items=bounds.page_items
        )
        beating = by_time.newest(client, table, LISTED_HEARTBEAT, BEGINNING, pages=1, page_items=beats)
    except NoIndex:
        return None
    found = at_places(client, table, [line.place for line in (*decided.lines, *beating.lines)])
    still_open = open_incidents(client, table)
    found.incidents = still_open.incidents
    found.damaged += still_open.damaged
    found.cut = decided.cut
    found.opened = by_time.with_incident(client, table, (line.incident_id for line in decided.lines))
    return found


def _newest_first(incidents: Iterable[Incident]) -> list[Incident]:
    return sorted(incidents, key=lambda one: one.opened_at, reverse=True)


def at_places(client: Any, table: str, places: Iterable[Place]) -> Found:
    """The items that the index by time named, newest first. Raises AwsError."""
    found, wanted = Found(), list(places)
    for place, item in zip(wanted, by_time.items_at(client, table, wanted), strict=True):
        if isinstance(item, Unknown):
            found.damaged += 1
            found.unprocessed |= {place}
        elif item is not None:
            _take_all([item], found)
    _sort(found)
    return found


def attention(client: Any, table: str, kind: str) -> Iterator[Item]:
    """Everything in the index of what somebody has to look at, of that kind. Raises AwsError."""
    asked: dict[str, object] = {
        "TableName": table,
        "IndexName": "attention",
        "KeyConditionExpression": "attention = :kind",
        "ExpressionAttributeValues": {":kind": text(kind)},
    }
    while True:
        with translated("Query", mutates=False):
            page = client.query(**asked)
        yield from page["Items"]
        if "LastEvaluatedKey" not in page:
            return
        asked["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def decisions_of(
    client: Any, table: str, incident_id: str, bounds: Bounds, opened_at: datetime | None = None
) -> Found:
    """The decisions under one id, newest first. Raises AwsError.

    `opened_at` is when its incident opened, if it has one: the decision that opened it must be among them, or
    an earlier release wrote it, and the table is scanned for it.
    """
    since = opened_at - CLOCK_SKEW if opened_at else BEGINNING
    found = _listed(client, table, since, bounds, lambda line: line.incident_id == incident_id)
    if found.decisions and (opened_at is None or found.decisions[-1].at <= opened_at + CLOCK_SKEW):
        return found
    values = {":decision": text("DECISION#"), ":id": text(incident_id)}
    return _look(client, table, _OF_ONE, values, bounds)


def decisions_about_any(client: Any, table: str, alarms: Collection[str], bounds: Bounds) -> Found:
    """The decisions about every alarm of these names, newest first. Raises AwsError.

    Where the index by time knows none of an alarm, the table is scanned: an earlier release may have decided.
    """
    found = _listed(client, table, BEGINNING, bounds, lambda line: line.alarm in alarms)
    if {decision.alarm for decision in found.decisions} >= set(alarms):
        return found
    found = _look(client, table, _DECISIONS, {":decision": text("DECISION#")}, bounds)
    found.decisions = [decision for decision in found.decisions if decision.alarm in alarms]
    return found


def decisions_about(client: Any, table: str, alarm: str, since: datetime, bounds: Bounds) -> Found:
    """The decisions since then about every alarm of that name, newest first. Raises AwsError."""
    found = _listed(client, table, since, bounds, lambda line: line.alarm == alarm)
    if not found.scanned:
        return found
    written = f'"name":{json.dumps(alarm)}'  # as `pack` writes it; a metric may be called so as well
    values = {":decision": text("DECISION#"), ":name": text(written)}
    found = _look(client, table, _ABOUT, values, bounds)
    found.decisions = [one for one in found.decisions if one.alarm == alarm and one.at >= since]
    return found


def _listed(
    client: Any,
    table: str,
    since: datetime,
    bounds: Bounds,
    wanted: Callable[[Listed], bool],
    *,
    kinds: Iterable[str] = _DECIDED,
) -> Found:
    """The wanted items among those that the index by time names; nothing where it cannot be asked."""
    places: list[Place] = []
    cut = False
    for kind in kinds:
        try:
            read = by_time.newest(
                client, table, kind, since, pages=bounds.pages, page_items=bounds.page_items
            )
        except NoIndex:
            return Found(scanned=True)
        places += [line.place for line in read.lines if wanted(line)]
        cut = cut or read.cut
    found = at_places(client, table, places)
    found.cut = cut
    return found


def _look(client: Any, table: str, wanted: str, values: Item, bounds: Bounds) -> Found:
    found = Found()
    asked: dict[str, object] = {
        "TableName": table,
        "FilterExpression": wanted,
        "ExpressionAttributeValues": values,
        "ConsistentRead": True,
    }
    if bounds.page_items:
        asked["Limit"] = bounds.page_items
    _take_all(_scan(client, asked, bounds.pages, found), found)
    _sort(found)
    return found


def _sort(found: Found) -> None:
    found.incidents = _newest_first(found.incidents)
    found.decisions.sort(key=lambda decision: decision.at, reverse=True)


def _scan(client: Any, asked: Mapping[str, object], pages: int, found: Found) -> Iterator[Item]:
    found.cut = True
    for items, more in islice(scanned(client, asked), pages):
        yield from items
        found.cut = more


def scanned(client: Any, asked: Mapping[str, object]) -> Iterator[tuple[Sequence[Item], bool]]:
    """The items of each page of a scan, and whether there is more of the table. Raises AwsError."""
    start: Mapping[str, object] = {}
    while True:
        with translated("Scan", mutates=False):
            page = client.scan(**asked, **start)
        last = page.get("LastEvaluatedKey")
        yield page["Items"], last is not None
        if last is None:
            return
        start = {"ExclusiveStartKey": last}


def _take_all(items: Iterable[Item], found: Found) -> None:
    for item in items:
        try:
            _take(item, found)
        except (DamagedItem, UnusableEvent, *UNEXPECTED_SHAPE):
            found.damaged += 1


def _take(item: Item, found: Found) -> None:
    if Fields(item).text("pk").startswith("INC#"):
        found.incidents.append(read_incident(item))
    else:
        found.decisions.append(read_decision(item))


def read_decision(item: Item) -> StoredDecision:
    """A decision back from its item. Raises DamagedItem."""
    fields = Fields(item)
    alarm = fields.unpack("alarm")
    checks = fields.unpack("checks")
    if not isinstance(checks, list):
        raise DamagedItem("checks")
    return StoredDecision(
        key=fields.text("pk").removeprefix("DECISION#"),
        at=fields.time("at"),
        kind=fields.text("kind"),
        action=fields.text("action"),
        incident_id=fields.text("incident"),
        target=fields.text("target"),
        alarm=str(alarm.get("name", "")) if isinstance(alarm, dict) else "",
        outcome=fields.text("outcome"),
        reason=fields.text("reason"),
        policy=fields.text("policy", ""),
        checks=tuple(cast("Mapping[str, object]", check) for check in checks if isinstance(check, dict)),
        by=fields.text("by", ""),
        verified=fields.has("by_confirmed"),
        transition=alarm,
        build=fields.text("build", ""),
        inputs=fields.text("inputs", ""),
        inputs_left_out=fields.text("inputs_left_out", ""),
    )


def decision_json(decision: StoredDecision) -> dict[str, object]:
    """A decision as plain values."""
    return {
        "at": decision.at.isoformat(),
        "incident": decision.incident_id,
        "kind": decision.kind,
        "by": decision.by or None,
        "by_confirmed": decision.verified if decision.by else None,
        "action": decision.action,
        "target": short_key(decision.target) or None,
        "target_key": decision.target or None,
        "alarm": decision.alarm or None,
        "decision": decision.outcome,
        "reason": decision.reason,
        "policy": decision.policy,
        "checks": list(decision.checks),
    }


def values(known: Mapping[str, object]) -> str:
    """A pre-image or a receipt in one line."""
    return ", ".join(f"{name}={_value(known[name])}" for name in sorted(known))


def _value(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)
