"""Whether data made an alarm red where nothing was evaluated: by its reason, its children, its event."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from firebreak.core.evaluation import Evaluation, Missing, MissingData
from firebreak.core.missing_data import (
    CannotTell,
    Data,
    DataFound,
    MissingDataRules,
    NoData,
    OwnersWord,
    data_of,
    data_of_composite,
    effective,
    missing_data_in_event,
    of_event,
    of_event_alone,
)
from firebreak.core.model import AlarmState
from firebreak.core.observed import DescribedAlarm
from firebreak.core.readings import ABSENT, NotRead, Unknown
from firebreak.core.tags import MISSING_DATA_TAG
from tests.core.test_missing_data import MINUTE, SINCE, evaluation, red
from tests.support import builders as a

ALARM, OK, INSUFFICIENT = AlarmState.ALARM, AlarmState.OK, AlarmState.INSUFFICIENT_DATA
NOBODY = OwnersWord(None, "nobody")
SILENT = (
    "Threshold Crossed: no datapoints were received for 3 periods and 3 missing datapoints were treated "
    "as [Breaching]."
)
NOT_SAID = CannotTell("CloudWatch does not say what was evaluated")


@pytest.mark.parametrize(
    ("reason", "changes", "expected"),
    [
        pytest.param(
            SILENT,
            {},
            NoData(SINCE, "no data since 2026-11-20 10:00:00Z: 3 datapoints missing"),
            id="none came",
        ),
        pytest.param(
            "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated "
            "as [Breaching].",
            {},
            NoData(SINCE, "no data since 2026-11-20 10:00:00Z: 1 datapoints missing"),
            id="of one period",
        ),
        pytest.param(
            "Threshold Crossed: 1 datapoint [2.0 (20/11/26 09:58:00)] was greater than the threshold (1.0) "
            "and 2 missing datapoints were treated as [Breaching].",
            {},
            NoData(
                SINCE,
                "1 of the 3 breaching datapoints that it takes came; 2 missing since 2026-11-20 10:00:00Z "
                "are treated as breaching",
            ),
            id="one of three came",
        ),
        pytest.param(
            "Threshold Crossed: 2 out of the last 3 datapoints [2.0 (20/11/26 09:58:00)] were greater than "
            "the threshold (1.0) and 1 missing datapoint was treated as [Breaching].",
            {"datapoints_to_alarm": 2},
            Data(),
            id="two came and it takes two",
        ),
        pytest.param("Threshold Crossed: 3 datapoints were greater than the threshold.", {}, NOT_SAID),
        pytest.param(SILENT.replace("[Breaching]", "[NonBreaching]"), {}, NOT_SAID, id="not breaching"),
        pytest.param("a test by hand: " + SILENT, {}, NOT_SAID, id="quoted by somebody"),
        pytest.param("", {}, NOT_SAID, id="no reason"),
    ],
)
def test_without_an_evaluation_only_cloudwatchs_own_sentence_decides(
    reason: str, changes: dict[str, Any], expected: DataFound
) -> None:
    assert data_of(red(evaluation=None, reason=reason, **changes)) == expected


# --- composites ---


def child(name: str, state: AlarmState, *, silent: bool = False) -> DescribedAlarm:
    one = replace(a.described(name, state), evaluation=evaluation(None) if silent else None)
    return effective(one, data_of(one), NOBODY)


def test_a_composite_is_red_without_data_when_every_red_child_is() -> None:
    silent = [child(f"silent-{n}", ALARM, silent=True) for n in range(2)]
    words = "no data since 2026-11-20 09:59:00Z: every red child is red without data (silent-0, silent-1)"

    found = data_of_composite([child("well", OK), ABSENT, *silent])

    assert found == NoData(SINCE - MINUTE, words)


def test_three_of_many_children_without_data_are_named() -> None:
    found = data_of_composite([child(f"silent-{n}", ALARM, silent=True) for n in range(5)])

    assert isinstance(found, NoData)
    assert found.detail.endswith("every red child is red without data (silent-0, silent-1, silent-2)")


def test_one_child_that_is_red_by_data_makes_the_composite_red() -> None:
    assert data_of_composite([child("silent", ALARM, silent=True), child("red", ALARM)]) == Data()


@pytest.mark.parametrize(
    ("children", "why"),
    [
        ([], "none of its children is red"),
        ([child("well", OK)], "none of its children is red"),
        ([child("without", INSUFFICIENT)], "none of its children is red"),
        ([Unknown("throttled")], "a child could not be looked at: throttled"),
        ([NotRead("offline")], "a child could not be looked at: offline"),
    ],
)
def test_without_a_red_child_that_was_read_the_cause_is_unknown(children: list[Any], why: str) -> None:
    assert data_of_composite(children) == CannotTell(why)


# --- the event where the alarm says nothing ---

SECOND = timedelta(seconds=1)
SENTENCE = "no data since 2026-11-20 10:00:00Z: 3 datapoints missing"


def test_the_event_decides_where_the_alarm_says_nothing_of_the_same_transition() -> None:
    by_sentence = of_event(a.alarm(reason=SILENT), a.described(since=SINCE + 30 * SECOND), NOBODY)
    evaluated = of_event(a.alarm(evaluation=evaluation(None, None, None)), a.described(), NOBODY)

    assert by_sentence == Missing(shown="ALARM", since=SINCE, detail=SENTENCE, meaning=None, source="nobody")
    assert evaluated
    assert evaluated.since == SINCE - 3 * MINUTE


@pytest.mark.parametrize("apart", [MINUTE, -MINUTE])
def test_up_to_a_minute_apart_event_and_alarm_are_the_same_transition(apart: timedelta) -> None:
    def is_same_transition(by: timedelta) -> bool:
        return of_event(a.alarm(reason=SILENT), a.described(since=SINCE + by), NOBODY) is not None

    assert is_same_transition(apart)
    assert not is_same_transition(apart + (SECOND if apart > timedelta() else -SECOND))


@pytest.mark.parametrize(
    ("event", "live"),
    [
        pytest.param(SILENT, red(96.0, 97.0, 98.0), id="the alarm shows that data came"),
        pytest.param(SILENT, a.described(state=OK), id="the alarm is OK by now"),
        pytest.param(SILENT, a.described(children=("one",)), id="a composite"),
        pytest.param("", a.described(), id="neither says anything"),
    ],
)
def test_the_event_does_not_decide_about_another_transition_or_cause(
    event: str, live: DescribedAlarm
) -> None:
    assert of_event(a.alarm(reason=event), live, NOBODY) is None


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"reason": SILENT}, SENTENCE),
        (
            {"evaluation": evaluation(None, None)},
            "no data since 2026-11-20 09:58:00Z: no period that was evaluated has a datapoint",
        ),
        ({"reason": SILENT, "evaluation": evaluation(96.0, None)}, ""),
        ({"reason": SILENT, "state": INSUFFICIENT}, ""),
        ({"evaluation": Evaluation(query_date=SINCE - 2 * MINUTE)}, ""),
        ({"reason": "a drill"}, ""),
    ],
)
def test_the_event_of_an_alarm_that_could_not_be_read_says_whether_no_data_made_it_red(
    changes: dict[str, Any], text: str
) -> None:
    assert missing_data_in_event(a.alarm(**changes)) == text


def test_with_only_the_event_its_tags_and_the_policy_say_what_missing_data_means() -> None:
    policy = MissingDataRules(named=(("api-*", MissingData.IGNORE),))
    silent = a.alarm(reason=SILENT)
    by_tag = replace(silent, tags={MISSING_DATA_TAG: "symptom"})

    found = of_event_alone(silent, policy)

    source = 'the policy for alarms "api-*" (ignore)'
    assert found == Missing(
        shown="ALARM", since=SINCE, detail=SENTENCE, meaning=MissingData.IGNORE, source=source
    )
    assert of_event_alone(by_tag, policy) == replace(
        found, meaning=MissingData.SYMPTOM, source="its tag firebreak:missing-data=symptom"
    )
    assert of_event_alone(a.alarm(evaluation=evaluation(96.0, 97.0, 98.0)), policy) is None
