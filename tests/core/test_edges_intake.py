"""The exact words with which an alarm is turned away, and the alarms that no rule takes."""

from dataclasses import replace

import pytest

from firebreak.core.intake import turn_away, why_human, why_not_routed
from firebreak.core.model import Alarm, AlarmKind, AlarmState, Contributor, Unresolved
from firebreak.core.reasons import Reason
from tests import builders as a

TAG = "firebreak:action"
UNTAGGED = a.alarm(tags={})


@pytest.mark.parametrize("kind", sorted(set(AlarmKind) - {"multi-series", "promql", "unknown"}))
def test_every_other_kind_is_looked_into(kind: AlarmKind) -> None:
    assert turn_away(a.alarm(kind=kind)) is None


@pytest.mark.parametrize(
    ("alarm", "expected"),
    [
        pytest.param(
            a.alarm(state=AlarmState.OK), Unresolved(Reason.NOT_IN_ALARM, "the alarm is OK"), id="ok"
        ),
        pytest.param(
            a.alarm(state=AlarmState.INSUFFICIENT_DATA),
            Unresolved(Reason.NOT_IN_ALARM, "the alarm is INSUFFICIENT_DATA"),
            id="no data",
        ),
        pytest.param(
            a.alarm(kind=AlarmKind.PROMQL),
            Unresolved(Reason.PARENT_OF_CONTRIBUTORS, "its contributors send events of their own"),
            id="parent",
        ),
        pytest.param(
            a.alarm(kind=AlarmKind.UNKNOWN),
            Unresolved(Reason.UNKNOWN_KIND, "its configuration matches no documented kind of alarm"),
            id="unknown kind",
        ),
    ],
)
def test_an_alarm_that_is_turned_away_hears_why(alarm: Alarm, expected: Unresolved) -> None:
    assert turn_away(alarm) == expected


@pytest.mark.parametrize(
    ("alarm", "expected"),
    [
        pytest.param(
            replace(UNTAGGED, tags_lost=True),
            Unresolved(Reason.TAGS_LOST, "alarmTagsStatus is not SUCCESS"),
            id="lost",
        ),
        pytest.param(
            a.alarm(tags={TAG: "page"}),
            Unresolved(Reason.ROUTED_TO_HUMANS, "firebreak:action=page"),
            id="page",
        ),
        pytest.param(
            a.alarm(tags={TAG: "reboot"}),
            Unresolved(Reason.UNKNOWN_ACTION_TAG, "firebreak:action=reboot"),
            id="unknown",
        ),
        pytest.param(
            a.alarm(tags={TAG: ""}), Unresolved(Reason.UNKNOWN_ACTION_TAG, "firebreak:action="), id="empty"
        ),
        pytest.param(UNTAGGED, Unresolved(Reason.UNKNOWN_ACTION_TAG, "firebreak:action="), id="none at all"),
    ],
)
def test_an_alarm_for_humans_says_what_its_tag_was(alarm: Alarm, expected: Unresolved) -> None:
    assert why_human(alarm) == expected


@pytest.mark.parametrize(
    ("alarm", "expected"),
    [
        pytest.param(
            replace(UNTAGGED, name="TargetTracking-x"),
            "no firebreak:action tag came with the event, and target tracking owns the alarm",
            id="target tracking",
        ),
        pytest.param(
            replace(UNTAGGED, contributor=Contributor("1", {})),
            "no firebreak:action tag came with the event, and one series alone is no known symptom",
            id="series",
        ),
        pytest.param(
            replace(UNTAGGED, metrics=()),
            "no firebreak:action tag came with the event, and none of its metrics is a known symptom",
            id="no symptom",
        ),
    ],
)
def test_an_alarm_that_goes_to_nobody_hears_why(alarm: Alarm, expected: str) -> None:
    assert why_not_routed(alarm) == Unresolved(Reason.NOT_ROUTED, expected)
