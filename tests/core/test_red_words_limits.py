"""The exact words for a breach: lengths, digits, signs and counts at their limits."""

from dataclasses import replace
from typing import Any

import pytest

from firebreak.core.evaluation import EvaluatedPoint
from firebreak.core.messages.measurements import LINE_LENGTH, red_words
from firebreak.core.model import AlarmKind, Contributor, Metric
from tests.core.test_red_words import alarm, evaluation
from tests.support import builders as a

NOWHERE = (Metric("AWS/RDS", "CPU", {}),)
GREATER = "greater than the threshold (80.0)"
CUT = "n" * 79 + "…"


def words_of(reason: str, *values: float, threshold: float = 80.0, **changes: Any) -> str:
    found = evaluation(*values, threshold=threshold, period=None, **changes)
    return red_words(alarm(metrics=NOWHERE, reason=reason, evaluation=found))


@pytest.mark.parametrize(
    ("reason", "value", "words"),
    [
        ("were greater than the threshold (80.0)", 81, "CPU 81 > 80"),
        ("were greater than the threshold (80.0)", 80, "CPU 80, threshold 80"),
        ("were greater than the threshold (80.0)", 79, "CPU 79, threshold 80"),
        ("were greater than or equal to the threshold (80.0)", 81, "CPU 81 >= 80"),
        ("were greater than or equal to the threshold (80.0)", 80, "CPU 80 >= 80"),
        ("were greater than or equal to the threshold (80.0)", 79, "CPU 79, threshold 80"),
        ("was less than the threshold (80.0)", 79, "CPU 79 < 80"),
        ("was less than the threshold (80.0)", 80, "CPU 80, threshold 80"),
        ("was less than or equal to the threshold (80.0)", 79, "CPU 79 <= 80"),
        ("was less than or equal to the threshold (80.0)", 80, "CPU 80 <= 80"),
        ("was less than or equal to the threshold (80.0)", 81, "CPU 81, threshold 80"),
        ("was not less than the threshold (80.0)", 79, "CPU 79 < 80"),
        ("was not less than the threshold (80.0)", 81, "CPU 81, threshold 80"),
        ("", 81, "CPU 81 > 80"),
        ("", 80, "CPU 80 = 80"),
        ("", 79, "CPU 79 < 80"),
    ],
)
def test_the_sign_is_cloudwatchs_where_it_is_true_of_the_numbers(
    reason: str, value: float, words: str
) -> None:
    assert words_of(reason, value) == words


@pytest.mark.parametrize(
    ("value", "threshold", "words"),
    [
        (99.96, 80.0, "CPU 100 > 80"),
        (100.4, 80.0, "CPU 100 > 80"),
        (1000, 80.0, "CPU 1000 > 80"),
        (1234.5, 80.0, "CPU 1234 > 80"),
        (100.4, 100.0, "CPU 100.4 > 100"),
        (1000.4, 1000.0, "CPU 1000.4 > 1000"),
        (100000.4, 100000.0, "CPU 100000.4 > 100000"),
        (1234567.4, 1234567.0, "CPU 1234567.4 > 1234567"),
        (0.123456, 80.0, "CPU 0.123 < 80"),
        (3.0, 2.5, "CPU 3 > 2.5"),
        (1e14, 1e13, "CPU 100000000000000 > 10000000000000"),
        (1.0, 999999999999999.0, "CPU 1 < 999999999999999"),
        (1.0, 1e15, "CPU 1 < 1e+15"),
        (1.7e200, 100.0, "CPU 1.7e+200 > 100"),
        (1.234567e25, 100.0, "CPU 1.23e+25 > 100"),
        (1.234567e25, 1.23e25, "CPU 1.23457e+25 > 1.23e+25"),
        (-1.7e200, 100.0, "CPU -1.7e+200 < 100"),
        (0.000001234, 1.0, "CPU 0.00000123 < 1"),
        (0.0000009996, 1.0, "CPU 0.000001 < 1"),
        (0.000000999, 1.0, "CPU 9.99e-7 < 1"),
        (0.00000012, 1.0, "CPU 1.2e-7 < 1"),
        (1.0, 0.00002, "CPU 1 > 0.00002"),
        (99.96, 99.99, "CPU 99.96 < 99.99"),
        (0.99996, 0.9999, "CPU 1 > 0.9999"),
        (1.996, 1.999, "CPU 1.996 < 1.999"),
        (1999.6, 1999.9, "CPU 1999.6 < 1999.9"),
        (99.96, 99.96, "CPU 99.96 = 99.96"),
        (99.99 - 1e-9, 99.99, "CPU 99.989999999 < 99.99"),
        (0.3, 0.1 + 0.2, "CPU 0.29999999999999999 < 0.30000000000000004"),
        (1.0, 5e15, "CPU 1 < 5e+15"),
        (1.0, 1e20, "CPU 1 < 1e+20"),
        (1.0, 123456789012345.0, "CPU 1 < 123456789012345"),
    ],
)
def test_a_number_has_as_few_digits_as_keep_it_apart_from_the_threshold(
    value: float, threshold: float, words: str
) -> None:
    assert words_of("", value, threshold=threshold) == words


@pytest.mark.parametrize(
    ("length", "expected"), [(79, "n" * 79), (80, "n" * 80), (81, CUT), (300, CUT)], ids=str
)
def test_a_name_of_more_than_eighty_characters_is_cut_with_an_ellipsis(length: int, expected: str) -> None:
    metrics = (Metric("N", "n" * length, {}),)
    assert red_words(alarm(metrics=metrics, reason="", evaluation=None)) == expected


@pytest.mark.parametrize("more", [0, 1, 18], ids=str)
def test_a_line_of_more_than_four_hundred_characters_is_cut_with_an_ellipsis(more: int) -> None:
    children = ("x" * 80, "x" * 80, "x" * 80, "x" * 80, "x" * (57 + more))
    line = f"its rule names {', '.join(children)}"
    expected = line if more == 0 else line[: LINE_LENGTH - 1] + "…"
    assert len(line) == LINE_LENGTH + more
    assert red_words(alarm(kind=AlarmKind.COMPOSITE, children=children)) == expected


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (1, "its rule names c0"),
        (5, "its rule names c0, c1, c2, c3, c4"),
        (6, "its rule names c0, c1, c2, c3, c4 and 1 more"),
    ],
)
def test_five_children_are_named_and_the_rest_counted(count: int, words: str) -> None:
    children = tuple(a.arn_of(f"c{n}") for n in range(count))
    assert red_words(alarm(kind=AlarmKind.COMPOSITE, children=children)) == words


def test_a_childs_name_is_all_that_follows_the_first_alarm_in_its_arn() -> None:
    child = a.arn_of("db:alarm:cpu")
    assert red_words(alarm(kind=AlarmKind.COMPOSITE, children=(child,))) == "its rule names db:alarm:cpu"


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "CPU"),
        (1, "CPU (d0 v)"),
        (4, "CPU (d0 v, d1 v, d2 v, d3 v)"),
        (5, "CPU (d0 v, d1 v, d2 v, d3 v, and 1 more)"),
        (6, "CPU (d0 v, d1 v, d2 v, d3 v, and 2 more)"),
    ],
)
def test_four_dimensions_are_named_and_the_rest_counted(count: int, words: str) -> None:
    metrics = (Metric("N", "CPU", {f"d{n}": "v" for n in range(count)}),)
    assert red_words(alarm(metrics=metrics, reason="", evaluation=None)) == words


@pytest.mark.parametrize(
    ("services", "words"),
    [
        (("api",), "CPU (ClusterName prod, ServiceName api)"),
        (("api", "api"), "CPU (ClusterName prod, ServiceName api)"),
        (("api", "web"), "CPU (ClusterName prod, ServiceName api and web)"),
        (("api", "web", "db"), "CPU (ClusterName prod, ServiceName api, web and db)"),
        (("api", "web", "db", "mq"), "CPU (ClusterName prod, ServiceName api, web, db and 1 more)"),
        (("api", "web", "db", "mq", "etl"), "CPU (ClusterName prod, ServiceName api, web, db and 2 more)"),
    ],
    ids=str,
)
def test_an_expression_over_several_services_names_three_of_them_after_what_they_share(
    services: tuple[str, ...], words: str
) -> None:
    metrics = tuple(Metric("N", "CPU", {"ServiceName": one, "ClusterName": "prod"}) for one in services)
    if len(set(services)) == 1:
        metrics = tuple(Metric("N", "CPU", {"ClusterName": "prod", "ServiceName": one}) for one in services)
    assert red_words(alarm(metrics=metrics, reason="", evaluation=None)) == words


def test_dimensions_of_other_metrics_are_named_and_long_values_that_differ_are_two() -> None:
    metrics = (Metric("N", "CPU", {"a": "n" * 90 + "1"}), Metric("N", "CPU", {"a": "n" * 90 + "2", "b": "v"}))
    found = alarm(metrics=metrics, reason="", evaluation=None)
    assert red_words(found) == f"CPU (b v, a {CUT} and {CUT})"


def test_a_contributor_is_described_by_its_own_attributes_or_else_by_the_metrics() -> None:
    metrics = (Metric("N", "CPU", {"ServiceName": "api"}), Metric("N", "CPU", {"ServiceName": "web"}))
    found = alarm(metrics=metrics, reason="", evaluation=None, contributor=Contributor("1", {"d": "v"}))
    assert red_words(found) == "CPU (d v)"
    assert red_words(replace(found, contributor=Contributor("1", {}))) == "CPU (ServiceName api and web)"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param({"metrics": (), "evaluation": None}, "", id="nothing is known"),
        pytest.param({"metrics": ()}, "", id="numbers without a name"),
        pytest.param(
            {"metrics": (Metric("N", "", {"d": "v"}),)}, "d v", id="a series without a name: only where"
        ),
        pytest.param({"metrics": (), "label": "Errors", "evaluation": None}, "Errors", id="only a label"),
    ],
)
def test_an_unknown_part_is_left_out(changes: dict[str, Any], words: str) -> None:
    assert red_words(alarm(**{"reason": "", **changes})) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.5, "CPU 0.5 outside 1 to 2"),
        (1.0, "CPU"),
        (1.5, "CPU"),
        (2.0, "CPU"),
        (2.5, "CPU 2.5 outside 1 to 2"),
    ],
)
def test_a_value_on_the_edge_of_its_band_is_inside(value: float, words: str) -> None:
    found = evaluation(value, threshold=None, lower=(1.0,), upper=(2.0,), period=None)
    assert red_words(alarm(metrics=NOWHERE, reason="", evaluation=found)) == words


@pytest.mark.parametrize(
    ("reason", "values", "changes", "words"),
    [
        pytest.param(
            f"2 out of the last 3 datapoints were {GREATER}", (99.0, 98.0, 97.0), {},
            "CPU 97 > 80 for 2 of 3 minutes", id="as CloudWatch counted",
        ),
        pytest.param(
            f"1 out of the last 1 datapoints was {GREATER}", (99.0,), {}, "CPU 99 > 80 for 1 min", id="one"
        ),
        pytest.param(
            f"1 out of the last 3 datapoints was {GREATER}", (99.0,), {}, "CPU 99 > 80 for 1 of 3 minutes",
            id="one of three",
        ),
        pytest.param(
            f"3 out of the last 3 datapoints were {GREATER}", (99.0,), {}, "CPU 99 > 80 for 3 of 3 minutes",
            id="all",
        ),
        pytest.param(
            f"0 out of the last 3 datapoints were {GREATER}", (99.0,), {}, "CPU 99 > 80 for 1 min", id="none"
        ),
        pytest.param(
            f"2 out of the last 1 datapoints were {GREATER}", (9.0, 99.0), {},
            "CPU 99 > 80 for 1 of 2 minutes", id="more than all",
        ),
        pytest.param(
            f"2 out of the last 3 datapoints were not {GREATER}", (9.0, 99.0), {},
            "CPU 99 > 80 for 1 of 2 minutes", id="the count of the others",
        ),
        pytest.param("2 out of the last 3 datapoints", (99.0,), {}, "CPU 99 > 80 for 1 min", id="of what"),
        pytest.param(GREATER, (81.0, 79.0, 82.0), {}, "CPU 82 > 80 for 2 of 3 minutes", id="computed"),
        pytest.param(GREATER, (80.0, 79.0, 82.0), {}, "CPU 82 > 80 for 1 of 3 minutes", id="80 is no more"),
        pytest.param("", (81.0, 83.0, 82.0), {}, "CPU 82 > 80 for 3 of 3 minutes", id="all above"),
        pytest.param("", (79.0, 78.0), {}, "CPU 78 < 80 for 2 of 2 minutes", id="all below"),
        pytest.param("", (80.0, 80.0), {}, "CPU 80 = 80 for 2 of 2 minutes", id="all equal"),
        pytest.param("", (81.0, 79.0, 82.0), {}, "CPU 82, threshold 80", id="on both sides"),
        pytest.param("", (80.0, 82.0), {}, "CPU 82, threshold 80", id="80 may be red alone"),
        pytest.param(GREATER, (81.0, 82.0), {"missing": 2}, "CPU 82 > 80 for 2 of 4 minutes", id="gaps"),
        pytest.param(GREATER, (82.0,), {"present": 2}, "CPU 82 > 80", id="older values are not known"),
        pytest.param("", (82.0,), {"present": 2}, "CPU 82, threshold 80", id="nor which side is red"),
        pytest.param("", (82.0,), {"period": 604800}, "CPU 82 > 80 for 7 d", id="the longest period"),
        pytest.param("", (82.0,), {"period": 604801}, "CPU 82 > 80", id="no alarm has such a period"),
        pytest.param("", (82.0,), {"period": 1}, "CPU 82 > 80 for 1 s", id="the shortest period"),
        pytest.param("", (82.0,), {"period": -60}, "CPU 82 > 80", id="less than nothing"),
        pytest.param("", (81.0,), {"period": None}, "CPU 81 > 80", id="no period is known"),
        pytest.param(
            "[96.1 (20/11/26)] was greater than the threshold (80.0)", (95.0,), {"threshold": None},
            "CPU 96.1 > 80", id="no threshold was evaluated: nothing to count",
        ),
        pytest.param("[96.1 (20/11/26)]", (), {"threshold": None, "present": 1}, "CPU", id="a value"),
        pytest.param("the threshold (80.0)", (), {"threshold": None, "present": 1}, "CPU", id="a limit"),
    ],
)  # fmt: skip
def test_for_how_long_is_counted(
    reason: str, values: tuple[float, ...], changes: dict[str, Any], words: str
) -> None:
    found = evaluation(*values, **changes)
    assert red_words(alarm(metrics=NOWHERE, reason=reason, evaluation=found)) == words


def test_the_value_is_that_of_the_last_period_with_data() -> None:
    points = tuple(EvaluatedPoint(None, value) for value in (91.0, 95.0, 99.5, None))
    assert words_of("", 70.0, evaluated=points) == "CPU 99.5 > 80"
    assert words_of("", 91.0, 99.5, 95.0, evaluated=points) == "CPU 99.5 > 80"
    assert words_of("", 91.0, 99.5, 95.0, 94.0, evaluated=points) == "CPU 94 > 80"


def test_a_value_outside_its_band_keeps_every_digit_before_the_point() -> None:
    found = evaluation(1000000.4, threshold=None, lower=(1.0,), upper=(999999.7,), period=None)
    assert red_words(alarm(metrics=NOWHERE, reason="", evaluation=found)) == (
        "CPU 1000000.4 outside 1 to 999999.7"
    )
