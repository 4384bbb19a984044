"""Budgets: how durations read, which slots count, and when one is free."""

from datetime import timedelta

import pytest

from firebreak.core.incident.states import claim_is_dead
from firebreak.core.limits.budgets import (
    ACT_TIMEOUT,
    ACT_WITHIN,
    CLOCK_SKEW,
    PAD,
    Budget,
    format_duration,
    held,
    next_slot,
    readable,
)
from tests.support import builders as a

MINUTE = timedelta(minutes=1)
TWO_IN_15 = Budget(2, 15 * MINUTE)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0s"),
        (59, "59s"),
        (60, "1m"),
        (90, "90s"),
        (900, "15m"),
        (3600, "1h"),
        (5400, "90m"),
        (86400, "24h"),
    ],
)
def test_durations_read_as_in_the_policy(seconds: int, words: str) -> None:
    assert format_duration(timedelta(seconds=seconds)) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "0s"),
        (0, "0s"),
        (59, "59s"),
        (60, "1m"),
        (725, "12m 5s"),
        (3600, "1h"),
        (3605, "1h"),
        (86399, "23h 59m"),
        (86400, "1d"),
        (86460, "1d"),
        (8 * 86400 + 11 * 3600 + 60, "8d 11h"),
    ],
)
def test_durations_for_people_have_their_two_largest_units(seconds: int, words: str) -> None:
    assert readable(timedelta(seconds=seconds)) == words


def test_a_budget_reads_as_in_the_policy() -> None:
    assert str(TWO_IN_15) == "2/15m"


def test_held_slots_come_oldest_first_and_end_with_the_pad() -> None:
    ends = a.NOW - TWO_IN_15.window - PAD
    acts = [a.NOW - MINUTE, ends, ends + timedelta(milliseconds=1)]
    assert held(acts, TWO_IN_15, a.NOW) == [acts[2], acts[0]]


@pytest.mark.parametrize(
    ("ago", "free_in"),
    [
        pytest.param((), None, id="never used"),
        pytest.param((1,), None, id="one of two"),
        pytest.param((10, 4), 5, id="full: the older one runs out first"),
        pytest.param((4, 10), 5, id="order does not matter"),
        pytest.param((12, 10, 4), 5, id="over the limit: two must run out"),
        pytest.param((20, 4), None, id="one has run out"),
    ],
)
def test_the_next_slot(ago: tuple[int, ...], free_in: int | None) -> None:
    acts = [a.NOW - minutes * MINUTE for minutes in ago]
    free = next_slot(acts, TWO_IN_15, a.NOW)
    assert free == (None if free_in is None else a.NOW + free_in * MINUTE + PAD)


def test_at_the_time_of_the_next_slot_it_is_free() -> None:
    acts = [a.NOW - 10 * MINUTE, a.NOW - 4 * MINUTE]
    free = next_slot(acts, TWO_IN_15, a.NOW)
    assert free is not None
    assert next_slot(acts, TWO_IN_15, free) is None


def test_the_pad_covers_the_way_from_the_slot_to_the_end_of_the_call_and_the_clocks() -> None:
    """`at` is taken before the claim; the call may start ACT_WITHIN later and last ACT_TIMEOUT."""
    assert PAD >= ACT_WITHIN + ACT_TIMEOUT + CLOCK_SKEW
    claimed = a.incident(act_by=a.NOW + ACT_WITHIN)
    assert not claim_is_dead(claimed, a.NOW + PAD)
    assert claim_is_dead(claimed, a.NOW + PAD + timedelta(milliseconds=1))
