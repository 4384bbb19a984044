"""Items that wait in the ledger until they are taken up: announcements, and requests for later."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from firebreak.aws.translate import translated
from firebreak.core.ledger import delivery_key
from firebreak.core.messages.announcement import Announcement, AnnouncementKind
from firebreak.core.model import OwnEvent
from firebreak.errors import UNEXPECTED_SHAPE, Conflict, UnusableEvent
from firebreak.ledger.items import Attribute, DamagedItem, Fields, Item, key, number, pack, stamped, text
from firebreak.wire.announcements import announcement_from_wire, announcement_to_wire
from firebreak.wire.epoch import ms
from firebreak.wire.requests import request_event, request_from_event

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

# A dead letter is kept for 14 days and may be sent again as long.
PUBLISHED_KEPT = timedelta(days=15)


def put_off(client: "DynamoDBClient", table: str, place: Item, until: datetime) -> None:
    """Puts an item that could not be looked at behind the others that are due. Raises AwsError.

    Only its place in the index moves; an item that somebody has looked at meanwhile stays as it is.
    """
    try:
        with translated("UpdateItem", mutates=True):
            client.update_item(
                TableName=table,
                Key=place,
                UpdateExpression="SET attention_at = :until",
                ConditionExpression="attribute_exists(attention) AND attention_at < :until",
                ExpressionAttributeValues={":until": number(ms(until))},
            )
    except Conflict:
        return


def outbox_item(message: Announcement) -> Item:
    """An announcement that waits to be handed to the bus."""
    return {
        **stamped(f"OUT#{message.waits_as}"),
        "told": pack(announcement_to_wire(message)),
        "attention": text("announce"),
        "attention_at": number(ms(message.at)),
    }


def settle(client: "DynamoDBClient", table: str, waits_as: str, at: datetime) -> None:
    """Marks an announcement, made at that time, as published: nobody takes it up again. Raises AwsError.

    It stays for as long as its event may still arrive: Page sends the stored text, not that of the event.
    """
    try:
        with translated("UpdateItem", mutates=True):
            client.update_item(
                TableName=table,
                Key=key(f"OUT#{waits_as}"),
                UpdateExpression="SET expires_at = :then REMOVE attention, attention_at",
                ConditionExpression="attribute_exists(pk)",
                ExpressionAttributeValues={":then": number(int((at + PUBLISHED_KEPT).timestamp()))},
            )
    except Conflict:
        return  # the previous release deletes what it publishes


def read_announcement(item: Item) -> Announcement:
    """An announcement that waits, or was published lately."""
    return announcement_from_wire(Fields(item).unpack("told"))


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


def read_waiting(item: Item, at: datetime) -> Announcement:
    """An announcement that waited; of one that cannot be read, its name is announced."""
    fields = Fields(item)
    try:
        return announcement_from_wire(fields.unpack("told"))
    except (DamagedItem, UnusableEvent, *UNEXPECTED_SHAPE):
        pk = fields.text("pk")
        return Announcement(
            key=pk.removeprefix("OUT#"),
            kind=AnnouncementKind.CRASHED,
            at=at,
            incident_id="",
            action="",
            headline=f"An announcement is lost: its ledger item {pk} cannot be read.",
        )
