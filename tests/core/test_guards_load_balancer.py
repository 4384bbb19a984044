"""Load balancer: is the live service still behind the target groups that led to it?"""

import pytest

from firebreak.core.decision import Result
from firebreak.core.guards.ownership import load_balancer
from firebreak.core.readings import ABSENT
from firebreak.core.reasons import Reason
from tests.core.guard_findings import BLIND, UNREAD, found
from tests.support import builders as a

BLUE, GREEN = "targetgroup/blue/6071a0b1c2d3e4f5", "targetgroup/green/a0b1c2d3e4f56071"


@pytest.mark.parametrize(
    ("led_by", "registered", "result", "reason"),
    [
        pytest.param({BLUE}, {BLUE}, Result.PASSED, None, id="the same"),
        pytest.param({BLUE}, {BLUE, GREEN}, Result.PASSED, None, id="one of two"),
        pytest.param({BLUE, GREEN}, {BLUE, GREEN}, Result.PASSED, None, id="both of a pair"),
        pytest.param({BLUE, GREEN}, {BLUE}, Result.OBJECTED, Reason.NOT_REGISTERED, id="one of a pair left"),
        pytest.param({BLUE}, {GREEN}, Result.OBJECTED, Reason.NOT_REGISTERED, id="another one"),
        pytest.param({BLUE}, set(), Result.OBJECTED, Reason.NOT_REGISTERED, id="none any more"),
        pytest.param({BLUE}, ABSENT, Result.OBJECTED, Reason.TARGET_MISSING, id="no such service"),
        pytest.param({BLUE}, BLIND, Result.OBJECTED, Reason.TARGET_UNREADABLE, id="unknown"),
        pytest.param({BLUE}, UNREAD, Result.NOT_LOOKED_AT, None, id="not read"),
        pytest.param(set(), UNREAD, Result.NOT_APPLICABLE, None, id="by a tag or dimensions"),
    ],
)
def test_a_service_that_left_the_group_is_left_alone(
    led_by: set[str], registered: object, result: Result, reason: Reason | None
) -> None:
    groups = frozenset(registered) if isinstance(registered, set) else registered
    request = a.request(groups=frozenset(led_by))

    check = load_balancer(request, a.rules(), a.snapshot(target_groups=groups))

    assert found(check) == (result, reason)


def test_the_objection_names_the_groups_that_are_missing() -> None:
    request = a.request(groups=frozenset({BLUE, GREEN}))

    check = load_balancer(request, a.rules(), a.snapshot(target_groups=frozenset({GREEN})))

    assert check.detail == f"it is not registered with {BLUE}"
