"""The findings of cooldown, rung gap and budgets, word for word and on the very edge."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from firebreak.core.decision import Check, Result
from firebreak.core.guards.table import GUARDS
from firebreak.core.limits.scopes import Level
from firebreak.core.model import Request, RequestKind
from firebreak.core.readings import ABSENT
from firebreak.core.reasons import Reason
from tests.support import builders as a

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
CLIMB = a.request(RequestKind.CLIMB, incident_id="i-0123456789")
LOOK = {guard.name: guard.check for guard in GUARDS}


def found(guard: str, request: Request, **seen: Any) -> Check:
    return LOOK[guard](request, a.rules(), a.snapshot(**seen))


def acts(level: Level, *ago: timedelta) -> dict[str, Any]:
    """The history of one level; the others are empty."""
    return {
        "scopes": {
            **dict.fromkeys(a.SCOPES, ABSENT),
            a.scope(level): a.history(level, *(a.NOW - one for one in ago)),
        }
    }


@pytest.mark.parametrize(
    ("guard", "request_", "scopes", "detail"),
    [
        pytest.param("cooldown", a.request(), {}, "no recent action", id="cooldown: never"),
        pytest.param("rung gap", CLIMB, {}, "no recent action", id="rung gap: never"),
        pytest.param("cooldown", a.request(), acts(Level.TARGET), "no recent action", id="all forgotten"),
        pytest.param(
            "cooldown",
            a.request(),
            acts(Level.TARGET, 15 * MINUTE),
            "last action 09:45:30Z, rest 15m by defaults, over at 10:00:30Z",
            id="rested",
        ),
        pytest.param(
            "budgets",
            a.request(),
            acts(Level.TARGET, 15 * MINUTE),
            "target 1/2 in 15m, target 1/3 in 1h, target 1/7 in 24h, group 0/5 in 15m, stack 0/5 in 15m, "
            "stack 0/40 in 24h",
            id="room in every budget",
        ),
    ],
)
def test_a_limit_that_is_kept_shows_its_numbers(
    guard: str, request_: Request, scopes: dict[str, Any], detail: str
) -> None:
    assert found(guard, request_, **scopes) == Check(guard, Result.PASSED, detail)


@pytest.mark.parametrize(
    ("guard", "scopes", "reason", "detail", "until", "cause"),
    [
        pytest.param(
            "cooldown",
            acts(Level.TARGET, 14 * MINUTE),
            Reason.COOLDOWN,
            "last action 09:46:30Z, rest 15m by defaults, over at 10:01:30Z",
            a.NOW + MINUTE,
            "",
            id="cooldown",
        ),
        pytest.param(
            "budgets",
            acts(Level.TARGET, MINUTE, 2 * MINUTE),
            Reason.BUDGET_FULL,
            "budget target 2/2 in 15m, next slot 10:14:50Z (the window plus 80s for clock differences)",
            a.NOW + 14 * MINUTE + 20 * SECOND,
            "",
            id="budget",
        ),
        pytest.param(
            "budgets",
            acts(Level.GROUP, -SECOND),
            Reason.CLOCK_BEHIND,
            "group history is at 10:00:31Z, this function's clock at 10:00:30Z",
            a.NOW + SECOND,
            "2026-11-20T10:00",
            id="clock behind",
        ),
    ],
)
def test_a_limit_that_is_reached_shows_its_numbers_and_its_end(
    guard: str, scopes: dict[str, Any], reason: Reason, detail: str, *, until: datetime, cause: str
) -> None:
    expected = Check(guard, Result.OBJECTED, detail, reason, until, cause)
    assert found(guard, a.request(), **scopes) == expected


def test_a_clock_that_shows_the_moment_of_the_last_act_is_not_behind() -> None:
    assert found("budgets", a.request(), **acts(Level.GROUP, timedelta())).result is Result.PASSED


@pytest.mark.parametrize(
    ("guard", "why"),
    [
        ("cooldown", "not looked at: the target's history was not asked for"),
        ("budgets", "not looked at: not asked for"),
    ],
)
def test_a_scope_that_nobody_asked_for_was_not_looked_at(guard: str, why: str) -> None:
    assert found(guard, a.request(), scopes={}) == Check(guard, Result.NOT_LOOKED_AT, why)
