from dataclasses import replace

import pytest

from firebreak.core.intake import reject_early, tag_names_action, why_human, why_not_routed
from firebreak.core.model import Alarm, AlarmKind, AlarmState, Contributor, Metric
from firebreak.core.readings import ABSENT, NotRead, Unknown
from firebreak.core.reasons import Reason
from firebreak.core.routing import primary, route
from firebreak.services.registry import CATALOG
from tests.support import builders as a

TAG = "firebreak:action"
UNTAGGED = a.alarm(tags={})


def test_a_red_alarm_of_a_known_kind_is_looked_into() -> None:
    assert reject_early(a.alarm()) is None


@pytest.mark.parametrize(
    ("alarm", "reason"),
    [
        pytest.param(a.alarm(state=AlarmState.OK), Reason.NOT_IN_ALARM, id="ok"),
        pytest.param(a.alarm(kind=AlarmKind.MULTI_SERIES), Reason.PARENT_OF_CONTRIBUTORS, id="parent"),
        pytest.param(a.alarm(kind=AlarmKind.PROMQL), Reason.PARENT_OF_CONTRIBUTORS, id="promql parent"),
        pytest.param(a.alarm(kind=AlarmKind.UNKNOWN), Reason.UNKNOWN_KIND, id="unknown kind"),
    ],
)
def test_an_alarm_that_needs_no_guard_is_rejected_early(alarm: Alarm, reason: Reason) -> None:
    turned = reject_early(alarm)

    assert turned
    assert turned.reason is reason


def test_a_contributor_speaks_for_its_parent() -> None:
    assert reject_early(a.alarm(kind=AlarmKind.MULTI_SERIES, contributor=Contributor("1", {}))) is None


@pytest.mark.parametrize(
    ("alarm", "reason"),
    [
        pytest.param(a.alarm(tags={TAG: "page"}), Reason.ROUTED_TO_HUMANS, id="page"),
        pytest.param(a.alarm(tags={TAG: "reboot"}), Reason.UNKNOWN_ACTION_TAG, id="unknown"),
        pytest.param(a.alarm(tags={TAG: ""}), Reason.UNKNOWN_ACTION_TAG, id="empty"),
        pytest.param(replace(UNTAGGED, tags_lost=True), Reason.TAGS_LOST, id="lost"),
        pytest.param(a.alarm(tags={TAG: "page"}, tags_lost=True), Reason.ROUTED_TO_HUMANS, id="came through"),
    ],
)
def test_why_an_alarm_is_for_humans(alarm: Alarm, reason: Reason) -> None:
    assert primary(route(alarm, CATALOG)) == "page"
    assert why_human(alarm).reason is reason


@pytest.mark.parametrize(
    ("alarm", "reason", "words"),
    [
        pytest.param(a.alarm(state=AlarmState.OK), Reason.NOT_IN_ALARM, "OK", id="ok"),
        pytest.param(a.alarm(tags={TAG: "none"}), Reason.ACTION_NONE, "none", id="none"),
        pytest.param(
            replace(UNTAGGED, name="TargetTracking-x"), Reason.NOT_ROUTED, "tracking", id="tracking"
        ),
        pytest.param(
            replace(UNTAGGED, contributor=Contributor("1", {})), Reason.NOT_ROUTED, "series", id="series"
        ),
        pytest.param(
            replace(UNTAGGED, metrics=(Metric("AWS/EC2", "CPUUtilization", {}),)),
            Reason.NOT_ROUTED,
            "symptom",
            id="no symptom",
        ),
    ],
)
def test_why_an_alarm_goes_to_nobody(alarm: Alarm, reason: Reason, words: str) -> None:
    assert primary(route(alarm, CATALOG)) is None
    assert why_not_routed(alarm).reason is reason
    assert words in why_not_routed(alarm).detail


@pytest.mark.parametrize(
    ("alarm", "tags", "named"),
    [
        pytest.param(a.alarm(), ABSENT, True, id="in the event"),
        pytest.param(UNTAGGED, {TAG: "restart-service"}, True, id="on the alarm"),
        pytest.param(UNTAGGED, {"team": "a"}, False, id="nowhere"),
        pytest.param(UNTAGGED, ABSENT, False, id="no such alarm"),
        pytest.param(UNTAGGED, Unknown("x"), False, id="unreadable"),
        pytest.param(UNTAGGED, NotRead("x"), False, id="not read"),
    ],
)
def test_whether_a_tag_names_an_action(alarm: Alarm, tags: object, named: bool) -> None:
    assert tag_names_action(alarm, tags) is named  # type: ignore[arg-type]  # a row's value is a reading
