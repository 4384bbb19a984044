"""Which one of a service's tasks is bad, and whether it can be spared."""

from typing import Any

import pytest

from firebreak.core.model import Obstacle
from firebreak.core.readings import Unknown
from firebreak.core.reasons import Reason
from firebreak.services.ecs.tasks import TargetHealth, TaskLive, bad_one, bad_target, own_tasks, too_few_left
from tests.support.builders_tasks import BAD, FOUR, seen, spare, task


def test_only_tasks_of_the_services_own_group_are_its_own() -> None:
    others = (task("x", group="service:api-2"), task("y", group="family:api"), task("z", group=""))
    assert own_tasks((*others, *FOUR), "api") == FOUR


def test_a_task_is_called_by_the_last_part_of_its_arn() -> None:
    assert BAD.id == "bad"


@pytest.mark.parametrize("tasks", [(BAD,), FOUR, tuple(reversed(FOUR))], ids=["alone", "of four", "reversed"])
def test_the_one_unhealthy_task_is_the_bad_one(tasks: tuple[TaskLive, ...]) -> None:
    assert bad_one(tasks) == BAD


@pytest.mark.parametrize(
    ("tasks", "reason", "detail"),
    [
        pytest.param(
            (task(), task("b", "UNKNOWN")),
            Reason.NO_SINGLE_BAD_TASK,
            "of 2 tasks 0 unhealthy, 1 healthy, 1 without a word of health",
            id="none",
        ),
        pytest.param(
            (BAD, task("b", "UNHEALTHY"), task()),
            Reason.NO_SINGLE_BAD_TASK,
            "of 3 tasks 2 unhealthy, 1 healthy, 0 without a word of health",
            id="two",
        ),
        pytest.param(
            (BAD, task("b", "UNKNOWN"), task("c", "UNKNOWN")),
            Reason.NO_SINGLE_BAD_TASK,
            "of 3 tasks 1 unhealthy, 0 healthy, 2 without a word of health",
            id="the others may be bad too",
        ),
        pytest.param(
            (BAD, task("n", status="PENDING"), task("m", "UNKNOWN", status="PROVISIONING")),
            Reason.NOT_READY,
            "2 of 3 tasks are still coming up",
            id="others come up",
        ),
        pytest.param(
            (task("bad", "UNHEALTHY", status="ACTIVATING"), task()),
            Reason.NOT_READY,
            "1 of 2 tasks are still coming up",
            id="it comes up itself",
        ),
    ],
)
def test_where_it_is_not_one_nobody_is_named(
    tasks: tuple[TaskLive, ...], reason: Reason, detail: str
) -> None:
    assert bad_one(tasks) == Obstacle(reason, detail)


@pytest.mark.parametrize(
    ("changes", "text", "detail"),
    [
        pytest.param({}, 4, None, id="two are enough"),
        pytest.param({"running": 3}, 4, None, id="just enough"),
        pytest.param(
            {"running": 2}, 4, "1 tasks would run, minimumHealthyPercent 50 of 4 wants 2", id="too few run"
        ),
        pytest.param(
            {}, 2, "1 tasks would run, minimumHealthyPercent 50 of 4 wants 2", id="too few are listed"
        ),
        pytest.param(
            {"minimum_healthy": 76},
            4,
            "3 tasks would run, minimumHealthyPercent 76 of 4 wants 4",
            id="rounded up",
        ),
        pytest.param({"minimum_healthy": 75}, 4, None, id="exactly"),
        pytest.param(
            {"minimum_healthy": 100, "desired": 200, "running": 200},
            200,
            "199 tasks would run, minimumHealthyPercent 100 of 200 wants 200",
            id="many",
        ),
        pytest.param({"minimum_healthy": 100, "desired": 3}, 4, None, id="one more than is wanted"),
    ],
)
def test_a_task_is_spared_only_while_enough_are_left(
    changes: dict[str, Any], text: int, detail: str | None
) -> None:
    expected = Obstacle(Reason.TOO_FEW_HEALTHY, detail) if detail else None
    assert too_few_left(spare(**changes), text) == expected


def test_the_tags_are_those_of_the_service_as_far_as_it_was_read() -> None:
    assert seen().tags == {"firebreak:enabled": "true"}
    assert seen(FOUR, Unknown("x")).tags == Unknown("x")


# --- the task that its load balancer finds unhealthy

FIRST, SECOND, THIRD = (task(f"t{n}", "UNKNOWN", addresses=frozenset({f"10.0.0.{n}"})) for n in (1, 2, 3))
BALANCED = (FIRST, SECOND, THIRD)


def targets(**states: str) -> tuple[TargetHealth, ...]:
    """The states of the targets by the last part of their address, for example `_2="healthy"`."""
    return tuple(TargetHealth(f"10.0.0.{name[1:]}", state) for name, state in states.items())


@pytest.mark.parametrize("bad", BALANCED, ids=["the first", "the second", "the third"])
def test_the_one_unhealthy_target_is_the_bad_task(bad: TaskLive) -> None:
    states = {f"_{n}": "unhealthy" if one is bad else "healthy" for n, one in enumerate(BALANCED, 1)}
    assert bad_target(BALANCED, targets(**states)) == bad


def test_a_task_that_one_group_finds_unhealthy_is_bad_even_if_another_finds_it_healthy() -> None:
    both = targets(_1="healthy", _2="healthy", _3="healthy") + targets(_2="unhealthy")
    assert bad_target(BALANCED, both) == SECOND


def test_a_task_of_several_addresses_is_bad_by_one_of_them() -> None:
    twofold = task("t2", addresses=frozenset({"10.0.0.2", "10.0.0.9"}))
    found = bad_target((FIRST, twofold), targets(_1="healthy", _2="healthy", _9="unhealthy"))
    assert found == twofold


@pytest.mark.parametrize(
    ("tasks", "states", "detail"),
    [
        pytest.param(
            BALANCED,
            {"_1": "healthy", "_2": "healthy", "_3": "healthy"},
            "0 are unhealthy targets, 3 healthy ones, 3 tasks run",
            id="none",
        ),
        pytest.param(
            BALANCED,
            {"_1": "unhealthy", "_2": "unhealthy", "_3": "healthy"},
            "2 are unhealthy targets, 1 healthy ones, 3 tasks run",
            id="two",
        ),
        pytest.param(
            BALANCED,
            {"_1": "unhealthy", "_2": "healthy", "_3": "initial"},
            "1 are unhealthy targets, 1 healthy ones, 3 tasks run",
            id="of another nothing is known yet",
        ),
        pytest.param(
            (FIRST, SECOND, task("t3", "UNHEALTHY", addresses=frozenset({"10.0.0.3"}))),
            {"_1": "unhealthy", "_2": "healthy", "_3": "healthy"},
            "1 are unhealthy targets, 1 healthy ones, 3 tasks run",
            id="another one is unhealthy by its containers",
        ),
        pytest.param(
            BALANCED,
            {"_1": "unhealthy", "_2": "healthy", "_3": "healthy", "_8": "unhealthy", "_7": "unhealthy"},
            "unhealthy target 10.0.0.7 is the address of no task of the service",
            id="one that is nobody's",
        ),
    ],
)
def test_where_it_is_not_one_target_no_task_is_named(
    tasks: tuple[TaskLive, ...], states: dict[str, str], detail: str
) -> None:
    assert bad_target(tasks, targets(**states)) == Obstacle(Reason.NO_SINGLE_BAD_TASK, detail)


def test_while_tasks_come_up_no_target_is_called_bad() -> None:
    coming = (FIRST, task("t2", status="PENDING"), task("t3", status="ACTIVATING"))
    expected = Obstacle(Reason.NOT_READY, "2 of 3 tasks are still coming up")
    assert bad_target(coming, targets(_1="unhealthy")) == expected
