"""The second look: a plan that is not the same any more is not carried out."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firebreak.core.model import Obstacle, Plan
from firebreak.core.readings import ABSENT, NotRead, Reading, Unknown
from firebreak.core.reasons import Reason
from firebreak.core.second_look import in_words, objection

PLAN = Plan(summary="scale ecs:prod/api: 4 to 6", change={"desiredCount": 6}, before={"desired": 4})


def test_the_same_change_stands_whatever_else_moved() -> None:
    again = replace(PLAN, summary="other words", before={"desired": 4, "running": 3}, warnings=("a warning",))
    assert objection(PLAN, again) is None


@pytest.mark.parametrize(
    ("again", "expected"),
    [
        pytest.param(
            replace(PLAN, summary="scale ecs:prod/api: 6 to 8", change={"desiredCount": 8}),
            Obstacle(Reason.CHANGED_SINCE, "by now the plan would be: scale ecs:prod/api: 6 to 8"),
            id="another plan",
        ),
        pytest.param(
            Obstacle(Reason.DEPLOYMENT_RUNNING, "deployment ecs-svc/2 is in progress"),
            Obstacle(Reason.CHANGED_SINCE, "deployment ecs-svc/2 is in progress"),
            id="an obstacle",
        ),
        pytest.param(ABSENT, Obstacle(Reason.CHANGED_SINCE, "it does not exist any more"), id="gone"),
        pytest.param(
            Unknown("DescribeServices: Throttled"),
            Obstacle(Reason.NOT_READY_UNREADABLE, "DescribeServices: Throttled"),
            id="not readable",
        ),
        pytest.param(
            NotRead("no service"), Obstacle(Reason.NOT_READY_UNREADABLE, "no service"), id="not read"
        ),
    ],
)
def test_any_other_answer_stops_the_act_with_its_reason(
    again: Reading[Plan | Obstacle], expected: Obstacle
) -> None:
    assert objection(PLAN, again) == expected


def test_humans_read_the_reason_and_when_it_was_seen() -> None:
    assert in_words(Obstacle(Reason.CHANGED_SINCE, "deployment ecs-svc/2 is in progress")) == (
        "Somebody changed the target since, so its values stay as they are. "
        "Right before the act: deployment ecs-svc/2 is in progress"
    )


changes = st.dictionaries(st.text(), st.integers() | st.text() | st.booleans(), max_size=3)


@given(changes, changes)
def test_an_act_follows_only_where_both_looks_would_send_the_same(
    first: dict[str, object], second: dict[str, object]
) -> None:
    found = objection(replace(PLAN, change=first), replace(PLAN, change=second))
    assert (found is None) == (first == second)
