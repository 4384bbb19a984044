"""What the ledger keeps, read as operators ask for it.

What is open stands in the index `attention` and is never missed. Everything else is found by scanning, within
bounds: there is no index by time, and what a look left out is said.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from firebreak.aws.incident_items import read_incident
from firebreak.aws.items import DamagedItem, Fields, Item, text
from firebreak.aws.translate import translated
from firebreak.core.incident import Incident, IncidentState
from firebreak.errors import UnusableEvent

# A page of a Scan holds at most 1 MB: about a thousand decisions.
MAX_PAGES = 25

_FINISHED = frozenset({IncidentState.CLOSED, IncidentState.REFUSED, IncidentState.NOT_EXECUTED})

# The kinds of the index `attention` that incidents have.
_OPEN = ("due", "humans")

_ALL = "(begins_with(pk, :incident) AND sk = :meta) OR begins_with(pk, :decision)"
_OF_ONE = "begins_with(pk, :decision) AND incident = :id"
_DECISIONS = "begins_with(pk, :decision)"
_ABOUT = "begins_with(pk, :decision) AND contains(alarm, :name)"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptDecision:
    """A decision as the ledger keeps it; words that a newer release wrote stay as they are.

    `by` names the human who asked, if one did. `transition` is the alarm as it was written down, with
    all that its event told: `firebreak.wire` reads it.
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
    transition: object = field(repr=False)


@dataclass(slots=True)
class Found:
    """What a look gave. `cut` says that it ended at its bound; `damaged` counts unreadable items."""

    incidents: list[Incident] = field(default_factory=list)
    decisions: list[KeptDecision] = field(default_factory=list)
    cut: bool = False
    damaged: int = 0


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much of the table one look may read; `page_items` is DynamoDB's own choice unless set."""

    pages: int = MAX_PAGES
    page_items: int | None = None


def is_open(incident: Incident) -> bool:
    """Whether somebody, Firebreak or a human, still has to do with it."""
    return incident.state not in _FINISHED


def everything(client: Any, table: str, bounds: Bounds) -> Found:
    """All open incidents, whatever the bounds, and the others and decisions within them. Raises AwsError.

    Newest first. The index knows what is open; the scan, which is consistent, what it does not show yet.
    """
    values = {":incident": text("INC#"), ":meta": text("META"), ":decision": text("DECISION#")}
    found = _look(client, table, _ALL, values, bounds)
    indexed = Found()
    for kind in _OPEN:
        _take_all(_query(client, table, kind), indexed)
    newest = {
        one.id: one for one in sorted((*indexed.incidents, *found.incidents), key=lambda one: one.version)
    }
    found.incidents = sorted(newest.values(), key=lambda one: one.opened_at, reverse=True)
    found.damaged = max(found.damaged, indexed.damaged)
    return found


def _query(client: Any, table: str, kind: str) -> Iterator[Item]:
    """Everything in the index of what somebody has to look at, of that kind."""
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


def decisions_of(client: Any, table: str, incident_id: str, bounds: Bounds) -> Found:
    """The decisions under one id, newest first. Raises AwsError."""
    return _look(client, table, _OF_ONE, {":decision": text("DECISION#"), ":id": text(incident_id)}, bounds)


def decisions_about_any(client: Any, table: str, alarms: Collection[str], bounds: Bounds) -> Found:
    """The decisions about every alarm of these names, in one look, newest first. Raises AwsError."""
    if len(alarms) == 1:
        return decisions_about(client, table, next(iter(alarms)), bounds)
    found = _look(client, table, _DECISIONS, {":decision": text("DECISION#")}, bounds)
    found.decisions = [decision for decision in found.decisions if decision.alarm in alarms]
    return found


def decisions_about(client: Any, table: str, alarm: str, bounds: Bounds) -> Found:
    """The decisions about every alarm of that name, newest first. Raises AwsError."""
    written = f'"name":{json.dumps(alarm)}'  # as `pack` writes it; a metric may be called so as well
    values = {":decision": text("DECISION#"), ":name": text(written)}
    found = _look(client, table, _ABOUT, values, bounds)
    found.decisions = [decision for decision in found.decisions if decision.alarm == alarm]
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
    found.incidents.sort(key=lambda incident: incident.opened_at, reverse=True)
    found.decisions.sort(key=lambda decision: decision.at, reverse=True)
    return found


def _scan(client: Any, asked: dict[str, object], pages: int, found: Found) -> Iterator[Item]:
    for _ in range(pages):
        with translated("Scan", mutates=False):
            page = client.scan(**asked)
        yield from page["Items"]
        if "LastEvaluatedKey" not in page:
            return
        asked["ExclusiveStartKey"] = page["LastEvaluatedKey"]
    found.cut = True


def _take_all(items: Iterable[Item], found: Found) -> None:
    for item in items:
        try:
            _take(item, found)
        except (DamagedItem, UnusableEvent):
            found.damaged += 1


def _take(item: Item, found: Found) -> None:
    if Fields(item).text("pk").startswith("INC#"):
        found.incidents.append(read_incident(item))
    else:
        found.decisions.append(_decision(Fields(item)))


def _decision(fields: Fields) -> KeptDecision:
    alarm = fields.unpack("alarm")
    checks = fields.unpack("checks")
    if not isinstance(checks, list):
        raise DamagedItem("checks")
    return KeptDecision(
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
        transition=alarm,
    )


def decision_json(decision: KeptDecision) -> dict[str, object]:
    """A decision as plain values."""
    return {
        "at": decision.at.isoformat(),
        "incident": decision.incident_id,
        "kind": decision.kind,
        "by": decision.by or None,
        "action": decision.action,
        "target": short(decision.target) or None,
        "target_key": decision.target or None,
        "alarm": decision.alarm or None,
        "decision": decision.outcome,
        "reason": decision.reason,
        "policy": decision.policy,
        "checks": list(decision.checks),
    }


def short(key: str) -> str:
    """The short form of a canonical key: `111122223333/eu-west-1/ecs/prod/api` is `ecs:prod/api`."""
    parts = key.split("/", 3)
    return f"{parts[2]}:{parts[3]}" if len(parts) == len(("account", "region", "service", "rest")) else key


def values(known: Mapping[str, object]) -> str:
    """A pre-image or a receipt in one line."""
    return ", ".join(f"{name}={_value(known[name])}" for name in sorted(known))


def _value(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)
