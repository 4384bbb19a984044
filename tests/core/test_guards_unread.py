"""Guards that could not look, word for word: each objects by its name, once a cause and quarter hour."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from firebreak.core.action_spec import MemorySettings
from firebreak.core.decision import Check, Result
from firebreak.core.guards.table import GUARDS
from firebreak.core.incident.states import IncidentState
from firebreak.core.limits.disruption_budget import GroupCount
from firebreak.core.limits.scopes import Level, Scope
from firebreak.core.model import Contributor, Request, RequestKind
from firebreak.core.readings import NotRead, Unknown
from firebreak.core.reasons import Reason
from firebreak.core.repeated_rollback import RollbackTarget
from tests.core.guard_findings import climb, scopes
from tests.support import builders as a

DARK, UNREAD = Unknown("503"), NotRead("offline")
BY_SYMPTOM = a.request(by_symptom=True)
UNTAGGED = a.request(alarm=a.alarm(tags={}))
GROUPS = a.request(groups=frozenset({"targetgroup/blue/6071a0b1c2d3e4f5"}))
SERIES = a.request(alarm=a.alarm(contributor=Contributor("5d3e", {})))
RESTORE = climb(kind=RequestKind.RESTORE)
YES = climb(kind=RequestKind.APPROVAL, by="ana", verified=True)
WAITING = a.incident(IncidentState.AWAITING_APPROVAL)
LOOK = {guard.name: guard.check for guard in GUARDS}

BLINDNESS: list[Any] = [
    ("switch", a.request(), "holds", Reason.SWITCH_UNREADABLE),
    ("own stack", a.request(), "target_tags", Reason.OWN_STACK_UNREADABLE),
    ("opt-in", UNTAGGED, "alarm_tags", Reason.OPT_IN_UNREADABLE),
    ("opt-in", a.request(), "target_tags", Reason.OPT_IN_UNREADABLE),
    ("load balancer", GROUPS, "target_groups", Reason.TARGET_UNREADABLE),
    ("alarm muted", a.request(), "alarm", Reason.MUTE_UNREADABLE),
    ("wrong direction", BY_SYMPTOM, "alarm", Reason.DIRECTION_UNREADABLE),
    ("other controller", a.request(), "alarm", Reason.CONTROLLER_UNREADABLE),
    ("stale", a.request(), "transition", Reason.ALARM_UNREADABLE),
    ("stale", a.request(), "alarm", Reason.ALARM_UNREADABLE),
    ("stale", SERIES, "series_in_alarm", Reason.ALARM_UNREADABLE),
    ("missing data", a.request(), "alarm", Reason.ALARM_UNREADABLE),
    ("alarms still OK", RESTORE, "alarm", Reason.ALARM_UNREADABLE),
    ("duplicate", a.request(), "decided", Reason.DUPLICATE_UNREADABLE),
    ("in flight", a.request(), "incident", Reason.IN_FLIGHT_UNREADABLE),
    ("in flight", a.request(), "dependency_incidents", Reason.IN_FLIGHT_UNREADABLE),
    ("storm", a.request(), "storm", Reason.STORM_UNREADABLE),
    ("breaker", a.request(), Level.TARGET, Reason.HISTORY_UNREADABLE),
    ("breaker", a.request(), Level.ACTION, Reason.HISTORY_UNREADABLE),
    ("cooldown", a.request(), Level.TARGET, Reason.HISTORY_UNREADABLE),
    ("rung gap", climb(), Level.TARGET, Reason.HISTORY_UNREADABLE),
    ("budgets", a.request(), Level.STACK, Reason.HISTORY_UNREADABLE),
    ("disruption budget", a.request(), "group", Reason.GROUP_UNREADABLE),
    ("disruption budget", a.request(), Level.GROUP, Reason.HISTORY_UNREADABLE),
    ("readiness", a.request(), "plan", Reason.NOT_READY_UNREADABLE),
    ("approved", YES, "plan", Reason.NOT_READY_UNREADABLE),
]


def looked(guard: str, request: Request, part: str | Level, reading: object) -> Check:
    """The guard's finding where this part of the snapshot, or the history at this level, reads so."""
    changes: dict[str, Any] = {"incident": WAITING} if guard == "approved" else {}
    changes |= {"scopes": scopes(part, reading)} if isinstance(part, Level) else {part: reading}
    return LOOK[guard](request, a.rules(), a.snapshot(**changes))


@pytest.mark.parametrize(("guard", "request_", "part", "reason"), BLINDNESS)
def test_a_guard_that_could_not_look_objects_and_one_that_was_not_asked_to_says_so(
    guard: str, request_: Request, part: str | Level, reason: Reason
) -> None:
    cause = "503 2026-11-20T10:00"
    expected = Check(guard, Result.OBJECTED, "could not look: 503", reason, cause=cause)
    assert looked(guard, request_, part, DARK) == expected
    unread = looked(guard, request_, part, UNREAD)
    assert unread == Check(guard, Result.NOT_LOOKED_AT, "not looked at: offline")


ROLL_BACK = replace(a.PLAN, rollback_target=RollbackTarget(suspected_since=a.NOW, newest=None))
FLOOR = replace(a.rules().disruption, min_healthy=1)


@pytest.mark.parametrize(
    ("guard", "rules", "seen", "reason"),
    [
        pytest.param(
            "memory raise limit",
            {"settings": MemorySettings(ceiling=3008, raises=1)},
            lambda reading: {"scopes": scopes(Level.TARGET, reading)},
            Reason.HISTORY_UNREADABLE,
            id="memory raise limit",
        ),
        pytest.param(
            "already rolled back",
            {},
            lambda reading: {"plan": ROLL_BACK, "scopes": scopes(Level.TARGET, reading)},
            Reason.HISTORY_UNREADABLE,
            id="once",
        ),
        pytest.param(
            "disruption budget",
            {"disruption": FLOOR},
            lambda reading: {"group": GroupCount(total=5, counted_at=a.NOW, healthy=reading)},
            Reason.GROUP_UNREADABLE,
            id="the group's health",
        ),
    ],
)
def test_a_reading_that_only_some_policies_need_must_be_there_as_well(
    guard: str, rules: dict[str, Any], seen: Callable[[Any], dict[str, Any]], reason: Reason
) -> None:
    could_not, was_not = (
        LOOK[guard](a.request(), a.rules(**rules), a.snapshot(**seen(reading))) for reading in (DARK, UNREAD)
    )
    assert could_not == Check(
        guard, Result.OBJECTED, "could not look: 503", reason, cause="503 2026-11-20T10:00"
    )
    assert was_not == Check(guard, Result.NOT_LOOKED_AT, "not looked at: offline")


UNASKED: list[Any] = [
    ("breaker", a.request(), {}, "not asked for"),
    ("cooldown", a.request(), {}, "the target's history was not asked for"),
    ("rung gap", climb(), {}, "the target's history was not asked for"),
    ("budgets", a.request(), {}, "not asked for"),
    ("disruption budget", a.request(), {}, "the group's history was not asked for"),
    ("already rolled back", a.request(), {"plan": ROLL_BACK}, "the target's history was not asked for"),
]


@pytest.mark.parametrize(("guard", "request_", "seen", "why"), UNASKED)
def test_a_history_that_nobody_asked_for_was_not_looked_at(
    guard: str, request_: Request, seen: dict[str, Any], why: str
) -> None:
    check = LOOK[guard](request_, a.rules(), a.snapshot(scopes={}, **seen))
    assert check == Check(guard, Result.NOT_LOOKED_AT, f"not looked at: {why}")


@pytest.mark.parametrize(
    "part",
    ["holds", "decided", "transition", "incident", "dependency_incidents", "storm", *a.SCOPES],
    ids=str,
)
@pytest.mark.parametrize("reading", [DARK, UNREAD], ids=["could not", "was not asked to"])
def test_the_heartbeat_counts_only_where_all_of_the_ledger_was_read(
    part: str | Scope, reading: Unknown | NotRead
) -> None:
    changes: dict[str, Any] = {part: reading} if isinstance(part, str) else {"scopes": {part: reading}}
    check = LOOK["heartbeat"](
        a.request(alarm=a.alarm("firebreak-heartbeat")), a.rules(), a.snapshot(**changes)
    )
    expected = f"could not look: {reading.why}"
    assert check == Check("heartbeat", Result.OBJECTED, expected, Reason.HEARTBEAT_BLIND)
