"""No window of true length ever holds more acts than its budget, for all clocks within the pad."""

from datetime import datetime, timedelta

from hypothesis import assume, given
from hypothesis import strategies as st

from firebreak.core.limits.budgets import PAD, Budget, next_slot
from tests.support import builders as a

SECOND = timedelta(seconds=1)


@given(
    st.builds(Budget, st.integers(1, 4), st.integers(1, 3600).map(lambda n: n * SECOND)),
    st.lists(st.integers(0, 900), max_size=40),
)
def test_no_window_ever_holds_more_acts_than_its_budget(budget: Budget, steps: list[int]) -> None:
    taken = admitted(budget, [step * SECOND for step in steps])
    assert fullest(taken, budget.window) <= budget.acts


@given(
    st.builds(Budget, st.integers(1, 4), st.integers(1, 3600).map(lambda n: n * SECOND)),
    st.lists(st.tuples(st.integers(0, 900), st.floats(0, 1, exclude_max=True)), max_size=40),
)
def test_no_window_overflows_when_acts_land_up_to_the_pad_later_than_their_slots(
    budget: Budget, steps: list[tuple[int, float]]
) -> None:
    """A clock that is ahead or behind and a slow call only move an act within the pad."""
    taken = admitted(budget, [step * SECOND for step, _ in steps])
    landed = sorted(at + late * PAD for at, (_, late) in zip(taken, steps, strict=False))
    assert fullest(landed, budget.window) <= budget.acts


def admitted(budget: Budget, steps: list[timedelta]) -> list[datetime]:
    """The slots that are given to somebody who asks again after each step."""
    taken: list[datetime] = []
    now = a.NOW
    for step in steps:
        now += step
        if next_slot(taken, budget, now) is None:
            taken.append(now)
    return taken


def fullest(acts: list[datetime], window: timedelta) -> int:
    """The most acts in any window of that length."""
    return max((sum(1 for at in acts if start <= at < start + window) for start in acts), default=0)


@given(st.lists(st.integers(0, 3600), min_size=1, max_size=12), st.integers(1, 4))
def test_the_next_slot_is_at_the_first_moment_at_which_one_is_free(ago: list[int], limit: int) -> None:
    budget, acts = Budget(limit, timedelta(hours=1)), [a.NOW - n * SECOND for n in ago]
    assume(len(acts) >= limit)
    free = next_slot(acts, budget, a.NOW)
    assert free is not None
    assert next_slot(acts, budget, free) is None
    assert next_slot(acts, budget, free - timedelta(microseconds=1)) is not None
