"""The form of announcements in the ledger and on the bus; schema version 1."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime

from firebreak.core.alarm_readings import WatchedAlarm
from firebreak.core.messages.announcement import Announcement, AnnouncementKind
from firebreak.core.reasons import Lasting
from firebreak.errors import UnusableEvent
from firebreak.wire.codec import read, read_object
from firebreak.wire.lenient_json import text

# DynamoDB's keys have 2,048 bytes; every key of Firebreak's own is far shorter.
LONGEST_KEY = 1024

# Fields that later releases added are written only when they hold something.
SINCE_FIRST_RELEASE = frozenset(
    {
        "event",
        "thread",
        "cause",
        "until",
        "by",
        "retry",
        "severity",
        "runbook",
        "question",
        "watches",
        "unwatched",
        "lasting",
        "counted_as",
        "red",
        "alarm_reason",
        "alarm_state",
        "opted_in",
        "looks_at",
        "at_any_hour",
    }
)


def announcement_to_wire(message: Announcement) -> dict[str, object]:
    """An announcement in its form on the bus and in the ledger."""
    fields = asdict(message)
    fields["retry"] = list(message.retry)
    fields["watches"] = [[one.name, one.contributor] for one in message.watches]
    fields["lasting"] = "" if message.lasting is Lasting.NO else message.lasting.value
    if message.until:
        fields["until"] = message.until.isoformat()
    if message.looks_at:
        fields["looks_at"] = message.looks_at.isoformat()
    return {
        **{name: value for name, value in fields.items() if value or name not in SINCE_FIRST_RELEASE},
        "v": 1,
        "kind": message.kind.value,
        "at": message.at.isoformat(),
        "alarm_since": message.alarm_since.isoformat() if message.alarm_since else None,
        "facts": list(message.facts),
    }


def announcement_from_wire(wire: object) -> Announcement:
    """Reads an announcement; raises UnusableEvent when it is not one."""
    data = read_object(wire, "announcement")
    found = read(Announcement, {**_EMPTY, **data, **_as_this_release(data)}, "announcement")
    if not 0 < len(found.key.encode()) <= LONGEST_KEY:
        raise UnusableEvent("key: a text of another length", f"1 to {LONGEST_KEY} bytes")
    return found


# Texts that a caller of the bus may leave out.
_EMPTY: Mapping[str, object] = {"incident_id": "", "action": "", "headline": ""}


def _as_this_release(data: Mapping[str, object]) -> Mapping[str, object]:
    """The parts that are not read as they are written, and unknown values of a later release."""
    lasting = data.get("lasting") or Lasting.NO.value
    watches = data.get("watches", [])
    found: dict[str, object] = {
        "lasting": lasting if lasting in _LASTING else Lasting.TARGET.value,
        "watches": [_watched(one) for one in watches] if isinstance(watches, list) else watches,
        "opted_in": data.get("opted_in") is True,
        "at_any_hour": data.get("at_any_hour") is True,
        **{name: _time(data[name]) for name in _TIMES if name in data},
    }
    if "kind" in data and data["kind"] not in _KINDS:
        found["kind"] = AnnouncementKind.GIVEN_TO_HUMANS.value  # announced with the text that it carries
    return found


def _time(written: object) -> object:
    """The time in UTC where it is one, else the value; zone and time of day may be left out."""
    if not isinstance(written, str):
        return written
    try:
        found = datetime.fromisoformat(written)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (OverflowError, ValueError):
        return written


_TIMES = ("at", "alarm_since", "until", "looks_at")
_KINDS: tuple[object, ...] = tuple(AnnouncementKind)
_LASTING: tuple[object, ...] = tuple(Lasting)


def _watched(stored: object) -> object:
    match stored:
        case [str(name), str(contributor)]:
            return WatchedAlarm(text(name), text(contributor))
        case _:
            return stored  # for the codec to refuse
