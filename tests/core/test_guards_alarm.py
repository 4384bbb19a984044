"""Muted, wrong direction, stale and duplicate: does this alarm still ask for anything?"""

from datetime import timedelta
from typing import Any

import pytest

from firebreak.core.decision import Result
from firebreak.core.guards.alarm_state import alarm_muted, stale, wrong_direction
from firebreak.core.guards.concurrency import duplicate
from firebreak.core.limits.history import Decided, Transition
from firebreak.core.model import AlarmState, Contributor, Mute, RequestKind
from firebreak.core.readings import ABSENT
from firebreak.core.reasons import Reason
from tests.core.guard_findings import BLIND, UNREAD, found
from tests.support import builders as a

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
RULE = "arn:aws:cloudwatch:eu-west-1:111122223333:alarm-mute-rule:night"
SERIES = Contributor("5d3e1f0a9c2b4e77", {"ServiceName": "api"})


@pytest.mark.parametrize(
    ("alarm", "result", "reason"),
    [
        pytest.param(a.described(), Result.PASSED, None, id="actions enabled"),
        pytest.param(
            a.described(actions_enabled=False), Result.OBJECTED, Reason.ACTIONS_DISABLED, id="disabled"
        ),
        pytest.param(ABSENT, Result.PASSED, None, id="gone"),
        pytest.param(BLIND, Result.OBJECTED, Reason.MUTE_UNREADABLE, id="unknown"),
        pytest.param(UNREAD, Result.NOT_LOOKED_AT, None, id="not read"),
    ],
)
def test_muted_looks_whether_the_alarms_actions_are_enabled(
    alarm: object, result: Result, reason: Reason | None
) -> None:
    assert found(alarm_muted(a.request(), a.rules(), a.snapshot(alarm=alarm))) == (result, reason)


@pytest.mark.parametrize(
    ("kind", "mute", "result", "until"),
    [
        pytest.param(
            RequestKind.ALARM, Mute(RULE, a.NOW + MINUTE), Result.OBJECTED, a.NOW + MINUTE, id="window"
        ),
        pytest.param(RequestKind.ALARM, Mute(RULE, a.NOW), Result.PASSED, None, id="window over"),
        pytest.param(RequestKind.ALARM, Mute(RULE, None), Result.OBJECTED, None, id="no readable end"),
        pytest.param(
            RequestKind.CLIMB, Mute(RULE, a.NOW + MINUTE), Result.OBJECTED, a.NOW + MINUTE, id="climb inside"
        ),
        pytest.param(
            RequestKind.WAKE, Mute(RULE, a.NOW), Result.PASSED, None, id="woken at the window's end"
        ),
        pytest.param(RequestKind.WAKE, Mute(RULE, None), Result.PASSED, None, id="woken, no readable end"),
    ],
)
def test_a_mute_window_defers_to_its_end(
    kind: RequestKind, mute: Mute, result: Result, until: object
) -> None:
    check = alarm_muted(a.request(kind, alarm=a.alarm(mute=mute)), a.rules(), a.snapshot())
    assert (check.result, check.until) == (result, until)
    objection = Reason.MUTED if mute.until else Reason.MUTED_WITHOUT_END
    assert check.reason is (objection if result is Result.OBJECTED else None)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        pytest.param(RequestKind.ALARM, Reason.SUPPRESSED, id="now"),
        pytest.param(RequestKind.CLIMB, None, id="then, at the first rung"),
    ],
)
def test_suppression_speaks_of_its_own_event_only(kind: RequestKind, reason: Reason | None) -> None:
    request = a.request(kind, alarm=a.alarm(suppressed_by="WaitPeriod"))
    check = alarm_muted(request, a.rules(), a.snapshot())
    assert check.reason is reason
    assert ("WaitPeriod" in check.detail) is (reason is not None)


@pytest.mark.parametrize(
    ("brake", "reason"),
    [
        ({"suppressed_by": "Alarm"}, Reason.SUPPRESSED),
        ({"mute": Mute("arn:mute", None)}, Reason.MUTED_WITHOUT_END),
    ],
    ids=["suppressed", "muted with no readable end"],
)
def test_a_humans_request_does_not_lift_a_brake_in_the_alarms_event(
    brake: dict[str, Any], reason: Reason
) -> None:
    request = a.request(RequestKind.WAKE, alarm=a.alarm(**brake), by="ana")
    assert alarm_muted(request, a.rules(), a.snapshot()).reason is reason


@pytest.mark.parametrize(
    ("alarm", "result", "reason", "detail"),
    [
        pytest.param(a.described(), Result.PASSED, None, "GreaterThanThreshold", id="high"),
        pytest.param(
            a.described(comparison="GreaterThanUpperThreshold"),
            Result.PASSED,
            None,
            "Upper",
            id="above a band",
        ),
        pytest.param(
            a.described(comparison="LessThanThreshold"),
            Result.OBJECTED,
            Reason.WRONG_DIRECTION,
            "LessThanThreshold",
            id="low",
        ),
        pytest.param(
            a.described(comparison="LessThanLowerOrGreaterThanUpperThreshold"),
            Result.OBJECTED,
            Reason.WRONG_DIRECTION,
            "LessThanLowerOrGreaterThanUpperThreshold",
            id="either way",
        ),
        pytest.param(
            a.described(comparison=""), Result.OBJECTED, Reason.WRONG_DIRECTION, "not given", id="not given"
        ),
        pytest.param(ABSENT, Result.OBJECTED, Reason.ALARM_GONE, "does not exist", id="gone"),
        pytest.param(
            BLIND, Result.OBJECTED, Reason.DIRECTION_UNREADABLE, "ThrottlingException", id="unknown"
        ),
        pytest.param(UNREAD, Result.NOT_LOOKED_AT, None, "already objected", id="not read"),
    ],
)
def test_by_symptom_only_a_high_metric_asks_for_more(
    alarm: object, result: Result, reason: Reason | None, detail: str
) -> None:
    check = wrong_direction(a.request(by_symptom=True), a.rules(), a.snapshot(alarm=alarm))
    assert found(check) == (result, reason)
    assert detail in check.detail


def test_an_action_named_by_tag_has_no_wrong_direction() -> None:
    low = a.described(comparison="LessThanThreshold")
    assert wrong_direction(a.request(), a.rules(), a.snapshot(alarm=low)).result is Result.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("age", "result"),
    [
        pytest.param(10 * MINUTE, Result.PASSED, id="at the limit"),
        pytest.param(10 * MINUTE + SECOND, Result.OBJECTED, id="past it"),
        pytest.param(-30 * SECOND, Result.PASSED, id="from a clock ahead of Firebreak's"),
    ],
)
def test_stale_counts_the_age_of_the_request(age: timedelta, result: Result) -> None:
    request = a.request(at=a.NOW - age)
    check = stale(request, a.rules(), a.snapshot())
    assert check.result is result
    assert check.reason is (Reason.TOO_OLD if result is Result.OBJECTED else None)


def test_stale_names_age_and_limit() -> None:
    check = stale(a.request(at=a.NOW - 11 * MINUTE), a.rules(), a.snapshot())
    assert check.detail == "11m old, limit 10m"


def test_a_late_event_of_an_alarm_that_spoke_since_gives_way_to_what_it_said() -> None:
    request = a.request(at=a.NOW - 11 * MINUTE)
    newer = Transition(request.alarm.since + SECOND, AlarmState.OK)
    check = stale(request, a.rules(), a.snapshot(transition=newer))
    assert found(check) == (Result.OBJECTED, Reason.SUPERSEDED)


@pytest.mark.parametrize("by", ["", "arn:aws:iam::111122223333:user/ana"], ids=["put off", "asked for again"])
@pytest.mark.parametrize(
    ("alarm", "result", "reason"),
    [
        pytest.param(a.described(), Result.PASSED, None, id="red"),
        pytest.param(
            a.described(state=AlarmState.OK), Result.OBJECTED, Reason.NO_LONGER_RED, id="well again"
        ),
    ],
)
def test_the_one_look_at_an_alarm_that_waited_comes_never_too_late(
    alarm: object, result: Result, reason: Reason | None, by: str
) -> None:
    late = a.request(RequestKind.WAKE, at=a.NOW - 60 * MINUTE, by=by)
    assert found(stale(late, a.rules(), a.snapshot(alarm=alarm))) == (result, reason)


def test_a_wake_up_of_an_incident_can_come_too_late() -> None:
    late = a.request(RequestKind.WAKE, at=a.NOW - 11 * MINUTE, incident_id="i-0123456789")
    assert stale(late, a.rules(), a.snapshot()).reason is Reason.TOO_OLD


@pytest.mark.parametrize(
    ("state", "changes", "result"),
    [
        pytest.param(AlarmState.ALARM, {}, Result.OBJECTED, id="red again"),
        pytest.param(AlarmState.OK, {}, Result.PASSED, id="was well in between"),
        pytest.param(AlarmState.ALARM, {"by": "arn:ana"}, Result.PASSED, id="a human asks"),
        pytest.param(AlarmState.ALARM, {"incident_id": "i-0123456789"}, Result.PASSED, id="an incident's"),
    ],
)
def test_an_alarm_that_waited_gives_way_to_its_own_newer_red(
    state: AlarmState, changes: dict[str, str], result: Result
) -> None:
    request = a.request(RequestKind.WAKE, **changes)
    newer = Transition(request.alarm.since + SECOND, state)
    check = stale(request, a.rules(), a.snapshot(transition=newer))
    assert found(check) == (result, Reason.SUPERSEDED if result is Result.OBJECTED else None)


@pytest.mark.parametrize(
    ("kind", "last", "result", "reason"),
    [
        pytest.param(RequestKind.ALARM, ABSENT, Result.PASSED, None, id="first transition"),
        pytest.param(RequestKind.ALARM, -SECOND, Result.PASSED, None, id="newest"),
        pytest.param(RequestKind.ALARM, timedelta(), Result.PASSED, None, id="the same"),
        pytest.param(
            RequestKind.ALARM, SECOND, Result.OBJECTED, Reason.SUPERSEDED, id="a newer one was seen"
        ),
        pytest.param(RequestKind.ALARM, BLIND, Result.OBJECTED, Reason.ALARM_UNREADABLE, id="unknown"),
        pytest.param(RequestKind.ALARM, UNREAD, Result.NOT_LOOKED_AT, None, id="not read"),
        pytest.param(RequestKind.CLIMB, SECOND, Result.PASSED, None, id="a climb outlives its transition"),
    ],
)
def test_stale_compares_with_the_newest_transition(
    kind: RequestKind, last: object, result: Result, reason: Reason | None
) -> None:
    request = a.request(kind)
    seen = Transition(request.alarm.since + last, AlarmState.OK) if isinstance(last, timedelta) else last
    assert found(stale(request, a.rules(), a.snapshot(transition=seen))) == (result, reason)


@pytest.mark.parametrize(
    "kind", [RequestKind.ALARM, RequestKind.CLIMB, RequestKind.WAKE, RequestKind.APPROVAL]
)
@pytest.mark.parametrize(
    ("alarm", "result", "reason"),
    [
        pytest.param(a.described(), Result.PASSED, None, id="red"),
        pytest.param(
            a.described(state=AlarmState.OK), Result.OBJECTED, Reason.NO_LONGER_RED, id="well again"
        ),
        pytest.param(
            a.described(state=AlarmState.INSUFFICIENT_DATA), Result.OBJECTED, Reason.NO_DATA_NOW, id="no data"
        ),
        pytest.param(ABSENT, Result.OBJECTED, Reason.ALARM_GONE, id="gone"),
        pytest.param(BLIND, Result.OBJECTED, Reason.ALARM_UNREADABLE, id="unknown"),
        pytest.param(UNREAD, Result.NOT_LOOKED_AT, None, id="not read"),
    ],
)
def test_stale_wants_the_alarm_red_at_this_moment(
    kind: RequestKind, alarm: object, result: Result, reason: Reason | None
) -> None:
    assert found(stale(a.request(kind), a.rules(), a.snapshot(alarm=alarm))) == (result, reason)


@pytest.mark.parametrize(
    ("series", "result", "reason"),
    [
        pytest.param(a.series(SERIES.id, "other"), Result.PASSED, None, id="red"),
        pytest.param(a.series("other"), Result.OBJECTED, Reason.NO_LONGER_RED, id="another one is red"),
        pytest.param(a.series(), Result.OBJECTED, Reason.NO_LONGER_RED, id="none is red"),
        pytest.param(ABSENT, Result.OBJECTED, Reason.ALARM_GONE, id="no such alarm"),
        pytest.param(BLIND, Result.OBJECTED, Reason.ALARM_UNREADABLE, id="unknown"),
        pytest.param(UNREAD, Result.NOT_LOOKED_AT, None, id="not read"),
    ],
)
def test_a_contributor_must_be_red_itself(series: object, result: Result, reason: Reason | None) -> None:
    request = a.request(alarm=a.alarm(contributor=SERIES))
    assert found(stale(request, a.rules(), a.snapshot(series_in_alarm=series))) == (result, reason)


@pytest.mark.parametrize(
    ("decided", "result", "reason", "detail"),
    [
        pytest.param(ABSENT, Result.PASSED, None, "first delivery", id="first"),
        pytest.param(
            Decided("k", a.NOW - MINUTE, "refuse", "cooldown"),
            Result.OBJECTED,
            Reason.DUPLICATE,
            "refuse at 09:59:30Z: cooldown",
            id="decided before",
        ),
        pytest.param(
            BLIND, Result.OBJECTED, Reason.DUPLICATE_UNREADABLE, "ThrottlingException", id="unknown"
        ),
        pytest.param(UNREAD, Result.NOT_LOOKED_AT, None, "already objected", id="not read"),
    ],
)
def test_duplicate_names_the_earlier_decision(
    decided: object, result: Result, reason: Reason | None, detail: str
) -> None:
    check = duplicate(a.request(), a.rules(), a.snapshot(decided=decided))
    assert found(check) == (result, reason)
    assert detail in check.detail
