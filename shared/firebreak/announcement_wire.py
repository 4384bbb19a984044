"""Announcements as they wait in the ledger and travel on the bus; schema version 1."""

from dataclasses import asdict
from datetime import datetime

from firebreak.core.announcement import Announcement, AnnouncementKind
from firebreak.errors import UnusableEvent


def announcement_to_wire(told: Announcement) -> dict[str, object]:
    """An announcement as it travels on the bus and waits in the ledger."""
    fields = asdict(told)
    if not told.event:
        del fields["event"]
    return {
        **fields,
        "v": 1,
        "kind": told.kind.value,
        "at": told.at.isoformat(),
        "alarm_since": told.alarm_since.isoformat() if told.alarm_since else None,
        "facts": list(told.facts),
    }


def announcement_from_wire(wire: object) -> Announcement:
    """Read an announcement; raises UnusableEvent when it is not one."""
    if not isinstance(wire, dict):
        raise UnusableEvent("no announcement", "an announcement of version 1")
    since = wire.get("alarm_since")
    try:
        return Announcement(
            key=str(wire["key"]),
            kind=_kind(wire["kind"]),
            at=datetime.fromisoformat(wire["at"]),
            incident_id=str(wire.get("incident_id", "")),
            action=str(wire.get("action", "")),
            headline=str(wire.get("headline", "")),
            facts=tuple(str(fact) for fact in wire.get("facts", ())),
            next=str(wire.get("next", "")),
            alarm_name=str(wire.get("alarm_name", "")),
            alarm_since=datetime.fromisoformat(since) if since else None,
            alarm_description=str(wire.get("alarm_description", "")),
            target=str(wire.get("target", "")),
            account=str(wire.get("account", "")),
            region=str(wire.get("region", "")),
            rung=int(wire.get("rung", 0)),
            event=str(wire.get("event", "")),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise UnusableEvent("no announcement", "an announcement of version 1") from error


def _kind(stored: object) -> AnnouncementKind:
    """A kind of a later release is told all the same: its words travel with it."""
    if isinstance(stored, str) and stored in set(AnnouncementKind):
        return AnnouncementKind(stored)
    return AnnouncementKind.GIVEN_TO_HUMANS
