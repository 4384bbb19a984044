"""Which one of a service's tasks is bad, and whether it can be spared."""

from typing import Any

import pytest

from firebreak.core.model import Obstacle
from firebreak.core.readings import Unknown
from firebreak.core.reasons import Reason
from firebreak.core.tasks import TaskLive, bad_one, own_tasks, too_few_left
from tests.builders_tasks import BAD, FOUR, seen, spare, task


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
    ("changes", "told", "detail"),
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
    changes: dict[str, Any], told: int, detail: str | None
) -> None:
    expected = Obstacle(Reason.TOO_FEW_HEALTHY, detail) if detail else None
    assert too_few_left(spare(**changes), told) == expected


def test_the_tags_are_those_of_the_service_as_far_as_it_was_read() -> None:
    assert seen().tags == {"firebreak:enabled": "true"}
    assert seen(FOUR, Unknown("x")).tags == Unknown("x")
