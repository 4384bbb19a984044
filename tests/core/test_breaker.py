"""The breaker follows from the acts and their verdicts, and from nothing else."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firebreak.core.limits.breaker import (
    BreakerLimits,
    Closed,
    Open,
    Trying,
    backed_off,
    breaker,
    came_back,
    failures_in_a_row,
    with_overdue_judged,
)
from firebreak.core.limits.history import Act, Judged
from firebreak.core.model import Verdict
from tests.support import builders as a

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
API, WEB = a.TARGET.key, "111122223333/eu-west-1/ecs/prod/web"
LIMITS = BreakerLimits(failures=3, comebacks=3, within=24 * HOUR, open_for=HOUR, ceiling=6 * HOUR)
HELPED, FAILED = Verdict.RECOVERED, Verdict.NOT_RECOVERED


def act(ago: timedelta, verdict: Verdict | None = None, target: str = API) -> Act:
    """An act so long ago, judged a minute later."""
    at = a.NOW - ago
    judged = Judged(verdict, at + MINUTE) if verdict else None
    return Act(at, f"i-{ago.total_seconds():.0f}", "restart-service", 0, target, judged)


def failed(*hours: float) -> list[Act]:
    return [act(h * HOUR, FAILED) for h in hours]


def looked_at(acts: list[Act], target: str = API, now: datetime = a.NOW) -> Closed | Open | Trying:
    return breaker(acts, target, LIMITS, now)


def test_without_acts_it_is_closed_and_shows_its_count() -> None:
    assert looked_at([]) == Closed("0/3 in a row did not help")


@pytest.mark.parametrize("verdict", [v for v in Verdict if v is not HELPED], ids=str)
def test_every_verdict_but_a_recovery_counts_as_a_failure(verdict: Verdict) -> None:
    acts = [act(3 * MINUTE, verdict), act(2 * MINUTE, verdict), act(MINUTE, verdict)]
    assert isinstance(looked_at(acts), Open)


def test_one_failure_less_than_the_limit_leaves_it_closed() -> None:
    assert looked_at(failed(0.3, 0.2)) == Closed("2/3 in a row did not help")


def test_it_opens_for_a_time_that_counts_from_the_last_verdict() -> None:
    found = looked_at(failed(3, 2, 0.5))
    assert found == Open("3/3 in a row did not help", a.NOW - 30 * MINUTE + MINUTE + HOUR)


@pytest.mark.parametrize(
    ("failures", "rest"),
    [
        pytest.param(3, HOUR, id="at the limit"),
        pytest.param(4, 2 * HOUR, id="one more doubles"),
        pytest.param(5, 4 * HOUR, id="and again"),
        pytest.param(6, 6 * HOUR, id="up to the ceiling"),
        pytest.param(40, 6 * HOUR, id="and no further"),
    ],
)
def test_each_further_failure_doubles_the_rest_up_to_the_ceiling(failures: int, rest: timedelta) -> None:
    acts = [act(MINUTE + n * SECOND, FAILED) for n in range(failures)]
    found = looked_at(acts)
    assert isinstance(found, Open)
    assert found.until == a.NOW + rest


def test_one_that_helped_begins_the_count_again() -> None:
    acts = [*failed(5, 4), act(3 * HOUR, HELPED), *failed(0.2, 0.1)]
    assert looked_at(acts) == Closed("2/3 in a row did not help")


def test_the_order_is_that_of_the_verdicts_not_of_the_acts() -> None:
    slow = replace(act(5 * HOUR), judged=Judged(HELPED, a.NOW - MINUTE))
    assert failures_in_a_row([slow, *failed(4, 3, 2)]) == []


def test_when_the_rest_is_over_one_act_is_let_through() -> None:
    acts = failed(5, 4, 3)
    assert isinstance(looked_at(acts, now=a.NOW - 2 * HOUR + MINUTE - SECOND), Open)
    at_the_end = looked_at(acts, now=a.NOW - 2 * HOUR + MINUTE)
    assert at_the_end == Closed("3/3 in a row did not help; half-open, this is the one try")


def test_while_the_one_try_is_under_way_no_other_is_let_through() -> None:
    assert isinstance(looked_at([*failed(5, 4, 3), act(MINUTE)]), Trying)


def test_a_closed_breaker_does_not_wait_for_an_act_under_way() -> None:
    assert isinstance(looked_at([*failed(5, 4), act(MINUTE)]), Closed)


def test_a_try_that_fails_opens_it_for_twice_as_long() -> None:
    found = looked_at([*failed(5, 4, 3), act(2 * MINUTE, FAILED)])
    assert found == Open("4/3 in a row did not help", a.NOW - MINUTE + 2 * HOUR)


def test_a_try_that_helps_closes_it() -> None:
    assert looked_at([*failed(5, 4, 3), act(2 * MINUTE, HELPED)]) == Closed("0/3 in a row did not help")


def test_recoveries_that_did_not_last_open_it_until_the_first_of_them_is_old_enough() -> None:
    acts = [act(h * HOUR, HELPED) for h in (20, 10, 5)]
    assert looked_at(acts) == Open("3/3 recoveries did not last", a.NOW - 20 * HOUR + MINUTE + 24 * HOUR)


def test_enough_recoveries_above_the_limit_must_grow_old() -> None:
    acts = [act(h * HOUR, HELPED) for h in (20, 10, 5, 1)]
    found = looked_at(acts)
    assert isinstance(found, Open)
    assert found.until == a.NOW - 10 * HOUR + MINUTE + 24 * HOUR


def test_a_recovery_as_old_as_the_window_no_longer_counts() -> None:
    acts = [act(h * HOUR, HELPED) for h in (10, 5)]
    at_the_edge = act(24 * HOUR + MINUTE, HELPED)
    assert isinstance(looked_at([*acts, at_the_edge]), Closed)
    assert isinstance(looked_at([*acts, act(24 * HOUR + MINUTE - SECOND, HELPED)]), Open)


def test_a_recovery_of_another_target_counts_only_when_that_was_acted_on_again() -> None:
    once = [act(3 * HOUR, HELPED, WEB)]
    again = [*once, act(HOUR, FAILED, WEB)]
    assert came_back(once, API) == []
    assert came_back(again, API) == [a.NOW - 3 * HOUR + MINUTE]
    assert came_back(once, WEB) == [a.NOW - 3 * HOUR + MINUTE]


def test_slots_of_the_first_release_name_no_target_and_count_as_this_one() -> None:
    assert len(came_back([act(HOUR, HELPED, "")], API)) == 1


def test_an_act_whose_verdict_never_came_counts_as_unknown() -> None:
    late = with_overdue_judged([act(6 * HOUR), act(6 * HOUR - SECOND)], a.NOW, 6 * HOUR)
    assert late[0].judged == Judged(Verdict.UNKNOWN, a.NOW)
    assert late[1].judged is None


@pytest.mark.parametrize(
    ("base", "failures", "expected"),
    [
        pytest.param(HOUR, 0, HOUR, id="none"),
        pytest.param(HOUR, 2, 4 * HOUR, id="two"),
        pytest.param(HOUR, 3, 6 * HOUR, id="ceiling"),
        pytest.param(8 * HOUR, 0, 8 * HOUR, id="a base above the ceiling stays"),
        pytest.param(timedelta(), 5, timedelta(), id="nothing doubled is nothing"),
        pytest.param(timedelta(days=31), 10_000, timedelta(days=31), id="no date beyond the calendar"),
    ],
)
def test_a_rest_doubles_with_each_failure_up_to_the_ceiling(
    base: timedelta, failures: int, expected: timedelta
) -> None:
    assert backed_off(base, failures, 6 * HOUR) == expected


verdicts = st.one_of(st.none(), st.sampled_from(Verdict))
acts_of = st.lists(
    st.builds(
        lambda ago, verdict, target: act(ago * MINUTE, verdict, target),
        st.integers(2, 3000),
        verdicts,
        st.sampled_from([API, WEB, ""]),
    ),
    max_size=12,
)


@given(acts_of, st.integers(2, 3000), st.sampled_from([v for v in Verdict if v is not HELPED]))
def test_one_more_failure_never_closes_it(acts: list[Act], ago: int, verdict: Verdict) -> None:
    before = looked_at(acts)
    after = looked_at([*acts, act(ago * MINUTE, verdict)])
    if not isinstance(before, Closed):
        assert not isinstance(after, Closed)
    if isinstance(before, Open) and isinstance(after, Open):
        assert after.until >= before.until


@given(acts_of)
def test_an_open_breaker_is_found_otherwise_at_the_time_it_names(acts: list[Act]) -> None:
    found = looked_at(acts)
    if isinstance(found, Open):
        assert found.until > a.NOW
        assert isinstance(looked_at(acts, now=found.until - SECOND), Open)
        then = looked_at(acts, now=found.until)
        assert not isinstance(then, Open) or then.detail != found.detail or then.until > found.until


@given(acts_of)
def test_a_half_open_breaker_lets_through_one_act_at_a_time(acts: list[Act]) -> None:
    if isinstance(looked_at(acts), Closed) and len(failures_in_a_row(acts)) >= LIMITS.failures:
        assert isinstance(looked_at([*acts, act(MINUTE)]), Trying)


def test_acts_of_the_first_release_never_got_a_verdict_and_open_nothing() -> None:
    old = [act(h * HOUR, None, target="") for h in (20, 15, 10, 9)]
    assert with_overdue_judged(old, a.NOW, 6 * HOUR) == []
    young = [act(HOUR, None, target="")]
    assert with_overdue_judged(young, a.NOW, 6 * HOUR) == young
