"""The evaluation in `reasonData`: the shapes that CloudWatch writes, and any other JSON."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from firebreak.core.evaluation import EvaluatedPoint, Evaluation
from firebreak.core.model import Alarm
from firebreak.intake.alarm_events import parse
from firebreak.wire.evaluation import evaluation_from_wire, evaluation_to_wire
from firebreak.wire.reason_data import MAX_CHARACTERS, MOST_POINTS, evaluation_of
from tests.support.sample_events import load, usable

QUERIED = "2026-11-20T09:59:59.985+0000"


def minute(at: int) -> datetime:
    return datetime(2026, 11, 20, 9, at, tzinfo=UTC)


def written(at: int) -> str:
    return f"2026-11-20T09:{at:02d}:00.000+0000"


def reason_data(**said: Any) -> str:
    base = {"version": "1.0", "queryDate": QUERIED, "statistic": "Average", "period": 60, "threshold": 85.0}
    return json.dumps(base | said)


def evaluated(**said: Any) -> Evaluation:
    found = evaluation_of(reason_data(**said))
    assert found is not None
    return found


def test_the_values_threshold_and_period_of_one_metric_are_read() -> None:
    found = evaluated(recentDatapoints=[91.0, 96.1])

    assert found == Evaluation(
        query_date=datetime(2026, 11, 20, 9, 59, 59, 985_000, tzinfo=UTC),
        period=60,
        statistic="Average",
        threshold=85.0,
        values=(91.0, 96.1),
        present=2,
    )


def test_periods_without_a_datapoint_are_kept_as_missing_and_oldest_first() -> None:
    newest_first = [
        {"timestamp": written(58)},
        {"timestamp": written(57), "sampleCount": 1.0, "value": 96.1},
        {"timestamp": written(56)},
    ]

    found = evaluated(recentDatapoints=[96.1], evaluatedDatapoints=newest_first)

    assert found.evaluated == (
        EvaluatedPoint(minute(56), None),
        EvaluatedPoint(minute(57), 96.1),
        EvaluatedPoint(minute(58), None),
    )
    assert (found.present, found.missing) == (1, 2)


def test_no_datapoint_at_all_is_an_evaluation_without_values() -> None:
    found = evaluated(recentDatapoints=[])

    assert (found.values, found.evaluated, found.present) == ((), (), 0)


def test_an_anomaly_band_has_thresholds_of_its_own() -> None:
    found = evaluated(recentDatapoints=[0.0], recentLowerThresholds=[0.02], recentUpperThresholds=[0.3])

    assert (found.lower, found.upper) == ((0.02,), (0.3,))


@pytest.mark.parametrize(
    "said",
    [
        {"probe": "set by hand"},
        {"version": "1.0", "queryDate": QUERIED},  # the parent of contributors
        {"triggeringAlarms": []},
        {"recentDatapoints": "none"},
        {"recentDatapoints": ["96.1"]},
        {"recentDatapoints": [True]},
        {"recentDatapoints": [float("nan")]},
        {"recentDatapoints": [], "evaluatedDatapoints": ["odd"]},
        {"recentDatapoints": [], "evaluatedDatapoints": [{"timestamp": QUERIED, "value": "96.1"}]},
        {"recentDatapoints": [10**400]},
    ],
    ids=str,
)
def test_an_unreadable_evaluation_is_not_known(said: dict[str, Any]) -> None:
    assert evaluation_of(json.dumps(said)) is None


@pytest.mark.parametrize("said", [None, 7, "", "{", "[]", "null", [], {}, "[" * 100_000])
def test_any_other_value_is_not_known(said: object) -> None:
    assert evaluation_of(said) is None


def test_an_evaluation_longer_than_cloudwatch_writes_is_not_read() -> None:
    long = reason_data(recentDatapoints=[1.0], padding="x" * MAX_CHARACTERS)

    assert evaluation_of(long) is None


def test_of_a_long_range_the_newest_are_kept_and_all_are_counted() -> None:
    points = [{"timestamp": f"2026-11-{day:02d}T09:00:00.000+0000"} for day in range(28, 0, -1)] * 2

    found = evaluated(recentDatapoints=[], evaluatedDatapoints=points)

    assert len(found.evaluated) == MOST_POINTS
    assert found.evaluated[-1].at == datetime(2026, 11, 28, 9, tzinfo=UTC)
    assert found.missing == 56


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
NUMBERS = st.none() | st.floats(allow_nan=False, allow_infinity=False) | st.integers(-99, 99)
POINTS = st.lists(st.fixed_dictionaries({}, optional={"timestamp": st.just(QUERIED), "value": NUMBERS}))
SAID = st.fixed_dictionaries(
    {},
    optional={
        "recentDatapoints": st.lists(NUMBERS, max_size=40) | SCALARS | st.lists(SCALARS),
        "evaluatedDatapoints": POINTS | SCALARS | st.lists(SCALARS),
        "recentUpperThresholds": st.lists(NUMBERS) | SCALARS,
        "threshold": SCALARS,
        "period": SCALARS,
        "queryDate": SCALARS | st.just(QUERIED),
        "statistic": SCALARS,
    },
)


@example({"recentDatapoints": [], "period": 0})
@given(SAID)
def test_any_reason_data_is_read_and_survives_the_wire_bounded(said: dict[str, Any]) -> None:
    found = evaluation_of(json.dumps(said))

    stored = json.dumps(evaluation_to_wire(found) if found else {})
    assert evaluation_from_wire(json.loads(stored)) == found
    assert len(stored) < 12_000


@given(st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=9), inner)))
def test_a_stored_evaluation_that_is_damaged_is_not_known(stored: object) -> None:
    assert evaluation_from_wire(stored) is None


def test_the_alarm_of_an_event_carries_what_was_evaluated() -> None:
    alarm = parse(load("ecs_memory_alarm_tagged"))

    assert isinstance(alarm, Alarm)
    assert alarm.evaluation is not None
    assert alarm.evaluation.present == len(alarm.evaluation.values) > 0


def test_no_sample_event_without_an_evaluation_gets_one() -> None:
    for name in usable():
        alarm = parse(load(name))
        if isinstance(alarm, Alarm) and alarm.children:
            assert alarm.evaluation is None, name
