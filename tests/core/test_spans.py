"""Lengths of time in words, and why a look was late."""

from datetime import timedelta

import pytest

from firebreak.core.formats import format_span, late_words
from tests.support import builders as a

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "0 s"),
        (0, "0 s"),
        (45, "45 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (1380, "23 min"),
        (3600, "1 h"),
        (3900, "1 h 5 min"),
        (86400, "1 d"),
        (86400 + 120, "1 d"),
        (2 * 86400 + 3 * 3600 + 59 * 60, "2 d 3 h"),
    ],
)
def test_a_span_is_said_in_its_two_largest_units(seconds: float, words: str) -> None:
    assert format_span(timedelta(seconds=seconds)) == words


@pytest.mark.parametrize("due", [None, a.NOW, a.NOW - 2 * MINUTE + SECOND, a.NOW + MINUTE])
def test_a_look_within_the_minute_of_its_schedule_is_not_late(due: object) -> None:
    assert late_words(due, a.NOW) == ""  # type: ignore[arg-type]  # a time or None


def test_a_look_that_its_schedule_did_not_start_says_so() -> None:
    assert late_words(a.NOW - 3 * MINUTE, a.NOW) == (
        " (checked 3 min late: the check that was scheduled for 09:57:30Z did not arrive)"
    )


def test_two_minutes_after_its_schedule_a_look_is_late() -> None:
    assert late_words(a.NOW - 2 * MINUTE, a.NOW) == (
        " (checked 2 min late: the check that was scheduled for 09:58:30Z did not arrive)"
    )
