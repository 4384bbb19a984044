"""The stored and scheduled form of alarms and of Firebreak's own requests, schema version 1.

Only strings, whole numbers, booleans, lists and objects, so that one form fits an EventBridge
event, a schedule's input and a DynamoDB item. Readers ignore fields they do not know and refuse a
higher version: during a deploy an old function may read what a new one wrote.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum

from firebreak.core.model import (
    Alarm,
    AlarmKind,
    AlarmState,
    Contributor,
    Metric,
    Mute,
    OwnEvent,
    RequestKind,
)
from firebreak.errors import UnusableEvent
from firebreak.wire.evaluation import evaluation_from_wire, evaluation_to_wire
from firebreak.wire.lenient_json import (
    SHOWN_CHARACTERS,
    as_excerpt,
    as_int,
    bounded_id,
    parse_timestamp,
    text,
)

WIRE_VERSION = 1
OWN_SOURCE = "firebreak"
# A condition of IAM says who may put which on the bus (template.yaml, docs/operations.md).
OWN_DETAIL_TYPE = "Firebreak Request"
HUMAN_REQUEST = "Firebreak Human Request"
ANNOUNCEMENT = "Firebreak Announcement"
HUMAN_ANNOUNCEMENT = "Firebreak Human Announcement"
ROUTED_ALARM = "Firebreak Routed Alarm"

_ASKED = tuple(kind for kind in RequestKind if kind is not RequestKind.ALARM)


def alarm_to_wire(alarm: Alarm) -> dict[str, object]:
    """The alarm as plain values; an absent part is an empty string, list or object, or left out."""
    written: dict[str, object] = {
        "v": WIRE_VERSION,
        "arn": alarm.arn,
        "name": alarm.name,
        "account": alarm.account,
        "region": alarm.region,
        "kind": alarm.kind.value,
        "state": alarm.state.value,
        "since": _written(alarm.since),
        "sent_at": _written(alarm.sent_at),
        "previous": alarm.previous.value if alarm.previous else "",
        "metrics": [_metric_to_wire(metric) for metric in alarm.metrics],
        "contributor": _contributor_to_wire(alarm.contributor),
        "children": list(alarm.children),
        "tags": dict(alarm.tags),
        "tags_lost": alarm.tags_lost,
        "mute": _mute_to_wire(alarm.mute),
        "suppressed_by": alarm.suppressed_by,
        "description": alarm.description,
        "reason": alarm.reason,
        "event_id": alarm.event_id,
    }
    if alarm.label:
        written["label"] = alarm.label
    if alarm.evaluation:
        written["evaluation"] = evaluation_to_wire(alarm.evaluation)
    return written


def alarm_from_wire(stored: object) -> Alarm:
    """The alarm that `alarm_to_wire` wrote. Raises UnusableEvent on damage or a newer version."""
    data = _versioned(stored, "alarm")
    since = _moment(data, "since")
    return Alarm(
        arn=_text(data, "arn"),
        name=_needed(data, "name"),
        account=_text(data, "account"),
        region=_text(data, "region"),
        kind=_kind(_needed(data, "kind")),
        state=_one_of(AlarmState, data, "state"),
        since=since,
        sent_at=_moment(data, "sent_at") if "sent_at" in data else since,
        previous=_one_of(AlarmState, data, "previous") if data.get("previous") else None,
        metrics=tuple(_metric_from_wire(metric) for metric in _list(data, "metrics")),
        contributor=_contributor_from_wire(_object(data, "contributor")),
        children=tuple(_each_text(data, "children")),
        tags=_texts(data, "tags"),
        tags_lost=_flag(data, "tags_lost"),
        mute=_mute_from_wire(_object(data, "mute")),
        suppressed_by=_text(data, "suppressed_by"),
        description=_text(data, "description"),
        reason=_text(data, "reason"),
        event_id=_text(data, "event_id"),
        evaluation=evaluation_from_wire(data.get("evaluation")),
        label=_text(data, "label"),
    )


def request_event(request: OwnEvent, *, by_human: bool = False) -> dict[str, object]:
    """The envelope of a request, on the bus or in a schedule; an approval always comes from a human."""
    detail: dict[str, object] = {
        "v": WIRE_VERSION,
        "kind": request.kind.value,
        "action": request.action,
        "incident": request.incident_id,
        "rung": request.rung,
        "attempt": request.attempt,
        "at": _written(request.at),
        "by": request.by,
        **({"question": request.question} if request.question else {}),
        **({"refused": request.refused} if request.refused else {}),
        "alarm": alarm_to_wire(request.alarm),
    }
    human = by_human or request.kind is RequestKind.APPROVAL
    return {
        "source": OWN_SOURCE,
        "detail-type": HUMAN_REQUEST if human else OWN_DETAIL_TYPE,
        "detail": detail,
    }


def routed_alarm(function: str, event: Mapping[str, object], tags: Mapping[str, str]) -> dict[str, object]:
    """The detail of an alarm's event that is handed to one function, with the tags as they were read."""
    return {"v": WIRE_VERSION, "action": function, "tags": dict(tags), "event": dict(event)}


def request_from_event(event: Mapping[str, object]) -> OwnEvent:
    """The request in an envelope of `request_event`. Raises UnusableEvent."""
    if event.get("detail-type") not in (OWN_DETAIL_TYPE, HUMAN_REQUEST):
        found = f"detail-type {as_excerpt(event.get('detail-type'))} from source {as_excerpt(OWN_SOURCE)}"
        raise UnusableEvent(found, f'detail-type "{OWN_DETAIL_TYPE}"')
    detail = _versioned(event.get("detail"), "request")
    kind = _one_of(RequestKind, detail, "kind")
    if kind not in _ASKED:
        raise UnusableEvent(f"a request of kind {as_excerpt(kind.value)}", f"one of {', '.join(_ASKED)}")
    return OwnEvent(
        kind=kind,
        action=_needed(detail, "action"),
        # A first response that waits out a mute window has no incident yet.
        incident_id=_text(detail, "incident") if kind is RequestKind.WAKE else _needed(detail, "incident"),
        rung=_count(detail, "rung"),
        attempt=_count(detail, "attempt"),
        at=_moment(detail, "at"),
        by=_text(detail, "by"),
        question=_text(detail, "question"),
        refused=_text(detail, "refused"),
        alarm=alarm_from_wire(detail.get("alarm")),
    )


def refuse_wrong_sender(detail_type: object, asked: OwnEvent) -> None:
    """Raises UnusableEvent where a request came under the detail type of those who may not make it."""
    if detail_type == HUMAN_REQUEST and not _is_of_humans(asked):
        raise UnusableEvent(f'a {asked.kind} as "{HUMAN_REQUEST}"', "an approval or a retry")
    if detail_type != HUMAN_REQUEST and asked.kind is RequestKind.APPROVAL:
        found = f'an approval as "{OWN_DETAIL_TYPE}"'
        raise UnusableEvent(found, f'"{HUMAN_REQUEST}", as `firebreak approve` of this release sends it')


def _is_of_humans(asked: OwnEvent) -> bool:
    """Whether humans may ask for it: an approved act, or an alarm that they let Firebreak decide again."""
    retried = asked.kind is RequestKind.WAKE and not asked.incident_id and not asked.refused
    # Without a name it is still a question of the approval guard, which refuses it.
    return asked.kind is RequestKind.APPROVAL or (retried and bool(asked.by))


def _written(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()


def _metric_to_wire(metric: Metric) -> dict[str, object]:
    return {
        "namespace": metric.namespace,
        "name": metric.name,
        "dimensions": dict(metric.dimensions),
        "account": metric.account,
    }


def _metric_from_wire(stored: object) -> Metric:
    data = _object({"metric": stored}, "metric")
    return Metric(
        _text(data, "namespace"), _text(data, "name"), _texts(data, "dimensions"), _text(data, "account")
    )


def _contributor_to_wire(contributor: Contributor | None) -> dict[str, object]:
    return {"id": contributor.id, "attributes": dict(contributor.attributes)} if contributor else {}


def _contributor_from_wire(data: Mapping[str, object]) -> Contributor | None:
    return Contributor(bounded_id(_needed(data, "id")), _texts(data, "attributes")) if data else None


def _mute_to_wire(mute: Mute | None) -> dict[str, object]:
    return {"by": mute.by, "until": _written(mute.until) if mute.until else ""} if mute else {}


def _mute_from_wire(data: Mapping[str, object]) -> Mute | None:
    if not data:
        return None
    return Mute(_text(data, "by"), _moment(data, "until") if data.get("until") else None)


def _kind(written: str) -> AlarmKind:
    # A kind that a newer release added is one that this release does not understand.
    return AlarmKind(written) if written in set(AlarmKind) else AlarmKind.UNKNOWN


def _versioned(stored: object, what: str) -> Mapping[str, object]:
    data = _object({what: stored}, what)
    version = as_int(data.get("v"))
    if version is None or not 1 <= version <= WIRE_VERSION:
        number = as_excerpt(data.get("v")) if version is None else str(version)[:SHOWN_CHARACTERS]
        raise UnusableEvent(f"{what} with schema version {number}", f"schema version {WIRE_VERSION}")
    return data


def _damaged(name: str, value: object, wanted: str) -> UnusableEvent:
    return UnusableEvent(f"{name}: {'nothing' if value is None else as_excerpt(value)}", wanted)


def _text(data: Mapping[str, object], name: str) -> str:
    value = data.get(name, "")
    if not isinstance(value, str):
        raise _damaged(name, value, "text")
    return text(value)  # an event on the bus may hold text that no AWS API takes


def _needed(data: Mapping[str, object], name: str) -> str:
    if not (value := _text(data, name)):
        raise _damaged(name, data.get(name), "text that is not empty")
    return value


def _one_of[E: StrEnum](members: type[E], data: Mapping[str, object], name: str) -> E:
    value = _needed(data, name)
    if value not in set(members):
        raise _damaged(name, value, f"one of {', '.join(members)}")
    return members(value)


def _moment(data: Mapping[str, object], name: str) -> datetime:
    value = data.get(name)
    if (read := parse_timestamp(value)) is None:
        raise _damaged(name, value, "a time such as 2026-11-20T10:00:00+00:00")
    return read


def _count(data: Mapping[str, object], name: str) -> int:
    value = data.get(name)
    if (number := as_int(value)) is None or number < 0:
        raise _damaged(name, value, "a whole number, 0 or more")
    return number


def _flag(data: Mapping[str, object], name: str) -> bool:
    value = data.get(name, False)
    if not isinstance(value, bool):
        raise _damaged(name, value, "true or false")
    return value


def _object(data: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = data.get(name, {})
    if not isinstance(value, dict):
        raise _damaged(name, value, "an object")
    return value


def _list(data: Mapping[str, object], name: str) -> list[object]:
    value = data.get(name, [])
    if not isinstance(value, list):
        raise _damaged(name, value, "a list")
    return value


def _each_text(data: Mapping[str, object], name: str) -> list[str]:
    return [_text({name: value}, name) for value in _list(data, name)]


def _texts(data: Mapping[str, object], name: str) -> Mapping[str, str]:
    return {text(key): _text({name: value}, name) for key, value in _object(data, name).items()}
