"""The part of a group that may be unavailable, and the part that must stay healthy."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firebreak.core.limits.budgets import PAD
from firebreak.core.limits.disruption_budget import (
    DisruptionBudget,
    allowed,
    left_healthy,
    unavailable_members,
)
from firebreak.core.limits.history import Act, Judged
from firebreak.core.model import Verdict
from tests.support import builders as a

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
RULES = DisruptionBudget(
    max_unavailable=0.34, within=HOUR, min_healthy=0, count_max_age=5 * timedelta(minutes=1)
)


def act(target: str, ago: timedelta, *, over: bool = True) -> Act:
    at = a.NOW - ago
    judged = Judged(Verdict.RECOVERED, at) if over else None
    return Act(at, f"i-{target}", "restart-service", 0, target, judged)


@pytest.mark.parametrize(
    ("total", "share", "may"),
    [
        pytest.param(12, 0.34, 4, id="a third of twelve"),
        pytest.param(11, 0.34, 3, id="rounded down"),
        pytest.param(2, 0.34, 1, id="one is always allowed"),
        pytest.param(0, 0.34, 1, id="also of none"),
        pytest.param(7, 1.0, 7, id="all"),
    ],
)
def test_a_share_is_rounded_down_but_never_to_nothing(total: int, share: float, may: int) -> None:
    assert allowed(total, replace(RULES, max_unavailable=share)) == may


def test_a_target_counts_as_unavailable_for_the_window_and_the_pad() -> None:
    acts = [act("a", HOUR + PAD - SECOND), act("b", HOUR + PAD)]
    assert unavailable_members(acts, RULES, a.NOW) == {"a"}


def test_a_target_counts_once_however_often_it_was_acted_on() -> None:
    assert unavailable_members([act("a", SECOND), act("a", 2 * SECOND)], RULES, a.NOW) == {"a"}


def test_an_act_without_a_verdict_counts_however_old_it_is() -> None:
    assert unavailable_members([act("a", 5 * HOUR, over=False)], RULES, a.NOW) == {"a"}


def test_slots_of_the_first_release_count_by_incident() -> None:
    acts = [replace(act("", SECOND), incident_id="i-1"), replace(act("", SECOND), incident_id="i-2")]
    assert unavailable_members(acts, RULES, a.NOW) == {"i-1", "i-2"}


def test_neither_the_target_nor_a_service_with_an_act_under_way_counts_as_healthy() -> None:
    acts = [act("b", SECOND, over=False), act("c", SECOND)]
    assert left_healthy({"a", "b", "c", "d"}, acts, "a") == 2


def test_a_target_that_is_ill_already_takes_nothing_from_the_healthy() -> None:
    assert left_healthy({"b", "c"}, [], "a") == 2


@given(st.integers(0, 500), st.floats(0.01, 1))
def test_a_larger_group_never_allows_less(total: int, share: float) -> None:
    rules = replace(RULES, max_unavailable=share)
    assert 1 <= allowed(total, rules) <= max(1, total)
    assert allowed(total, rules) <= allowed(total + 1, rules)
