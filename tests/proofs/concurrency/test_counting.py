"""The counters of the load tests find the violations that they look for."""

from datetime import timedelta
from itertools import pairwise

import pytest

from tests.proofs.concurrency.driver import Limits, acted_twice, over_budget, skewed
from tests.proofs.concurrency.trail import Act, most_in_window
from tests.proofs.concurrency.watching import TRANSACTION, Traffic, Write, kind_of, meetings
from tests.support import builders as a

SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("seconds", "most"),
    [
        pytest.param([], 0, id="none"),
        pytest.param([0, 10, 20], 1, id="a window apart"),
        pytest.param([0, 9, 10, 18, 40], 3, id="a window between the tens"),
    ],
)
def test_the_fullest_window_is_found_wherever_it_begins(seconds: list[int], most: int) -> None:
    assert most_in_window([a.NOW + n * SECOND for n in seconds], 10 * SECOND) == most


def act(after: int, cluster: str, service: str, action: str = "restart-service") -> Act:
    return Act(a.NOW + after * SECOND, cluster, service, action, f"{after}")


def test_an_act_too_many_is_found_at_each_level() -> None:
    limits = Limits(target="1/10s", group="2/10s", action="2/10s", stack="3/10s")
    acts = [act(0, "x", "a"), act(1, "x", "a"), act(2, "x", "b"), act(3, "y", "c", "scale-service")]
    assert over_budget(acts, limits) == [
        "target x/a: 2 acts in 1/10s",
        "group x: 3 acts in 2/10s",
        "action restart-service: 3 acts in 2/10s",
        "stack all: 4 acts in 3/10s",
    ]
    assert acted_twice(acts) == ["x/a was changed 2 times"]
    assert over_budget(acts[1:], Limits(target="1/10s", group="2/10s", stack="3/10s")) == []


def test_clocks_differ_by_as_much_as_the_pad_allows_and_no_more() -> None:
    assert {min(skewed(64)), max(skewed(64))} == {-30.0, 30.0}
    assert len(set(skewed(64))) > 10


def write(start: float, end: float, operation: str, *items: str) -> Write:
    return Write(start, end, operation, items)


def test_writes_meet_when_one_of_them_is_a_transaction_and_both_are_under_way() -> None:
    found = meetings(
        [
            write(0, 2, TRANSACTION, "SCOPE#stack#all 0", "STORM 0"),
            write(1, 3, TRANSACTION, "SCOPE#stack#all 0"),
            write(1, 3, "update_item", "STORM 0"),
            write(2, 4, "update_item", "STORM 0"),
            write(5, 6, TRANSACTION, "SCOPE#stack#all 0"),
        ]
    )
    assert found == {"SCOPE#stack": 1, "STORM": 1}


def test_traffic_refuses_a_transaction_that_meets_anything_and_a_plain_write_that_meets_a_transaction() -> (
    None
):
    traffic = Traffic()
    with (
        traffic.under_way("update_item", ("x",)) as first,
        traffic.under_way("update_item", ("x",)) as second,
    ):
        assert (first, second) == ((), ())
        with traffic.under_way(TRANSACTION, ("x", "y")) as met:
            assert met == ("x",)
    with traffic.under_way(TRANSACTION, ("x", "y")) as free, traffic.under_way("put_item", ("y",)) as met:
        assert (free, met) == ((), ("y",))
    with traffic.under_way("put_item", ("y",)) as free:
        assert free == ()


def test_items_are_distinguished_by_their_kind() -> None:
    keys = ["SCOPE#stack#all 0", "SCOPE#group#x 0", "SWITCH#global 0", "STORM 0", "INC#i META"]
    kinds = [kind_of(key) for key in keys]
    assert kinds == ["SCOPE#stack", "SCOPE#group", "SWITCH#global", "STORM", "INC"]
    assert all(one != other for one, other in pairwise(kinds))
