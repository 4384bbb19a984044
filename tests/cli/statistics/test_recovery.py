"""Recoveries with and without an act are measured by one rule, on the same alarms."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from firebreak.core.model import AlarmState
from firebreak.core.readings import Unknown
from firebreak_cli.statistics.proportions import Compared, Share
from firebreak_cli.statistics.recovery import Recoveries, Treatment, recoveries_of
from firebreak_cli.statistics.times_red import times_red
from tests.cli.statistics.records import ALARM, DAY, FIRST, HOUR, MINUTE, UNTIL, act, call, record, red


def recoveries(**changes: Any) -> Recoveries:
    found = recoveries_of(record(**changes))
    assert isinstance(found, Recoveries)
    return found


def counts(found: Recoveries) -> list[int]:
    return [found.times[one].count for one in Treatment]


def test_times_red_are_acted_on_left_alone_or_helped() -> None:
    begins = [FIRST + n * DAY for n in range(1, 5)]
    found = recoveries(
        acts=(act(begins[0] + 5 * MINUTE), act(begins[1] + 5 * MINUTE, acknowledged=True)),
        reds=(*(red(begin) for begin in begins), red(FIRST, alarm="never acted on")),
        calls=(call(begins[2], acknowledged=True), call(begins[3])),
    )
    assert counts(found) == [1, 1, 2, 0]


def test_one_that_is_still_red_is_open() -> None:
    found = recoveries(acts=(act(UNTIL - HOUR),), reds=(red(UNTIL - 2 * HOUR, None),))
    times = found.times[Treatment.ACTED_ON]
    assert (times.count, times.open, times.quantile(0.5)) == (1, 1, None)
    assert times.lengths[0].length == 2 * HOUR


def test_an_action_is_compared_with_the_same_alarms_left_alone() -> None:
    acted_on = [FIRST + n * DAY for n in range(12)]
    left_alone = [begin + 12 * HOUR for begin in acted_on]
    found = recoveries(
        acts=tuple(act(begin + MINUTE) for begin in acted_on),
        reds=(*(red(one, 10) for one in acted_on), *(red(one, 45) for one in left_alone)),
    )
    comparison = found.by_action["restart-service"]
    assert (comparison.acted_on, comparison.left_alone) == (Share(12, 12), Share(0, 12))
    assert comparison.compared is Compared.MORE


def test_a_time_red_that_another_action_answered_is_in_neither_side() -> None:
    begin = FIRST + DAY
    acts = (act(begin + MINUTE), act(begin + DAY + MINUTE, action="scale-service"))
    found = recoveries(acts=acts, reds=(red(begin), red(begin + DAY)))
    one, other = found.by_action["restart-service"], found.by_action["scale-service"]
    assert (one.acted_on, one.left_alone) == (Share(1, 1), Share(0, 0))
    assert (other.acted_on, other.left_alone) == (Share(1, 1), Share(0, 0))


def test_what_cloudwatch_did_not_say_is_not_known() -> None:
    assert recoveries_of(record(acts=(act(FIRST),), reds=Unknown("denied"))) == Unknown("denied")


@given(st.lists(st.tuples(st.integers(0, 600), st.integers(0, 300), st.booleans()), max_size=30))
def test_every_time_red_of_an_alarm_that_was_acted_on_is_counted_once(
    cases: Sequence[tuple[int, int, bool]],
) -> None:
    reds = tuple(red(FIRST + hours * HOUR, minutes) for hours, minutes, _ in cases)
    acts = tuple(act(one.begin) for one, (_, _, acted) in zip(reds, cases, strict=True) if acted)
    found = recoveries(acts=acts, reds=reds)
    assert sum(counts(found)) == (len(reds) if acts else 0)


STATES = st.sampled_from([AlarmState.OK, AlarmState.ALARM, AlarmState.INSUFFICIENT_DATA])


@given(st.lists(st.tuples(STATES, st.integers(0, 100)), max_size=30))
def test_times_red_of_one_alarm_follow_each_other_and_only_the_last_is_open(
    steps: Sequence[tuple[AlarmState, int]],
) -> None:
    at, turned = FIRST, []
    for state, minutes in steps:
        at += timedelta(minutes=minutes)
        turned.append(((ALARM, ""), state, at))
    found = times_red(turned)
    assert all(one.end is not None and one.begin <= one.end for one in found[:-1])
    assert all(one.end is not None and one.end <= other.begin for one, other in pairwise(found))


def test_without_data_an_alarm_stays_red_and_a_beginning_that_was_not_seen_is_left_out() -> None:
    minutes = (AlarmState.OK, AlarmState.ALARM, AlarmState.INSUFFICIENT_DATA, AlarmState.ALARM, AlarmState.OK)
    found = times_red(((ALARM, ""), state, FIRST + n * MINUTE) for n, state in enumerate(minutes))
    assert found == (red(FIRST + MINUTE, 3),)


def test_the_series_of_an_alarm_are_apart() -> None:
    turned = [
        ((ALARM, "a"), AlarmState.ALARM, FIRST),
        ((ALARM, "b"), AlarmState.ALARM, FIRST + MINUTE),
        ((ALARM, "a"), AlarmState.OK, FIRST + 2 * MINUTE),
    ]
    assert times_red(turned) == (red(FIRST, 2), red(FIRST + MINUTE, None))
