"""Whether data made an alarm red, and what it means by its owner's word if none did."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firebreak.core.evaluation import EvaluatedPoint, Evaluation, MissingData
from firebreak.core.missing_data import (
    MISSING_DATA_TAG,
    CannotTell,
    Data,
    MissingDataRules,
    NoData,
    OwnersWord,
    data_of,
    data_of_composite,
    effective,
    of_event,
    owners_word,
    silent_since,
)
from firebreak.core.model import AlarmState
from firebreak.core.observed import DescribedAlarm
from firebreak.core.readings import ABSENT, NotRead, Unknown
from tests import builders as a

MINUTE = timedelta(minutes=1)
SINCE = a.described().since
SILENT = (
    "Threshold Crossed: no datapoints were received for 3 periods and 3 missing datapoints were treated "
    "as [Breaching]."
)
ALARM, OK, INSUFFICIENT = AlarmState.ALARM, AlarmState.OK, AlarmState.INSUFFICIENT_DATA
NOBODY = OwnersWord(None, "nobody")


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
    found = data_of(red(None, None, None))

    assert isinstance(found, NoData)
    assert found.since == SINCE - 3 * MINUTE
    assert "no data since 2026-11-20 09:57:00Z" in found.detail


@pytest.mark.parametrize("treats", ["", "missing", "ignore", "breaching", "notBreaching"])
def test_no_datapoint_at_all_is_no_data_however_the_alarm_treats_that(treats: str) -> None:
    silent = red(treat_missing_data=treats, evaluation=Evaluation(query_date=SINCE))

    assert isinstance(data_of(silent), NoData)


@pytest.mark.parametrize(
    ("values", "changes", "expected"),
    [
        pytest.param((96.0, 97.0, 98.0), {}, Data, id="every period has one"),
        pytest.param((96.0, None, None), {}, NoData, id="one of three came"),
        pytest.param((None, None, 96.0), {}, NoData, id="the newest came, and it takes three"),
        pytest.param((96.0, 97.0, None), {}, NoData, id="two of three came"),
        pytest.param((None, 96.0, None, 97.0, 98.0), {}, Data, id="three of the five that were evaluated"),
        pytest.param((96.0, None, None), {"datapoints_to_alarm": 1}, Data, id="one of three is enough"),
        pytest.param((96.0, None, None), {"datapoints_to_alarm": 2}, NoData, id="two of three are needed"),
        pytest.param((10.0, 11.0, None), {"datapoints_to_alarm": 1}, NoData, id="those that came are well"),
        pytest.param((96.0, None, None), {"treat_missing_data": ""}, Data, id="missing is only missing"),
        pytest.param((96.0, None, None), {"treat_missing_data": "ignore"}, Data, id="missing is ignored"),
        pytest.param((96.0, None, None), {"periods": None}, CannotTell, id="how many it takes is not known"),
    ],
)
def test_data_is_what_would_be_red_without_the_missing_points(
    values: tuple[float | None, ...], changes: dict[str, Any], expected: type
) -> None:
    assert isinstance(data_of(red(*values, **changes)), expected)


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

    assert isinstance(data_of(red(evaluation=one)), NoData)
    assert isinstance(data_of(red(evaluation=one, periods=1)), Data)


@pytest.mark.parametrize(
    ("comparison", "value", "expected"),
    [
        ("LessThanLowerOrGreaterThanUpperThreshold", 5.0, NoData),
        ("LessThanLowerOrGreaterThanUpperThreshold", 11.0, Data),
        ("LessThanLowerOrGreaterThanUpperThreshold", -1.0, Data),
        ("GreaterThanUpperThreshold", -1.0, NoData),
        ("LessThanLowerThreshold", 11.0, NoData),
        ("", 5.0, Data),
    ],
)
def test_an_anomaly_is_compared_with_its_band(comparison: str, value: float, expected: type) -> None:
    band = evaluation(value, None, None, threshold=None, lower=(0.0,), upper=(10.0,))

    found = data_of(red(evaluation=band, comparison=comparison, datapoints_to_alarm=1))

    assert isinstance(found, expected)


def test_a_band_that_does_not_fit_its_values_takes_every_datapoint_for_breaching() -> None:
    band = evaluation(5.0, None, None, threshold=None, lower=(0.0, 1.0), upper=(10.0,))
    both = "LessThanLowerOrGreaterThanUpperThreshold"

    assert isinstance(data_of(red(evaluation=band, comparison=both, datapoints_to_alarm=1)), Data)


@pytest.mark.parametrize(
    ("reason", "changes", "expected"),
    [
        pytest.param(SILENT, {}, NoData, id="none came"),
        pytest.param(SILENT.replace("3 periods", "1 period"), {}, NoData, id="of one period"),
        pytest.param(
            "Threshold Crossed: 1 datapoint [2.0 (20/11/26 09:58:00)] was greater than the threshold (1.0) "
            "and 1 missing datapoint was treated as [Breaching].",
            {"periods": 2},
            NoData,
            id="one of two came",
        ),
        pytest.param(
            "Threshold Crossed: 2 out of the last 3 datapoints [2.0 (20/11/26 09:58:00)] were greater than "
            "the threshold (1.0) and 1 missing datapoint was treated as [Breaching].",
            {"datapoints_to_alarm": 2},
            Data,
            id="two came and it takes two",
        ),
        pytest.param("Threshold Crossed: 3 datapoints were greater than the threshold.", {}, CannotTell),
        pytest.param(SILENT.replace("[Breaching]", "[NonBreaching]"), {}, CannotTell, id="not breaching"),
        pytest.param("a test by hand: " + SILENT, {}, CannotTell, id="quoted by somebody"),
        pytest.param("", {}, CannotTell, id="no reason"),
    ],
)
def test_without_an_evaluation_only_cloudwatchs_own_sentence_tells(
    reason: str, changes: dict[str, Any], expected: type
) -> None:
    assert isinstance(data_of(red(evaluation=None, reason=reason, **changes)), expected)


def test_an_evaluation_from_before_this_state_does_not_tell_of_it() -> None:
    before = evaluation(None, None, None, query_date=SINCE - 61 * timedelta(seconds=1))
    just = evaluation(None, None, None, query_date=SINCE - MINUTE)

    assert isinstance(data_of(red(evaluation=before)), CannotTell)
    assert isinstance(data_of(red(evaluation=just)), NoData)


def test_since_when_it_is_silent_is_the_first_period_after_the_last_datapoint() -> None:
    assert silent_since(evaluation(None, 1.0, None, None)) == SINCE - 2 * MINUTE
    assert silent_since(evaluation(None, 1.0)) == SINCE - 2 * MINUTE
    assert silent_since(evaluation(evaluated=())) == SINCE


# --- composites ---


def child(name: str, state: AlarmState, *, silent: bool = False) -> DescribedAlarm:
    one = replace(a.described(name, state), evaluation=evaluation(None) if silent else None)
    return effective(one, data_of(one), NOBODY)


def test_a_composite_is_red_without_data_when_every_red_child_is() -> None:
    silent = child("silent", ALARM, silent=True)

    found = data_of_composite([silent, child("well", OK), ABSENT])

    assert isinstance(found, NoData)
    assert "(silent)" in found.detail


def test_one_child_that_is_red_by_data_makes_the_composite_red() -> None:
    assert isinstance(data_of_composite([child("silent", ALARM, silent=True), child("red", ALARM)]), Data)


@pytest.mark.parametrize(
    "children",
    [[], [child("well", OK)], [child("without", INSUFFICIENT)], [Unknown("throttled")], [NotRead("offline")]],
    ids=str,
)
def test_without_a_red_child_that_was_seen_nobody_can_tell(children: list[Any]) -> None:
    assert isinstance(data_of_composite(children), CannotTell)


# --- the owner's word ---

RULES = MissingDataRules(
    named=(("nightly-*", MissingData.IGNORE), ("n*", MissingData.SYMPTOM)), usual=MissingData.SYMPTOM
)


@pytest.mark.parametrize(
    ("name", "tags", "meaning", "source"),
    [
        (
            "nightly-1",
            {MISSING_DATA_TAG: "symptom"},
            MissingData.SYMPTOM,
            "tag firebreak:missing-data=symptom",
        ),
        ("nightly-1", {}, MissingData.IGNORE, 'policy for alarms "nightly-*" (ignore)'),
        ("noon", ABSENT, MissingData.SYMPTOM, 'policy for alarms "n*" (symptom)'),
        ("other", {MISSING_DATA_TAG: "perhaps"}, MissingData.SYMPTOM, "policy's default (symptom)"),
    ],
)
def test_the_tag_speaks_before_the_policy_and_its_first_pattern_before_its_default(
    name: str, tags: Any, meaning: MissingData, source: str
) -> None:
    word = owners_word(name, tags, RULES)

    assert isinstance(word, OwnersWord)
    assert word.meaning is meaning
    assert source in word.source


def test_nobody_may_have_said_anything() -> None:
    word = owners_word("api", {}, MissingDataRules())

    assert isinstance(word, OwnersWord)
    assert word.meaning is None


@pytest.mark.parametrize("tags", [Unknown("throttled"), NotRead("offline")])
def test_a_tag_that_could_not_be_read_might_have_said_otherwise(tags: Unknown | NotRead) -> None:
    word = owners_word("nightly-1", tags, RULES)

    assert isinstance(word, Unknown)
    assert tags.why in word.why


WORDS: dict[str, OwnersWord | Unknown] = {
    "symptom": OwnersWord(MissingData.SYMPTOM, "its tag"),
    "ignore": OwnersWord(MissingData.IGNORE, "its tag"),
    "nobody": NOBODY,
    "unreadable": Unknown("throttled"),
}


@pytest.mark.parametrize(
    ("shown", "silent", "word", "state", "marked"),
    [
        (OK, True, "symptom", OK, False),
        (OK, True, "nobody", OK, False),
        (ALARM, False, "symptom", ALARM, False),
        (ALARM, False, "ignore", ALARM, False),
        (ALARM, False, "nobody", ALARM, False),
        (ALARM, True, "symptom", ALARM, True),
        (ALARM, True, "ignore", INSUFFICIENT, True),
        (ALARM, True, "nobody", INSUFFICIENT, True),
        (ALARM, True, "unreadable", INSUFFICIENT, True),
        (INSUFFICIENT, False, "symptom", ALARM, True),
        (INSUFFICIENT, False, "ignore", INSUFFICIENT, True),
        (INSUFFICIENT, False, "nobody", INSUFFICIENT, False),
        (INSUFFICIENT, False, "unreadable", INSUFFICIENT, False),
    ],
)
def test_the_state_that_an_alarm_is_in_for_its_owner(
    shown: AlarmState, silent: bool, word: str, state: AlarmState, marked: bool
) -> None:
    alarm = red(*([None] * 3 if silent else [96.0] * 3), state=shown)

    found = effective(alarm, data_of(alarm), WORDS[word])

    assert (found.state, found.shown, bool(found.missing)) == (state, shown, marked)


VALUES = st.lists(st.none() | st.floats(0, 200), max_size=6)
ALARMS = st.builds(
    lambda values, **changes: red(*values, **changes),
    VALUES,
    state=st.sampled_from(AlarmState),
    treat_missing_data=st.sampled_from(["", "breaching", "ignore", "missing", "notBreaching"]),
    datapoints_to_alarm=st.none() | st.integers(1, 6),
    periods=st.none() | st.integers(1, 6),
    comparison=st.sampled_from(
        ["", "GreaterThanThreshold", "LessThanThreshold", "GreaterThanUpperThreshold"]
    ),
    reason=st.sampled_from(["", SILENT]),
)


@given(ALARMS, st.sampled_from(sorted(WORDS)))
def test_no_alarm_is_red_without_data_but_by_its_owners_word(alarm: DescribedAlarm, word: str) -> None:
    found = effective(alarm, data_of(alarm), WORDS[word])

    if found.state is ALARM and word != "symptom":
        assert alarm.state is ALARM
        assert not isinstance(data_of(alarm), NoData)
    assert (found.state is OK) == (alarm.state is OK)
    assert found.shown is alarm.state


# --- what the event says where the alarm says nothing ---


def test_the_event_tells_where_the_alarm_says_nothing_of_the_same_transition() -> None:
    event = a.alarm(evaluation=evaluation(None, None, None))
    live = a.described(periods=3)

    assert of_event(event, live, NOBODY)
    assert of_event(event, red(96.0, 97.0, 98.0), NOBODY) is None
    assert of_event(event, replace(live, since=SINCE + 61 * timedelta(seconds=1)), NOBODY) is None
    assert of_event(event, replace(live, state=OK), NOBODY) is None
    assert of_event(a.alarm(reason=SILENT), live, NOBODY)
    assert of_event(a.alarm(), live, NOBODY) is None
