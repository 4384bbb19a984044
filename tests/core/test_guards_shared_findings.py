"""The exact findings of the guards that look beyond one target, and the acts that count for them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from firebreak.core.decision import Check, Result
from firebreak.core.guards.autonomy import autonomy
from firebreak.core.guards.concurrency import in_flight
from firebreak.core.guards.freeze import freeze
from firebreak.core.guards.limits import breaker_closed, disruption_budget, rung_gap
from firebreak.core.guards.shared_conditions import storm, switch
from firebreak.core.incident.states import IncidentState
from firebreak.core.limits.breaker import BreakerLimits, Trying, breaker
from firebreak.core.limits.disruption_budget import DisruptionBudget, GroupCount
from firebreak.core.limits.history import Act, Hold, Judged, ScopeHistory
from firebreak.core.limits.scopes import Level, Scope
from firebreak.core.limits.storm import RedAlarm, Storm, red_alarm_of
from firebreak.core.model import Autonomy, RequestKind, Verdict
from firebreak.core.readings import ABSENT, NotRead, Unknown
from firebreak.core.reasons import Reason
from tests.core.test_guards_shared_conditions import Always
from tests.support import builders as a

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
OBJECTED, PASSED, NOT_LOOKED_AT = Result.OBJECTED, Result.PASSED, Result.NOT_LOOKED_AT
OWN = "i-0123456789"
LIMITS = BreakerLimits(failures=2, comebacks=1, within=24 * HOUR, open_for=HOUR, ceiling=4 * HOUR)
BREAKERS = {Level.TARGET: LIMITS, Level.ACTION: LIMITS}
API = a.TARGET.key


def act(hours: int, verdict: Verdict | None, target: str = API) -> Act:
    at = a.NOW - hours * HOUR
    judged = Judged(verdict, at) if verdict else None
    return Act(at, f"i-{hours}", "restart-service", 0, target, judged)


def seen_in(level: Level, *acts: Act) -> Mapping[Scope, object]:
    return {**a.snapshot().scopes, a.scope(level): ScopeHistory(a.scope(level), acts, 1)}


def test_the_one_try_names_the_last_failure_that_it_comes_after() -> None:
    acts = [act(9, Verdict.WORSE), act(8, Verdict.UNKNOWN), act(1, None)]
    text = "2/2 in a row did not help; the one try after the rest is under way"
    assert breaker(acts, API, LIMITS, a.NOW) == Trying(text, a.NOW - 8 * HOUR)
    longer = [act(10, Verdict.WORSE), *acts]
    assert breaker(longer, API, LIMITS, a.NOW) == Trying(text.replace("2/2", "3/2"), a.NOW - 8 * HOUR)
    rules = a.rules(breakers=BREAKERS)
    check = breaker_closed(a.request(), rules, a.snapshot(scopes=seen_in(Level.TARGET, *acts)))
    assert check == Check("breaker", OBJECTED, f"target {text}", Reason.BREAKER_OPEN)


def test_an_open_breaker_says_until_when() -> None:
    acts = [act(1, Verdict.WORSE), replace(act(1, Verdict.UNKNOWN), incident_id="i-2")]
    now = a.snapshot(now=a.NOW - MINUTE, scopes=seen_in(Level.TARGET, *acts))
    text = "target 2/2 in a row did not help, open until 10:00:30Z"
    expected = Check("breaker", OBJECTED, text, Reason.BREAKER_OPEN, a.NOW)
    assert breaker_closed(a.request(), a.rules(breakers=BREAKERS), now) == expected


def test_over_the_stack_a_recovery_counts_when_the_very_target_is_red_again() -> None:
    rules = a.rules(breakers=BREAKERS)
    for target, result in ((API, OBJECTED), ("another", PASSED)):
        seen = a.snapshot(scopes=seen_in(Level.ACTION, act(1, Verdict.RECOVERED, target)))
        assert breaker_closed(a.request(), rules, seen).result is result


def test_a_history_that_nobody_asked_for_was_not_looked_at() -> None:
    check = breaker_closed(a.request(), a.rules(), a.snapshot(scopes={}))
    assert check == Check("breaker", NOT_LOOKED_AT, "not looked at: not asked for")


def test_a_free_incident_and_a_free_dependency_are_named() -> None:
    paged = a.incident(IncidentState.PAGED, id="i-before")
    check = in_flight(
        a.request(),
        a.rules(),
        a.snapshot(incident=paged, dependency_incidents=(a.incident(IncidentState.CLOSED),)),
    )
    assert check == Check("in flight", PASSED, "incident i-before is paged")
    busy = a.incident(id="i-other")
    refused = in_flight(a.request(), a.rules(), a.snapshot(incident=paged, dependency_incidents=(busy,)))
    assert (refused.reason, refused.cause) == (Reason.DEPENDENCY_IN_FLIGHT, "")
    none = in_flight(a.request(), a.rules(), a.snapshot(incident=paged, dependency_incidents=()))
    assert none == check
    blank = in_flight(a.request(), a.rules(), a.snapshot(incident=paged, dependency_incidents=ABSENT))
    assert blank == check


def test_a_rest_without_a_known_source_leaves_it_out() -> None:
    scopes = seen_in(Level.TARGET, replace(act(1, None), incident_id=OWN))
    check = rung_gap(a.request(RequestKind.CLIMB, incident_id=OWN), a.rules(), a.snapshot(scopes=scopes))
    assert check == Check("rung gap", PASSED, "last action 09:00:30Z, rest 1m, over at 09:01:30Z")


def test_a_rung_gap_that_cannot_be_read_says_why() -> None:
    scopes = {**a.snapshot().scopes, a.scope(Level.TARGET): Unknown("503")}
    check = rung_gap(a.request(RequestKind.CLIMB, incident_id=OWN), a.rules(), a.snapshot(scopes=scopes))
    expected = ("rung gap", OBJECTED, "could not look: 503", Reason.HISTORY_UNREADABLE)
    assert (check.guard, check.result, check.detail, check.reason) == expected


@pytest.mark.parametrize(
    ("level", "reason"),
    [(Autonomy.APPROVE, Reason.NEEDS_APPROVAL), (Autonomy.OBSERVE, Reason.OBSERVE_ONLY)],
    ids=str,
)
def test_autonomy_objects_under_its_own_name(level: Autonomy, reason: Reason) -> None:
    check = autonomy(a.request(), a.rules(autonomy=level), a.snapshot())
    assert check == Check("autonomy", OBJECTED, f"{level} by defaults", reason)


def test_a_freeze_names_its_window_and_its_end_and_no_freeze_passes() -> None:
    window = Always("black-friday", a.NOW + HOUR)
    check = freeze(a.request(), a.rules(never=(window,)), a.snapshot())
    text = "inside never-window black-friday until 11:00:30Z"
    cause = "black-friday/until/2026-11-20T11:00:30Z"
    assert check == Check("freeze", OBJECTED, text, Reason.FROZEN, a.NOW + HOUR, cause)
    assert freeze(a.request(), a.rules(), a.snapshot()) == Check("freeze", PASSED, "no freeze window")


HALF = DisruptionBudget(max_unavailable=0.5, within=HOUR, min_healthy=0, count_max_age=5 * MINUTE)


def test_the_share_objects_under_its_own_name() -> None:
    group = GroupCount(total=2, counted_at=a.NOW)
    full = a.snapshot(
        group=group, scopes=seen_in(Level.GROUP, replace(act(0, None, "k1"), at=a.NOW - MINUTE))
    )
    text = "2/1 of 2 in 1h (counted 0s ago) by disruption"
    assert disruption_budget(a.request(), a.rules(disruption=HALF), full) == Check(
        "disruption budget", OBJECTED, text, Reason.SHARE_REACHED
    )
    gone = disruption_budget(a.request(), a.rules(disruption=HALF), a.snapshot(group=ABSENT))
    assert gone == Check("disruption budget", OBJECTED, "the group does not exist", Reason.GROUP_UNREADABLE)


@pytest.mark.parametrize(
    ("reading", "expected"),
    [
        (Unknown("503"), ("disruption budget", OBJECTED, "could not look: 503", Reason.HISTORY_UNREADABLE)),
        (NotRead("offline"), ("disruption budget", NOT_LOOKED_AT, "not looked at: offline", None)),
    ],
    ids=["unknown", "not read"],
)
def test_a_group_whose_history_is_not_seen_says_so(reading: object, expected: object) -> None:
    scopes = {**a.snapshot().scopes, a.scope(Level.GROUP): reading}
    check = disruption_budget(a.request(), a.rules(disruption=HALF), a.snapshot(scopes=scopes))
    assert (check.guard, check.result, check.detail, check.reason) == expected


def test_a_storm_objects_under_its_own_name_declared_or_not() -> None:
    many = Storm(red=tuple(RedAlarm(a.NOW, f"s{n}", "x") for n in range(50)), version=1)
    undeclared = storm(a.request(), a.rules(), a.snapshot(storm=many))
    text = "50/50 routed alarms red within 5m: a storm that is not declared yet"
    assert undeclared == Check("storm", OBJECTED, text, Reason.STORM)
    declared = storm(a.request(), a.rules(), a.snapshot(storm=replace(many, tripped_at=a.NOW)))
    text = "a storm since 10:00:30Z, 50 alarms; it ends 10m after the last turned red,"
    text += " once fewer than 50 are red"
    assert declared == Check("storm", OBJECTED, text, Reason.STORM)


def test_two_switches_are_one_cause_named_by_scope_holder_and_beginning() -> None:
    holds = tuple(
        Hold(scope, "ana", "x", a.NOW - MINUTE, a.NOW + HOUR)
        for scope in ("global", "action restart-service")
    )
    check = switch(a.request(), a.rules(), a.snapshot(holds=holds))
    since = "ana 2026-11-20T09:59:30Z"
    assert check.cause == f"global {since}, action restart-service {since}"


def test_a_red_alarm_counts_from_when_it_turned_red_and_never_from_the_future() -> None:
    request = a.request()
    assert red_alarm_of(request, a.NOW) == RedAlarm.of(request.alarm, a.NOW)
    ahead = a.request(alarm=a.alarm(since=a.NOW + MINUTE))
    counted = red_alarm_of(ahead, a.NOW)
    assert counted is not None
    assert counted.since == a.NOW
