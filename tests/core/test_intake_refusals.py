"""The exact words with which an alarm is rejected early, and the alarms that no rule takes."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from firebreak.core.decision import Check, Decision, Defer, Refuse, Result
from firebreak.core.intake import (
    held_back,
    is_asked_for,
    reject_early,
    unconfirmed,
    why_human,
    why_not_routed,
)
from firebreak.core.model import Alarm, AlarmKind, AlarmState, Contributor, Mute, Unresolved
from firebreak.core.readings import ABSENT, NotRead, Reading, Unknown
from firebreak.core.reasons import Reason
from tests.support import builders as a

TAG = "firebreak:action"
UNTAGGED = a.alarm(tags={})
MOMENT = timedelta(microseconds=1)
DARK: tuple[Reading[Mapping[str, str]], ...] = (Unknown("503"), NotRead("offline"))


@pytest.mark.parametrize("kind", sorted(set(AlarmKind) - {"multi-series", "promql", "unknown"}))
def test_every_other_kind_is_looked_into(kind: AlarmKind) -> None:
    assert reject_early(a.alarm(kind=kind)) is None


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
def test_an_alarm_that_is_rejected_early_has_its_reason(alarm: Alarm, expected: Unresolved) -> None:
    assert reject_early(alarm) == expected


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
def test_an_alarm_for_humans_names_its_tag(alarm: Alarm, expected: Unresolved) -> None:
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
def test_an_alarm_that_goes_to_nobody_has_a_reason(alarm: Alarm, expected: str) -> None:
    assert why_not_routed(alarm) == Unresolved(Reason.NOT_ROUTED, expected)


# --- alarms that CloudWatch holds back from humans


def muted(until: datetime | None) -> Alarm:
    return a.alarm(mute=Mute(by="night", until=until))


@pytest.mark.parametrize(
    ("alarm", "reason", "detail"),
    [
        pytest.param(
            muted(None), Reason.MUTED_WITHOUT_END, "muted by night with no readable end", id="no known end"
        ),
        pytest.param(
            a.alarm(suppressed_by="maintenance"),
            Reason.SUPPRESSED,
            "actions suppressed by maintenance",
            id="suppressed",
        ),
        pytest.param(
            replace(muted(a.NOW), suppressed_by="maintenance"),
            Reason.SUPPRESSED,
            "actions suppressed by maintenance",
            id="suppressed after its mute window",
        ),
    ],
)
def test_an_alarm_for_humans_that_is_held_back_without_an_end_is_refused(
    alarm: Alarm, reason: Reason, detail: str
) -> None:
    check = Check("intake", Result.OBJECTED, detail, reason)
    assert held_back(alarm, a.NOW) == Decision(Refuse(), reason, (check,), "")


def test_an_alarm_for_humans_is_deferred_until_its_mute_window_ends() -> None:
    until = a.NOW + MOMENT
    check = Check("intake", Result.OBJECTED, "muted by night until 10:00:30Z", Reason.MUTED, until)
    assert held_back(muted(until), a.NOW) == Decision(Defer(until), Reason.MUTED, (check,), "")


@pytest.mark.parametrize("alarm", [a.alarm(), muted(a.NOW)], ids=["nothing holds it", "its window has ended"])
def test_nothing_else_holds_an_alarm_for_humans_back(alarm: Alarm) -> None:
    assert held_back(alarm, a.NOW) is None


# --- the tags that count


@pytest.mark.parametrize(
    ("alarm", "tags", "asked"),
    [
        pytest.param(a.alarm(), ABSENT, True, id="an action in the event"),
        pytest.param(UNTAGGED, {TAG: "restart-service"}, True, id="an action on the alarm"),
        pytest.param(UNTAGGED, {"firebreak:target": "ecs:prod/api"}, True, id="a target alone"),
        pytest.param(UNTAGGED, {"firebreak:target": ""}, True, id="an empty target"),
        pytest.param(UNTAGGED, {"team": "a"}, False, id="neither"),
        pytest.param(UNTAGGED, ABSENT, False, id="the alarm is gone"),
        pytest.param(UNTAGGED, {TAG: ""}, False, id="an empty action"),
        pytest.param(
            UNTAGGED, {TAG: "none", "firebreak:target": "ecs:prod/api"}, False, id="none, for a target"
        ),
        pytest.param(a.alarm(tags={TAG: "none"}), {TAG: "restart-service"}, False, id="the event outweighs"),
        pytest.param(replace(UNTAGGED, tags_lost=True), {TAG: "none"}, True, id="lost tags may have asked"),
        *(pytest.param(UNTAGGED, dark, True, id=f"{dark}") for dark in DARK),
    ],
)
def test_whether_its_owner_wants_something_done(
    alarm: Alarm, tags: Reading[Mapping[str, str]], *, asked: bool
) -> None:
    assert is_asked_for(alarm, tags) is asked


FROM_ROUTER = a.alarm(by_router=True)


@pytest.mark.parametrize(
    ("tags", "named"),
    [
        pytest.param({TAG: "scale-service"}, "scale-service", id="another action"),
        pytest.param({TAG: ""}, "nothing", id="an empty tag"),
        pytest.param({}, "nothing", id="no such tag"),
        pytest.param(ABSENT, "nothing", id="no such alarm"),
    ],
)
def test_a_request_of_the_router_against_the_alarms_own_tags_is_refused(
    tags: Reading[Mapping[str, str]], named: str
) -> None:
    detail = f"the alarm's own tags say firebreak:action={named}, not restart-service"
    expected = Unresolved(Reason.NOT_ROUTED, detail)
    assert unconfirmed(FROM_ROUTER, "restart-service", tags) == expected
    assert unconfirmed(replace(FROM_ROUTER, by_router=False), "restart-service", tags) is None


@pytest.mark.parametrize("tags", [{TAG: "restart-service"}, *DARK], ids=str)
def test_a_request_of_the_router_stands_where_the_tags_agree_or_cannot_be_read(
    tags: Reading[Mapping[str, str]],
) -> None:
    assert unconfirmed(FROM_ROUTER, "restart-service", tags) is None
