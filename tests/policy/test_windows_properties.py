"""Windows agree with a walk over the minutes, in any zone and across changes of the clocks."""

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from firebreak.core.limits.freeze import HORIZON
from firebreak.policy.time_windows import ScheduledWindow
from tests.policy.window_building import DAY, MINUTE, Fields, changes, pinned, starts, stretch_end, window

# Whole hours, half hours, quarters, a change of half an hour or two hours, changes at midnight, over
# Ramadan and the other way round, and none at all.
ZONES = [
    "UTC",
    "Europe/Berlin",
    "Europe/Dublin",
    "America/New_York",
    "America/St_Johns",
    "America/Santiago",
    "America/Nuuk",
    "Africa/Casablanca",
    "Africa/Cairo",
    "Antarctica/Troll",
    "Asia/Kathmandu",
    "Asia/Beirut",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
]
CHANGES = [(zone, change) for zone in ZONES for change in changes(zone)]
NIGHTLY = [
    (Fields(minutes, hours, None, None, None), duration * MINUTE)
    for minutes in (frozenset({0}), frozenset({15, 45}), frozenset({30}), None)
    for hours, duration in ((frozenset({0, 2}), 20), (frozenset({1, 3}), 75), (frozenset(range(5)), 59))
]
LONGEST = 2 * DAY
AHEAD = 6 * DAY


def some(low: int, high: int, most: int = 4) -> st.SearchStrategy[frozenset[int] | None]:
    values = st.integers(low, high)
    spans = st.tuples(values, values).map(lambda two: frozenset(range(min(two), max(two) + 1)))
    return st.none() | st.frozensets(values, min_size=1, max_size=most) | spans


NO = st.none()
MINUTES = some(0, 59)
ANY_DAY = st.builds(Fields, MINUTES, some(0, 23), NO | some(1, 31), NO | some(1, 12), some(0, 6))
# Most of what can go wrong goes wrong in the hours in which clocks are changed.
EVERY_NIGHT = st.builds(Fields, MINUTES, st.frozensets(st.integers(0, 4), min_size=1, max_size=2), NO, NO, NO)
CRONS = EVERY_NIGHT | ANY_DAY
DURATIONS = st.integers(1, 90) | st.integers(1, LONGEST // MINUTE) | st.sampled_from([30, 60, 120, 24 * 60])


@st.composite
def moments(draw: st.DrawFn, zone: str) -> datetime:
    """A moment, most of them near a change of the zone's clocks."""
    change = draw(st.sampled_from(changes(zone)))
    away = draw(st.integers(-90, 150) | st.integers(-3 * 24 * 60, 3 * 24 * 60))
    return change + away * MINUTE + timedelta(seconds=draw(st.sampled_from([0, 0, 1, 59.5])))


LONGEST_SCHEDULE = len("cron()") + 250


@st.composite
def cases(draw: st.DrawFn) -> tuple[Fields, str, ScheduledWindow, datetime]:
    fields, zone = draw(CRONS), draw(st.sampled_from(ZONES))
    never = fields.weekdays is None and fields.days is not None and not possible(fields)
    # A schedule is bounded; every minute, hour and weekday written out one by one is longer.
    assume(not never and len(str(fields)) <= LONGEST_SCHEDULE)
    made = window(str(fields), f"PT{draw(DURATIONS)}M", zone)
    return fields, zone, made, draw(moments(zone))


def possible(fields: Fields) -> bool:
    """Whether any of the months has any of the days."""
    longest = {2: 29, 4: 30, 6: 30, 9: 30, 11: 30}
    months = fields.months or range(1, 13)
    return any(day <= longest.get(month, 31) for month in months for day in fields.days or ())


@pytest.mark.parametrize(
    ("zone", "change"), CHANGES, ids=[f"{zone} {change:%Y-%m-%d}" for zone, change in CHANGES]
)
def test_nightly_windows_agree_with_a_walk_over_the_minutes_around_a_change(
    zone: str, change: datetime
) -> None:
    for fields, duration in NIGHTLY:
        made = window(str(fields), f"PT{duration // MINUTE}M", zone)
        begun = starts(fields, pinned(zone), change - DAY / 2, change + 2 * DAY)
        for n in range(-90, 240, 7):
            now = change + n * MINUTE
            assert (made.covering(now), made.next_start(now)) == (
                stretch_end(begun, duration, now),
                next(at for at in begun if at > now),
            ), (str(fields), now)


@given(cases())
def test_a_window_agrees_with_a_walk_over_the_minutes(
    case: tuple[Fields, str, ScheduledWindow, datetime],
) -> None:
    fields, zone, made, now = case
    last = now.replace(second=0, microsecond=0) + AHEAD
    begun = starts(fields, pinned(zone), last - AHEAD - LONGEST, last)
    end, next_start = made.covering(now), made.next_start(now)
    expected = stretch_end(begun, made.duration, now)
    if expected and expected >= last:
        assert end is not None
        assert end >= expected
    else:
        assert end == expected
    following = next((at for at in begun if at > now), None)
    assert next_start == following or (following is None and (next_start is None or next_start > last))


@given(cases())
def test_an_end_lies_ahead_and_the_next_start_begins_a_stretch(
    case: tuple[Fields, str, ScheduledWindow, datetime],
) -> None:
    *_, made, now = case
    end, start = made.covering(now), made.next_start(now)
    assert end is None or now < end <= now + HORIZON
    assert start is not None
    assert start > now
    covered = made.covering(start)
    assert covered is not None
    assert covered >= start + made.duration


@given(cases())
def test_an_end_is_no_part_of_the_stretch_and_the_same_from_every_moment_in_it(
    case: tuple[Fields, str, ScheduledWindow, datetime],
) -> None:
    *_, made, now = case
    end = made.covering(now)
    if end and end < now + AHEAD:
        assert made.covering(end) is None
        assert made.covering(end - timedelta(microseconds=1)) == end
        assert made.covering(now + (end - now) / 2) == end


@given(cases(), st.sampled_from(ZONES), st.integers(-14 * 60, 14 * 60))
def test_the_zone_in_which_now_is_written_makes_no_difference(
    case: tuple[Fields, str, ScheduledWindow, datetime], zone: str, minutes: int
) -> None:
    *_, made, now = case
    lines = (made.covering(now), made.next_start(now))
    for elsewhere in (pinned(zone), timezone(timedelta(minutes=minutes))):
        again = now.astimezone(elsewhere)
        assert (made.covering(again), made.next_start(again)) == lines
