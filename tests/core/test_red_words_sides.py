"""The words for a breach are of the side that is red: sign, value, count, and missing data."""

import operator
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as some

from firebreak.core.messages.measurements import red_words
from firebreak.core.model import AlarmKind, AlarmState, Metric
from tests.core.test_red_words import NUMBERS, alarm, evaluation

CPU = (Metric("AWS/RDS", "CPU", {}),)
HOLDS: dict[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    "<": operator.lt,
    "=": operator.eq,
    ">=": operator.ge,
    "<=": operator.le,
}
WRITTEN = {
    ">": "greater than",
    "<": "less than",
    ">=": "greater than or equal to",
    "<=": "less than or equal to",
}
CROSSED = "Threshold Crossed: "
TREATED = " and 2 missing datapoints were treated as [Breaching]."
ONE_NOT_GREATER = (
    f"{CROSSED}1 datapoint [20.0 (20/11/26 10:00:00)] was not greater than the threshold (80.0){TREATED}"
)
ONE_GREATER = f"{CROSSED}1 datapoint [96.1 (20/11/26 10:00:00)] was greater than the threshold (80.0)"


def words(reason: str, *values: float, state: AlarmState = AlarmState.ALARM, **changes: Any) -> str:
    return red_words(
        alarm(metrics=CPU, state=state, reason=reason, evaluation=evaluation(*values, **changes))
    )


@example(99.96, 99.99)
@example(0.99996, 0.9999)
@example(1.996, 1.999)
@example(1999.6, 1999.9)
@example(0.3, 0.1 + 0.2)
@given(NUMBERS, NUMBERS)
def test_the_numbers_as_shown_compare_as_the_true_ones_do(value: float, threshold: float) -> None:
    displayed, sign, limit = words("", value, threshold=threshold).removeprefix("CPU ").split()[:3]
    assert HOLDS[sign](value, threshold)
    assert HOLDS[sign](float(displayed), float(limit))


@given(some.lists(NUMBERS, min_size=1, max_size=5), NUMBERS, some.sampled_from(sorted(WRITTEN)))
def test_sign_value_and_count_are_of_the_side_that_is_red(
    values: list[float], threshold: float, sign: str
) -> None:
    red = [value for value in values if HOLDS[sign](value, threshold)]
    counted = f"{len(red)} out of the last {len(values)} datapoints were"
    said = words(f"{counted} {WRITTEN[sign]} the threshold", *values, threshold=threshold)
    if not red:
        assert ", threshold " in said
        return
    displayed, text, limit, *for_how_long = said.removeprefix("CPU ").split()
    assert text == sign
    assert HOLDS[sign](float(displayed), float(limit))
    assert float(displayed) == pytest.approx(red[-1], rel=0.01)
    many = f"for {len(red)} of {len(values)} minutes"
    assert " ".join(for_how_long) == (many if len(values) > 1 else "for 1 min")


@given(some.lists(NUMBERS, min_size=1, max_size=3), NUMBERS, some.text(max_size=300), some.integers(0, 3))
def test_a_sign_is_true_of_the_displayed_numbers_for_every_sentence(
    values: list[float], threshold: float, reason: str, missing: int
) -> None:
    displayed, sign, limit = words(reason, *values, threshold=threshold, missing=missing).split()[1:4]
    assert sign == "threshold" or HOLDS[sign](float(displayed), float(limit))


def test_two_of_three_with_the_newest_on_the_other_side_show_the_newest_that_is_red() -> None:
    reason = (
        f"{CROSSED}2 out of the last 3 datapoints [91.0 (20/11/26 10:01:00), 93.0 (20/11/26 10:00:00)] were"
        " greater than the threshold (80.0) (minimum 2 datapoints for OK -> ALARM transition)."
    )
    assert words(reason, 93, 91, 70) == "CPU 91 > 80 for 2 of 3 minutes"
    assert words("", 93, 91, 70) == "CPU 70, threshold 80"


@pytest.mark.parametrize(
    ("reason", "values", "changes", "said"),
    [
        pytest.param(
            ONE_NOT_GREATER, (20,), {"missing": 2},
            "CPU 2 of 3 minutes without data, treated as breaching", id="the value is not red",
        ),
        pytest.param(
            f"{CROSSED}1 datapoint was received for 3 periods{TREATED}", (20,), {"missing": 2},
            "CPU 2 of 3 minutes without data, treated as breaching", id="nothing says how it compared",
        ),
        pytest.param(
            ONE_NOT_GREATER, (20,), {"missing": 0},
            "CPU 2 minutes without data, treated as breaching", id="of how many is not known",
        ),
        pytest.param(
            ONE_NOT_GREATER, (20,), {"missing": 3},
            "CPU 2 minutes without data, treated as breaching", id="the evaluation has other gaps",
        ),
        pytest.param(
            ONE_NOT_GREATER, (20,), {"missing": 2, "period": 300},
            "CPU 2 of 3 periods of 5 min without data, treated as breaching", id="five minutes",
        ),
        pytest.param(
            ONE_NOT_GREATER, (20,), {"missing": 2, "period": None},
            "CPU 2 of 3 periods without data, treated as breaching", id="how long is not known",
        ),
        pytest.param(
            f"{ONE_GREATER} and 1 missing datapoint was treated as [Breaching].", (96.1,), {"missing": 1},
            "CPU 96.1 > 80 for 1 of 2 minutes, 1 of 2 minutes without data, treated as breaching",
            id="both are red",
        ),
        pytest.param(
            f"{ONE_GREATER} and 1 missing datapoint was treated as [Breaching].", (96.1,), {},
            "CPU 96.1 > 80 for 1 min, 1 minute without data, treated as breaching", id="one gap",
        ),
        pytest.param(
            f"{ONE_GREATER} and 1 missing datapoint was treated as [NonBreaching].", (96.1,), {"missing": 1},
            "CPU 96.1 > 80 for 1 of 2 minutes", id="what is missing is not red",
        ),
        pytest.param(
            "", (81, 82), {"missing": 2},
            "CPU 82, threshold 80, 2 of 4 minutes without data", id="perhaps what is missing is red",
        ),
        pytest.param(
            f"{ONE_NOT_GREATER}", (20.0, 30.0), {"missing": 2, "threshold": None, "lower": (1.0, 1.0),
            "upper": (25.0, 25.0)},
            "CPU 30 outside 1 to 25, 2 of 4 minutes without data, treated as breaching", id="a band",
        ),
    ],
)  # fmt: skip
def test_missing_data_is_said_to_be_missing_and_no_value_stands_for_it(
    reason: str, values: tuple[float, ...], changes: dict[str, Any], said: str
) -> None:
    assert words(reason, *values, **changes) == said


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (f"{CROSSED}no datapoints were received for 3 periods{TREATED}", "CPU has no data"),
        (ONE_NOT_GREATER, "CPU 2 periods without data, treated as breaching"),
        (ONE_GREATER, "CPU 96.1 > 80"),
        (f"{CROSSED}1 datapoint [96.1 (20/11)] was not greater than the threshold (80.0)", "CPU 96.1 > 80"),
        (f"{CROSSED}1 datapoint [20.0 (20/11)] was greater than the threshold (80.0)",
         "CPU 20, threshold 80"),
        (f"{CROSSED}1 datapoint [2.5E10 (20/11)] was greater than the threshold (1.0E7)",
         "CPU 25000000000 > 10000000"),
        (f"{CROSSED}1 datapoint [9.0E-4 (20/11)] was less than the threshold (0.0)",
         "CPU 0.0009, threshold 0"),
        (f"{CROSSED}1 datapoint [1.0E999 (20/11)] was greater than the threshold (1.0)", "CPU"),
        (f"{CROSSED}1 datapoint [1.0 (20/11)] was less than the threshold (1.0E999)", "CPU"),
    ],
    ids=str,
)  # fmt: skip
def test_the_sentence_of_a_contributor_alone_describes_the_breach(reason: str, said: str) -> None:
    found = alarm(kind=AlarmKind.CONTRIBUTOR, metrics=CPU, reason=reason, evaluation=None)
    assert red_words(found) == said


@pytest.mark.parametrize("state", [AlarmState.OK, AlarmState.INSUFFICIENT_DATA])
def test_no_side_is_named_for_an_alarm_that_is_not_red(state: AlarmState) -> None:
    assert words(ONE_NOT_GREATER, 93, 20, missing=2, state=state) == (
        "CPU 20, threshold 80, 2 of 4 minutes without data"
    )
    assert words("", 93, state=state) == "CPU 93, threshold 80"
    assert words("", missing=3, state=state) == "CPU has no data"


@pytest.mark.parametrize(
    ("values", "lower", "upper", "said"),
    [
        ((9.0, 0.5, 1.5), (1.0, 1.0, 1.0), (2.0, 2.0, 2.0), "CPU 0.5 outside 1 to 2"),
        ((9.0, 1.5), (1.0, 1.1), (2.0, 2.1), "CPU 9 outside 1 to 2"),
        ((1.5, 3.0), (1.0,), (2.0,), "CPU 3 outside 1 to 2"),
        ((99.94,), (1.0,), (99.92,), "CPU 99.94 outside 1 to 99.92"),
        ((99.996,), (99.998,), (200.0,), "CPU 99.996 outside 99.998 to 200"),
        ((1.7e200,), (1.0,), (2.0,), "CPU 1.7e+200 outside 1 to 2"),
    ],
    ids=str,
)
def test_the_newest_value_outside_its_band_is_shown_outside_of_it(
    values: tuple[float, ...], lower: tuple[float, ...], upper: tuple[float, ...], said: str
) -> None:
    assert words("", *values, threshold=None, lower=lower, upper=upper) == said
