"""The meaning of missing data by the setting of an alarm's owner, and the alarm's state for its owner."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firebreak.core.evaluation import Missing, MissingData
from firebreak.core.missing_data import (
    NOTHING_SAID,
    Data,
    MissingDataRules,
    NoData,
    OwnersWord,
    data_of,
    effective,
    is_symptom,
    owners_word,
)
from firebreak.core.model import AlarmState
from firebreak.core.observed import DescribedAlarm
from firebreak.core.readings import ABSENT, NotRead, Unknown
from firebreak.core.tags import MISSING_DATA_TAG
from tests.core.test_missing_data import MINUTE, SINCE, red
from tests.core.test_missing_data_sources import SILENT
from tests.support import builders as a

ALARM, OK, INSUFFICIENT = AlarmState.ALARM, AlarmState.OK, AlarmState.INSUFFICIENT_DATA
NOBODY = OwnersWord(None, "nobody")
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
            "its tag firebreak:missing-data=symptom",
        ),
        ("nightly-1", {}, MissingData.IGNORE, 'the policy for alarms "nightly-*" (ignore)'),
        ("noon", ABSENT, MissingData.SYMPTOM, 'the policy for alarms "n*" (symptom)'),
        ("other", {MISSING_DATA_TAG: "perhaps"}, MissingData.SYMPTOM, "the policy's default (symptom)"),
    ],
)
def test_the_tag_speaks_before_the_policy_and_its_first_pattern_before_its_default(
    name: str, tags: Any, meaning: MissingData, source: str
) -> None:
    assert owners_word(name, tags, RULES) == OwnersWord(meaning, source)


def test_missing_data_has_no_meaning_without_a_tag_or_the_policy() -> None:
    words = "neither a tag firebreak:missing-data nor the policy says that it means anything"

    assert owners_word("api", {}, MissingDataRules()) == OwnersWord(None, words)


@pytest.mark.parametrize("tags", [Unknown("throttled"), NotRead("offline")])
def test_a_tag_that_could_not_be_read_might_have_said_otherwise(tags: Unknown | NotRead) -> None:
    words = f"whether its tag firebreak:missing-data says what that means could not be read: {tags.why}"

    assert owners_word("nightly-1", tags, RULES) == Unknown(words)


IS_SYMPTOM, IS_IGNORED = {MISSING_DATA_TAG: "symptom"}, {MISSING_DATA_TAG: "ignore"}


@pytest.mark.parametrize(
    ("previous", "state", "tags", "expected"),
    [
        pytest.param(OK, INSUFFICIENT, IS_SYMPTOM, True, id="silence is the symptom"),
        pytest.param(ALARM, INSUFFICIENT, IS_SYMPTOM, True, id="it was red by data before"),
        pytest.param(INSUFFICIENT, INSUFFICIENT, IS_SYMPTOM, False, id="nothing changed"),
        pytest.param(OK, ALARM, IS_SYMPTOM, False, id="red is no turn to missing data"),
        pytest.param(OK, INSUFFICIENT, IS_IGNORED, False, id="silence means nothing"),
        pytest.param(OK, INSUFFICIENT, {}, False, id="nobody said anything"),
    ],
)
def test_a_turn_to_missing_data_is_one_to_red_where_silence_is_the_symptom(
    previous: AlarmState,
    state: AlarmState,
    tags: dict[str, str],
    expected: bool,  # a column of the table
) -> None:
    alarm = a.alarm(previous=previous, state=state, tags=tags)

    assert is_symptom(alarm, NOTHING_SAID) is expected


def test_the_policy_can_say_for_an_alarm_that_silence_is_the_symptom() -> None:
    alarm = a.alarm("noon", state=INSUFFICIENT)

    assert is_symptom(alarm, RULES)
    assert not is_symptom(replace(alarm, name="nightly-1"), RULES)


WORDS: dict[str, OwnersWord | Unknown] = {
    "symptom": OwnersWord(MissingData.SYMPTOM, "its tag"),
    "ignore": OwnersWord(MissingData.IGNORE, "its tag"),
    "nobody": NOBODY,
    "unreadable": Unknown("throttled"),
}


@pytest.mark.parametrize(
    ("raw_state", "silent", "word", "state", "marked"),
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
    raw_state: AlarmState, silent: bool, word: str, state: AlarmState, marked: bool
) -> None:
    alarm = red(*([None] * 3 if silent else [96.0] * 3), state=raw_state)

    found = effective(alarm, data_of(alarm), WORDS[word])

    assert (found.state, found.shown, bool(found.missing)) == (state, raw_state, marked)


@pytest.mark.parametrize(
    ("word", "meaning", "source"),
    [
        ("ignore", MissingData.IGNORE, "its tag"),
        ("nobody", None, "nobody"),
        ("unreadable", None, "throttled"),
    ],
)
def test_an_alarm_with_missing_data_names_the_gap_its_meaning_and_the_source(
    word: str, meaning: MissingData | None, source: str
) -> None:
    alarm = red(state=ALARM)
    silent = NoData(SINCE - MINUTE, "no data")

    found = effective(alarm, silent, WORDS[word]).missing

    expected = Missing(shown=ALARM, since=SINCE - MINUTE, detail="no data", meaning=meaning, source=source)
    assert found == expected


def test_an_alarm_with_insufficient_data_says_since_when() -> None:
    found = effective(a.described(state=INSUFFICIENT), Data(), WORDS["symptom"]).missing

    assert found
    assert (found.since, found.detail) == (SINCE, "INSUFFICIENT_DATA since 2026-11-20 10:00:00Z")


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
