"""already rolled back: a deployment is rolled back once, and never to a version that a roll back took out."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from firebreak.core.decision import Check, Result
from firebreak.core.guards.limits import already_rolled_back
from firebreak.core.limits.history import Act, ScopeHistory
from firebreak.core.limits.scopes import Level
from firebreak.core.model import Obstacle
from firebreak.core.readings import ABSENT, NotRead, Unknown
from firebreak.core.reasons import Reason
from firebreak.core.repeated_rollback import RollbackTarget
from tests.core.guard_findings import BLIND, UNREAD, found, scopes
from tests.support import builders as a

MINUTE, MOMENT = timedelta(minutes=1), timedelta(milliseconds=1)
MADE = a.NOW - 10 * MINUTE
RAN = (a.NOW - 900 * MINUTE, MADE - 5 * MINUTE)
WAY = RollbackTarget(suspected_since=MADE, newest=RAN)
ROLLING_BACK = replace(a.PLAN, rollback_target=WAY)
AGAIN = "rolled back at 2026-11-20 09:50:30Z, after the suspect was made: not a second time"
TAKEN_OUT = "what it would go back to was itself taken out by the roll back at 2026-11-19 19:00:30Z"


@pytest.mark.parametrize(
    ("at", "text"),
    [
        pytest.param(MADE, AGAIN, id="as the suspect was made"),
        pytest.param(MADE - MOMENT, "", id="just before, when something else was the newest"),
        pytest.param(RAN[0], TAKEN_OUT, id="as what it goes back to was made"),
        pytest.param(RAN[0] - MOMENT, "", id="before that"),
        pytest.param(RAN[1], "", id="when it was not the newest any more"),
    ],
)
def test_a_roll_back_repeats_one_by_its_time(at: datetime, text: str) -> None:
    assert WAY.repeats([at]) == text


def test_the_newest_of_several_is_named() -> None:
    assert WAY.repeats([RAN[0], MADE]) == AGAIN
    assert WAY.repeats([RAN[0] - MINUTE, RAN[0]]) == TAKEN_OUT
    assert WAY.repeats([]) == ""


def test_where_it_goes_may_not_be_known() -> None:
    assert replace(WAY, newest=None).repeats([RAN[0]]) == ""
    assert replace(WAY, newest=None).repeats([MADE]) == AGAIN


def looked(plan: Any, reading: object) -> Check:
    return already_rolled_back(
        a.request(), a.rules(), a.snapshot(plan=plan, scopes=scopes(Level.TARGET, reading))
    )


def acted(*at: datetime, action: str = "restart-service") -> ScopeHistory:
    acts = tuple(Act(one, "i-other", action, 0) for one in at)
    return ScopeHistory(a.scope(Level.TARGET), acts, 1)


@pytest.mark.parametrize(
    ("plan", "reading", "result", "reason"),
    [
        pytest.param(ROLLING_BACK, acted(MADE), Result.OBJECTED, Reason.ROLLED_BACK_BEFORE, id="a repeat"),
        pytest.param(ROLLING_BACK, acted(MADE - MINUTE), Result.PASSED, None, id="another one"),
        pytest.param(ROLLING_BACK, ABSENT, Result.PASSED, None, id="no act yet"),
        pytest.param(ROLLING_BACK, acted(MADE, action="scale-service"), Result.PASSED, None, id="others"),
        pytest.param(ROLLING_BACK, BLIND, Result.OBJECTED, Reason.HISTORY_UNREADABLE, id="unknown"),
        pytest.param(ROLLING_BACK, UNREAD, Result.NOT_LOOKED_AT, None, id="not read"),
        pytest.param(a.PLAN, acted(MADE), Result.NOT_APPLICABLE, None, id="no roll back"),
        pytest.param(a.PLAN, BLIND, Result.NOT_APPLICABLE, None, id="no roll back, unknown"),
        pytest.param(Obstacle(Reason.NOT_READY, ""), BLIND, Result.NOT_APPLICABLE, None, id="no plan"),
        pytest.param(ABSENT, BLIND, Result.NOT_APPLICABLE, None, id="no target"),
        pytest.param(Unknown("503"), BLIND, Result.NOT_APPLICABLE, None, id="a plan that is not known"),
        pytest.param(NotRead("x"), BLIND, Result.NOT_APPLICABLE, None, id="a plan that was not made"),
    ],
)
def test_once(plan: Any, reading: object, result: Result, reason: Reason | None) -> None:
    assert found(looked(plan, reading)) == (result, reason)


def test_the_detail_says_whether_it_was_rolled_back_before() -> None:
    assert looked(ROLLING_BACK, acted(MADE)).detail == AGAIN
    passed = looked(ROLLING_BACK, ABSENT).detail
    assert passed == "neither it nor what it goes back to was rolled back lately"
    assert looked(a.PLAN, ABSENT).detail == "no roll back is planned"
