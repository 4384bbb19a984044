"""A distribution counts what is still open as open, and has no mean."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firebreak_cli.statistics.durations import Distribution, Lasted

MINUTE = timedelta(minutes=1)
LENGTHS = st.integers(0, 500).map(lambda n: n * MINUTE)
CASES = st.lists(st.builds(Lasted, LENGTHS, st.booleans()), max_size=40)
PARTS = st.sampled_from([0.1, 0.25, 0.5, 0.75, 0.9])


def test_of_nothing_no_quantile_is_known() -> None:
    nothing = Distribution.of([])
    assert (nothing.count, nothing.open, nothing.quantile(0.5)) == (0, 0, None)


@given(st.lists(LENGTHS, min_size=1, max_size=60), PARTS)
def test_where_all_is_over_so_many_were_over_within_the_quantile(
    lengths: list[timedelta], part: float
) -> None:
    found = Distribution.of(map(Lasted, lengths)).quantile(part)
    assert found is not None
    assert sum(one <= found for one in lengths) >= part * len(lengths)
    assert sum(one < found for one in lengths) < part * len(lengths)


@given(CASES, PARTS)
def test_a_quantile_is_the_length_of_one_that_ended_or_is_not_known(cases: list[Lasted], part: float) -> None:
    found = Distribution.of(cases).quantile(part)
    assert found is None or Lasted(found, ended=True) in cases


@given(CASES, PARTS, st.data())
def test_one_that_is_still_open_never_makes_it_look_quicker(
    cases: list[Lasted], part: float, data: st.DataObject
) -> None:
    if not cases:
        return
    place = data.draw(st.integers(0, len(cases) - 1))
    still_open = [*cases]
    still_open[place] = Lasted(cases[place].length, ended=False)
    before, after = Distribution.of(cases).quantile(part), Distribution.of(still_open).quantile(part)
    assert after is None or (before is not None and after >= before)


def test_open_ones_count_among_those_that_could_have_ended_and_never_as_an_end() -> None:
    """Freireich et al. 1963, the treated group in weeks: Kaplan and Meier's median is 23."""
    ended = (6, 6, 6, 7, 10, 13, 16, 22, 23)
    still_open = (6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35)
    found = Distribution.of(
        [*(Lasted(n * MINUTE) for n in ended), *(Lasted(n * MINUTE, ended=False) for n in still_open)]
    )
    assert (found.count, found.open) == (21, 12)
    assert found.quantile(0.5) == 23 * MINUTE
    assert found.quantile(0.9) is None


@pytest.mark.parametrize("part", [0, 1, -0.5, 2])
def test_a_part_that_is_none_is_refused(part: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        Distribution.of([]).quantile(part)
