"""The form of announcements in the ledger and on the bus; schema version 1."""

from dataclasses import asdict
from datetime import UTC, datetime

from firebreak.core.alarm_readings import WatchedAlarm
from firebreak.core.messages.announcement import Announcement, AnnouncementKind
from firebreak.core.reasons import Lasting
from firebreak.errors import UnusableEvent
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
    if not isinstance(wire, dict):
        raise UnusableEvent("no announcement", "an announcement of version 1")
    wire = {name: text(value) if isinstance(value, str) else value for name, value in wire.items()}
    since, until, looks_at = wire.get("alarm_since"), wire.get("until"), wire.get("looks_at")
    try:
        return Announcement(
            key=_key(wire["key"]),
            kind=_kind(wire["kind"]),
            at=_time(wire["at"]),
            incident_id=str(wire.get("incident_id", "")),
            action=str(wire.get("action", "")),
            headline=str(wire.get("headline", "")),
            facts=tuple(text(str(fact)) for fact in wire.get("facts", ())),
            next=str(wire.get("next", "")),
            alarm_name=str(wire.get("alarm_name", "")),
            alarm_since=_time(since) if since else None,
            alarm_description=str(wire.get("alarm_description", "")),
            target=str(wire.get("target", "")),
            account=str(wire.get("account", "")),
            region=str(wire.get("region", "")),
            rung=int(wire.get("rung", 0)),
            event=str(wire.get("event", "")),
            thread=str(wire.get("thread", "")),
            cause=str(wire.get("cause", "")),
            until=_time(until) if until else None,
            by=str(wire.get("by", "")),
            retry=tuple(text(str(name)) for name in wire.get("retry", ())),
            severity=str(wire.get("severity", "")),
            runbook=str(wire.get("runbook", "")),
            question=str(wire.get("question", "")),
            watches=tuple(_watched(one) for one in wire.get("watches", ())),
            unwatched=int(wire.get("unwatched", 0)),
            lasting=_lasting(wire.get("lasting")),
            counted_as=str(wire.get("counted_as", "")),
            red=str(wire.get("red", "")),
            alarm_reason=str(wire.get("alarm_reason", "")),
            alarm_state=str(wire.get("alarm_state", "")),
            opted_in=wire.get("opted_in") is True,
            looks_at=_time(looks_at) if looks_at else None,
        )
    except (KeyError, OverflowError, TypeError, ValueError) as error:
        raise UnusableEvent("no announcement", "an announcement of version 1") from error


def _watched(stored: object) -> WatchedAlarm:
    if not isinstance(stored, list):
        raise TypeError("expected the name of an alarm and of its series")
    name, contributor = stored
    return WatchedAlarm(text(str(name)), text(str(contributor)))


def _key(written: object) -> str:
    """The key by which it is deduplicated; it becomes part of the ledger's keys."""
    if not isinstance(written, str) or not 0 < len(written.encode()) <= LONGEST_KEY:
        raise TypeError("expected a short text")
    return written


def _time(written: object) -> datetime:
    """A time with its zone; an event may leave the zone out, and then the time is UTC."""
    found = datetime.fromisoformat(written) if isinstance(written, str) else None
    if found is None:
        raise TypeError("a time is text")
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _kind(stored: object) -> AnnouncementKind:
    """The kind; an unknown one of a later release is announced all the same, with the text it carries."""
    if isinstance(stored, str) and stored in set(AnnouncementKind):
        return AnnouncementKind(stored)
    return AnnouncementKind.GIVEN_TO_HUMANS


def _lasting(stored: object) -> Lasting:
    """The lasting of a cause: an unknown value of a later release is TARGET; without a value it is NO."""
    if not stored:
        return Lasting.NO
    return Lasting(stored) if isinstance(stored, str) and stored in set(Lasting) else Lasting.TARGET
