"""Pages of GetMetricData: what is whole, and what is only a part."""

from typing import Any

import pytest

from firebreak.aws.metric_data import series_of
from firebreak.core.readings import Unknown
from tests.support import builders as a


def page(*results: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"MetricDataResults": list(results)} | more


def series(name: str, *values: float, state: str = "Complete", **more: Any) -> dict[str, Any]:
    return {"Id": name, "StatusCode": state, "Values": [*values], "Timestamps": [a.NOW] * len(values)} | more


def partly(name: str, *values: float) -> dict[str, Any]:
    return series(name, *values, state="PartialData")


def test_a_series_that_goes_on_on_the_next_page_is_whole_with_it() -> None:
    found = series_of([page(partly("m1", 1.0), series("m2")), page(series("m1", 2.0))], {"m1", "m2"})
    assert not isinstance(found, Unknown)
    assert {name: (one.values, len(one.at)) for name, one in found.items()} == {
        "m1": ([1.0, 2.0], 2),
        "m2": ([], 0),
    }


@pytest.mark.parametrize(
    ("pages", "why"),
    [
        pytest.param([page(partly("m1", 1.0))], "PartialData", id="it does not go on"),
        pytest.param([page(series("m1"), partly("m1"))], "PartialData", id="the last is a part"),
        pytest.param(
            [page(series("m1", state="InternalError")), page(series("m1", 1.0))],
            "InternalError",
            id="a failure before a whole page",
        ),
        pytest.param([page(series("m1", state="Forbidden"))], "Forbidden", id="refused"),
        pytest.param([page(series("m2"))], "a missing result", id="another series"),
        pytest.param([], "a missing result", id="no page"),
        pytest.param(
            [page(series("m1"), Messages=[{"Code": "MaxMetricsExceeded"}])],
            "MaxMetricsExceeded",
            id="a message about the whole answer",
        ),
    ],
)
def test_a_part_of_an_answer_is_unknown(pages: list[dict[str, Any]], why: str) -> None:
    assert series_of(pages, {"m1"}) == Unknown(f"GetMetricData: CloudWatch gave only a part ({why})")


def test_a_message_about_one_series_does_not_make_it_a_part() -> None:
    """Metric math says so of points that are no numbers, such as a division by zero."""
    said = [{"Code": "ArithmeticError", "Value": "One or more data-points have been dropped"}]
    assert not isinstance(series_of([page(series("m1", 1.0, Messages=said))], {"m1"}), Unknown)
