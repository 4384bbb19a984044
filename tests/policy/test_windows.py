"""Windows: when they start and end, also when the clocks are changed."""

import subprocess
import sys
from datetime import datetime, timedelta

import pytest

from firebreak.core.limits.freeze import HORIZON
from firebreak.policy.time_windows import ScheduledWindow
from tests.policy.window_building import DAY, HOUR, MINUTE, pinned, utc, window

BERLIN = "Europe/Berlin"
MICROSECOND = timedelta(microseconds=1)


def stretches(made: ScheduledWindow, first: str, last: str) -> list[tuple[str, str]]:
    """The stretches that start between two moments, as `day hour:minute` in UTC."""
    found, at = [], utc(first) - MICROSECOND
    while (start := made.next_start(at)) and start <= utc(last):
        end = made.covering(start)
        assert end is not None
        found.append((f"{start:%d %H:%M}", f"{end:%d %H:%M}"))
        at = end - MICROSECOND
    return found


def test_a_window_holds_its_start_but_not_its_end() -> None:
    made = window("cron(0 9 * * MON-FRI)", "PT8H", BERLIN)
    assert made.covering(utc("2026-11-20T07:59:59")) is None
    assert made.covering(utc("2026-11-20T08:00")) == utc("2026-11-20T16:00")
    assert made.covering(utc("2026-11-20T15:59:59.999999")) == utc("2026-11-20T16:00")
    assert made.covering(utc("2026-11-20T16:00")) is None


def test_the_next_start_is_after_now_and_skips_days_that_are_not_meant() -> None:
    made = window("cron(0 9 * * MON-FRI)", "PT8H", BERLIN)
    assert made.next_start(utc("2026-11-20T07:59:59")) == utc("2026-11-20T08:00")
    assert made.next_start(utc("2026-11-20T08:00")) == utc("2026-11-23T08:00")


def test_a_one_off_window_is_there_once() -> None:
    made = window("at(2026-11-27T00:00)", "P4D", BERLIN)
    assert made.next_start(utc("2026-01-01T00:00")) == utc("2026-11-26T23:00")
    assert made.covering(utc("2026-11-26T22:59:59")) is None
    assert made.covering(utc("2026-11-28T12:00")) == utc("2026-11-30T23:00")
    assert made.covering(utc("2026-11-30T23:00")) is None
    assert made.next_start(utc("2026-11-26T23:00")) is None


@pytest.mark.parametrize("schedule", ["cron(30 2 * * *)", "at(2026-03-29T02:30)"])
def test_a_start_in_the_skipped_hour_is_the_moment_of_the_jump(schedule: str) -> None:
    made = window(schedule, "PT1H", BERLIN)
    jump = utc("2026-03-29T01:00")
    assert made.next_start(jump - MINUTE) == jump
    assert made.covering(jump - MICROSECOND) is None
    assert made.covering(jump) == jump + HOUR


def test_all_that_would_start_in_the_skipped_hour_starts_once() -> None:
    made = window("cron(0,20,40 2 * * *)", "PT10M", BERLIN)
    assert stretches(made, "2026-03-29T00:00", "2026-03-29T12:00") == [("29 01:00", "29 01:10")]


@pytest.mark.parametrize("schedule", ["cron(30 2 * * *)", "at(2026-10-25T02:30)"])
def test_a_start_in_the_repeated_hour_comes_twice(schedule: str) -> None:
    made = window(schedule, "PT20M", BERLIN)
    assert stretches(made, "2026-10-25T00:00", "2026-10-25T12:00") == [
        ("25 00:30", "25 00:50"),
        ("25 01:30", "25 01:50"),
    ]


def test_a_start_of_the_first_of_two_equal_hours_is_seen_from_the_second() -> None:
    """The clock shows 02:10 again, which is before 02:30, and yet the window is 40 minutes old."""
    made = window("cron(30 2 * * *)", "PT50M", BERLIN)
    second = datetime(2026, 10, 25, 2, 10, tzinfo=pinned(BERLIN), fold=1)
    assert made.covering(second) == utc("2026-10-25T01:20")
    assert made.next_start(second) == utc("2026-10-25T01:30")


def test_a_window_of_the_repeated_hour_ends_where_the_clock_says_it_does() -> None:
    made = window("cron(0 2 * * *)", "PT4H", BERLIN)
    assert stretches(made, "2026-10-25T00:00", "2026-10-25T12:00") == [("25 00:00", "25 05:00")]


@pytest.mark.parametrize(
    ("schedule", "change"),
    [
        pytest.param("cron(0 22 * * SAT)", "2026-03-28T21:00", id="spring: 22:00 CET to 07:00 CEST"),
        pytest.param("cron(0 22 * * SAT)", "2026-10-24T20:00", id="autumn: 22:00 CEST to 05:00 CET"),
        pytest.param("at(2026-10-24T22:00)", "2026-10-24T20:00", id="one-off"),
    ],
)
def test_a_duration_is_elapsed_time_across_a_change(schedule: str, change: str) -> None:
    assert window(schedule, "PT8H", BERLIN).covering(utc(change)) == utc(change) + 8 * HOUR


@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25"])
@pytest.mark.parametrize("schedule", ["cron(0 * * * *)", "cron(0 0-23 * * *)", "cron(0,30 * * * *)"])
def test_hourly_windows_leave_no_hole_on_the_day_of_a_change(schedule: str, day: str) -> None:
    made = window(schedule, "PT1H", BERLIN)
    end = made.covering(utc(f"{day}T00:00") - DAY)
    assert end is not None
    assert end > utc(f"{day}T00:00") + 2 * DAY


@pytest.mark.parametrize(
    ("zone", "schedule", "day", "expected"),
    [
        pytest.param(
            "Australia/Lord_Howe",
            "cron(15 2 * * *)",
            "2026-10-03",
            [("03 15:30", "03 16:30")],
            id="skip of 30m",
        ),
        pytest.param(
            "Australia/Lord_Howe",
            "cron(45 1 * * *)",
            "2026-04-04",
            [("04 14:45", "04 16:15")],
            id="30m twice",
        ),
        pytest.param(
            "Antarctica/Troll", "cron(30 2 * * *)", "2026-03-29", [("29 01:00", "29 02:00")], id="skip of 2h"
        ),
        pytest.param(
            "Antarctica/Troll",
            "cron(30 1 * * *)",
            "2026-10-24",
            [("24 23:30", "25 00:30"), ("25 01:30", "25 02:30")],
            id="2h twice",
        ),
        pytest.param(
            "America/Santiago",
            "cron(0 0 * * *)",
            "2026-09-06",
            [("06 04:00", "06 05:00")],
            id="skipped midnight",
        ),
        pytest.param(
            "America/Santiago",
            "cron(30 23 * * SAT)",
            "2026-04-05",
            [("05 02:30", "05 04:30")],
            id="midnight put off: the last hour of Saturday twice",
        ),
        pytest.param(
            "Asia/Kathmandu",
            "cron(0 9 * * *)",
            "2026-06-15",
            [("15 03:15", "15 04:15")],
            id="5:45, never changed",
        ),
        pytest.param(
            "America/St_Johns",
            "cron(30 1 * * *)",
            "2026-11-01",
            [("01 04:00", "01 06:00")],
            id="half an hour off",
        ),
        pytest.param(
            "Pacific/Apia",
            "cron(0 9 30 12 *)",
            "2011-12-30",
            [("30 10:00", "30 11:00")],
            id="a day that never was",
        ),
    ],
)
def test_odd_zones(zone: str, schedule: str, day: str, expected: list[tuple[str, str]]) -> None:
    made = window(schedule, "PT1H", zone)
    first = utc(f"{day}T00:00")
    assert (
        stretches(made, first.isoformat()[:16], (first + DAY + 2 * HOUR).isoformat()[:16])[: len(expected)]
        == expected
    )


def test_occurrences_that_overlap_or_touch_are_one_stretch() -> None:
    first_and_tenth = window("cron(0 0 1,10 * *)", "P15D")
    assert first_and_tenth.covering(utc("2026-11-02T00:00")) == utc("2026-11-25T00:00")
    hourly = window("cron(0 9-16 * * *)", "PT1H")
    assert hourly.covering(utc("2026-11-20T09:30")) == utc("2026-11-20T17:00")
    gaps = window("cron(0 9-16 * * *)", "PT59M")
    assert gaps.covering(utc("2026-11-20T09:30")) == utc("2026-11-20T09:59")


@pytest.mark.parametrize(
    ("schedule", "duration"),
    [("cron(0 0 * * *)", "PT36H"), ("cron(0 0 * * MON)", "P7D"), ("cron(* * * * *)", "PT1M")],
    ids=["longer than its period", "as long as its period", "a star"],
)
def test_a_window_without_a_gap_has_no_end_within_the_horizon(schedule: str, duration: str) -> None:
    now = utc("2026-11-20T10:00:30")
    assert window(schedule, duration).covering(now) == now + HORIZON


def test_a_star_in_the_minutes_is_followed_to_its_end_over_weeks_and_a_change() -> None:
    made = window("cron(* * * 10-11 *)", "PT1M", BERLIN)
    assert made.covering(utc("2026-10-01T00:00")) == utc("2026-11-30T23:00")


def test_a_leap_day_comes_when_there_is_one() -> None:
    made = window("cron(0 0 29 2 *)", "P1D")
    assert made.next_start(utc("2026-11-20T00:00")) == utc("2028-02-29T00:00")
    assert made.covering(utc("2028-02-29T23:59")) == utc("2028-03-01T00:00")
    assert made.covering(utc("2027-03-01T00:00")) is None
    assert made.next_start(utc("2096-02-29T00:00")) == utc("2104-02-29T00:00")


def test_a_day_that_some_months_lack_is_not_moved_into_the_next() -> None:
    made = window("cron(0 0 31 * *)", "P1D")
    assert made.next_start(utc("2026-10-31T00:00")) == utc("2026-12-31T00:00")


def test_of_a_day_of_the_month_and_a_day_of_the_week_either_is_enough() -> None:
    made = window("cron(0 0 13 * FRI)", "PT1H")
    assert stretches(made, "2026-11-10T00:00", "2026-11-20T00:00") == [
        ("13 00:00", "13 01:00"),
        ("20 00:00", "20 01:00"),
    ]
    assert made.next_start(utc("2026-12-12T00:00")) == utc("2026-12-13T00:00")


def test_without_recurring_windows_nothing_is_paid_for_them() -> None:
    code = """
import sys
from datetime import UTC, datetime
from tests.policy.window_building import window
window("at(2026-11-27T00:00)", "P4D", "Europe/Berlin").covering(datetime(2026, 11, 20, tzinfo=UTC))
sys.exit("cronsim" in sys.modules)
"""
    assert (
        subprocess.run(
            [sys.executable, "-c", code], check=False, env={"PYTHONPATH": ":".join(sys.path)}
        ).returncode
        == 0
    )
