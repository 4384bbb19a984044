"""Threads of pages and digests in the ledger's table; both are found by their time when they are due."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING

from firebreak.aws.translate import translated
from firebreak.core.alarm_readings import WatchedAlarm
from firebreak.core.messages.announcement import Announcement
from firebreak.core.paging.digests import MOST_NAMES, Digest
from firebreak.core.paging.page import Severity
from firebreak.core.paging.threads import Thread
from firebreak.core.readings import ABSENT, NotRead, Reading, Unknown
from firebreak.errors import Conflict
from firebreak.ledger.claims import ABSENT_KEY, NOT_NEWER, Condition, put
from firebreak.ledger.items import (
    SINGLE,
    Attribute,
    DamagedItem,
    Fields,
    Item,
    V,
    key,
    number,
    pack,
    stamped,
    text,
)
from firebreak.ledger.outbox_items import outbox_item, put_off
from firebreak.ledger.reads import find, read_as
from firebreak.ledger.retention import DECISION_KEPT
from firebreak.ledger.transactions import retry_on_conflict, written
from firebreak.wire.announcements import announcement_from_wire, announcement_to_wire
from firebreak.wire.epoch import ms

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

# The values of the index's key, which the minute's look of Page reads.
THREADS, DIGESTS = "page", "digest"

COUNT = (
    "SET told = if_not_exists(told, :told), since = if_not_exists(since, :at), #v = :v,"
    " last_at = :at, expires_at = :expires, attention = :digests,"
    " attention_at = if_not_exists(attention_at, :look) ADD #count :one"
)
NEW_AND_ROOM = (
    f"{NOT_NEWER} AND NOT contains(events, :one_event)"
    " AND (attribute_not_exists(events) OR size(events) < :most)"
)
FULL = f"{NOT_NEWER} AND size(events) >= :most AND NOT contains(events, :one_event)"
ROOM_FOR_IT = f"{FULL} AND size(alarms) < :most"
# Alarms put off by a mute window: ── A until 10:20 ── OK ── B until 11:00 ──► looked at at 11:00, by B.
DEFER = (
    "SET told = :told, since = if_not_exists(since, :at), #v = :v, last_at = :at, expires_at = :expires,"
    " attention = :digests, attention_at = :look, newest = :newest ADD #count :one"
)
NOT_OLDER = f"{NOT_NEWER} AND (attribute_not_exists(newest) OR newest <= :newest)"
EVERYTHING = (
    "told, since, last_at, #count, alarms, series, events, reported, named, reported_at, newest,"
    " attention, attention_at"
)


class DynamoThreads:
    """ports.Threads in the ledger's table."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def thread(self, thread_id: str) -> Reading[Thread]:
        """The thread as it is now; Absent when nobody was ever notified."""
        place = (f"THREAD#{thread_id}", SINGLE)
        return read_as(find(self._client, self._table, [place])[place], read_thread)

    def acknowledged_by(self, known_by: str) -> str:
        """The holder of the page of a refusal, known by its incident or its cause; empty when there is none.

        A thread that cannot be read counts as acknowledged: it is asked before acting. Raises AwsError.
        """
        found = self.digest(known_by) if not known_by.startswith("i-") else ABSENT
        thread = self.thread(found.first_as_paged.thread if isinstance(found, Digest) else known_by)
        for reading in (found, thread):
            if isinstance(reading, Unknown | NotRead):
                return f"nobody knows whom: {reading.why}"
        return thread.acknowledged_by if isinstance(thread, Thread) and not thread.over else ""

    def save(self, before: Thread | None, after: Thread, at: datetime) -> bool:
        """Keeps a thread if it still is as it was read."""
        return self._written(before, after, at, [])

    def acknowledge(self, before: Thread, after: Thread, message: Announcement) -> bool:
        """Stores an acknowledgement with its announcement, if the thread still is as it was read."""
        return self._written(before, after, message.at, [outbox_item(message)])

    def _written(self, before: Thread | None, after: Thread, at: datetime, others: Iterable[Item]) -> bool:
        version = (before.version if before else 0) + 1
        kept = thread_item(replace(after, version=version), at)
        items = [put(self._table, kept, _as_read(before)), *(put(self._table, item) for item in others)]
        return written(self._client, items)

    def count(self, message: Announcement, look_at: datetime, at: datetime) -> None:
        """Counts one announcement of a cause, once each; the text of the first is kept.

        Beyond `MOST_NAMES` of them only their number grows.
        """
        event = sha256(message.event.encode()).hexdigest()[:12]
        values = _counted(message, look_at, at) | {":most": number(MOST_NAMES), ":one_event": text(event)}
        names, name = _named(COUNT, message)
        named = values | name
        if self._update(
            message.key, f"{names}, events :event", NEW_AND_ROOM, {**named, ":event": {"SS": [event]}}
        ):
            return
        if not self._update(message.key, names, ROOM_FOR_IT, named):
            self._update(message.key, COUNT, FULL, values)

    def defer(self, message: Announcement, until: datetime, at: datetime) -> None:
        """Keeps an announcement until its mute window ends, in place of that of an older transition.

        Raises Conflict when it cannot be kept, because a later release wrote the item that is there.
        """
        names, name = _named(DEFER, message)
        newest = number(ms(_turned_red(message)))
        values = _counted(message, until, at) | name | {":newest": newest}
        if self._update(message.key, names, NOT_OLDER, values):
            return
        held = self.digest(message.key)
        if not isinstance(held, Digest) or _turned_red(held.first) < _turned_red(message):
            raise Conflict("UpdateItem", "NotHeld")

    def _update(self, digest_key: str, update: str, condition: str, values: Item) -> bool:
        names = {"#v": "v", "#count": "count"}
        try:
            retry_on_conflict(lambda: self._send(digest_key, update, condition, values, names))
        except Conflict:
            return False
        return True

    def _send(
        self, digest_key: str, update: str, condition: str, values: Item, names: Mapping[str, str]
    ) -> None:
        with translated("UpdateItem", mutates=True):
            self._client.update_item(
                TableName=self._table,
                Key=key(f"DIGEST#{digest_key}"),
                UpdateExpression=update,
                ConditionExpression=condition,
                ExpressionAttributeNames=names,
                ExpressionAttributeValues=values,
            )

    def digest(self, digest_key: str) -> Reading[Digest]:
        """The announcements counted of a cause; Absent also when it was forgotten and none came since."""
        place = (f"DIGEST#{digest_key}", SINGLE)
        item = find(self._client, self._table, [place])[place]
        if isinstance(item, Mapping) and not {"told", "since", "count"} & item.keys():
            return ABSENT
        return read_as(item, read_digest)

    def look_later(self, found: Digest, look_at: datetime | None, at: datetime, *, reported: bool) -> None:
        """Records that it was summed up, and when to look again.

        None is never, unless more came meanwhile: then the next look stays where it is.
        """
        values: Item = {":v": number(V), ":count": number(found.count)}
        said = "SET #v = :v"
        if reported:
            said += ", reported = :count, named = :named, reported_at = :at"
            values |= {":named": number(len(found.watched)), ":at": number(ms(at))}
        if look_at:
            values[":look"] = number(ms(look_at))
            update, condition = f"{said}, attention_at = :look", f"{NOT_NEWER} AND #count >= :count"
        else:
            update, condition = f"{said} REMOVE attention, attention_at", f"{NOT_NEWER} AND #count = :count"
        self._update(found.key, update, condition, values)

    def forget(self, found: Digest) -> bool:
        """Begins the cause again with the next announcement; False when more came since it was read."""
        values: Item = {":v": number(V), ":count": number(found.count)}
        return self._update(
            found.key, f"SET #v = :v REMOVE {EVERYTHING}", f"{NOT_NEWER} AND #count = :count", values
        )

    def quarantine_thread(self, thread_id: str) -> None:
        """Takes it out of the index; the item stays as it is, for a human to look at."""
        self._quarantine(f"THREAD#{thread_id}")

    def quarantine_digest(self, digest_key: str) -> None:
        """Takes it out of the index; the item stays as it is, for a human to look at."""
        self._quarantine(f"DIGEST#{digest_key}")

    def put_off_thread(self, thread_id: str, until: datetime) -> None:
        """Puts it behind the others that are due."""
        put_off(self._client, self._table, key(f"THREAD#{thread_id}"), until)

    def put_off_digest(self, digest_key: str, until: datetime) -> None:
        """Puts it behind the others that are due."""
        put_off(self._client, self._table, key(f"DIGEST#{digest_key}"), until)

    def _quarantine(self, pk: str) -> None:
        with translated("UpdateItem", mutates=True):
            self._client.update_item(
                TableName=self._table, Key=key(pk), UpdateExpression="REMOVE attention, attention_at"
            )

    def due_threads(self, at: datetime, limit: int) -> Sequence[str]:
        """Ids of threads that are due for a look by now."""
        return self._due(THREADS, "THREAD#", at, limit)

    def due_digests(self, at: datetime, limit: int) -> Sequence[str]:
        """Keys of digests that are due for a look by now."""
        return self._due(DIGESTS, "DIGEST#", at, limit)

    def _due(self, kind: str, prefix: str, at: datetime, limit: int) -> Sequence[str]:
        with translated("Query", mutates=False):
            page = self._client.query(
                TableName=self._table,
                IndexName="attention",
                KeyConditionExpression="attention = :kind AND attention_at <= :at",
                ExpressionAttributeValues={":kind": text(kind), ":at": number(ms(at))},
                Limit=limit,
            )
        return [Fields(item).text("pk").removeprefix(prefix) for item in page["Items"]]


def _turned_red(message: Announcement) -> datetime:
    return message.alarm_since or message.at


def _counted(message: Announcement, look_at: datetime, at: datetime) -> Item:
    return {
        ":told": pack(announcement_to_wire(message)),
        ":at": number(ms(at)),
        ":v": number(V),
        ":expires": number(int((at + DECISION_KEPT).timestamp())),
        ":digests": text(DIGESTS),
        ":look": number(ms(look_at)),
        ":one": number(1),
    }


def _named(update: str, message: Announcement) -> tuple[str, Item]:
    """The update with the alarm's name, and with its series where it has several."""
    name: Item = {":name": {"SS": [message.alarm_name]}}
    one_series = [pack([one.name, one.contributor])["S"] for one in message.watches if one.contributor]
    if one_series:
        name[":series"] = {"SS": one_series}
    return f"{update}, alarms :name{', series :series' if one_series else ''}", name


def _as_read(before: Thread | None) -> Condition:
    if before is None:
        return Condition(ABSENT_KEY)
    values: Item = {":v": number(V), ":version": number(before.version)}
    return Condition(f"{NOT_NEWER} AND #version = :version", values, {"#v": "v", "#version": "version"})


def thread_item(thread: Thread, at: datetime) -> Item:
    """A thread in its stored form; its state is written for people who read the table."""
    item: Item = {
        **stamped(f"THREAD#{thread.id}"),
        "version": number(thread.version),
        "state": text(thread.state.value),
        "severity": text(thread.severity.value),
        "opened_at": number(ms(thread.opened_at)),
        "latest": pack(announcement_to_wire(thread.latest)),
        "calls": {"BOOL": thread.calls},
        "call": text(thread.call),
        "over": {"BOOL": thread.over},
        "acknowledged_by": text(thread.acknowledged_by),
        "waiting": number(thread.waiting),
        "told": pack(dict(thread.notified)),
        "steps": number(thread.steps),
        "expires_at": number(int((at + DECISION_KEPT).timestamp())),
    }
    if thread.answered_by:
        item["answered_by"] = text(thread.answered_by)
    if thread.held_back:
        item["held_back"] = {"SS": sorted(thread.held_back)}
    times = {"since": thread.since, "next_at": thread.next_at}
    item |= {name: number(ms(time)) for name, time in times.items() if time}
    if thread.due_at:
        item |= {"attention": text(THREADS), "attention_at": number(ms(thread.due_at))}
    return item


def read_thread(item: Mapping[str, Attribute]) -> Thread:
    """A thread back from its item. Raises DamagedItem."""
    fields = Fields(item)
    notified = fields.unpack("told")
    if not isinstance(notified, dict):
        raise DamagedItem("told")
    return Thread(
        id=fields.text("pk").removeprefix("THREAD#"),
        severity=_severity(fields),
        opened_at=fields.time("opened_at"),
        latest=announcement_from_wire(fields.unpack("latest")),
        calls=_flag(item, "calls"),
        call=fields.text("call", ""),
        over=_flag(item, "over"),
        acknowledged_by=fields.text("acknowledged_by", ""),
        waiting=fields.number("waiting", 0),
        notified={str(channel): str(ref) for channel, ref in notified.items()},
        steps=fields.number("steps", 0),
        since=fields.maybe_time("since"),
        next_at=fields.maybe_time("next_at"),
        due_at=fields.maybe_time("attention_at"),
        version=fields.number("version"),
        held_back=tuple(sorted(item.get("held_back", {}).get("SS", ()))),
        answered_by=fields.text("answered_by", ""),
    )


def _severity(fields: Fields) -> Severity:
    """The severity; an unknown one of a later release is the worst: its pages must not wait for hours."""
    stored = fields.text("severity")
    return Severity(stored) if stored in set(Severity) else Severity.CRITICAL


def _flag(item: Mapping[str, Attribute], name: str) -> bool:
    value = item.get(name, {}).get("BOOL")
    if not isinstance(value, bool):
        raise DamagedItem(name)
    return value


def read_digest(item: Mapping[str, Attribute]) -> Digest:
    """A digest back from its item. Raises DamagedItem."""
    fields = Fields(item)
    names = item.get("alarms", {}).get("SS", ())
    return Digest(
        key=fields.text("pk").removeprefix("DIGEST#"),
        first=announcement_from_wire(fields.unpack("told")),
        since=fields.time("since"),
        count=fields.number("count"),
        names=tuple(sorted(names)),
        series=_read_series(item),
        reported=fields.number("reported", 1),
        named=fields.number("named", 1),
        reported_at=fields.maybe_time("reported_at"),
        last_at=fields.maybe_time("last_at"),
    )


def _read_series(item: Mapping[str, Attribute]) -> tuple[WatchedAlarm, ...]:
    """The single series that were counted; items of the previous release name whole alarms only."""
    try:
        found = [json.loads(one) for one in item.get("series", {}).get("SS", ())]
        return tuple(sorted(WatchedAlarm(str(name), str(contributor)) for name, contributor in found))
    except (TypeError, ValueError) as error:
        raise DamagedItem("series") from error
