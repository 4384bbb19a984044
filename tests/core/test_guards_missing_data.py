"""Missing data: alarms that are red without data, by their owner's setting and by their event alone."""

from dataclasses import replace
from typing import Any

import pytest

from firebreak.core.decision import Check, Result
from firebreak.core.evaluation import Missing, MissingData
from firebreak.core.guards.alarm_state import missing_data
from firebreak.core.missing_data import MissingDataRules
from firebreak.core.model import Alarm, AlarmState, Contributor
from firebreak.core.observed import Series
from firebreak.core.readings import ABSENT, NotRead, Unknown
from firebreak.core.reasons import Reason
from tests.support import builders as a

SERIES = Contributor("5d3e1f0a9c2b4e77", {"ServiceName": "api"})
SILENT = a.alarm(evaluation=a.silent(a.alarm().since))
EVENT = "no data since 2026-11-20 09:57:00Z: no period that was evaluated has a datapoint"
SINCE = "no data since 09:57:00Z"
PASSED, OBJECTED = Result.PASSED, Result.OBJECTED


def missing(meaning: MissingData | None = None, source: str = "nobody said") -> Missing:
    return Missing(shown=AlarmState.ALARM, since=a.NOW, detail=SINCE, meaning=meaning, source=source)


def looked(result: Result, detail: str, reason: Reason | None = None, cause: str = "") -> Check:
    return Check("missing data", result, detail, reason, cause=cause)


def check(seen: Any, policy: MissingDataRules | None = None, **changes: Any) -> Check:
    rules = a.rules(missing_data=policy) if policy else a.rules()
    return missing_data(a.request(**changes), rules, seen)


WORDS = [
    pytest.param(
        missing(MissingData.SYMPTOM, "its tag"),
        looked(PASSED, f"{SINCE}; a symptom, by its tag"),
        id="symptom",
    ),
    pytest.param(
        missing(MissingData.IGNORE, "its tag"),
        looked(OBJECTED, f"{SINCE}; ignored, by its tag", Reason.NO_DATA_IGNORED),
        id="ignored",
    ),
    pytest.param(missing(), looked(OBJECTED, f"{SINCE}; nobody said", Reason.NO_DATA), id="no word"),
]


@pytest.mark.parametrize(("found", "expected"), WORDS)
@pytest.mark.parametrize("incident", ["", "i-0123456789"], ids=["a first response", "the next rung"])
def test_the_owner_of_an_alarm_decides_what_missing_data_means(
    found: Missing, expected: Check, incident: str
) -> None:
    seen = a.snapshot(alarm=a.described(missing=found))
    assert check(seen, incident_id=incident) == expected


@pytest.mark.parametrize(("found", "expected"), WORDS)
def test_the_series_of_the_event_counts_for_an_alarm_of_many_series(found: Missing, expected: Check) -> None:
    series = {SERIES.id: Series(missing=found), "other": Series(missing=missing(None, "another"))}
    seen = a.snapshot(series_in_alarm=series)
    assert check(seen, alarm=a.alarm(contributor=SERIES)) == expected


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({}, id="an alarm without series"),
        pytest.param({"alarm": a.alarm(contributor=Contributor("77aa", {}))}, id="a series with data"),
        pytest.param({"alarm": a.alarm(contributor=SERIES), "incident_id": "i-0123456789"}, id="an incident"),
    ],
)
def test_the_silence_of_another_series_is_nothing_to_it(changes: dict[str, Any]) -> None:
    seen = a.snapshot(series_in_alarm={SERIES.id: Series(missing=missing()), "77aa": Series()})
    assert check(seen, **changes) == looked(
        PASSED, "whether data came is not known: CloudWatch does not say what was evaluated"
    )


def test_where_no_series_were_read_the_alarm_itself_is_asked() -> None:
    seen = a.snapshot(alarm=a.described(missing=missing(MissingData.SYMPTOM, "its tag")))
    expected = looked(PASSED, f"{SINCE}; a symptom, by its tag")
    assert check(seen, alarm=a.alarm(contributor=SERIES)) == expected


def test_where_data_came_there_is_nothing_against_it() -> None:
    came = replace(a.silent(a.alarm().since), present=3, missing=0)
    assert check(a.snapshot(alarm=a.described(evaluation=came))) == looked(PASSED, "data came")


def test_an_alarm_that_is_gone_is_for_other_guards() -> None:
    assert check(a.snapshot(alarm=ABSENT)) == looked(PASSED, "the alarm does not exist")


@pytest.mark.parametrize(
    ("alarm", "text"),
    [
        pytest.param(a.alarm(), "", id="its event says nothing"),
        pytest.param(SILENT, f"; by its event {EVENT}", id="its event says that no data came"),
    ],
)
def test_a_guard_that_could_not_look_repeats_the_event(alarm: Alarm, text: str) -> None:
    dark = check(a.snapshot(alarm=Unknown("503")), alarm=alarm)
    unread = check(a.snapshot(alarm=NotRead("offline")), alarm=alarm)
    assert dark == looked(
        OBJECTED, f"could not look: 503{text}", Reason.ALARM_UNREADABLE, "503 2026-11-20T10:00"
    )
    assert unread == looked(Result.NOT_LOOKED_AT, f"not looked at: offline{text}")


@pytest.mark.parametrize(
    ("meaning", "result", "reason", "words"),
    [
        (MissingData.SYMPTOM, PASSED, None, "a symptom, by the policy's default (symptom)"),
        (
            MissingData.IGNORE,
            OBJECTED,
            Reason.NO_DATA_IGNORED,
            "ignored, by the policy's default (ignore)",
        ),
        (
            None,
            OBJECTED,
            Reason.NO_DATA,
            "neither a tag firebreak:missing-data nor the policy says that it means anything",
        ),
    ],
)
def test_a_guard_that_has_only_the_event_judges_by_it(
    meaning: MissingData | None, result: Result, reason: Reason | None, words: str
) -> None:
    policy = MissingDataRules(usual=meaning)
    seen = a.snapshot(alarm=NotRead("offline"), only_event=True)
    assert check(seen, policy, alarm=SILENT) == looked(result, f"by its event {EVENT}; {words}", reason)
    assert check(seen, policy, alarm=a.alarm()).result is Result.NOT_LOOKED_AT
    other = a.snapshot(alarm=Unknown("503"), only_event=True)
    assert check(other, policy, alarm=SILENT).reason is Reason.ALARM_UNREADABLE
