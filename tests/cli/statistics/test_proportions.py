"""A proportion stands with its interval, and says nothing where there is too little."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firebreak_cli.statistics.proportions import FEWEST, Compared, Interval, Share, compared, difference

SHARES = st.integers(0, 2000).flatmap(lambda total: st.builds(Share, st.integers(0, total), st.just(total)))
SOME = SHARES.filter(lambda share: share.total > 0)


@given(SOME)
def test_an_interval_holds_its_proportion_and_lies_between_none_and_all(share: Share) -> None:
    interval, proportion = share.interval, share.proportion
    assert interval is not None
    assert proportion is not None
    assert 0 <= interval.low <= proportion <= interval.high <= 1
    assert interval.low < interval.high


@given(SOME)
def test_the_interval_of_the_rest_is_the_mirror(share: Share) -> None:
    mine, rest = share.interval, Share(share.total - share.count, share.total).interval
    assert mine
    assert rest
    assert rest.low == pytest.approx(1 - mine.high)
    assert rest.high == pytest.approx(1 - mine.low)


@given(SOME)
def test_more_of_the_same_narrows_the_interval(share: Share) -> None:
    mine, more = share.interval, Share(share.count * 4, share.total * 4).interval
    assert mine
    assert more
    assert more.high - more.low < mine.high - mine.low


@pytest.mark.parametrize(
    ("share", "interval"),
    [
        # Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
        (Share(81, 263), Interval(0.2553, 0.3662)),
        (Share(15, 148), Interval(0.0624, 0.1605)),
        (Share(0, 20), Interval(0.0, 0.1611)),
        (Share(1, 29), Interval(0.0061, 0.1718)),
    ],
    ids=str,
)
def test_the_interval_is_the_published_one(share: Share, interval: Interval) -> None:
    found = share.interval
    assert found
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high), abs=5e-5)


def test_no_data_is_not_zero() -> None:
    nothing = Share(0, 0)
    assert (nothing.proportion, nothing.interval, nothing.too_few) == (None, None, True)
    assert difference(nothing, Share(1, 1)) is None
    assert difference(Share(1, 1), nothing) is None


def test_a_share_of_more_than_there_is_is_refused() -> None:
    with pytest.raises(ValueError, match="2 of 1"):
        Share(2, 1)


@given(SOME, SOME)
def test_a_difference_holds_what_was_seen_and_turns_with_its_sides(one: Share, other: Share) -> None:
    found, turned = difference(one, other), difference(other, one)
    assert found
    assert turned
    assert one.proportion is not None
    assert other.proportion is not None
    assert -1 <= found.low <= one.proportion - other.proportion <= found.high <= 1
    assert (turned.low, turned.high) == pytest.approx((-found.high, -found.low))


def test_the_difference_is_the_published_one() -> None:
    """Newcombe, Statistics in Medicine 17 (1998) 873-890, table II, method 10, example (a)."""
    found = difference(Share(56, 70), Share(48, 80))
    assert found
    assert (found.low, found.high) == pytest.approx((0.0524, 0.3339), abs=5e-5)


@pytest.mark.parametrize(
    ("one", "other", "says"),
    [
        (Share(56, 70), Share(48, 80), Compared.MORE),
        (Share(48, 80), Share(56, 70), Compared.LESS),
        (Share(10, 20), Share(11, 20), Compared.NO_DIFFERENCE_SEEN),
        (Share(14, 20), Share(9, 20), Compared.NO_DIFFERENCE_SEEN),
        (Share(9, 20), Share(14, 20), Compared.NO_DIFFERENCE_SEEN),
        (Share(FEWEST - 1, FEWEST - 1), Share(0, 100), Compared.TOO_FEW),
        (Share(100, 100), Share(0, FEWEST - 1), Compared.TOO_FEW),
        (Share(FEWEST, FEWEST), Share(0, FEWEST), Compared.MORE),
        (Share(0, 0), Share(0, 100), Compared.TOO_FEW),
    ],
)
def test_two_shares_are_compared_beyond_chance(one: Share, other: Share, says: Compared) -> None:
    assert compared(one, other) is says


@given(SOME, SOME)
def test_a_difference_is_seen_only_where_its_interval_does_not_hold_zero(one: Share, other: Share) -> None:
    found, says = difference(one, other), compared(one, other)
    assert found
    if min(one.total, other.total) < FEWEST:
        assert says is Compared.TOO_FEW
    else:
        assert (says is Compared.MORE, says is Compared.LESS) == (found.low > 0, found.high < 0)
