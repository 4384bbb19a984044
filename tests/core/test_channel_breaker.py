"""A channel's breaker: rests after failures in a row, lets one page try, and is never stuck."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firebreak.core.paging.channel_breaker import (
    FAILURES,
    FORGOTTEN,
    LONGEST_REST,
    REST,
    TURN,
    Circuit,
    Health,
    answered,
    circuit,
    failed,
    rests_until,
    trying,
)

NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
MOMENT = timedelta(milliseconds=1)


def after(failures: int) -> Health:
    """A channel after so many failures, all at the same time."""
    health = Health()
    for _ in range(failures):
        health = failed(health, NOW)
    return health


@pytest.mark.parametrize("failures", [0, 1, 2])
def test_fewer_than_three_failures_in_a_row_rest_nothing(failures: int) -> None:
    assert circuit(after(failures), NOW) is Circuit.CLOSED
    assert rests_until(after(failures), NOW) is None


@pytest.mark.parametrize(
    ("failures", "seconds"), [(3, 60), (4, 120), (5, 240), (6, 480), (7, 600), (50, 600)]
)
def test_the_rest_doubles_up_to_ten_minutes(failures: int, seconds: int) -> None:
    health, rest = after(failures), timedelta(seconds=seconds)
    assert rests_until(health, NOW) == NOW + rest
    assert circuit(health, NOW) is Circuit.OPEN
    assert circuit(health, NOW + rest - MOMENT) is Circuit.OPEN
    assert circuit(health, NOW + rest) is Circuit.HALF_OPEN


def test_after_the_rest_one_page_tries_and_the_others_do_not() -> None:
    rested = NOW + REST
    tried = trying(after(3), rested)
    assert circuit(tried, rested) is Circuit.OPEN
    assert circuit(tried, rested + TURN - MOMENT) is Circuit.OPEN
    assert circuit(tried, rested + TURN) is Circuit.HALF_OPEN


def test_a_try_that_failed_makes_the_rest_longer_and_the_turn_free() -> None:
    rested = NOW + REST
    again = failed(trying(after(3), rested), rested)
    assert again == Health(failures=4, failed_at=rested)
    assert rests_until(again, rested) == rested + 2 * REST


def test_an_answer_ends_it_and_keeps_the_version() -> None:
    health = Health(failures=9, failed_at=NOW, tried_until=NOW, version=12)
    assert answered(health) == Health(version=12)
    assert circuit(answered(health), NOW) is Circuit.CLOSED


def test_failures_of_yesterday_are_forgotten() -> None:
    assert circuit(after(3), NOW + FORGOTTEN - MOMENT) is Circuit.HALF_OPEN
    assert circuit(after(3), NOW + FORGOTTEN) is Circuit.CLOSED
    assert failed(after(3), NOW + FORGOTTEN).failures == 1
    assert failed(after(3), NOW + FORGOTTEN - MOMENT).failures == 4


def test_a_channel_without_a_time_of_failure_is_closed_at_any_count() -> None:
    assert circuit(Health(failures=9), NOW) is Circuit.CLOSED


def test_a_failure_keeps_the_version_it_was_read_with() -> None:
    assert failed(Health(version=4), NOW) == Health(failures=1, failed_at=NOW, version=4)
    assert trying(Health(failures=3, failed_at=NOW, version=4), NOW).version == 4


steps = st.lists(st.tuples(st.sampled_from(["failed", "answered"]), st.integers(0, 5000)), max_size=40)


@given(steps)
def test_after_any_failures_a_page_goes_through_again_in_time(happened: list[tuple[str, int]]) -> None:
    """Each step is how a page went and the seconds after it; only pages that may be sent are sent."""
    health, now, in_a_row = Health(), NOW, 0
    for how, seconds in happened:
        state = circuit(health, now)
        assert state is not Circuit.CLOSED or in_a_row < FAILURES
        assert circuit(health, now + LONGEST_REST + TURN) is not Circuit.OPEN
        if state is not Circuit.OPEN:
            health = trying(health, now) if state is Circuit.HALF_OPEN else health
            health = failed(health, now) if how == "failed" else answered(health)
            in_a_row = in_a_row + 1 if how == "failed" else 0
        now += timedelta(seconds=seconds)
        if health.failed_at and health.failed_at + FORGOTTEN <= now:
            in_a_row = 0
