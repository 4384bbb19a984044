"""Switch, own stack and opt-in: may this target be changed at all?"""

from datetime import timedelta

import pytest

from firebreak.core.decision import Check, Result
from firebreak.core.guards.ownership import opt_in, own_stack
from firebreak.core.guards.shared_conditions import switch
from firebreak.core.limits.history import Hold
from firebreak.core.model import RequestKind
from firebreak.core.readings import ABSENT
from firebreak.core.reasons import Reason
from tests.core.guard_findings import BLIND, UNREAD, found
from tests.support import builders as a

MINUTE = timedelta(minutes=1)
HOLD = Hold("global", "ana", "migration", a.NOW - MINUTE, a.NOW + 60 * MINUTE)
OPTED_IN = {"firebreak:enabled": "true"}


def held(**changes: object) -> Check:
    return switch(a.request(), a.rules(), a.snapshot(**changes))


@pytest.mark.parametrize(
    ("holds", "result", "reason", "detail"),
    [
        pytest.param(ABSENT, Result.PASSED, None, "no kill switch", id="nothing held"),
        pytest.param((), Result.PASSED, None, "no kill switch", id="released"),
        pytest.param(
            (HOLD,), Result.OBJECTED, Reason.SWITCHED_OFF, "global by ana until 11:00:30Z", id="held"
        ),
        pytest.param(BLIND, Result.OBJECTED, Reason.SWITCH_UNREADABLE, "ThrottlingException", id="unknown"),
        pytest.param(UNREAD, Result.NOT_LOOKED_AT, None, "already objected", id="not read"),
    ],
)
def test_switch_objects_while_anybody_holds(
    holds: object, result: Result, reason: Reason | None, detail: str
) -> None:
    check = held(holds=holds)
    assert found(check) == (result, reason)
    assert detail in check.detail


@pytest.mark.parametrize(
    ("ended_ago", "result"),
    [
        pytest.param(timedelta(seconds=59), Result.OBJECTED, id="within the clock skew"),
        pytest.param(timedelta(seconds=60), Result.PASSED, id="past the clock skew"),
    ],
)
def test_a_hold_lasts_for_the_clock_skew_beyond_its_end(ended_ago: timedelta, result: Result) -> None:
    ended = Hold("global", "ana", "migration", a.NOW - 60 * MINUTE, a.NOW - ended_ago)
    assert held(holds=(ended,)).result is result


def test_switch_names_every_holder_with_the_reason_and_the_latest_end() -> None:
    other = Hold(f"target {a.TARGET.key}", "bo", "load test", a.NOW, a.NOW + 2 * 60 * MINUTE)
    check = held(holds=(HOLD, other))
    assert "migration" in check.detail
    assert "target ecs:prod/api by bo until 12:00:30Z: load test" in check.detail
    assert check.until == other.until + MINUTE


@pytest.mark.parametrize(
    ("tags", "result", "reason"),
    [
        pytest.param(OPTED_IN, Result.PASSED, None, id="no stack"),
        pytest.param({"aws:cloudformation:stack-name": "shop"}, Result.PASSED, None, id="another stack"),
        pytest.param(
            {"aws:cloudformation:stack-name": "firebreak"}, Result.OBJECTED, Reason.OWN_STACK, id="own stack"
        ),
        pytest.param(ABSENT, Result.PASSED, None, id="no target"),
        pytest.param(BLIND, Result.OBJECTED, Reason.OWN_STACK_UNREADABLE, id="unknown"),
        pytest.param(UNREAD, Result.NOT_LOOKED_AT, None, id="not read"),
    ],
)
def test_own_stack_keeps_firebreak_from_itself(tags: object, result: Result, reason: Reason | None) -> None:
    assert found(own_stack(a.request(), a.rules(), a.snapshot(target_tags=tags))) == (result, reason)


@pytest.mark.parametrize(
    ("tags", "result", "reason", "detail"),
    [
        pytest.param(OPTED_IN, Result.PASSED, None, "firebreak:enabled=true", id="yes"),
        pytest.param({}, Result.OBJECTED, Reason.NOT_OPTED_IN, "not set", id="nothing said"),
        pytest.param(
            {"firebreak:enabled": "True"}, Result.OBJECTED, Reason.NOT_OPTED_IN, "'True'", id="misspelt"
        ),
        pytest.param(
            {"firebreak:enabled": "false"}, Result.OBJECTED, Reason.NOT_OPTED_IN, "'false'", id="no"
        ),
        pytest.param(ABSENT, Result.OBJECTED, Reason.TARGET_MISSING, "does not exist", id="no target"),
        pytest.param(BLIND, Result.OBJECTED, Reason.OPT_IN_UNREADABLE, "ThrottlingException", id="unknown"),
        pytest.param(UNREAD, Result.NOT_LOOKED_AT, None, "already objected", id="not read"),
    ],
)
def test_opt_in_wants_the_resource_owners_yes(
    tags: object, result: Result, reason: Reason | None, detail: str
) -> None:
    check = opt_in(a.request(), a.rules(), a.snapshot(target_tags=tags))
    assert found(check) == (result, reason)
    assert detail in check.detail


@pytest.mark.parametrize(
    ("in_event", "live", "result", "reason"),
    [
        pytest.param("restart-service", BLIND, Result.PASSED, None, id="the event says this action"),
        pytest.param("none", {}, Result.OBJECTED, Reason.ACTION_NONE, id="the event says none"),
        pytest.param(
            None, {"firebreak:action": "none"}, Result.OBJECTED, Reason.ACTION_NONE, id="a lost none"
        ),
        pytest.param(None, {}, Result.PASSED, None, id="nothing said anywhere"),
        pytest.param(None, ABSENT, Result.PASSED, None, id="the alarm is gone"),
        pytest.param(
            None, {"firebreak:action": "page"}, Result.OBJECTED, Reason.OTHER_ACTION, id="a lost page"
        ),
        pytest.param(
            None,
            {"firebreak:action": "scale-service"},
            Result.OBJECTED,
            Reason.OTHER_ACTION,
            id="a lost other",
        ),
        pytest.param("scale-service", {}, Result.OBJECTED, Reason.OTHER_ACTION, id="the event says another"),
        pytest.param(None, BLIND, Result.OBJECTED, Reason.OPT_IN_UNREADABLE, id="lost and unreadable"),
        pytest.param(None, UNREAD, Result.NOT_LOOKED_AT, None, id="lost and not read"),
    ],
)
def test_a_tag_that_did_not_ride_in_the_event_counts_all_the_same(
    in_event: str | None, live: object, result: Result, reason: Reason | None
) -> None:
    tags = {"firebreak:action": in_event} if in_event else {}
    request = a.request(alarm=a.alarm(tags=tags))
    assert found(opt_in(request, a.rules(), a.snapshot(alarm_tags=live))) == (result, reason)


def test_a_climb_may_take_another_action_than_the_tag_names() -> None:
    climb = a.request(RequestKind.CLIMB, action="scale-service", incident_id="i-0123456789", rung=1)
    assert opt_in(climb, a.rules(), a.snapshot()).result is Result.PASSED


def test_a_none_that_is_set_later_stops_a_climb() -> None:
    climb = a.request(RequestKind.CLIMB, alarm=a.alarm(tags={}), incident_id="i-0123456789", rung=1)
    check = opt_in(climb, a.rules(), a.snapshot(alarm_tags={"firebreak:action": "none"}))
    assert check.reason is Reason.ACTION_NONE
