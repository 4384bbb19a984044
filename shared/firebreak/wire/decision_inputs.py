"""The request and the snapshot of a decision, as they are kept with it for `firebreak replay`: version 1.

JSON, compressed, in base64. Parts that no guard reads are left out: descriptions, reasons and notes of
people, the values of a change, the tags of others. So no secret in them is kept, and no detector has to
find it. The rest gives the same decision (tests/wire/test_decision_inputs.py).
"""

import base64
import hashlib
import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NoReturn

import msgspec

from firebreak.core.decision import Inputs, Snapshot
from firebreak.core.incident.states import Incident
from firebreak.core.limits.calendars import CalendarAnswer, UnusableCalendar
from firebreak.core.limits.disruption_budget import GroupCount
from firebreak.core.limits.history import Decided, Hold, ScopeHistory, Transition
from firebreak.core.limits.scopes import Scope
from firebreak.core.limits.storm import Storm
from firebreak.core.missing_data import sentence_of
from firebreak.core.model import Alarm, Obstacle, Plan, Receipt, Request
from firebreak.core.observed import DescribedAlarm, Series
from firebreak.core.readings import ABSENT, Absent, NotRead, Reading, Unknown
from firebreak.core.tags import STACK_TAG
from firebreak.errors import UnusableEvent

VERSION = 1
# The ledger's item has room for 400 kB, the alarm and the checks among them. A snapshot takes a few thousand.
MOST_CHARACTERS = 32_768
# Unpacked; what was written is far below it.
_MOST_BYTES = 4_000_000
_NO_ZONE = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?")

# Stands for a human's reason: that there is one decides, and not its words.
_GIVEN = "given"
# The tags of Firebreak, which guards read; those of others are not kept.
_OWN_TAGS = "firebreak:"
# The part of a receipt that a guard compares with what it sees (core/guards/own_deployments.py).
_OF_A_RECEIPT = "deployment"

_KINDS: Mapping[str, Any] = {
    "holds": tuple[Hold, ...],
    "decided": Decided,
    "transition": Transition,
    "incident": Incident,
    "dependency_incidents": tuple[Incident, ...],
    "storm": Storm,
    "alarm": DescribedAlarm,
    "alarm_tags": dict[str, str],
    "series_in_alarm": dict[str, Series],
    "target_tags": dict[str, str],
    "plan": Plan,
    "target_groups": frozenset[str],
}


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Why the inputs of a decision are not kept, in one line."""

    why: str


@dataclass(frozen=True, slots=True)
class _Group:
    """A group's count, whose healthy members are a reading of their own."""

    total: int
    counted_at: datetime
    healthy: dict[str, object]


def pack_inputs(inputs: Inputs) -> str | LeftOut:
    """The text that is kept. It never raises for odd values: a decision is recorded without its inputs."""
    try:
        written = msgspec.json.encode(_to_wire(_without_secrets(inputs)))
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        return LeftOut(f"the snapshot could not be written: {type(error).__name__}")
    packed = base64.b64encode(zlib.compress(written)).decode("ascii")
    if len(packed) > MOST_CHARACTERS:
        return LeftOut(f"the snapshot is too large: {len(packed)} characters, limit {MOST_CHARACTERS}")
    return packed


def unpack_inputs(packed: str) -> Inputs:
    """The inputs that `pack_inputs` kept. Raises UnusableEvent on damage or a newer version."""
    try:
        stored = msgspec.json.decode(_unzipped(base64.b64decode(packed, validate=True)))
        if stored["v"] != VERSION:
            return _refuse_version()
        _refuse_times_without_zone(stored)
        return Inputs(msgspec.convert(stored["request"], Request), _read_snapshot(stored["seen"]))
    except (ValueError, TypeError, KeyError, RecursionError, zlib.error) as error:
        raise UnusableEvent(f"a damaged snapshot ({type(error).__name__})", "one as it was kept") from error


def _refuse_version() -> NoReturn:
    raise UnusableEvent("a snapshot of another version", f"version {VERSION}")


def _refuse_times_without_zone(stored: object) -> None:
    """Raises ValueError: such a time cannot be compared, and `pack_inputs` writes none."""
    match stored:
        case str() if _NO_ZONE.fullmatch(stored):
            raise ValueError("a time without its zone")
        case dict():
            for inner in stored.values():
                _refuse_times_without_zone(inner)
        case list():
            for inner in stored:
                _refuse_times_without_zone(inner)
        case _:
            pass


def _unzipped(packed: bytes) -> bytes:
    stream = zlib.decompressobj()
    found = stream.decompress(packed, _MOST_BYTES)
    if not stream.eof:
        raise ValueError("cut, or larger than any snapshot")
    return found


def _without_secrets(inputs: Inputs) -> Inputs:
    """The inputs with nothing in them that only others should read, and nothing that no guard reads."""
    request, seen = inputs.request, inputs.seen
    return Inputs(
        replace(
            request,
            alarm=_of_alarm(request.alarm),
            despite_freeze=_GIVEN if request.despite_freeze else "",
        ),
        replace(
            seen,
            holds=_each(seen.holds, lambda hold: replace(hold, why="")),
            incident=_of_incident(seen.incident) if isinstance(seen.incident, Incident) else seen.incident,
            dependency_incidents=_each(seen.dependency_incidents, _of_incident),
            alarm=_of_described(seen.alarm),
            alarm_tags=_own_tags(seen.alarm_tags),
            series_in_alarm=_of_series(seen.series_in_alarm),
            target_tags=_own_tags(seen.target_tags),
            plan=_of_plan(seen.plan) if isinstance(seen.plan, Plan) else seen.plan,
        ),
    )


def _each[T](reading: Reading[tuple[T, ...]], change: Any) -> Reading[tuple[T, ...]]:
    return tuple(change(one) for one in reading) if isinstance(reading, tuple) else reading


def _of_alarm(alarm: Alarm) -> Alarm:
    tags = {name: value for name, value in alarm.tags.items() if _is_read(name)}
    return replace(alarm, reason=sentence_of(alarm.reason), description="", tags=tags)


def _of_incident(incident: Incident) -> Incident:
    receipt = incident.receipt
    after = (
        {_OF_A_RECEIPT: receipt.after[_OF_A_RECEIPT]} if receipt and _OF_A_RECEIPT in receipt.after else {}
    )
    return replace(
        incident,
        alarm=replace(incident.alarm, reason="", description="", tags={}, evaluation=None),
        plan=_of_plan(incident.plan) if incident.plan else None,
        receipt=Receipt(summary="", after=after) if receipt else None,
        note="",
        earlier=(),
        override=_GIVEN if incident.override else "",
    )


def _of_plan(plan: Plan) -> Plan:
    """The plan whose change is only comparable: guards ask whether two are the same."""
    return replace(plan, change={"sha256": _digest(plan.change)}, before={})


def _digest(change: Mapping[str, object]) -> str:
    return hashlib.sha256(json.dumps(_flat(change), sort_keys=True, default=str).encode()).hexdigest()


def _flat(value: object) -> object:
    """The value in one form for all that `same_change` takes for equal."""
    match value:
        case Mapping():
            return {str(key): _flat(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_flat(inner) for inner in value]
        case float() if value.is_integer():
            return int(value)
        case _:
            return value


def _of_described(reading: Reading[DescribedAlarm]) -> Reading[DescribedAlarm]:
    if not isinstance(reading, DescribedAlarm):
        return reading
    return replace(reading, reason=sentence_of(reading.reason), description="")


def _of_series(reading: Reading[Mapping[str, Series]]) -> Reading[Mapping[str, Series]]:
    if not isinstance(reading, Mapping):
        return reading
    return {name: replace(one, reason="") for name, one in reading.items()}


def _own_tags(reading: Reading[Mapping[str, str]]) -> Reading[Mapping[str, str]]:
    if not isinstance(reading, Mapping):
        return reading
    return {name: value for name, value in reading.items() if _is_read(name)}


def _is_read(tag: str) -> bool:
    return tag.startswith(_OWN_TAGS) or tag == STACK_TAG


def _to_wire(inputs: Inputs) -> dict[str, object]:
    seen = inputs.seen
    return {
        "v": VERSION,
        "request": _plain(inputs.request),
        "seen": {
            "now": _plain(seen.now),
            "stack_name": seen.stack_name,
            "only_event": seen.only_event,
            "scopes": [[_plain(scope), _reading(found)] for scope, found in seen.scopes.items()],
            "group": _group(seen.group),
            **{name: _reading(getattr(seen, name)) for name in _KINDS},
            "calendars": {arn: _reading(one) for arn, one in seen.calendars.items()},
        },
    }


def _plain(value: object) -> object:
    return msgspec.to_builtins(value, enc_hook=dict, order="sorted")


def _reading(reading: Reading[object]) -> dict[str, object]:
    """A reading under the name of its kind: what was found, nothing, blindness, no look at all."""
    match reading:
        case Absent():
            return {"absent": True}
        case Unknown(why):
            return {"unknown": why}
        case NotRead(why):
            return {"not_read": why}
        case Obstacle():
            return {"obstacle": _plain(reading)}
        case UnusableCalendar(why):
            return {"unusable": why}
        case found:
            return {"is": _plain(found)}


def _group(reading: Reading[GroupCount]) -> dict[str, object]:
    if not isinstance(reading, GroupCount):
        return _reading(reading)
    return {"is": _plain(_Group(reading.total, reading.counted_at, _reading(reading.healthy)))}


def _read_snapshot(stored: Mapping[str, Any]) -> Snapshot:
    scopes = {
        msgspec.convert(scope, Scope): _read_reading(found, ScopeHistory) for scope, found in stored["scopes"]
    }
    return Snapshot(
        now=msgspec.convert(stored["now"], datetime),
        stack_name=msgspec.convert(stored["stack_name"], str),
        only_event=msgspec.convert(stored["only_event"], bool),
        scopes=scopes,
        group=_read_group(stored["group"]),
        # An earlier release read no calendars.
        calendars={
            arn: _read_reading(found, CalendarAnswer) for arn, found in stored.get("calendars", {}).items()
        },
        **{name: _read_reading(stored[name], kind) for name, kind in _KINDS.items()},
    )


def _read_reading(stored: object, kind: Any) -> Any:
    match stored:
        case {"is": found}:
            return msgspec.convert(found, kind)
        case {"obstacle": found}:
            return msgspec.convert(found, Obstacle)
        case {"unusable": str(why)}:
            return UnusableCalendar(why)
        case {"absent": True}:
            return ABSENT
        case {"unknown": str(why)}:
            return Unknown(why)
        case {"not_read": str(why)}:
            return NotRead(why)
        case _:
            raise ValueError("no reading")


def _read_group(stored: object) -> Any:
    found = _read_reading(stored, _Group)
    if not isinstance(found, _Group):
        return found
    return GroupCount(
        total=found.total,
        counted_at=found.counted_at,
        healthy=_read_reading(found.healthy, frozenset[str]),
    )
