"""Every finding of every guard, word for word: operators read these at night.

The other tests of the guards say when a guard objects. These say under which name, and in which words.
"""

from datetime import timedelta
from typing import Any

import pytest

from firebreak.core.decision import Check, Result
from firebreak.core.guards.table import GUARDS
from firebreak.core.incident.states import IncidentState
from firebreak.core.limits.history import Decided, Hold, Transition
from firebreak.core.model import AlarmState, Contributor, Mute, Request, RequestKind
from firebreak.core.readings import ABSENT, NotRead, Unknown
from firebreak.core.reasons import Reason
from tests.support import builders as a

MINUTE = timedelta(minutes=1)
OWN = "i-0123456789"
BLIND, UNREAD = Unknown("Throttled"), NotRead("offline")
CLIMB = a.request(RequestKind.CLIMB, incident_id=OWN)
BY_SYMPTOM = a.request(by_symptom=True)
SERIES = a.request(alarm=a.alarm(contributor=Contributor("5d3e", {})))
HOLD = Hold("global", "ana", "migration", a.NOW, a.NOW + MINUTE)
OTHER_HOLD = Hold("group prod", "bo", "load test", a.NOW, a.NOW + 2 * MINUTE)
LOOK = {guard.name: guard.check for guard in GUARDS}


def found(guard: str, request: Request, **seen: Any) -> Check:
    return LOOK[guard](request, a.rules(), a.snapshot(**seen))


def muted(**changes: Any) -> Request:
    return a.request(alarm=a.alarm(**changes))


@pytest.mark.parametrize(
    ("alarm", "seen", "result", "reason", "detail"),
    [
        pytest.param("api", {}, Result.NOT_APPLICABLE, None, "another alarm", id="another"),
        pytest.param(
            "firebreak-heartbeat",
            {},
            Result.OBJECTED,
            Reason.HEARTBEAT,
            "the heartbeat of stack firebreak",
            id="own",
        ),
        pytest.param(
            "firebreak-heartbeat",
            {"storm": BLIND},
            Result.OBJECTED,
            Reason.HEARTBEAT_BLIND,
            "could not look: Throttled",
            id="blind",
        ),
    ],
)
def test_the_heartbeats_finding_word_for_word(
    alarm: str, seen: dict[str, Any], result: Result, reason: Reason | None, detail: str
) -> None:
    check = found("heartbeat", a.request(alarm=a.alarm(alarm)), **seen)
    assert check == Check("heartbeat", result, detail, reason)


PASSES: list[tuple[str, Request, dict[str, Any], str]] = [
    ("switch", a.request(), {"holds": ABSENT}, "no kill switch is held"),
    ("switch", a.request(), {"holds": ()}, "no kill switch is held"),
    ("own stack", a.request(), {"target_tags": ABSENT}, "the target has no tags"),
    ("own stack", a.request(), {}, "it is not part of stack firebreak"),
    ("opt-in", a.request(), {}, "firebreak:enabled=true"),
    ("alarm muted", a.request(), {"alarm": ABSENT}, "the alarm is gone, so nothing mutes it"),
    ("alarm muted", a.request(), {}, "not muted, actions enabled"),
    ("wrong direction", BY_SYMPTOM, {}, "GreaterThanThreshold"),
    ("stale", a.request(), {}, "api-memory-high is red since 10:00:00Z"),
    ("stale", SERIES, {"series_in_alarm": a.series("5d3e")}, "this contributor is red now"),
    ("duplicate", a.request(), {}, "first delivery"),
    ("in flight", a.request(), {}, "no open incident"),
    (
        "in flight",
        a.request(),
        {"incident": a.incident(IncidentState.PAGED)},
        "incident i-0123456789 is paged",
    ),
    ("in flight", CLIMB, {"incident": a.incident(IncidentState.CLIMBING)}, "own incident, climbing"),
]


@pytest.mark.parametrize(("guard", "request_", "seen", "detail"), PASSES)
def test_a_guard_that_agrees_names_its_findings(
    guard: str, request_: Request, seen: dict[str, Any], detail: str
) -> None:
    assert found(guard, request_, **seen) == Check(guard, Result.PASSED, detail)


SILENT: list[tuple[str, Request, str]] = [
    ("wrong direction", a.request(), "the alarm's tag names the action"),
    ("wrong direction", CLIMB, "not for a request of kind climb"),
    ("cooldown", CLIMB, "inside one incident the rung gap counts"),
    ("rung gap", a.request(), "first response"),
]


@pytest.mark.parametrize(("guard", "request_", "detail"), SILENT)
def test_a_guard_that_does_not_speak_says_why(guard: str, request_: Request, detail: str) -> None:
    assert found(guard, request_) == Check(guard, Result.NOT_APPLICABLE, detail)


OBJECTIONS: list[tuple[str, Request, dict[str, Any], Reason, str]] = [
    (
        "switch",
        a.request(),
        {"holds": (HOLD, OTHER_HOLD)},
        Reason.SWITCHED_OFF,
        "global by ana until 10:01:30Z: migration; group prod by bo until 10:02:30Z: load test",
    ),
    (
        "own stack",
        a.request(),
        {"target_tags": {"aws:cloudformation:stack-name": "firebreak"}},
        Reason.OWN_STACK,
        "it is part of stack firebreak",
    ),
    (
        "opt-in",
        muted(tags={"firebreak:action": "none"}),
        {},
        Reason.ACTION_NONE,
        "the alarm says firebreak:action=none",
    ),
    (
        "opt-in",
        muted(tags={"firebreak:action": "scale-service"}),
        {},
        Reason.OTHER_ACTION,
        "the alarm says firebreak:action='scale-service'",
    ),
    ("opt-in", a.request(), {"target_tags": ABSENT}, Reason.TARGET_MISSING, "the target does not exist"),
    ("opt-in", a.request(), {"target_tags": {}}, Reason.NOT_OPTED_IN, "firebreak:enabled is not set"),
    (
        "alarm muted",
        muted(mute=Mute("night", a.NOW + MINUTE)),
        {},
        Reason.MUTED,
        "muted by night until 10:01:30Z",
    ),
    (
        "alarm muted",
        muted(mute=Mute("night", None)),
        {},
        Reason.MUTED_WITHOUT_END,
        "muted by night with no readable end",
    ),
    ("alarm muted", muted(suppressed_by="deploy"), {}, Reason.SUPPRESSED, "actions suppressed by deploy"),
    (
        "alarm muted",
        a.request(),
        {"alarm": a.described(actions_enabled=False)},
        Reason.ACTIONS_DISABLED,
        "the alarm's actions are disabled",
    ),
    ("wrong direction", BY_SYMPTOM, {"alarm": ABSENT}, Reason.ALARM_GONE, "the alarm does not exist"),
    (
        "wrong direction",
        BY_SYMPTOM,
        {"alarm": a.described(comparison="")},
        Reason.WRONG_DIRECTION,
        "comparison is not given",
    ),
    (
        "stale",
        a.request(),
        {"transition": Transition(a.NOW, AlarmState.OK)},
        Reason.SUPERSEDED,
        "OK since 10:00:30Z is newer",
    ),
    ("stale", a.request(), {"alarm": ABSENT}, Reason.ALARM_GONE, "the alarm does not exist"),
    (
        "stale",
        a.request(),
        {"alarm": a.described(state=AlarmState.INSUFFICIENT_DATA)},
        Reason.NO_DATA_NOW,
        "INSUFFICIENT_DATA since 10:00:00Z",
    ),
    (
        "stale",
        a.request(),
        {"alarm": a.described(state=AlarmState.OK)},
        Reason.NO_LONGER_RED,
        "OK since 10:00:00Z",
    ),
    (
        "stale",
        SERIES,
        {"series_in_alarm": a.series("other")},
        Reason.NO_LONGER_RED,
        "this contributor is not in ALARM any more",
    ),
    (
        "duplicate",
        a.request(),
        {"decided": Decided("k", a.NOW, "refuse", "budget_full")},
        Reason.DUPLICATE,
        "refuse at 10:00:30Z: budget_full",
    ),
    (
        "in flight",
        CLIMB,
        {"incident": ABSENT},
        Reason.INCIDENT_MOVED_ON,
        "the incident is not in the ledger",
    ),
    (
        "in flight",
        CLIMB,
        {"incident": a.incident(IncidentState.CLIMBING, rung=1, action="scale-service")},
        Reason.INCIDENT_MOVED_ON,
        "it is climbing at rung 1 (scale-service), asked for rung 0 (restart-service)",
    ),
    ("readiness", a.request(), {"plan": ABSENT}, Reason.TARGET_MISSING, "the target does not exist"),
]


@pytest.mark.parametrize(("guard", "request_", "seen", "reason", "detail"), OBJECTIONS)
def test_a_guard_that_objects_says_why(
    guard: str, request_: Request, seen: dict[str, Any], reason: Reason, detail: str
) -> None:
    check = found(guard, request_, **seen)
    assert (check.guard, check.result) == (guard, Result.OBJECTED)
    assert (check.reason, check.detail) == (reason, detail)
