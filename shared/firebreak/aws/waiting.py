"""What waits in the ledger for somebody to take it up: announcements, and requests for later."""

from collections.abc import Mapping
from datetime import datetime

from firebreak.announcement_wire import announcement_from_wire, announcement_to_wire
from firebreak.aws.items import Attribute, DamagedItem, Fields, Item, ms, number, pack, stamped, text
from firebreak.core.announcement import Announcement, AnnouncementKind
from firebreak.core.ledger import delivery_key
from firebreak.core.model import OwnEvent
from firebreak.errors import UnusableEvent
from firebreak.wire import request_event, request_from_event


def outbox_item(told: Announcement) -> Item:
    """An announcement that waits to be handed to the bus."""
    return {
        **stamped(f"OUT#{told.waits_as}"),
        "told": pack(announcement_to_wire(told)),
        "attention": text("announce"),
        "attention_at": number(ms(told.at)),
    }


def request_item(later: OwnEvent) -> Item:
    """A request that waits for its time, in case its schedule is lost."""
    return {
        **stamped(f"DEFER#{delivery_key(later)}"),
        "request": pack(request_event(later)),
        "attention": text("ask"),
        "attention_at": number(ms(later.at)),
    }


def read_request(item: Mapping[str, Attribute]) -> OwnEvent:
    """A request that waited."""
    event = Fields(item).unpack("request")
    if not isinstance(event, dict):
        raise DamagedItem("request")
    return request_from_event(event)


def read_told(item: Item, at: datetime) -> Announcement:
    """An announcement that waited; of one that cannot be read, that much is told."""
    fields = Fields(item)
    try:
        return announcement_from_wire(fields.unpack("told"))
    except (DamagedItem, UnusableEvent):
        pk = fields.text("pk")
        return Announcement(
            key=pk.removeprefix("OUT#"),
            kind=AnnouncementKind.CRASHED,
            at=at,
            incident_id="",
            action="",
            headline=f"Something had to be told, but its ledger item {pk} cannot be read.",
        )
