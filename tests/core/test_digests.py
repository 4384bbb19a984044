"""Digests: one page for many of one cause, and one list when the hold is over."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from firebreak.core.alarm_readings import AlarmReading, WatchedAlarm
from firebreak.core.messages.announcement import Announcement, AnnouncementKind
from firebreak.core.model import AlarmState
from firebreak.core.paging.digests import (
    HOLDS,
    MOST_LISTED,
    Digest,
    counts,
    first_look,
    is_time,
    over,
    summed_up,
)
from firebreak.core.paging.threads import LOOK_EVERY
from firebreak.core.reasons import Reason
from tests.core.thread_fixtures import announced
from tests.support import builders as a

UNSEEN = "could not be read; none is known to be red."
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def first(cause: Reason = Reason.SWITCHED_OFF, **changes: Any) -> Announcement:
    return announced(
        AnnouncementKind.REFUSED, a.NOW, cause=cause.value, event="e", headline="Paused by ana.", **changes
    )


def found(cause: Reason = Reason.SWITCHED_OFF, **changes: Any) -> Digest:
    base = Digest(key="k", first=first(cause), since=a.NOW, count=3, names=("api", "cart", "web"))
    return replace(base, **changes)


def but(*red: str, names: Iterable[str] = ("api", "cart", "web")) -> dict[WatchedAlarm, AlarmReading]:
    """Every alarm is OK but these, which are in ALARM."""
    return {WatchedAlarm(n): AlarmState.ALARM if n in red else AlarmState.OK for n in names}


def test_an_announcement_with_a_cause_and_an_alarm_is_counted() -> None:
    assert counts(first())
    assert not counts(first(alarm_name=""))
    assert not counts(replace(first(), cause=""))


def test_a_cause_is_looked_at_soon_and_where_digests_come_sooner_by_then() -> None:
    assert first_look(HOUR, a.NOW) == a.NOW + LOOK_EVERY
    assert first_look(MINUTE, a.NOW) == a.NOW + MINUTE


@pytest.mark.parametrize(
    ("changes", "minutes", "due"),
    [
        pytest.param({}, 60, True, id="more came, an hour ago"),
        pytest.param({}, 59, False, id="too soon"),
        pytest.param({"count": 1}, 600, False, id="nothing but the first"),
        pytest.param({"reported": 3}, 600, False, id="all were reported"),
        pytest.param({"reported": 2, "reported_at": a.NOW + HOUR}, 119, False, id="reported not long ago"),
        pytest.param({"reported": 2, "reported_at": a.NOW + HOUR}, 120, True, id="reported long enough ago"),
    ],
)
def test_new_announcements_are_summed_up_once_in_a_while(
    changes: dict[str, Any], minutes: int, *, due: bool
) -> None:
    assert is_time(found(**changes), HOUR, a.NOW + minutes * MINUTE) is due


def test_a_digest_counts_the_new_announcements_and_names_the_alarms() -> None:
    page = summed_up(found(), a.NOW + HOUR)
    assert page.kind is AnnouncementKind.DIGEST
    assert page.headline == "3 alarms turned red; 2 more for the same cause since 10:00:30Z."
    assert page.facts == ("cause: Paused by ana.", "total: 3", "api", "cart", "web")
    assert (page.thread, page.alarm_name, page.cause, page.retry) == ("i-0123456789", "", "", ())
    assert page.key != summed_up(found(count=4), a.NOW + HOUR).key


def test_when_a_pause_is_over_the_alarms_that_are_still_red_are_listed_to_be_retried() -> None:
    page = over(found(), but("web", "api"), a.NOW)
    assert page.kind is AnnouncementKind.HOLD_OVER
    assert page.headline == "2 of 3 alarms still red. The pause is over."
    assert page.retry == ("api", "web")
    assert (
        page.next == "No further automatic action. The command below requests a new decision for all of them."
    )


def test_when_nothing_is_red_any_more_nobody_is_called() -> None:
    page = over(found(Reason.FROZEN), but(), a.NOW)
    assert (page.kind, page.retry) == (AnnouncementKind.DIGEST, ())
    assert page.headline == "All alarms that were held back are OK. The freeze is over."


def test_the_closed_time_of_a_calendar_is_a_cause_that_ends() -> None:
    closed = found(Reason.CALENDAR_CLOSED)
    assert closed.holds
    assert over(closed, but(), a.NOW).headline == (
        "All alarms that were held back are OK. The closed time that the calendar gave is over."
    )


def test_an_alarm_that_could_not_be_looked_at_is_taken_for_red() -> None:
    page = over(found(Reason.OUTSIDE_WINDOW), {}, a.NOW)
    assert page.kind is AnnouncementKind.HOLD_OVER
    assert page.headline == f"3 of 3 alarms {UNSEEN} The wait for the window is over."
    assert page.retry == ("api", "cart", "web")


@given(names=some.sets(some.text("abc", min_size=1), min_size=1, max_size=60), data=some.data())
def test_exactly_the_red_alarms_are_to_be_retried_although_a_page_lists_only_some(
    names: set[str], data: some.DataObject
) -> None:
    red = data.draw(some.sets(some.sampled_from(sorted(names))))
    page = over(found(names=tuple(sorted(names)), count=len(names)), but(*red, names=names), a.NOW)
    assert page.retry == tuple(sorted(red))
    if len(red) > MOST_LISTED:
        assert page.facts[-1] == f"and {len(red) - MOST_LISTED} more"


def test_every_hold_is_a_reason_for_not_acting() -> None:
    assert set(HOLDS) <= set(Reason)
