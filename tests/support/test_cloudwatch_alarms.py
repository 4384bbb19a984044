"""The model of CloudWatch's evaluation, by the examples of AWS's own pages."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.support.cloudwatch_alarms import (
    BEYOND_OF_THE_EXAMPLES,
    Count,
    Missing,
    Rule,
    State,
    state_of,
    states,
)

MINUTE = timedelta(minutes=1)
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
THREE_OF_THREE = Rule(
    period=5 * MINUTE,
    periods=3,
    datapoints=3,
    missing=Missing.MISSING,
    statistic="Sum",
    comparison="LessThanThreshold",
    threshold=1,
    wall_clock=False,
)
TWO_OF_THREE = replace(THREE_OF_THREE, datapoints=2)
OK, ALARM, NO_DATA, KEPT = State.OK, State.ALARM, State.INSUFFICIENT_DATA, None
TREATMENTS = (Missing.MISSING, Missing.IGNORE, Missing.BREACHING, Missing.NOT_BREACHING)

# "Configuring how CloudWatch alarms treat missing data", both tables; 0 is good, X breaching, - missing.
TABLES = [
    (THREE_OF_THREE, "0-X-X", (OK, OK, OK, OK)),
    (THREE_OF_THREE, "0----", (OK, OK, OK, OK)),
    (THREE_OF_THREE, "-----", (NO_DATA, KEPT, ALARM, OK)),
    (THREE_OF_THREE, "0XX-X", (ALARM, ALARM, ALARM, ALARM)),
    (THREE_OF_THREE, "--X--", (ALARM, KEPT, ALARM, OK)),
    (TWO_OF_THREE, "0-X-X", (ALARM, ALARM, ALARM, ALARM)),
    (TWO_OF_THREE, "00X0X", (ALARM, ALARM, ALARM, ALARM)),
    (TWO_OF_THREE, "0-X--", (OK, OK, ALARM, OK)),
    (TWO_OF_THREE, "----0", (OK, OK, ALARM, OK)),
    (TWO_OF_THREE, "---X-", (ALARM, KEPT, ALARM, OK)),
]


def points(drawn: str) -> Sequence[bool | None]:
    return [{"0": False, "X": True, "-": None}[one] for one in drawn]


@pytest.mark.parametrize("before", State)
@pytest.mark.parametrize(
    ("rule", "drawn", "treatment", "expected"),
    [
        pytest.param(rule, drawn, treatment, state, id=f"{rule.datapoints} of 3, {drawn}, {treatment}")
        for rule, drawn, row in TABLES
        for treatment, state in zip(TREATMENTS, row, strict=True)
    ],
)
def test_the_model_gives_each_state_of_the_tables_of_the_user_guide(
    rule: Rule, drawn: str, treatment: Missing, expected: State | None, before: State
) -> None:
    found = state_of(points(drawn), replace(rule, missing=treatment), before)
    assert found == (expected or before)


@pytest.mark.parametrize("drawn", ["----X", "---X-", "---X0", "--X-0"])
def test_an_alarm_is_not_red_early_while_the_next_point_may_be_good(drawn: str) -> None:
    assert state_of(points(drawn), THREE_OF_THREE, OK) is OK


def found_red(rule: Rule, minutes: list[float], *, beyond: int) -> datetime | None:
    """When the alarm is red for want of counts, which were written at these minutes after noon."""
    counts = [Count(at=NOON + at * MINUTE, seen_at=NOON + at * MINUTE) for at in minutes]
    seen = states(rule, counts, NOON + 5 * MINUTE, NOON + 120 * MINUTE, beyond=beyond, before=OK)
    return next((at for at, state in seen if state is ALARM), None)


def test_one_old_count_keeps_an_alarm_on_absence_green_until_it_leaves_the_range() -> None:
    """The second row of the first table, and the sentence on it: five periods and not three."""
    absence = replace(THREE_OF_THREE, missing=Missing.BREACHING)
    assert found_red(absence, [0], beyond=BEYOND_OF_THE_EXAMPLES) == NOON + 26 * MINUTE
    assert found_red(absence, [0], beyond=0) == NOON + 16 * MINUTE


def test_a_sliding_window_moves_with_each_evaluation_and_a_wall_clock_window_with_its_period() -> None:
    absence = replace(THREE_OF_THREE, missing=Missing.BREACHING)
    on_the_clock = replace(absence, wall_clock=True)
    for minute in (0, 1, 2, 3, 4.9):
        sliding = found_red(absence, [minute], beyond=0)
        assert sliding is not None
        assert sliding > NOON + (minute + 15) * MINUTE >= sliding - MINUTE
        assert found_red(on_the_clock, [minute], beyond=0) == NOON + 20 * MINUTE


def test_a_wall_clock_window_looks_at_whole_periods_alone() -> None:
    """As in the page's example of an hour: what happens now is seen when the hour is over."""
    hourly = replace(
        THREE_OF_THREE, period=60 * MINUTE, periods=1, datapoints=1, missing=Missing.NOT_BREACHING
    )
    too_many = replace(hourly, comparison="GreaterThanThreshold", threshold=0)
    assert found_red(too_many, [7], beyond=0) == NOON + 8 * MINUTE
    assert found_red(replace(too_many, wall_clock=True), [7], beyond=0) == NOON + 60 * MINUTE


def test_a_count_is_not_seen_before_it_can_be() -> None:
    late = Count(at=NOON, seen_at=NOON + 3 * MINUTE)
    rule = replace(
        THREE_OF_THREE, periods=1, datapoints=1, missing=Missing.IGNORE, comparison="GreaterThanThreshold"
    )
    rule = replace(rule, threshold=0)
    seen = dict(states(rule, [late], NOON, NOON + 10 * MINUTE, beyond=0, before=OK))
    assert next(at for at, state in seen.items() if state is ALARM) == NOON + 3 * MINUTE
