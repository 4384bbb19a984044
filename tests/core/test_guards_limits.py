"""In flight, cooldown, rung gap and budgets: is it too much, or too soon?"""

from datetime import datetime, timedelta

import pytest

from firebreak.core.decision import Check, Result
from firebreak.core.guards.concurrency import in_flight
from firebreak.core.guards.limits import budgets, cooldown, rung_gap
from firebreak.core.incident.questions import question_id
from firebreak.core.incident.states import FREES_TARGET, IncidentState
from firebreak.core.limits.budgets import PAD, Budget
from firebreak.core.limits.scopes import Level
from firebreak.core.model import Request, RequestKind
from firebreak.core.readings import ABSENT
from firebreak.core.reasons import Reason
from tests.core.guard_findings import BLIND, OWN, UNREAD, climb, found, scopes
from tests.support import builders as a

MINUTE, SECOND, HOUR = timedelta(minutes=1), timedelta(seconds=1), timedelta(hours=1)
NEXT_RUNG = {"open", "climbing", "deferred"}
ASKABLE = {
    RequestKind.CLIMB: NEXT_RUNG,
    RequestKind.WAKE: NEXT_RUNG,
    RequestKind.APPROVAL: {"awaiting_approval"},
    RequestKind.UNDO: {"undoing"},
    RequestKind.RESTORE: {"undoing"},
}


@pytest.mark.parametrize("state", list(IncidentState))
def test_another_incident_blocks_while_it_holds_the_target(state: IncidentState) -> None:
    check = in_flight(a.request(), a.rules(), a.snapshot(incident=a.incident(state)))
    expected = (Result.PASSED, None) if state in FREES_TARGET else (Result.OBJECTED, Reason.IN_FLIGHT)
    assert found(check) == expected
    assert f"incident {OWN} is {state}" in check.detail


@pytest.mark.parametrize("kind", ASKABLE)
@pytest.mark.parametrize("state", list(IncidentState))
def test_a_request_of_an_incident_must_find_it_waiting_for_one(
    state: IncidentState, kind: RequestKind
) -> None:
    incident = a.incident(state)
    answer = question_id(incident) if kind is RequestKind.APPROVAL else ""
    check = in_flight(climb(kind=kind, question=answer), a.rules(), a.snapshot(incident=incident))
    waits = state.value in ASKABLE[kind]
    assert found(check) == ((Result.PASSED, None) if waits else (Result.OBJECTED, Reason.INCIDENT_MOVED_ON))


@pytest.mark.parametrize(
    ("request_", "incident", "result", "reason"),
    [
        pytest.param(a.request(), ABSENT, Result.PASSED, None, id="first response, none open"),
        pytest.param(climb(), ABSENT, Result.OBJECTED, Reason.INCIDENT_MOVED_ON, id="no such incident"),
        pytest.param(
            climb(rung=0),
            a.incident(IncidentState.CLIMBING, rung=1),
            Result.OBJECTED,
            Reason.INCIDENT_MOVED_ON,
            id="asked for a rung that is behind",
        ),
        pytest.param(
            climb(rung=1),
            a.incident(IncidentState.CLIMBING, rung=1, action="scale-service"),
            Result.OBJECTED,
            Reason.INCIDENT_MOVED_ON,
            id="asked for another action than the rung's",
        ),
        pytest.param(a.request(), BLIND, Result.OBJECTED, Reason.IN_FLIGHT_UNREADABLE, id="unknown"),
        pytest.param(climb(), BLIND, Result.OBJECTED, Reason.IN_FLIGHT_UNREADABLE, id="own and unknown"),
        pytest.param(a.request(), UNREAD, Result.NOT_LOOKED_AT, None, id="not read"),
    ],
)
def test_in_flight(request_: Request, incident: object, result: Result, reason: Reason | None) -> None:
    assert found(in_flight(request_, a.rules(), a.snapshot(incident=incident))) == (result, reason)


@pytest.mark.parametrize(
    ("history", "result", "reason", "detail"),
    [
        pytest.param(ABSENT, Result.PASSED, None, "no recent action", id="new target"),
        pytest.param(a.history(Level.TARGET), Result.PASSED, None, "no recent action", id="no acts kept"),
        pytest.param(
            a.history(Level.TARGET, a.NOW - 15 * MINUTE), Result.PASSED, None, "rest 15m", id="rested"
        ),
        pytest.param(
            a.history(Level.TARGET, a.NOW - 5 * HOUR, a.NOW - 14 * MINUTE),
            Result.OBJECTED,
            Reason.COOLDOWN,
            "last action 09:46:30Z, rest 15m by defaults, over at 10:01:30Z",
            id="too soon",
        ),
        pytest.param(BLIND, Result.OBJECTED, Reason.HISTORY_UNREADABLE, "ThrottlingException", id="unknown"),
        pytest.param(UNREAD, Result.NOT_LOOKED_AT, None, "already objected", id="not read"),
    ],
)
def test_cooldown_rests_the_target_between_incidents(
    history: object, result: Result, reason: Reason | None, detail: str
) -> None:
    check = cooldown(a.request(), a.rules(), a.snapshot(scopes=scopes(Level.TARGET, history)))
    assert found(check) == (result, reason)
    assert detail in check.detail


@pytest.mark.parametrize(
    ("acted_by", "ago", "result"),
    [
        pytest.param(OWN, 59 * SECOND, Result.OBJECTED, id="own act, too soon"),
        pytest.param(OWN, MINUTE, Result.PASSED, id="own act, long enough ago"),
        pytest.param("i-other", SECOND, Result.PASSED, id="another incident's act"),
    ],
)
def test_rung_gap_counts_the_acts_of_its_own_incident(acted_by: str, ago: timedelta, result: Result) -> None:
    history = a.history(Level.TARGET, a.NOW - ago, incident_id=acted_by)
    check = rung_gap(climb(), a.rules(), a.snapshot(scopes=scopes(Level.TARGET, history)))
    assert check.result is result
    assert check.until == (a.NOW - ago + MINUTE if result is Result.OBJECTED else None)


@pytest.mark.parametrize(
    ("history", "result"),
    [
        pytest.param(ABSENT, Result.PASSED, id="no history"),
        pytest.param(BLIND, Result.OBJECTED, id="unknown"),
        pytest.param(UNREAD, Result.NOT_LOOKED_AT, id="not read"),
    ],
)
def test_rung_gap_wants_to_see_the_history(history: object, result: Result) -> None:
    seen = a.snapshot(scopes=scopes(Level.TARGET, history))
    assert rung_gap(climb(), a.rules(), seen).result is result


def test_cooldown_is_between_incidents_and_rung_gap_within_one() -> None:
    seen = a.snapshot(scopes=scopes(Level.TARGET, BLIND))
    assert cooldown(climb(), a.rules(), seen).result is Result.NOT_APPLICABLE
    assert rung_gap(a.request(), a.rules(), seen).result is Result.NOT_APPLICABLE


def limited(level: Level, reading: object, *limits: Budget) -> Check:
    rules = a.rules(budgets={level: limits})
    return budgets(a.request(), rules, a.snapshot(scopes=scopes(level, reading)))


@pytest.mark.parametrize("level", [scope.level for scope in a.SCOPES])
@pytest.mark.parametrize(
    ("ago", "result"),
    [
        pytest.param(15 * MINUTE + PAD - SECOND, Result.OBJECTED, id="still held by the pad"),
        pytest.param(15 * MINUTE + PAD, Result.PASSED, id="free"),
    ],
)
def test_a_slot_is_held_for_its_window_and_the_pad(level: Level, ago: timedelta, result: Result) -> None:
    check = limited(level, a.history(level, a.NOW - ago), Budget(1, 15 * MINUTE))
    assert check.result is result


def test_a_full_budget_names_its_level_its_numbers_and_the_time_of_the_next_slot() -> None:
    history = a.history(Level.STACK, a.NOW - 10 * MINUTE, a.NOW - 2 * MINUTE)
    check = limited(Level.STACK, history, Budget(5, 15 * MINUTE), Budget(2, HOUR))
    free = a.NOW - 10 * MINUTE + HOUR + PAD
    assert found(check) == (Result.OBJECTED, Reason.BUDGET_FULL)
    pad = "the window plus 80s for clock differences"
    assert check.detail == f"budget stack 2/2 in 1h, next slot {free:%H:%M:%S}Z ({pad})"
    assert check.until == free


def test_budgets_with_room_name_the_used_slots() -> None:
    history = a.history(Level.GROUP, a.NOW - 2 * MINUTE)
    assert limited(Level.GROUP, history, Budget(3, HOUR)).detail == "group 1/3 in 1h"


@pytest.mark.parametrize(
    ("reading", "result", "reason"),
    [
        pytest.param(ABSENT, Result.PASSED, None, id="no recent action"),
        pytest.param(BLIND, Result.OBJECTED, Reason.HISTORY_UNREADABLE, id="unknown"),
        pytest.param(UNREAD, Result.NOT_LOOKED_AT, None, id="not read"),
        pytest.param(
            a.history(Level.STACK, a.NOW + SECOND),
            Result.OBJECTED,
            Reason.CLOCK_BEHIND,
            id="our clock is behind",
        ),
    ],
)
def test_budgets_want_to_see_every_level(reading: object, result: Result, reason: Reason | None) -> None:
    assert found(limited(Level.STACK, reading, Budget(9, HOUR))) == (result, reason)


def test_a_level_that_was_not_asked_for_is_not_an_empty_one() -> None:
    rules = a.rules(budgets={Level.STACK: (Budget(1, HOUR),)})
    assert budgets(a.request(), rules, a.snapshot(scopes={})).result is Result.NOT_LOOKED_AT


def test_a_level_without_limits_is_looked_at_for_its_clock() -> None:
    late: datetime = a.NOW + MINUTE
    assert limited(Level.ACTION, a.history(Level.ACTION, late)).reason is Reason.CLOCK_BEHIND
