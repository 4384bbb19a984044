"""The acts that a scope keeps once one more takes a slot."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from firebreak.core.limits.budgets import LONGEST_WINDOW, MOST_ACTS, PAD
from firebreak.core.limits.history import Act, Hold, ScopeHistory, with_slot
from firebreak.core.limits.scopes import Level
from tests.support import builders as a

MOMENT = timedelta(milliseconds=1)


def act(at: datetime, incident: str = "i-1") -> Act:
    return Act(at, incident, "restart-service", 0, a.TARGET.key)


def history(*acts: Act) -> ScopeHistory:
    return ScopeHistory(a.scope(Level.TARGET), acts, 7)


SLOT = act(a.NOW, "i-new")


def test_a_scope_that_nobody_acted_in_keeps_the_slot_alone() -> None:
    assert with_slot(None, SLOT) == with_slot(history(), SLOT) == (SLOT,)


def test_the_slot_comes_after_the_acts_that_are_kept() -> None:
    before = (act(a.NOW - 2 * MOMENT), act(a.NOW - MOMENT))
    assert with_slot(history(*before), SLOT) == (*before, SLOT)


@pytest.mark.parametrize(
    ("age", "older"),
    [(LONGEST_WINDOW + PAD - MOMENT, 1), (LONGEST_WINDOW + PAD, 0)],
    ids=["the longest window still counts it", "no window does any more"],
)
def test_an_act_is_kept_as_long_as_any_budget_may_count_it(age: timedelta, older: int) -> None:
    assert len(with_slot(history(act(a.NOW - age)), SLOT)) == older + 1


@pytest.mark.parametrize("spare", [1, 0])
def test_the_oldest_of_too_many_acts_are_forgotten(spare: int) -> None:
    acts = [act(a.NOW - MOMENT * (MOST_ACTS - n)) for n in range(MOST_ACTS)]
    assert with_slot(history(*acts[spare:]), SLOT) == (*acts[1:], SLOT)


def test_a_claimed_holder_never_appears_without_its_caller() -> None:
    hold = Hold("global", "ana", "a release", a.NOW, a.NOW)
    assert hold.shown_holder == "ana"
    assert replace(hold, claimed_by="arn:bo").shown_holder == "ana (claimed by arn:bo)"
