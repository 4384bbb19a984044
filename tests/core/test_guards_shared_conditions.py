"""The guards that look beyond one target: shared dependencies, freezes, storms, breakers."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest

from firebreak.core.decide import decide
from firebreak.core.decision import Check, Result
from firebreak.core.guards.concurrency import in_flight
from firebreak.core.guards.freeze import freeze
from firebreak.core.guards.limits import breaker_closed, budgets, cooldown
from firebreak.core.guards.shared_conditions import storm
from firebreak.core.incident.states import IncidentState
from firebreak.core.limits.breaker import BreakerLimits
from firebreak.core.limits.budgets import Budget
from firebreak.core.limits.history import Act, ScopeHistory
from firebreak.core.limits.scopes import Level, Scope
from firebreak.core.limits.storm import RedAlarm, Storm
from firebreak.core.model import Request, Target, Verdict
from firebreak.core.readings import ABSENT, Reading
from firebreak.core.reasons import Reason
from tests.core.guard_findings import (
    BLIND,
    NOT_LOOKED_AT,
    OBJECTED,
    OWN,
    PASSED,
    UNREAD,
    act,
    climb,
    found,
    history,
    scopes,
)
from tests.support import builders as a

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
WEB = Target(a.ACCOUNT, a.REGION, "ecs", "prod", "web")

# --- shared dependencies


@pytest.mark.parametrize("state", list(IncidentState))
def test_another_target_on_the_same_dependency_blocks_while_it_is_worked_on(state: IncidentState) -> None:
    other = a.incident(state, id="i-other", target=WEB)
    check = in_flight(a.request(), a.rules(), a.snapshot(dependency_incidents=(other,)))
    working = state.value in {"claimed", "acted", "uncertain", "verifying", "climbing", "undoing"}
    assert found(check) == ((OBJECTED, Reason.DEPENDENCY_IN_FLIGHT) if working else (PASSED, None))
    if working:
        assert "i-other of ecs:prod/web" in check.detail


def test_the_own_incident_on_a_dependency_does_not_block_its_next_rung() -> None:
    own = a.incident(IncidentState.CLIMBING)
    check = in_flight(climb(), a.rules(), a.snapshot(incident=own, dependency_incidents=(own,)))
    assert found(check) == (PASSED, None)


def test_an_incident_of_another_target_blocks_the_next_rung_too() -> None:
    own, other = a.incident(IncidentState.CLIMBING), a.incident(id="i-other", target=WEB)
    check = in_flight(climb(), a.rules(), a.snapshot(incident=own, dependency_incidents=(other,)))
    assert found(check) == (OBJECTED, Reason.DEPENDENCY_IN_FLIGHT)


@pytest.mark.parametrize(
    "incident",
    [
        pytest.param(ABSENT, id="no incident"),
        pytest.param(a.incident(IncidentState.PAGED, id="i-x"), id="a free one"),
    ],
)
@pytest.mark.parametrize(
    ("dependency_incidents", "expected"),
    [
        pytest.param(BLIND, (OBJECTED, Reason.IN_FLIGHT_UNREADABLE), id="unknown"),
        pytest.param(UNREAD, (NOT_LOOKED_AT, None), id="not read"),
        pytest.param(ABSENT, (PASSED, None), id="absent"),
    ],
)
def test_the_incidents_of_a_dependency_must_be_known(
    incident: object, dependency_incidents: object, expected: tuple[Result, Reason | None]
) -> None:
    assert (
        found(
            in_flight(
                a.request(),
                a.rules(),
                a.snapshot(incident=incident, dependency_incidents=dependency_incidents),
            )
        )
        == expected
    )


def test_a_dependency_has_budgets_of_its_own_and_its_name_in_the_explanation() -> None:
    rules = a.rules(budgets={}, dependencies={"orders-db": (Budget(1, 15 * MINUTE),)})
    scope = Scope(Level.DEPENDENCY, "orders-db")
    full = ScopeHistory(scope, (act(MINUTE),), 1)
    check = budgets(a.request(), rules, a.snapshot(scopes={**a.snapshot().scopes, scope: full}))
    assert found(check) == (OBJECTED, Reason.BUDGET_FULL)
    assert check.detail.startswith("budget dependency orders-db 1/1 in 15m, next slot ")
    unread = budgets(a.request(), rules, a.snapshot())
    assert found(unread) == (NOT_LOOKED_AT, None)


def test_a_group_that_a_tag_named_is_limited_like_the_cluster() -> None:
    rules = a.rules(budgets={Level.GROUP: (Budget(1, 15 * MINUTE),)})
    shop = Scope(Level.GROUP, "111122223333/eu-west-1/application/shop")
    full = ScopeHistory(shop, (act(MINUTE),), 1)
    check = budgets(a.request(), rules, a.snapshot(scopes={**a.snapshot().scopes, shop: full}))
    assert found(check) == (OBJECTED, Reason.BUDGET_FULL)


# --- freeze windows


@dataclass(frozen=True)
class Always:
    """A window that is open now, until then."""

    name: str
    until: datetime

    def covering(self, now: datetime) -> datetime | None:
        return self.until if now < self.until else None

    def next_start(self, now: datetime) -> datetime | None:
        return None


@dataclass(frozen=True)
class Opens:
    """A window that opens then."""

    name: str
    at: datetime

    def covering(self, now: datetime) -> datetime | None:
        return self.at + HOUR if self.at <= now < self.at + HOUR else None

    def next_start(self, now: datetime) -> datetime | None:
        return self.at if self.at > now else None


def test_without_windows_nothing_is_frozen() -> None:
    assert found(freeze(a.request(), a.rules(), a.snapshot())) == (PASSED, None)


def test_inside_a_freeze_nothing_is_done_and_its_end_is_named() -> None:
    rules = a.rules(never=(Always("black-friday", a.NOW + HOUR),))
    check = freeze(a.request(), rules, a.snapshot())
    assert found(check) == (OBJECTED, Reason.FROZEN)
    assert check.until == a.NOW + HOUR
    assert "black-friday" in check.detail
    assert check.cause.startswith("black-friday")


def test_outside_the_only_windows_nothing_is_done_and_the_next_opening_is_named() -> None:
    rules = a.rules(only=(Opens("office-hours", a.NOW + HOUR),))
    check = freeze(a.request(), rules, a.snapshot())
    assert found(check) == (OBJECTED, Reason.OUTSIDE_WINDOW)
    assert check.until == a.NOW + HOUR


def test_inside_an_only_window_acts_are_free() -> None:
    rules = a.rules(only=(Opens("office-hours", a.NOW - MINUTE),))
    assert found(freeze(a.request(), rules, a.snapshot())) == (PASSED, None)


# --- storms


def red(n: int) -> RedAlarm:
    return RedAlarm(a.NOW - n * SECOND, f"arn:{n}", f"alarm-{n}")


@pytest.mark.parametrize(
    ("reading", "expected", "detail"),
    [
        pytest.param(ABSENT, (PASSED, None), "0/50 routed alarms red", id="never one"),
        pytest.param(
            Storm(red=(red(1), red(2)), version=2),
            (PASSED, None),
            "2/50 routed alarms red within 5m",
            id="some",
        ),
        pytest.param(
            Storm(red=(red(1), red(2)), version=2, tripped_at=a.NOW - MINUTE),
            (OBJECTED, Reason.STORM),
            "a storm since 09:59:30Z, 2 alarms; it ends 10m after the last turned red,"
            " once fewer than 50 are red",
            id="a storm",
        ),
        pytest.param(BLIND, (OBJECTED, Reason.STORM_UNREADABLE), "ThrottlingException", id="unknown"),
        pytest.param(UNREAD, (NOT_LOOKED_AT, None), "already objected", id="not read"),
    ],
)
def test_a_declared_storm_stops_everything(
    reading: Reading[Storm], expected: tuple[Result, Reason | None], detail: str
) -> None:
    check = storm(a.request(), a.rules(), a.snapshot(storm=reading))
    assert found(check) == expected
    assert detail in check.detail


def test_enough_red_alarms_stop_everything_even_before_anybody_declared_the_storm() -> None:
    many = Storm(red=tuple(red(n) for n in range(50)), version=50)
    check = storm(a.request(), a.rules(), a.snapshot(storm=many))
    assert found(check) == (OBJECTED, Reason.STORM)
    assert check.detail == "50/50 routed alarms red within 5m: a storm that is not declared yet"
    fewer = replace(many, red=many.red[1:])
    assert found(storm(a.request(), a.rules(), a.snapshot(storm=fewer))) == (PASSED, None)


# --- how breakers hold back

LIMITS = BreakerLimits(failures=2, comebacks=2, within=24 * HOUR, open_for=HOUR, ceiling=4 * HOUR)
BREAKERS = {Level.TARGET: LIMITS, Level.ACTION: replace(LIMITS, failures=3)}
FAILED = Verdict.NOT_RECOVERED


def broken(level: Level, *acts: Act, request: Request | None = None) -> Check:
    seen = a.snapshot(scopes=scopes(level, history(level, *acts)))
    return breaker_closed(request or a.request(), a.rules(breakers=BREAKERS), seen)


def test_a_closed_breaker_shows_both_counts() -> None:
    check = breaker_closed(a.request(), a.rules(breakers=BREAKERS), a.snapshot())
    assert found(check) == (PASSED, None)
    assert check.detail == "target 0/2 in a row did not help, action 0/3 in a row did not help"


@pytest.mark.parametrize(
    ("level", "failures", "cause"),
    [
        # One target's refusals are one thread by their reason; those of several share the cause.
        pytest.param(Level.TARGET, 2, "", id="on the target"),
        pytest.param(
            Level.ACTION,
            3,
            "action 111122223333/eu-west-1/restart-service 2026-11-20T10:59:31Z",
            id="over the stack",
        ),
    ],
)
def test_acts_that_did_not_help_open_it_for_a_time(level: Level, failures: int, cause: str) -> None:
    acts = [act((failures - n) * MINUTE, FAILED) for n in range(failures)]
    check = broken(level, *acts)
    until = a.NOW - MINUTE + SECOND + HOUR
    assert (*found(check), check.until) == (OBJECTED, Reason.BREAKER_OPEN, until)
    assert check.detail == f"{level} {failures}/{failures} in a row did not help, open until 10:59:31Z"
    assert check.cause == cause
    assert found(broken(level, *acts[1:])) == (PASSED, None)


def test_the_one_try_of_a_half_open_breaker_is_waited_for() -> None:
    check = broken(Level.TARGET, act(5 * HOUR, FAILED), act(4 * HOUR, FAILED), act(MINUTE))
    assert (*found(check), check.until) == (OBJECTED, Reason.BREAKER_OPEN, None)
    assert check.cause == ""


def test_other_actions_on_the_target_and_the_own_incident_do_not_count() -> None:
    own = [act(n * MINUTE, FAILED, incident_id=OWN) for n in (3, 2, 1)]
    other = [act(n * MINUTE, FAILED, action="scale-service") for n in (3, 2, 1)]
    assert found(broken(Level.TARGET, *own, *other, request=climb())) == (PASSED, None)
    assert found(broken(Level.TARGET, *own, *other)) == (OBJECTED, Reason.BREAKER_OPEN)


def test_an_act_whose_verdict_never_came_counts_once_its_incident_is_too_old() -> None:
    lost = [act(6 * HOUR, None), act(6 * HOUR + MINUTE, None)]
    assert found(broken(Level.TARGET, *lost)) == (OBJECTED, Reason.BREAKER_OPEN)
    young = [replace(one, at=one.at + 2 * MINUTE) for one in lost]
    assert found(broken(Level.TARGET, *young)) == (PASSED, None)


@pytest.mark.parametrize("level", [Level.TARGET, Level.ACTION])
@pytest.mark.parametrize(
    ("reading", "expected"),
    [
        pytest.param(BLIND, (OBJECTED, Reason.HISTORY_UNREADABLE), id="unknown"),
        pytest.param(UNREAD, (NOT_LOOKED_AT, None), id="not read"),
    ],
)
def test_a_history_that_cannot_be_read_breaks(
    level: Level, reading: object, expected: tuple[Result, Reason | None]
) -> None:
    seen = a.snapshot(scopes=scopes(level, reading))
    assert found(breaker_closed(a.request(), a.rules(), seen)) == expected
    assert found(breaker_closed(a.request(), a.rules(), a.snapshot(scopes={}))) == (NOT_LOOKED_AT, None)


def test_the_rest_between_incidents_doubles_with_each_act_that_did_not_help() -> None:
    rules = a.rules(cooldown=15 * MINUTE, max_cooldown=HOUR)

    def rested(*acts: Act) -> Check:
        return cooldown(
            a.request(), rules, a.snapshot(scopes=scopes(Level.TARGET, history(Level.TARGET, *acts)))
        )

    rested_once = rested(act(20 * MINUTE, Verdict.RECOVERED))
    assert rested_once.detail.endswith("rest 15m by defaults, over at 09:55:30Z")
    once = rested(act(20 * MINUTE, FAILED))
    assert once.until == a.NOW + 10 * MINUTE
    assert "rest 30m by defaults, doubled 1 times, over at" in once.detail
    assert rested(act(50 * MINUTE, FAILED), act(20 * MINUTE, FAILED)).until == a.NOW + 40 * MINUTE
    many = [act((60 - n) * MINUTE, FAILED) for n in range(41)]
    assert rested(*many).until == a.NOW + 40 * MINUTE


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"storm": Storm(red=(), version=1, tripped_at=a.NOW)}, id="storm"),
        pytest.param({"group": BLIND}, id="share"),
        pytest.param({"dependency_incidents": (a.incident(id="i-other"),)}, id="dependency"),
    ],
)
def test_each_of_them_keeps_a_request_from_acting(changes: dict[str, object]) -> None:
    assert decide(a.request(), a.rules(), a.snapshot()).word == "act"
    assert decide(a.request(), a.rules(), a.snapshot(**changes)).word == "refuse"
