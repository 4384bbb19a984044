"""The guard of the disruption budget: how much of a group may be unavailable and must stay healthy."""

from dataclasses import replace
from datetime import timedelta

import pytest

from firebreak.core.decision import Check, Result
from firebreak.core.guards.limits import disruption_budget
from firebreak.core.limits.disruption_budget import DisruptionBudget, GroupCount
from firebreak.core.limits.history import Act
from firebreak.core.limits.scopes import Level
from firebreak.core.model import Verdict
from firebreak.core.readings import ABSENT, Reading
from firebreak.core.reasons import Reason
from tests.core.guard_findings import (
    BLIND,
    NOT_LOOKED_AT,
    OBJECTED,
    PASSED,
    UNREAD,
    act,
    found,
    history,
    scopes,
)
from tests.support import builders as a

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)

HALF = DisruptionBudget(max_unavailable=0.5, within=HOUR, min_healthy=0, count_max_age=5 * MINUTE)
K1, K2 = "k1", "k2"


def shared(group: object, *acts: Act, rules: DisruptionBudget = HALF) -> Check:
    seen = a.snapshot(group=group, scopes=scopes(Level.GROUP, history(Level.GROUP, *acts)))
    return disruption_budget(a.request(), a.rules(disruption=rules), seen)


def count(total: int, *healthy: str, age: timedelta = timedelta()) -> GroupCount:
    return GroupCount(total=total, counted_at=a.NOW - age, healthy=frozenset(healthy))


def test_the_share_shows_its_numbers_and_the_age_of_the_count() -> None:
    check = shared(count(5, age=40 * SECOND), act(MINUTE, target=K1))
    assert found(check) == (PASSED, None)
    assert check.detail == "2/2 of 5 in 1h (counted 40s ago) by disruption"


def test_one_target_more_than_the_share_is_refused() -> None:
    check = shared(count(5), act(MINUTE, target=K1), act(MINUTE, target=K2))
    assert found(check) == (OBJECTED, Reason.SHARE_REACHED)
    assert check.detail == "3/2 of 5 in 1h (counted 0s ago) by disruption"


def test_the_target_itself_counts_once() -> None:
    check = shared(count(5), act(MINUTE, target=K1), act(MINUTE))
    assert found(check) == (PASSED, None)


@pytest.mark.parametrize(
    ("healthy", "floor", "expected"),
    [
        pytest.param((a.TARGET.key, K1, K2), 2, (PASSED, None), id="enough stay well"),
        pytest.param((a.TARGET.key, K1), 2, (OBJECTED, Reason.HEALTHY_FLOOR_REACHED), id="too few stay well"),
        pytest.param((K1, K2), 2, (PASSED, None), id="an ill target takes nothing away"),
    ],
)
def test_enough_of_the_group_must_stay_well(
    healthy: tuple[str, ...], floor: int, expected: tuple[Result, Reason | None]
) -> None:
    check = shared(count(9, *healthy), rules=replace(HALF, min_healthy=floor))
    left = len(set(healthy) - {a.TARGET.key})
    counted = "1/4 of 9 in 1h (counted 0s ago) by disruption"
    assert (check.guard, *found(check)) == ("disruption budget", *expected)
    assert check.detail == f"{counted}; {left} would stay healthy, min_healthy {floor}"


def test_a_service_with_an_act_under_way_is_not_counted_as_healthy() -> None:
    floor = replace(HALF, max_unavailable=1.0, min_healthy=2)
    under_way, over = act(MINUTE, target=K1), act(MINUTE, Verdict.RECOVERED, target=K1)
    group = count(9, a.TARGET.key, K1, K2)
    assert found(shared(group, under_way, rules=floor)) == (OBJECTED, Reason.HEALTHY_FLOOR_REACHED)
    assert found(shared(group, over, rules=floor)) == (PASSED, None)


def test_an_act_whose_verdict_never_came_does_not_hold_its_target_for_good() -> None:
    forgotten = act(7 * HOUR, target=K1)
    assert found(shared(count(2), forgotten)) == (PASSED, None)
    assert found(shared(count(2), act(5 * HOUR, target=K1))) == (OBJECTED, Reason.SHARE_REACHED)


@pytest.mark.parametrize(
    ("reading", "expected"),
    [
        pytest.param(BLIND, (OBJECTED, Reason.GROUP_UNREADABLE), id="unknown"),
        pytest.param(ABSENT, (OBJECTED, Reason.GROUP_UNREADABLE), id="absent"),
        pytest.param(UNREAD, (NOT_LOOKED_AT, None), id="not read"),
    ],
)
def test_a_group_that_cannot_be_counted_refuses(
    reading: object, expected: tuple[Result, Reason | None]
) -> None:
    assert found(shared(reading)) == expected
    healthy: Reading[frozenset[str]] = reading  # type: ignore[assignment]  # a reading of nothing fits any
    dim = replace(count(9), healthy=healthy)
    floored = shared(dim, rules=replace(HALF, min_healthy=1))
    assert (floored.guard, *found(floored)) == ("disruption budget", *expected)
    if reading == ABSENT:
        assert floored.detail == "the group does not exist"
    assert found(shared(dim)) == (PASSED, None)


@pytest.mark.parametrize(
    ("reading", "expected"),
    [
        pytest.param(BLIND, (OBJECTED, Reason.HISTORY_UNREADABLE), id="unknown"),
        pytest.param(UNREAD, (NOT_LOOKED_AT, None), id="not read"),
    ],
)
def test_a_group_without_a_readable_history_refuses(
    reading: object, expected: tuple[Result, Reason | None]
) -> None:
    seen = a.snapshot(scopes=scopes(Level.GROUP, reading))
    assert found(disruption_budget(a.request(), a.rules(), seen)) == expected
