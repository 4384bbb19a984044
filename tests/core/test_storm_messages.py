"""The messages about storms: of pages, of more alarms than fit, and of alarms that could not be read."""

from collections.abc import Iterable
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firebreak.core.alarm_readings import AlarmReading, WatchedAlarm
from firebreak.core.keys import digest
from firebreak.core.limits.storm import MOST_REMEMBERED, RedAlarm, Storm, StormRules
from firebreak.core.messages import storm_messages
from firebreak.core.messages.announcement import Announcement, AnnouncementKind
from firebreak.core.messages.incident_messages import NOTHING_LOOKS_AGAIN
from firebreak.core.model import AlarmState
from firebreak.core.readings import ABSENT, Unknown
from tests.support import builders as a

MINUTE = timedelta(minutes=1)
RULES = StormRules(alarms=3, within=5 * MINUTE, quiet=10 * MINUTE, late=10 * MINUTE)
# One thread from beginning to end, by the millisecond in which it began.
THREAD = digest("storm of pages", 1795168830000)
AGAIN = "alarms for humans that turn red from now on are paged one by one again"
UNTIL_QUIET = (
    "Further ones are counted here, and only critical ones are paged as well, until 10m after the last one"
    " turned red and fewer than 3 are red; a message then lists those that still are."
    " This storm holds no action back."
)


def reds(count: int) -> tuple[RedAlarm, ...]:
    return tuple(
        RedAlarm(a.NOW + n * timedelta(milliseconds=10), f"arn-{n}", f"alarm-{n}", "5d3e" if n == 0 else "")
        for n in range(count)
    )


def read(red: Iterable[RedAlarm], reading: AlarmReading = AlarmState.ALARM) -> storm_messages.Left:
    return [(one, reading) for one in red]


def of_pages(count: int = 2) -> Storm:
    return Storm(red=reds(count), version=7, tripped_at=a.NOW, of_pages=True)


def holding(count: int) -> Storm:
    return Storm(red=reds(count), version=7, tripped_at=a.NOW)


# --- a storm of pages


@pytest.mark.parametrize(
    ("count", "gathered"),
    [
        (1, "1 alarm for humans is gathered on this page."),
        (2, "2 alarms for humans are gathered on this page."),
    ],
)
def test_a_storm_of_pages_that_begins_is_announced_with_every_field(count: int, gathered: str) -> None:
    assert storm_messages.storm_began(of_pages(count), RULES, a.NOW) == Announcement(
        key=digest("storm of pages began", a.NOW.isoformat()),
        thread=THREAD,
        kind=AnnouncementKind.STORM,
        at=a.NOW,
        incident_id="",
        action="page",
        headline=f"Many alarms turned red within 5m; {gathered}",
        facts=("alarm-0 5d3e", "alarm-1")[:count],
        next=UNTIL_QUIET,
    )


@pytest.mark.parametrize(("minutes", "hours"), [(60, 1), (119, 1), (120, 2)])
def test_a_storm_of_pages_that_lasts_is_announced_each_full_hour_with_every_field(
    minutes: int, hours: int
) -> None:
    at = a.NOW + minutes * MINUTE
    assert storm_messages.storm_goes_on(of_pages(), read(reds(1)), RULES, a.NOW, at) == Announcement(
        key=digest("storm of pages goes on", a.NOW.isoformat(), hours),
        thread=THREAD,
        kind=AnnouncementKind.STORM,
        at=at,
        incident_id="",
        action="page",
        headline="The storm of pages that began at 10:00:30Z goes on: pages of alarms for humans are gathered"
        f" for {hours} h.",
        facts=("red now: 1 of the 2 that were counted", "alarm-0 5d3e"),
        next=UNTIL_QUIET,
    )


def test_alarms_red_since_the_last_page_are_listed_before_the_oldest_and_newest_first() -> None:
    last_page = a.NOW + 60 * MINUTE
    old, before, at, after = (
        RedAlarm(since, f"arn-{name}", name)
        for name, since in (
            ("old", a.NOW),
            ("before", last_page - timedelta(milliseconds=1)),
            ("at", last_page),
            ("after", last_page + MINUTE),
        )
    )
    storm = Storm(red=(old, before, at, after), version=7, tripped_at=a.NOW, of_pages=True)
    message = storm_messages.storm_goes_on(storm, read(storm.red), RULES, a.NOW, a.NOW + 121 * MINUTE)
    assert message.facts == ("red now: 4 of the 4 that were counted", "after", "at", "old", "before")


@given(st.lists(st.integers(1, 30), max_size=4))
def test_an_alarm_that_stays_red_is_named_on_the_next_page(arrivals: list[int]) -> None:
    """As long as no more than a page lists come within one hour."""
    known = list(reds(30))
    for hour, count in enumerate(arrivals, start=1):
        at = a.NOW + hour * 60 * MINUTE
        names = [f"hour-{hour}-{n}" for n in range(count)]
        known += [RedAlarm(at - (n + 1) * MINUTE, f"arn-{name}", name) for n, name in enumerate(names)]
        storm = Storm(red=tuple(known), version=7, tripped_at=a.NOW, of_pages=True)
        message = storm_messages.storm_goes_on(storm, read(known), RULES, a.NOW, at)
        assert set(names) <= set(message.facts)
        assert len(message.facts) == 32
        assert message.facts[-1] == f"and {len(known) - 30} more"


RED = "2 of 2 alarms still red."


def ended(headline: str, *facts: str) -> Announcement:
    return Announcement(
        key=digest("storm of pages ended", 7),
        thread=THREAD,
        kind=AnnouncementKind.STORM_OVER,
        at=a.NOW + MINUTE,
        incident_id="",
        action="page",
        headline=headline,
        facts=(*facts, "still red: 2 of the 2 that were counted", "alarm-0 5d3e", "alarm-1"),
        next=NOTHING_LOOKS_AGAIN,
        watches=(WatchedAlarm("alarm-0", "5d3e"), WatchedAlarm("alarm-1")),
    )


def test_a_storm_of_pages_that_is_over_is_announced_with_every_field_and_no_alarm_of_it_can_be_retried() -> (
    None
):
    message = storm_messages.storm_ended(of_pages(), read(reds(2)), a.NOW + MINUTE)
    assert message == ended(f"{RED} The storm of pages since 10:00:30Z is over: {AGAIN}.")


def test_a_storm_of_pages_that_somebody_ended_is_announced_with_the_person_and_the_reason() -> None:
    message = storm_messages.storm_ended_by(of_pages(), read(reds(2)), "ana", "one link", a.NOW + MINUTE)
    headline = f"{RED} ana ended the storm of pages since 10:00:30Z: one link"
    assert message == ended(headline, f"{AGAIN}; alarms that turned red before are not handled again.")


# --- more than fit on a page or in the memory


@pytest.mark.parametrize(
    ("count", "rest"),
    [(30, ()), (31, ("and 1 more",)), (99, ("and 69 more",))],
)
def test_the_page_of_its_beginning_lists_thirty_alarms(count: int, rest: tuple[str, ...]) -> None:
    message = storm_messages.storm_began(holding(count), RULES, a.NOW)
    assert message.facts == ("alarm-0 5d3e", *(f"alarm-{n}" for n in range(1, 30)), *rest)


@pytest.mark.parametrize(
    ("count", "rest"),
    [
        (30, ()),
        (31, ("and 1 more that are not known to be OK",)),
        (99, ("and 69 more that are not known to be OK",)),
    ],
)
def test_thirty_alarms_that_are_not_known_to_be_ok_are_listed(count: int, rest: tuple[str, ...]) -> None:
    message = storm_messages.storm_ended(holding(count), read(reds(count), ABSENT), a.NOW)
    assert message.facts == (
        f"still red: 0 of the {count} that were counted",
        "alarm-0 5d3e does not exist any more",
        *(f"alarm-{n} does not exist any more" for n in range(1, 30)),
        *rest,
    )


def test_red_alarms_are_listed_before_unknown_ones_and_only_alarms_that_may_be_red_can_be_retried() -> None:
    readings: list[AlarmReading] = [Unknown("503"), ABSENT, AlarmState.INSUFFICIENT_DATA, AlarmState.ALARM]
    left = list(zip(reds(4), readings, strict=True))
    message = storm_messages.storm_ended(holding(4), left, a.NOW)
    assert message.facts == (
        "still red: 1 of the 4 that were counted",
        "alarm-3",
        "alarm-0 5d3e could not be read: 503",
        "alarm-1 does not exist any more",
        "alarm-2 has no data",
    )
    assert message.retry == ("alarm-0", "alarm-3")
    assert message.watches == tuple(one.watched for one in reds(4))


@pytest.mark.parametrize(
    ("count", "unwatched", "next_", "last"),
    [
        pytest.param(MOST_REMEMBERED - 1, 0, "", "still red: 0 of the 99 that were counted", id="all fit"),
        pytest.param(
            MOST_REMEMBERED,
            1,
            NOTHING_LOOKS_AGAIN,
            "more alarms may have turned red than the 100 that are remembered: look in CloudWatch",
            id="its memory is full",
        ),
    ],
)
def test_a_storm_whose_memory_is_full_counts_alarms_that_are_not_watched(
    count: int, unwatched: int, next_: str, last: str
) -> None:
    message = storm_messages.storm_ended(holding(count), [], a.NOW)
    assert (message.unwatched, message.next, message.facts[-1]) == (unwatched, next_, last)


def test_alarms_that_cannot_be_kept_for_a_later_look_are_counted() -> None:
    long = tuple(RedAlarm(a.NOW, f"arn-{n}", f"{n:02d}" + "\U0001f525" * 253) for n in range(MOST_REMEMBERED))
    full = Storm(red=long, version=7, tripped_at=a.NOW)
    message = storm_messages.storm_ended(full, read(long), a.NOW)
    assert message.watches == tuple(one.watched for one in long[: len(message.watches)])
    assert 0 < len(message.watches) < MOST_REMEMBERED
    assert message.unwatched == MOST_REMEMBERED - len(message.watches) + 1
