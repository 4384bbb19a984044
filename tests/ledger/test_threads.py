"""Threads of pages and digests in the ledger's table: kept whole, changed by one, found when due."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from firebreak.core.alarm_readings import WatchedAlarm
from firebreak.core.messages.announcement import AnnouncementKind
from firebreak.core.paging.digests import MOST_NAMES, Digest
from firebreak.core.paging.page import Severity
from firebreak.core.paging.threads import Thread
from firebreak.core.readings import ABSENT, Absent, Unknown
from firebreak.errors import Conflict, Unavailable
from firebreak.ledger.threads import DynamoThreads
from firebreak.wire.announcements import announcement_to_wire
from tests.core.thread_fixtures import announced
from tests.ledger.tables import Table
from tests.support import builders as a
from tests.support.faults import NO_CONNECTION, Wrapped, fail

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
MESSAGE = announced(AnnouncementKind.GIVEN_TO_HUMANS, a.NOW)


@pytest.fixture
def threads(table: Table) -> DynamoThreads:
    return DynamoThreads(table.client, table.name)


def thread(**changes: Any) -> Thread:
    base = Thread(
        id="i-0123456789",
        severity=Severity.CRITICAL,
        opened_at=a.NOW,
        latest=MESSAGE,
        calls=True,
        notified={"ops": "C0123:1.2", "topic": ""},
        steps=1,
        since=a.NOW,
        next_at=a.NOW + 15 * MINUTE,
        due_at=a.NOW + 5 * MINUTE,
    )
    return replace(base, **changes)


def test_a_series_is_counted_as_the_series_and_a_whole_alarm_as_the_alarm(threads: DynamoThreads) -> None:
    one, two = WatchedAlarm("fleet", "web-1"), WatchedAlarm("fleet", "web-2")
    for n, watched in enumerate((one, two, WatchedAlarm("api"))):
        refused = announced(
            AnnouncementKind.REFUSED, alarm_name=watched.name, event=f"e{n}", key="k", cause="frozen"
        )
        threads.count(replace(refused, watches=(watched,)), a.NOW, a.NOW)
    found = threads.digest("k")
    assert isinstance(found, Digest)
    assert (found.names, found.watched) == (("api", "fleet"), (WatchedAlarm("api"), one, two))


def test_a_thread_and_a_digest_that_nobody_saved_are_absent(threads: DynamoThreads) -> None:
    assert threads.thread("i-0123456789") == ABSENT
    assert threads.digest("k") == ABSENT


@pytest.mark.parametrize(
    "stored",
    [
        pytest.param(thread(), id="called"),
        pytest.param(thread(acknowledged_by="ana", next_at=None, due_at=None), id="acknowledged"),
        pytest.param(thread(over=True, calls=False, steps=0, since=None, next_at=None), id="over"),
        pytest.param(thread(over=True, calls=False, answered_by="ana"), id="over, and somebody had it"),
        pytest.param(thread(waiting=3, notified={}), id="held"),
    ],
)
def test_a_thread_comes_back_as_it_was_kept(threads: DynamoThreads, stored: Thread) -> None:
    assert threads.save(None, stored, a.NOW) is True
    assert threads.thread(stored.id) == replace(stored, version=1)


def test_of_two_who_read_the_same_thread_one_changes_it(threads: DynamoThreads) -> None:
    threads.save(None, thread(), a.NOW)
    assert threads.save(None, thread(), a.NOW) is False
    read = thread(version=1)
    assert threads.save(read, replace(read, steps=2), a.NOW) is True
    assert threads.save(read, replace(read, steps=3), a.NOW) is False
    now = threads.thread(read.id)
    assert isinstance(now, Thread)
    assert (now.steps, now.version) == (2, 2)


def test_an_acknowledgement_is_stored_with_its_announcement_or_not_at_all(
    table: Table, threads: DynamoThreads
) -> None:
    threads.save(None, thread(), a.NOW)
    read, acknowledgement = thread(version=1), announced(AnnouncementKind.ACKNOWLEDGED, a.NOW, key="ack")
    after = replace(read, acknowledged_by="ana")
    assert threads.acknowledge(replace(read, version=7), after, acknowledgement) is False
    assert table.get("OUT#ack") is None
    assert threads.acknowledge(read, after, acknowledgement) is True
    assert table.get("OUT#ack") is not None


def test_threads_are_found_when_they_are_due(threads: DynamoThreads) -> None:
    threads.save(None, thread(), a.NOW)
    threads.save(None, thread(id="i-1111111111", due_at=None), a.NOW)
    assert threads.due_threads(a.NOW + 4 * MINUTE, 10) == []
    assert threads.due_threads(a.NOW + 5 * MINUTE, 10) == ["i-0123456789"]


def test_a_damaged_thread_is_unknown_and_never_absent(table: Table, threads: DynamoThreads) -> None:
    threads.save(None, thread(), a.NOW)
    damages: list[tuple[str, Any]] = [("calls", {"S": "yes"}), ("told", {"S": "[]"}), ("latest", {"S": "{}"})]
    for field, value in damages:
        table.change("THREAD#i-0123456789", **{field: value})
        assert isinstance(threads.thread("i-0123456789"), Unknown)
        threads.save(thread(version=1), thread(version=1), a.NOW)


def test_a_severity_of_a_later_release_is_taken_for_the_worst(table: Table, threads: DynamoThreads) -> None:
    threads.save(None, thread(severity=Severity.INFO), a.NOW)
    table.change("THREAD#i-0123456789", severity={"S": "apocalyptic"})
    found = threads.thread("i-0123456789")
    assert isinstance(found, Thread)
    assert found.severity is Severity.CRITICAL


def test_a_thread_of_a_later_version_is_not_overwritten(table: Table, threads: DynamoThreads) -> None:
    threads.save(None, thread(), a.NOW)
    table.change("THREAD#i-0123456789", v={"N": "2"})
    assert threads.save(thread(version=1), thread(version=1), a.NOW) is False


def refused(n: int = 0, **changes: Any) -> Any:
    fields = {"key": "k", "cause": "switched_off", "event": f"e{n}", "alarm_name": f"alarm-{n:04d}"}
    return announced(AnnouncementKind.REFUSED, a.NOW, **fields, **changes)


def digest_of(threads: DynamoThreads) -> Digest:
    found = threads.digest("k")
    assert isinstance(found, Digest), found
    return found


def test_each_event_of_a_cause_is_counted_once_and_the_first_keeps_its_words(threads: DynamoThreads) -> None:
    for n in (0, 1, 1, 2, 0):
        threads.count(refused(n, headline=f"refused {n}"), a.NOW + 5 * MINUTE, a.NOW + n * MINUTE)
    found = digest_of(threads)
    assert (found.count, found.names) == (3, ("alarm-0000", "alarm-0001", "alarm-0002"))
    assert (found.since, found.first.headline, found.reported) == (a.NOW, "refused 0", 1)
    assert announcement_to_wire(found.first) == announcement_to_wire(refused(0, headline="refused 0"))


def test_names_are_bounded_and_the_number_goes_on(threads: DynamoThreads) -> None:
    for n in range(MOST_NAMES + 5):
        threads.count(refused(n), a.NOW, a.NOW)
    found = digest_of(threads)
    assert (found.count, len(found.names)) == (MOST_NAMES + 5, MOST_NAMES)


def test_the_first_look_of_a_cause_stays_when_more_of_it_comes(threads: DynamoThreads) -> None:
    threads.count(refused(0), a.NOW + HOUR, a.NOW)
    threads.count(refused(1), a.NOW + 2 * HOUR, a.NOW + HOUR)
    assert threads.due_digests(a.NOW + HOUR - MINUTE, 10) == []
    assert threads.due_digests(a.NOW + HOUR, 10) == ["k"]


def test_a_reported_digest_is_stored_and_looked_at_later(threads: DynamoThreads) -> None:
    threads.count(refused(0), a.NOW, a.NOW)
    threads.count(refused(1), a.NOW, a.NOW)
    threads.look_later(digest_of(threads), a.NOW + HOUR, a.NOW + MINUTE, reported=True)
    found = digest_of(threads)
    assert (found.reported, found.named, found.reported_at) == (2, 2, a.NOW + MINUTE)
    assert threads.due_digests(a.NOW + 59 * MINUTE, 10) == []
    assert threads.due_digests(a.NOW + HOUR, 10) == ["k"]


def test_an_announcement_that_came_during_a_digest_is_not_lost(threads: DynamoThreads) -> None:
    threads.count(refused(0), a.NOW, a.NOW)
    looked_at = digest_of(threads)
    threads.count(refused(1), a.NOW, a.NOW)
    threads.look_later(looked_at, None, a.NOW, reported=True)
    assert threads.due_digests(a.NOW, 10) == ["k"]
    threads.look_later(digest_of(threads), None, a.NOW, reported=True)
    assert threads.due_digests(a.NOW + 100 * HOUR, 10) == []
    threads.count(refused(2), a.NOW + HOUR, a.NOW)
    assert threads.due_digests(a.NOW + HOUR, 10) == ["k"]


def test_a_cause_that_was_forgotten_begins_again_with_the_next(threads: DynamoThreads) -> None:
    for n in range(2):
        threads.count(refused(n), a.NOW, a.NOW)
    threads.look_later(digest_of(threads), a.NOW + HOUR, a.NOW, reported=True)
    assert threads.forget(digest_of(threads))
    assert isinstance(threads.digest("k"), Absent)
    assert threads.due_digests(a.NOW + HOUR, 10) == []
    threads.count(refused(7), a.NOW + 2 * HOUR, a.NOW + HOUR)
    found = digest_of(threads)
    assert (found.since, found.last_at, found.count, found.named, found.names) == (
        a.NOW + HOUR,
        a.NOW + HOUR,
        1,
        1,
        ("alarm-0007",),
    )


def test_a_cause_of_which_more_came_is_not_forgotten(threads: DynamoThreads) -> None:
    threads.count(refused(0), a.NOW, a.NOW)
    before = digest_of(threads)
    threads.count(refused(1), a.NOW, a.NOW + MINUTE)
    assert not threads.forget(before)
    found = digest_of(threads)
    assert (found.since, found.last_at, found.count) == (a.NOW, a.NOW + MINUTE, 2)


def test_the_names_of_a_cause_grow_although_one_alarm_came_many_times(threads: DynamoThreads) -> None:
    for n in range(MOST_NAMES):
        threads.count(replace(refused(n), alarm_name="same"), a.NOW, a.NOW)
    threads.count(refused(MOST_NAMES), a.NOW, a.NOW)
    found = digest_of(threads)
    assert (found.count, found.names) == (MOST_NAMES + 1, ("alarm-0200", "same"))


@pytest.mark.parametrize(
    ("since", "newest"),
    [
        pytest.param(MINUTE, "second", id="a newer transition"),
        pytest.param(timedelta(), "second", id="another series of the same moment"),
        pytest.param(-MINUTE, "first", id="an older one that came late"),
    ],
)
def test_the_newest_transition_is_held(threads: DynamoThreads, since: timedelta, newest: str) -> None:
    threads.defer(refused(0, headline="first", alarm_since=a.NOW), a.NOW + HOUR, a.NOW)
    later, until = a.NOW + since, {"first": a.NOW + HOUR, "second": a.NOW + 2 * HOUR}
    threads.defer(refused(1, headline="second", alarm_since=later), until["second"], a.NOW + 5 * MINUTE)
    assert digest_of(threads).first.headline == newest
    assert threads.due_digests(until[newest] - MINUTE, 10) == []
    assert threads.due_digests(until[newest], 10) == ["k"]


def test_a_hold_refused_because_of_a_later_release_says_so(table: Table) -> None:
    threads = DynamoThreads(table.client, table.name)
    threads.defer(refused(0, alarm_since=a.NOW), a.NOW + HOUR, a.NOW)
    table.client.update_item(
        TableName=table.name,
        Key={"pk": {"S": "DIGEST#k"}, "sk": {"S": "-"}},
        UpdateExpression="SET v = :v",
        ExpressionAttributeValues={":v": {"N": "99"}},
    )
    with pytest.raises(Conflict):
        threads.defer(refused(1, alarm_since=a.NOW + MINUTE), a.NOW + HOUR, a.NOW)


def test_a_transition_held_after_the_last_one_was_forgotten_may_be_older(threads: DynamoThreads) -> None:
    watched = WatchedAlarm("fleet", "web-1")
    threads.defer(refused(0, alarm_since=a.NOW), a.NOW, a.NOW)
    threads.forget(digest_of(threads))
    older = replace(refused(1, alarm_since=a.NOW - HOUR), alarm_name="fleet", watches=(watched,))
    threads.defer(older, a.NOW + HOUR, a.NOW + MINUTE)
    found = digest_of(threads)
    assert (found.first, found.since, found.last_at, found.count) == (
        older,
        a.NOW + MINUTE,
        a.NOW + MINUTE,
        1,
    )
    assert (found.names, found.series) == (("fleet",), (watched,))


def test_a_transition_that_came_while_a_window_ended_stays_held(threads: DynamoThreads) -> None:
    threads.defer(refused(0, alarm_since=a.NOW), a.NOW, a.NOW)
    before = digest_of(threads)
    threads.defer(refused(1, alarm_since=a.NOW + MINUTE), a.NOW + HOUR, a.NOW + MINUTE)
    assert not threads.forget(before)
    assert threads.due_digests(a.NOW + HOUR, 10) == ["k"]


def test_without_a_table_everything_says_so(table: Table) -> None:
    client: Any = Wrapped(table.client, before=fail(NO_CONNECTION))
    dark = DynamoThreads(client, table.name)
    for call in (
        lambda: dark.thread("x"),
        lambda: dark.save(None, thread(), a.NOW),
        lambda: dark.count(refused(), a.NOW, a.NOW),
        lambda: dark.defer(refused(), a.NOW, a.NOW),
        lambda: dark.due_threads(a.NOW, 1),
        lambda: dark.due_digests(a.NOW, 1),
    ):
        with pytest.raises(Unavailable):
            call()
