"""The breach of an alarm in numbers: true, short, and for every kind of alarm."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from firebreak.core.evaluation import EvaluatedPoint, Evaluation
from firebreak.core.messages.measurements import LINE_LENGTH, red_words
from firebreak.core.model import Alarm, AlarmKind, Contributor, Metric
from tests.support import builders as a

GREATER = (
    "Threshold Crossed: 3 out of the last 3 datapoints [96.1 (20/11/26 10:02:00), 95.0 (20/11/26 10:01:00),"
    " 94.2 (20/11/26 10:00:00)] were greater than the threshold (80.0) (minimum 3 datapoints for OK -> ALARM"
    " transition)."
)
TWO_OF_THREE = "2 out of the last 3 datapoints were greater than the threshold (80.0)"
DIMENSIONS: Mapping[str, str] = {"DBInstanceIdentifier": "orders-1"}
CPU = Metric("AWS/RDS", "CPUUtilization", DIMENSIONS)


def evaluation(*values: float, threshold: float | None = 80.0, **changes: Any) -> Evaluation:
    given_ = {"period": 60, "statistic": "Average", "present": len(values), **changes}
    return Evaluation(threshold=threshold, values=values, **given_)


def alarm(**changes: Any) -> Alarm:
    return a.alarm(
        **{"metrics": (CPU,), "reason": GREATER, "evaluation": evaluation(94.2, 95, 96.1), **changes}
    )


def test_a_database_is_red_in_numbers() -> None:
    assert red_words(alarm()) == "CPUUtilization 96.1 > 80 for 3 of 3 minutes (DBInstanceIdentifier orders-1)"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param(
            {"evaluation": evaluation(96.1, period=300), "reason": ""},
            "CPUUtilization 96.1 > 80 for 5 min",
            id="one period of five minutes",
        ),
        pytest.param(
            {"evaluation": evaluation(96.1, 50, 97, period=300), "reason": TWO_OF_THREE},
            "CPUUtilization 97 > 80 for 2 of 3 periods of 5 min",
            id="two of three",
        ),
        pytest.param(
            {
                "evaluation": evaluation(0.2, threshold=1.0),
                "reason": "datapoint was less than the threshold (1.0)",
            },
            "CPUUtilization 0.2 < 1 for 1 min",
            id="less",
        ),
        pytest.param(
            {
                "evaluation": evaluation(20, threshold=20.0),
                "reason": "datapoints were greater than or equal to the threshold (20.0)",
            },
            "CPUUtilization 20 >= 20",
            id="equal",
        ),
        pytest.param(
            {"evaluation": evaluation(80.04), "reason": ""}, "CPUUtilization 80.04 > 80", id="close to it"
        ),
        pytest.param(
            {"evaluation": evaluation(734003200.0, threshold=524288000.0), "reason": ""},
            "CPUUtilization 734003200 > 524288000",
            id="bytes",
        ),
        pytest.param(
            {"evaluation": evaluation(96.1, statistic="p99"), "reason": ""},
            "p99 CPUUtilization 96.1 > 80",
            id="another statistic",
        ),
        pytest.param(
            {"evaluation": evaluation(0.0, threshold=None, lower=(0.0206,), upper=(0.3007,)), "reason": ""},
            "CPUUtilization 0 outside 0.0206 to 0.301",
            id="a band",
        ),
        pytest.param(
            {"evaluation": evaluation(missing=3), "reason": "no datapoints were received"},
            "CPUUtilization has no data",
            id="no data",
        ),
        pytest.param({"evaluation": None, "reason": "set by hand"}, "CPUUtilization (", id="not known"),
    ],
)
def test_each_way_to_be_red_has_its_numbers(changes: dict[str, Any], words: str) -> None:
    assert red_words(alarm(**changes)).startswith(words)
    assert red_words(alarm(**changes)).endswith("(DBInstanceIdentifier orders-1)")


def test_the_newest_evaluated_period_is_the_value() -> None:
    points = (EvaluatedPoint(None, 91.0), EvaluatedPoint(None, 99.5), EvaluatedPoint(None, None))
    assert "99.5 > 80" in red_words(alarm(evaluation=evaluation(91, 99.5, evaluated=points)))


def test_an_expression_is_called_by_its_label_and_a_query_by_what_it_measures() -> None:
    math = alarm(kind=AlarmKind.MATH, label="Error rate")
    assert red_words(math).startswith("Error rate 96.1 > 80 for 3 of 3 minutes (")
    query = 'SELECT MAX(CPUUtilization) FROM "AWS/RDS" GROUP BY DBInstanceIdentifier'
    assert red_words(alarm(kind=AlarmKind.INSIGHTS, label=query)).startswith("MAX(CPUUtilization) 96.1 > 80")


def test_a_contributor_is_described_by_its_attributes_and_the_numbers_of_its_sentence() -> None:
    series = Contributor("5d3e", {"DBInstanceIdentifier": "orders-2"})
    text = (
        "Threshold Crossed: 1 datapoint was greater than the threshold (10.0). The most recent datapoint"
        " which crossed the threshold: [20.0 (20/11/26 10:00:00)]."
    )
    found = alarm(kind=AlarmKind.CONTRIBUTOR, contributor=series, evaluation=None, reason=text)
    assert red_words(found) == "CPUUtilization 20 > 10 (DBInstanceIdentifier orders-2)"


def test_a_composite_is_described_by_its_red_children() -> None:
    children = tuple(a.arn_of(f"child-{n}") for n in range(7))
    found = alarm(kind=AlarmKind.COMPOSITE, children=children, metrics=())
    assert red_words(found) == "its rule names child-0, child-1, child-2, child-3, child-4 and 2 more"
    assert red_words(alarm(kind=AlarmKind.COMPOSITE, metrics=())) == ""


def test_a_sentence_that_contradicts_the_numbers_gives_them_no_sign() -> None:
    forged = alarm(reason="was less than the threshold (80.0)")
    assert red_words(forged) == "CPUUtilization 96.1, threshold 80 (DBInstanceIdentifier orders-1)"


# Rounded up, the largest that a float can hold is none any more.
NUMBERS = some.floats(-1e300, 1e300)


@given(
    some.lists(NUMBERS, min_size=1, max_size=3),
    NUMBERS,
    some.text(max_size=300),
    some.sampled_from(AlarmKind),
)
def test_the_line_is_bounded_for_all_numbers_and_sentences(
    values: list[float], threshold: float, reason: str, kind: AlarmKind
) -> None:
    found = alarm(kind=kind, reason=reason, evaluation=evaluation(*values, threshold=threshold))
    assert len(red_words(found)) <= LINE_LENGTH


@given(
    some.dictionaries(some.text(max_size=300), some.text(max_size=300), max_size=30), some.text(max_size=300)
)
def test_long_names_never_make_a_long_line(dimensions: dict[str, str], name: str) -> None:
    assert len(red_words(alarm(metrics=(Metric("N", name, dimensions),), label=name))) <= LINE_LENGTH
