"""Readiness and autonomy: can it be done, and may Firebreak do it alone?"""

from dataclasses import replace

import pytest

from firebreak.core.decision import Result
from firebreak.core.guards.autonomy import autonomy
from firebreak.core.guards.readiness import readiness
from firebreak.core.model import Autonomy, Obstacle
from firebreak.core.readings import ABSENT, NotRead, Unknown
from firebreak.core.reasons import Reason
from tests.support import builders as a

WARNED = replace(a.PLAN, warnings=("image api:latest is not pinned",))


@pytest.mark.parametrize(
    ("plan", "result", "reason", "detail"),
    [
        pytest.param(a.PLAN, Result.PASSED, None, "restart ecs:prod/api", id="ready"),
        pytest.param(WARNED, Result.PASSED, None, "api; image api:latest is not pinned", id="with a warning"),
        pytest.param(
            Obstacle(Reason.SCALED_TO_ZERO, "its desired count is 0"),
            Result.OBJECTED,
            Reason.SCALED_TO_ZERO,
            "its desired count is 0",
            id="obstacle",
        ),
        pytest.param(ABSENT, Result.OBJECTED, Reason.TARGET_MISSING, "does not exist", id="no target"),
        pytest.param(Unknown("503"), Result.OBJECTED, Reason.NOT_READY_UNREADABLE, "503", id="unknown"),
        pytest.param(NotRead("offline"), Result.NOT_LOOKED_AT, None, "offline", id="not read"),
    ],
)
def test_readiness_passes_only_a_plan(
    plan: object, result: Result, reason: Reason | None, detail: str
) -> None:
    check = readiness(a.request(), a.rules(), a.snapshot(plan=plan))
    assert (check.result, check.reason) == (result, reason)
    assert detail in check.detail


@pytest.mark.parametrize(
    ("level", "result", "reason"),
    [
        pytest.param(Autonomy.AUTO, Result.PASSED, None, id="auto"),
        pytest.param(Autonomy.APPROVE, Result.OBJECTED, Reason.NEEDS_APPROVAL, id="approve"),
        pytest.param(Autonomy.OBSERVE, Result.OBJECTED, Reason.OBSERVE_ONLY, id="observe"),
    ],
)
def test_autonomy_names_the_part_of_the_policy_that_decided(
    level: Autonomy, result: Result, reason: Reason | None
) -> None:
    rules = a.rules(autonomy=level, sources={"autonomy": "overrides[0] ecs:prod/*"})
    check = autonomy(a.request(), rules, a.snapshot())
    assert (check.result, check.reason) == (result, reason)
    assert check.detail == f"{level} by overrides[0] ecs:prod/*"
