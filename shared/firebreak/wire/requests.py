"""The stored and scheduled form of alarms and of Firebreak's own requests, schema version 1.

Only strings, whole numbers, booleans, lists and objects, so that one form fits an EventBridge
event, a schedule's input and a DynamoDB item. Readers ignore fields they do not know and refuse a
higher version: during a deploy an old function may read what a new one wrote.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from firebreak.core.manual import MANUAL_NAME, MOST_DESPITE_FREEZE, MOST_RED
from firebreak.core.model import (
    Alarm,
    AlarmKind,
    CallerProof,
    Contributor,
    Metric,
    Mute,
    OwnEvent,
    RequestKind,
)
from firebreak.errors import UnusableEvent
from firebreak.wire.codec import read, read_object, refuse_empty
from firebreak.wire.evaluation import evaluation_from_wire, evaluation_to_wire
from firebreak.wire.lenient_json import SHOWN_CHARACTERS, as_excerpt, as_int, bounded_id

WIRE_VERSION = 1
OWN_SOURCE = "firebreak"
# A condition of IAM says who may put which on the bus (template.yaml, docs/operations.md).
OWN_DETAIL_TYPE = "Firebreak Request"
HUMAN_REQUEST = "Firebreak Human Request"
MANUAL_REQUEST = "Firebreak Manual Request"
ANNOUNCEMENT = "Firebreak Announcement"
HUMAN_ANNOUNCEMENT = "Firebreak Human Announcement"
ROUTED_ALARM = "Firebreak Routed Alarm"

# The field of a request for the proof of its caller.
PROOF = "proof"
# The characters of an Authorization header, a date and a session token, and far more of them than any has.
_HEADER_VALUE = re.compile(r"[\x20-\x7e]{0,8192}", re.ASCII)

# A tuple: a detail type that came may be of any type, and a set takes no list.
_OF_REQUESTS = (OWN_DETAIL_TYPE, HUMAN_REQUEST, MANUAL_REQUEST)
_OF_HUMANS = (HUMAN_REQUEST, MANUAL_REQUEST)
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
    alarm = read(Alarm, {**_EMPTY, "sent_at": data.get("since"), **data, **_as_this_release(data)}, "alarm")
    refuse_empty(alarm.name, "name")
    if not alarm.contributor:
        return alarm
    refuse_empty(alarm.contributor.id, "contributor.id")
    return replace(alarm, contributor=replace(alarm.contributor, id=bounded_id(alarm.contributor.id)))


# Texts that may be left out where they are empty.
_EMPTY: Mapping[str, object] = {"arn": "", "account": "", "region": ""}


def _as_this_release(data: Mapping[str, object]) -> Mapping[str, object]:
    """The parts of an alarm that are not read as they are written."""
    kind = data.get("kind")
    return {
        # A kind that a newer release added is one that this release does not understand.
        "kind": AlarmKind.UNKNOWN.value if isinstance(kind, str) and kind not in set(AlarmKind) else kind,
        "evaluation": evaluation_from_wire(data.get("evaluation")),
        "by_router": False,
    }


def request_event(request: OwnEvent, *, by_human: bool = False) -> dict[str, object]:
    """The envelope of a request, on the bus or in a schedule; an approval always comes from a human."""
    return {
        "source": OWN_SOURCE,
        "detail-type": detail_type_of(request, by_human=by_human),
        "detail": request_detail(request),
    }


def request_detail(request: OwnEvent) -> dict[str, object]:
    """The request as an event carries it; the proof of its caller comes on top, for it covers the rest."""
    return {
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
        **({"target": request.target} if request.target else {}),
        **({"plan_seen": request.plan_seen} if request.plan_seen else {}),
        **({"despite_freeze": request.despite_freeze} if request.despite_freeze else {}),
        **({"red": [alarm_to_wire(alarm) for alarm in request.red]} if request.red else {}),
        "alarm": alarm_to_wire(request.alarm),
    }


def request_hash(detail: Mapping[str, object]) -> str:
    """The SHA-256 of a request as it stands in an event, without the proof of its caller.

    Taken of the values as they came, so that a part which only one of two releases knows is covered as well.
    """
    proven = {key: value for key, value in detail.items() if key != PROOF}
    return hashlib.sha256(json.dumps(proven, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def with_proof(detail: Mapping[str, object], proof: CallerProof) -> dict[str, object]:
    """The request with the proof of its caller."""
    signed = {"authorization": proof.authorization, "date": proof.date, "token": proof.token}
    return {**detail, PROOF: signed}


def _proof_of(detail: Mapping[str, object]) -> CallerProof | None:
    """The proof in a request, None where it has none. Raises UnusableEvent."""
    if PROOF not in detail:
        return None
    stored = read_object(detail[PROOF], PROOF)
    found = read(CallerProof, {**stored, "request": request_hash(detail)}, PROOF)
    for name in ("authorization", "date", "token"):
        # Its length alone: a token or a signature belongs into no ledger, log or page.
        if not _HEADER_VALUE.fullmatch(value := getattr(found, name)):
            raise UnusableEvent(f"proof.{name}: {len(value)} characters", "the value of a header")
    return found


def detail_type_of(request: OwnEvent, *, by_human: bool) -> str:
    """The type of the event that carries a request; IAM says who may put it on the bus."""
    if request.kind is RequestKind.MANUAL:
        return MANUAL_REQUEST
    return HUMAN_REQUEST if by_human or request.kind is RequestKind.APPROVAL else OWN_DETAIL_TYPE


def routed_alarm(function: str, event: Mapping[str, object], tags: Mapping[str, str]) -> dict[str, object]:
    """The detail of an alarm's event that is handed to one function, with the tags as they were read."""
    return {"v": WIRE_VERSION, "action": function, "tags": dict(tags), "event": dict(event)}


def request_from_event(event: Mapping[str, object]) -> OwnEvent:
    """The request in an envelope of `request_event`. Raises UnusableEvent."""
    if event.get("detail-type") not in _OF_REQUESTS:
        found = f"detail-type {as_excerpt(event.get('detail-type'))} from source {as_excerpt(OWN_SOURCE)}"
        raise UnusableEvent(found, f'detail-type "{OWN_DETAIL_TYPE}"')
    detail = _versioned(event.get("detail"), "request")
    kind = detail.get("kind")
    if kind == RequestKind.ALARM:
        raise UnusableEvent('a request of kind "alarm"', f"one of {', '.join(_ASKED)}")
    # A first response that waits out a mute window has no incident yet, nor has a human's own request.
    incident = detail.get("incident", "" if kind in _BEFORE_AN_INCIDENT else None)
    if incident is None:
        raise UnusableEvent("incident: nothing", "text that is not empty")
    alarm = alarm_from_wire(detail.get("alarm"))
    red = _red_alarms(detail.get("red", []))
    # No event says of itself that its sender was confirmed.
    own = {"incident_id": incident, "alarm": alarm, "red": [], "proof": None, "verified": False}
    asked = read(OwnEvent, {**detail, **own}, "request")
    asked = replace(asked, red=red, proof=_proof_of(detail))
    refuse_empty(asked.action, "action")
    if kind not in _BEFORE_AN_INCIDENT:
        refuse_empty(asked.incident_id, "incident")
    if asked.kind is RequestKind.MANUAL:
        _refuse_unfit_manual(asked)
    if asked.despite_freeze:
        _refuse_odd_override(asked.despite_freeze)
    for name, count in (("rung", asked.rung), ("attempt", asked.attempt)):
        if count < 0:
            raise UnusableEvent(f"{name}: a number below 0", "a whole number, 0 or more")
    return asked


# A tuple: a kind that came may be of any type, and a set takes no list.
_BEFORE_AN_INCIDENT = (RequestKind.WAKE, RequestKind.MANUAL)


def _red_alarms(stored: object) -> tuple[Alarm, ...]:
    """The alarms that a manual request names as red."""
    if not isinstance(stored, list):
        raise UnusableEvent(f"red: {as_excerpt(stored)}", "a list of alarms")
    if len(stored) > MOST_RED:
        raise UnusableEvent(f"red: a list of {len(stored)} alarms", f"at most {MOST_RED}")
    return tuple(map(alarm_from_wire, stored))


def _refuse_unfit_manual(asked: OwnEvent) -> None:
    """Raises UnusableEvent where a manual request lacks a part, or is for an incident or an alarm."""
    for name in ("target", "by", "plan_seen"):
        refuse_empty(getattr(asked, name), name)
    if asked.incident_id:
        raise UnusableEvent(f"incident: {as_excerpt(asked.incident_id)}", "none in a manual request")
    # No other name: that of the heartbeat, for one, is recorded as a heartbeat.
    stands = asked.alarm.manual and asked.alarm.name == MANUAL_NAME and not asked.alarm.contributor
    if not stands or asked.alarm.since != asked.at:
        raise UnusableEvent("alarm: not that of a manual request", 'one of kind "manual", since the request')


def _refuse_odd_override(why: str) -> None:
    """Raises UnusableEvent where the reason of an override says nothing, or too much for a page."""
    if not why.strip():
        raise UnusableEvent("despite_freeze: a blank text", "a human's reason")
    if len(why) > MOST_DESPITE_FREEZE:
        raise UnusableEvent(f"despite_freeze: {len(why)} characters", f"at most {MOST_DESPITE_FREEZE}")


def refuse_wrong_sender(detail_type: object, asked: OwnEvent) -> None:
    """Raises UnusableEvent where a request came under the detail type of those who may not make it."""
    if (detail_type == MANUAL_REQUEST) is not (asked.kind is RequestKind.MANUAL):
        raise UnusableEvent(
            f"a {asked.kind} as {as_excerpt(detail_type)}", f'a manual one as "{MANUAL_REQUEST}"'
        )
    if detail_type not in _OF_HUMANS and asked.despite_freeze:
        raise UnusableEvent(f'despite_freeze in a "{OWN_DETAIL_TYPE}"', "the request of a human")
    if detail_type == HUMAN_REQUEST and not _is_of_humans(asked):
        raise UnusableEvent(f'a {asked.kind} as "{HUMAN_REQUEST}"', "an approval, a retry or an undo")
    if detail_type != HUMAN_REQUEST and asked.kind is RequestKind.APPROVAL:
        found = f'an approval as "{OWN_DETAIL_TYPE}"'
        raise UnusableEvent(found, f'"{HUMAN_REQUEST}", as `firebreak approve` of this release sends it')


def _is_of_humans(asked: OwnEvent) -> bool:
    """Whether humans may ask for it: an approved act, an alarm that is decided again, or an undo.

    An undo is of no use without the ledger's word: its incident has to wait for one.
    """
    retried = asked.kind is RequestKind.WAKE and not asked.incident_id and not asked.refused
    # Without a name it is still a question of the approval guard, which refuses it.
    puts_back = asked.kind in (RequestKind.UNDO, RequestKind.RESTORE)
    return asked.kind is RequestKind.APPROVAL or ((retried or puts_back) and bool(asked.by))


def _written(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()


def _metric_to_wire(metric: Metric) -> dict[str, object]:
    return {
        "namespace": metric.namespace,
        "name": metric.name,
        "dimensions": dict(metric.dimensions),
        "account": metric.account,
    }


def _contributor_to_wire(contributor: Contributor | None) -> dict[str, object]:
    return {"id": contributor.id, "attributes": dict(contributor.attributes)} if contributor else {}


def _mute_to_wire(mute: Mute | None) -> dict[str, object]:
    return {"by": mute.by, "until": _written(mute.until) if mute.until else ""} if mute else {}


def _versioned(stored: object, what: str) -> Mapping[str, object]:
    data = read_object(stored, what)
    version = as_int(data.get("v"))
    if version is None or not 1 <= version <= WIRE_VERSION:
        number = as_excerpt(data.get("v")) if version is None else str(version)[:SHOWN_CHARACTERS]
        raise UnusableEvent(f"{what} with schema version {number}", f"schema version {WIRE_VERSION}")
    return data
