"""Whether minimum and maximum percent let ECS replace tasks, held against a scheduler that obeys them."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firebreak.core.reasons import Reason
from firebreak.services.ecs.model import ServiceLive
from firebreak.services.ecs.rollout_room import (
    maximum_count,
    minimum_count,
    no_room,
    no_room_detail,
    outage_doubts,
)
from tests.support.builders_ecs import service


def configured(desired: int, minimum: int, maximum: int, **changes: object) -> ServiceLive:
    """A rolling service with as many tasks running as are wanted."""
    return service(
        **{
            "desired": desired,
            "running": desired,
            "minimum_healthy": minimum,
            "maximum_percent": maximum,
            **changes,
        }
    )


@pytest.mark.parametrize(
    ("desired", "minimum", "maximum", "least", "most"),
    [
        pytest.param(4, 50, 200, 2, 8, id="AWS's first example"),
        pytest.param(2, 75, 100, 2, 2, id="75% of 2 is rounded up"),
        pytest.param(3, 100, 125, 3, 3, id="125% of 3 is rounded down"),
        pytest.param(1, 50, 150, 1, 1, id="a half of one and one and a half"),
        pytest.param(1, 100, 134, 1, 1, id="a third more than one"),
        pytest.param(100, 29, 100, 29, 100, id="no rounding where none is needed"),
        pytest.param(7, 0, 101, 0, 7, id="nothing has to stay"),
    ],
)
def test_the_minimum_is_rounded_up_and_the_maximum_down(
    desired: int, minimum: int, maximum: int, least: int, most: int
) -> None:
    one = configured(desired, minimum, maximum)
    assert (minimum_count(one), maximum_count(one)) == (least, most)


@pytest.mark.parametrize(
    ("desired", "minimum", "maximum"),
    [(1, 100, 134), (1, 50, 150), (1, 50, 100), (1, 100, 100), (4, 100, 100), (2, 75, 149), (3, 100, 133)],
    ids=str,
)
def test_where_neither_a_start_nor_a_stop_is_allowed_there_is_no_room(
    desired: int, minimum: int, maximum: int
) -> None:
    found = no_room(configured(desired, minimum, maximum))
    assert found is not None
    assert found.reason is Reason.NO_ROOM_TO_DEPLOY
    assert found.detail == no_room_detail(configured(desired, minimum, maximum))
    assert found.detail == (
        f"minimumHealthyPercent {minimum} and maximumPercent {maximum}: of {desired} tasks {desired} must "
        f"stay healthy and at most {desired} may run, so ECS can neither start a new task nor stop an old one"
    )


@pytest.mark.parametrize(
    ("desired", "minimum", "maximum"),
    [(1, 100, 200), (1, 0, 100), (2, 50, 100), (3, 100, 134), (4, 99, 125), (4, 75, 100)],
    ids=str,
)
def test_one_task_to_start_or_one_to_stop_is_room_enough(desired: int, minimum: int, maximum: int) -> None:
    assert no_room(configured(desired, minimum, maximum)) is None
    assert no_room_detail(configured(desired, minimum, maximum)) == ""


def test_how_many_tasks_run_at_the_moment_makes_no_room() -> None:
    assert no_room(configured(1, 100, 100, running=0)) is not None


@pytest.mark.parametrize("minimum", [100, 51])
def test_a_daemon_service_never_runs_more_than_it_wants(minimum: int) -> None:
    found = no_room(configured(2, minimum, 200, scheduling="DAEMON"))
    assert found is not None
    assert "and maximumPercent 100:" in found.detail
    assert no_room(configured(2, 50, 100, scheduling="DAEMON")) is None
    assert maximum_count(configured(100, minimum, 200, scheduling="DAEMON")) == 100


@pytest.mark.parametrize(
    "changes",
    [
        {"strategy": "BLUE_GREEN"},
        {"strategy": "LINEAR"},
        {"strategy": "CANARY"},
        {"controller": "CODE_DEPLOY"},
        {"controller": "EXTERNAL"},
    ],
    ids=str,
)
def test_a_deployment_with_a_second_set_of_tasks_needs_no_room(changes: dict[str, str]) -> None:
    assert no_room(configured(1, 100, 100, **changes)) is None
    assert outage_doubts(configured(1, 0, 100, **changes)) == ()


@pytest.mark.parametrize(
    ("one", "doubt"),
    [
        pytest.param(
            configured(1, 0, 100),
            "minimumHealthyPercent 0 and maximumPercent 100: its only task is stopped first, so it will be "
            "down meanwhile",
            id="one task",
        ),
        pytest.param(
            configured(1, 0, 200),
            "minimumHealthyPercent 0 and maximumPercent 200: ECS may stop its only task before a new one is "
            "healthy, so it may be down meanwhile",
            id="one task, and room for another",
        ),
        pytest.param(
            configured(3, 0, 100),
            "minimumHealthyPercent 0 and maximumPercent 100: ECS may stop all 3 tasks before a new one is "
            "healthy, so it may be down meanwhile",
            id="several tasks",
        ),
        pytest.param(
            configured(2, 0, 100, scheduling="DAEMON"),
            "minimumHealthyPercent 0 and maximumPercent 100: ECS may stop all 2 tasks before a new one is "
            "healthy, so it may be down meanwhile",
            id="a daemon by default",
        ),
    ],
)
def test_it_is_a_doubt_that_all_tasks_may_be_stopped_at_once(one: ServiceLive, doubt: str) -> None:
    assert outage_doubts(one) == (doubt,)


@pytest.mark.parametrize(
    "one",
    [
        pytest.param(configured(100, 1, 100), id="one of a hundred stays"),
        pytest.param(configured(1, 1, 200), id="one per cent of one is one"),
        pytest.param(configured(3, 0, 100, running=0), id="nothing runs that could be stopped"),
    ],
)
def test_where_a_task_stays_healthy_there_is_no_doubt(one: ServiceLive) -> None:
    assert outage_doubts(one) == ()


# --- the same, as a scheduler lives it

type State = tuple[int, int, int]  # old tasks, new ones on their way, new ones that are healthy


def steps(state: State, desired: int, least: int, most: int) -> Iterator[State]:
    """The next steps of a scheduler that keep both counts."""
    old, coming, healthy = state
    if old + coming + healthy < most and coming + healthy < desired:
        yield (old, coming + 1, healthy)
    if old and old + healthy - 1 >= least:
        yield (old - 1, coming, healthy)
    if coming:
        yield (old, coming - 1, healthy + 1)


def reachable(desired: int, least: int, most: int) -> set[State]:
    """Every state that a rolling update of so many healthy tasks can get into."""
    seen, todo = set[State](), [(desired, 0, 0)]
    while todo:
        state = todo.pop()
        if state not in seen:
            seen.add(state)
            todo += steps(state, desired, least, most)
    return seen


@given(st.integers(1, 7), st.integers(0, 100), st.integers(100, 210))
def test_there_is_room_exactly_where_a_scheduler_can_come_to_the_end(
    desired: int, minimum: int, maximum: int
) -> None:
    one = configured(desired, minimum, maximum)
    states = reachable(desired, minimum_count(one), maximum_count(one))
    assert ((0, 0, desired) in states) is (no_room(one) is None)


@given(st.integers(1, 7), st.integers(0, 100), st.integers(100, 210))
def test_there_is_a_doubt_exactly_where_a_scheduler_may_leave_nothing_healthy(
    desired: int, minimum: int, maximum: int
) -> None:
    one = configured(desired, minimum, maximum)
    states = reachable(desired, minimum_count(one), maximum_count(one))
    nothing_healthy = any(old == healthy == 0 for old, _, healthy in states)
    assert nothing_healthy is bool(outage_doubts(one))
