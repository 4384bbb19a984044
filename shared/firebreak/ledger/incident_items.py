"""The form of an incident in the ledger; the fields that every item has are in firebreak.ledger.items."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from firebreak.core.incident.states import ENDED, WITH_HUMANS, Incident, IncidentState, Member, Purpose
from firebreak.core.model import Plan, Receipt, Target
from firebreak.errors import UnusableEvent
from firebreak.ledger.items import (
    LISTED_INCIDENT,
    META,
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
from firebreak.ledger.retention import USUAL, Retention
from firebreak.wire.codec import read
from firebreak.wire.epoch import at_ms, ms
from firebreak.wire.requests import alarm_from_wire, alarm_to_wire


def incident_item(incident: Incident, retention: Retention = USUAL) -> Item:
    """An incident's present state; `attention_at` puts it in the index of what is due."""
    target = incident.target
    item: Item = {
        **stamped(f"INC#{incident.id}", META),
        "version": number(incident.version),
        "state": text(incident.state.value),
        "rung": number(incident.rung),
        "attempt": number(incident.attempt),
        "action": text(incident.action),
        "target": pack([target.account, target.region, target.service, target.group, target.name]),
        "ladder": pack(list(incident.ladder)),
        "alarm": pack(alarm_to_wire(incident.alarm)),
        **_members(incident.members),
        "opened_at": number(ms(incident.opened_at)),
        "listed": text(LISTED_INCIDENT),
        "at": number(ms(incident.opened_at)),
        "note": text(incident.note),
    }
    item |= _where_it_stands(incident)
    for name in ("act_by", "acted_at", "healthy_since", "due_at"):
        at = getattr(incident, name)
        if at is not None:
            item[name] = number(ms(at))
    if incident.plan:
        item["plan"] = pack(_plan_to_wire(incident.plan))
    if incident.receipt:
        item["receipt"] = pack({"summary": incident.receipt.summary, "after": dict(incident.receipt.after)})
    return item | _waits(incident, retention)


def _waits(incident: Incident, retention: Retention) -> Item:
    """Its place in the index of incidents due for a look; an expiry only where nothing more comes."""
    if incident.state in ENDED:
        return {"expires_at": expires(incident.opened_at + retention.incidents)}
    if incident.state in WITH_HUMANS:
        return {"attention": text("humans"), "attention_at": number(ms(incident.opened_at))}
    if incident.due_at:
        return {"attention": text("due"), "attention_at": number(ms(incident.due_at))}
    return {}


def _where_it_stands(incident: Incident) -> Item:
    """The fields that only some incidents have."""
    item: Item = {}
    if incident.purpose is not Purpose.ACT:
        item["purpose"] = text(incident.purpose.value)
    for name in ("earlier", "approved_by"):
        if texts := getattr(incident, name):
            item[name] = pack(list(texts))
    for name in ("blind_looks", "left_out"):
        if count := getattr(incident, name):
            item[name] = number(count)
    for name in ("claim_id", "override"):
        if words := getattr(incident, name):
            item[name] = text(words)
    return item


def _members(members: Sequence[Member]) -> Item:
    """The members' start times have a field of their own: an older reader takes three texts for a member."""
    item = {"members": pack([[m.name, m.arn, m.contributor] for m in members])}
    if any(m.since for m in members):
        item["members_since"] = pack([ms(m.since) if m.since else None for m in members])
    return item


def _plan_to_wire(plan: Plan) -> dict[str, object]:
    wire = {**asdict(plan), "warnings": list(plan.warnings)}
    left_out = {"doubts", "rollback_target", *(name for name in ("reset_by", "stays") if not wire[name])}
    return {key: value for key, value in wire.items() if key not in left_out}


def read_incident(item: Mapping[str, Attribute]) -> Incident:
    """An incident as stored by this or an older version. Raises DamagedItem or UnusableEvent."""
    try:
        return _incident(Fields(item))
    except DamagedItem:
        raise
    except (OSError, OverflowError, ValueError) as error:
        raise DamagedItem("incident") from error


def _incident(fields: Fields) -> Incident:
    return Incident(
        id=fields.text("pk").removeprefix("INC#"),
        target=Target(*_stored(fields, "target", tuple[str, str, str, str, str])),
        state=IncidentState(fields.text("state")),
        rung=fields.number("rung"),
        action=fields.text("action"),
        ladder=_stored(fields, "ladder", tuple[str, ...]),
        alarm=alarm_from_wire(fields.unpack("alarm")),
        members=_read_members(fields),
        opened_at=fields.time("opened_at"),
        version=fields.number("version"),
        attempt=fields.number("attempt"),
        blind_looks=fields.number("blind_looks", 0),
        claim_id=fields.text("claim_id", ""),
        act_by=fields.maybe_time("act_by"),
        acted_at=fields.maybe_time("acted_at"),
        healthy_since=fields.maybe_time("healthy_since"),
        due_at=fields.maybe_time("due_at"),
        plan=_stored(fields, "plan", Plan) if fields.has("plan") else None,
        receipt=_stored(fields, "receipt", Receipt) if fields.has("receipt") else None,
        note=fields.text("note", ""),
        left_out=fields.number("left_out", 0),
        purpose=Purpose(fields.text("purpose", Purpose.ACT.value)),
        earlier=_texts(fields, "earlier"),
        approved_by=_texts(fields, "approved_by"),
        override=fields.text("override", ""),
    )


def _texts(fields: Fields, name: str) -> tuple[str, ...]:
    return _stored(fields, name, tuple[str, ...]) if fields.has(name) else ()


def _stored[T](fields: Fields, name: str, kind: type[T]) -> T:
    try:
        return read(kind, fields.unpack(name), name)
    except UnusableEvent as error:
        raise DamagedItem(name) from error


def _read_members(fields: Fields) -> tuple[Member, ...]:
    members = _stored(fields, "members", tuple[tuple[str, str, str], ...])
    since: tuple[int | None, ...] = (None,) * len(members)
    if fields.has("members_since"):
        since = _stored(fields, "members_since", tuple[int | None, ...])
    return tuple(
        Member(*member, None if at is None else at_ms(at)) for member, at in zip(members, since, strict=True)
    )
