"""Whether data made an alarm red, by the evaluation of CloudWatch."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from firebreak.core.evaluation import EvaluatedPoint, Evaluation
from firebreak.core.missing_data import (
    CannotTell,
    Data,
    NoData,
    data_of,
    missing_as_breaching,
    sentence_of,
    silent_since,
)
from firebreak.core.observed import DescribedAlarm
from tests.support import builders as a

MINUTE = timedelta(minutes=1)
SINCE = a.described().since


def evaluation(*values: float | None, **said: Any) -> Evaluation:
    """The newest periods in turn, a minute each, the last one a minute before the alarm turned red."""
    count = len(values)
    points = tuple(EvaluatedPoint(SINCE - (count - n) * MINUTE, value) for n, value in enumerate(values))
    came = tuple(value for value in values if value is not None)
    base = Evaluation(
        query_date=SINCE,
        period=60,
        threshold=85.0,
        values=came,
        evaluated=points,
        missing=count - len(came),
        present=len(came),
    )
    return replace(base, **said)


def red(*values: float | None, **changes: Any) -> DescribedAlarm:
    """A 3-of-3 alarm that treats missing data as breaching, red by these periods."""
    usual: dict[str, Any] = {
        "evaluation": evaluation(*values),
        "treat_missing_data": "breaching",
        "threshold": 85.0,
        "periods": 3,
    }
    return a.described(**usual | changes)


def test_without_any_datapoint_there_is_no_data_since_the_first_silent_period() -> None:
    first = SINCE - 3 * MINUTE
    words = "no data since 2026-11-20 09:57:00Z: no period that was evaluated has a datapoint"

    assert data_of(red(None, None, None)) == NoData(first, words)


def test_without_any_time_in_the_evaluation_it_is_silent_since_the_alarm_is_red() -> None:
    found = data_of(red(evaluation=Evaluation(missing=3)))

    assert isinstance(found, NoData)
    assert found.since == SINCE


@pytest.mark.parametrize("treats", ["", "missing", "ignore", "breaching", "notBreaching"])
def test_no_datapoint_at_all_is_no_data_however_the_alarm_treats_that(treats: str) -> None:
    silent = red(treat_missing_data=treats, evaluation=Evaluation(query_date=SINCE))

    assert isinstance(data_of(silent), NoData)


@pytest.mark.parametrize(
    ("values", "changes"),
    [
        pytest.param((96.0, 97.0, 98.0), {}, id="every period has one"),
        pytest.param((96.0, 97.0, 10.0), {}, id="every period has one, whatever the alarm makes of it"),
        pytest.param((None, 96.0, None, 97.0, 98.0), {}, id="three of the five that were evaluated"),
        pytest.param((96.0, None, None), {"datapoints_to_alarm": 1}, id="one of three is enough"),
        pytest.param((96.0, None, None), {"treat_missing_data": ""}, id="missing is only missing"),
        pytest.param((96.0, None, None), {"treat_missing_data": "ignore"}, id="missing is ignored"),
    ],
)
def test_data_made_an_alarm_red_that_would_be_red_without_the_missing_points(
    values: tuple[float | None, ...], changes: dict[str, Any]
) -> None:
    assert data_of(red(*values, **changes)) == Data()


@pytest.mark.parametrize(
    ("values", "changes", "silent_for", "words"),
    [
        pytest.param(
            (96.0, 97.0, None),
            {},
            MINUTE,
            "2 of the 3 breaching datapoints that it takes came; 1 missing since 2026-11-20 09:59:00Z",
            id="two of three came",
        ),
        pytest.param(
            (None, None, 96.0),
            {},
            3 * MINUTE,
            "1 of the 3 breaching datapoints that it takes came; 2 missing since 2026-11-20 09:57:00Z",
            id="the newest came, and it takes three",
        ),
        pytest.param(
            (96.0, None, None),
            {"datapoints_to_alarm": 2},
            2 * MINUTE,
            "1 of the 2 breaching datapoints that it takes came; 2 missing since 2026-11-20 09:58:00Z",
            id="one of the two that it takes came",
        ),
        pytest.param(
            (10.0, 11.0, None),
            {"datapoints_to_alarm": 1},
            MINUTE,
            "0 of the 1 breaching datapoints that it takes came; 1 missing since 2026-11-20 09:59:00Z",
            id="those that came do not breach",
        ),
    ],
)
def test_there_is_no_data_where_the_missing_points_made_the_alarm_red(
    values: tuple[float | None, ...], changes: dict[str, Any], silent_for: timedelta, words: str
) -> None:
    since = SINCE - silent_for

    assert data_of(red(*values, **changes)) == NoData(since, f"{words} are treated as breaching")


def test_how_many_datapoints_an_alarm_takes_may_not_be_known() -> None:
    words = "2 datapoints are missing, and how many the alarm takes is not known"

    assert data_of(red(96.0, None, None, periods=None)) == CannotTell(words)


@pytest.mark.parametrize(
    ("comparison", "breaches", "limit_breaches"),
    [
        ("GreaterThanThreshold", 86.0, False),
        ("GreaterThanOrEqualToThreshold", 86.0, True),
        ("LessThanThreshold", 84.0, False),
        ("LessThanOrEqualToThreshold", 84.0, True),
    ],
)
def test_a_datapoint_breaches_as_the_alarm_compares_it(
    comparison: str, breaches: float, limit_breaches: bool
) -> None:
    def is_data(value: float) -> bool:
        one = red(value, None, None, comparison=comparison, datapoints_to_alarm=1)
        return isinstance(data_of(one), Data)

    assert is_data(breaches)
    assert is_data(85.0) is limit_breaches
    assert not is_data(170.0 - breaches)


def test_a_point_with_a_threshold_of_its_own_is_compared_with_that() -> None:
    point = EvaluatedPoint(SINCE, 90.0, 95.0)
    own = evaluation(None, None, evaluated=(point,), values=(90.0,), present=1)

    assert isinstance(data_of(red(evaluation=own, datapoints_to_alarm=1)), NoData)


def test_a_comparison_that_is_not_known_takes_every_datapoint_for_breaching() -> None:
    assert isinstance(data_of(red(1.0, None, None, comparison="", datapoints_to_alarm=1)), Data)
    unlimited = evaluation(1.0, None, None, threshold=None)
    assert isinstance(data_of(red(evaluation=unlimited, datapoints_to_alarm=1)), Data)


def test_without_listed_periods_those_that_the_values_do_not_fill_are_missing() -> None:
    one = evaluation(96.0, evaluated=())
    words = "1 of the 3 breaching datapoints that it takes came; 2 missing since 2026-11-20 10:00:00Z"

    assert data_of(red(evaluation=one)) == NoData(SINCE, f"{words} are treated as breaching")
    assert data_of(red(evaluation=one, periods=1)) == Data()


def test_without_listed_periods_the_values_are_compared_with_the_threshold() -> None:
    def is_data(value: float) -> bool:
        listed = evaluation(value, evaluated=())
        return data_of(red(evaluation=listed, datapoints_to_alarm=1)) == Data()

    assert is_data(86.0)
    assert not is_data(84.0)


OUTSIDE = "LessThanLowerOrGreaterThanUpperThreshold"
ABOVE, BELOW = "GreaterThanUpperThreshold", "LessThanLowerThreshold"


@pytest.mark.parametrize(
    ("comparison", "value", "breaches"),
    [
        (OUTSIDE, 5.0, False),
        (OUTSIDE, 11.0, True),
        (OUTSIDE, -1.0, True),
        (ABOVE, 11.0, True),
        (ABOVE, 10.0, False),
        (ABOVE, -1.0, False),
        (BELOW, -1.0, True),
        (BELOW, 0.0, False),
        (BELOW, 11.0, False),
        ("", 5.0, True),
    ],
)
def test_an_anomaly_is_compared_with_its_band(
    comparison: str,
    value: float,
    breaches: bool,  # a column of the table
) -> None:
    band = evaluation(value, None, None, threshold=None, lower=(0.0,), upper=(10.0,))
    found = data_of(red(evaluation=band, comparison=comparison, datapoints_to_alarm=1))

    assert isinstance(found, Data if breaches else NoData)


@pytest.mark.parametrize(
    ("comparison", "band", "breaches"),
    [
        pytest.param(ABOVE, {"upper": (10.0,)}, False, id="above asks for no lower edge"),
        pytest.param(BELOW, {"lower": (0.0,)}, False, id="below asks for no upper edge"),
        pytest.param(OUTSIDE, {"upper": (10.0,)}, True, id="the lower edge is not known"),
        pytest.param(OUTSIDE, {"lower": (0.0,)}, True, id="the upper edge is not known"),
        pytest.param(ABOVE, {"upper": (10.0, 11.0)}, True, id="more upper edges than values"),
        pytest.param(OUTSIDE, {"lower": (0.0, 1.0), "upper": (10.0,)}, True, id="more lower edges"),
    ],
)
def test_where_the_edge_that_is_compared_is_not_known_every_datapoint_may_breach(
    comparison: str,
    band: dict[str, Any],
    breaches: bool,  # a column of the table
) -> None:
    seen = evaluation(5.0, None, None, threshold=None, **band)
    found = data_of(red(evaluation=seen, comparison=comparison, datapoints_to_alarm=1))

    assert isinstance(found, Data if breaches else NoData)


def test_an_evaluation_from_before_this_state_is_not_used_for_it() -> None:
    before = evaluation(None, None, None, query_date=SINCE - timedelta(seconds=61))
    just = evaluation(None, None, None, query_date=SINCE - MINUTE)

    words = "what was evaluated is of 2026-11-20 09:58:59Z, before this state"
    assert data_of(red(evaluation=before)) == CannotTell(words)
    assert isinstance(data_of(red(evaluation=just)), NoData)


def test_since_when_it_is_silent_is_the_first_period_after_the_last_datapoint() -> None:
    assert silent_since(evaluation(None, 1.0, None, None)) == SINCE - 2 * MINUTE
    assert silent_since(evaluation(None, 1.0)) == SINCE - 2 * MINUTE
    assert silent_since(evaluation(evaluated=())) == SINCE


def test_a_period_that_is_listed_with_and_without_a_datapoint_is_not_silent() -> None:
    twice = (*evaluation(None, None, 1.0).evaluated, EvaluatedPoint(SINCE - MINUTE, None))

    assert silent_since(evaluation(evaluated=twice)) == SINCE - 3 * MINUTE


BREACHING = "treated as [Breaching]"


@pytest.mark.parametrize(
    ("reason", "kept"),
    [
        (
            f"no datapoints were received for 3 periods and 3 missing datapoints were {BREACHING}.",
            f"Threshold Crossed: no datapoints were received for, 3 missing datapoints were {BREACHING}",
        ),
        (
            f"2 out of the last 5 datapoints [token=x] and 1 missing datapoint was {BREACHING}.",
            f"Threshold Crossed: 2 datapoints, 1 missing datapoints were {BREACHING}",
        ),
        ("1 datapoint [9.0] was greater than the threshold (8.0).", ""),
    ],
)
def test_of_a_reason_only_the_numbers_that_are_read_are_taken(reason: str, kept: str) -> None:
    written = f"Threshold Crossed: {reason}"
    assert sentence_of(written) == kept
    assert missing_as_breaching(kept) == missing_as_breaching(written)
