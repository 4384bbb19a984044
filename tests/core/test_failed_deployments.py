"""After a deployment that failed: its description, and whether another one may begin."""

from dataclasses import replace
from typing import Any

import pytest

from firebreak.core.model import Obstacle
from firebreak.core.reasons import Reason
from firebreak.services.ecs import readiness
from tests.support.builders_ecs import OTHER_TASK_DEFINITION, TASK_DEFINITION, deployment, service

WHY = "ECS deployment circuit breaker: tasks failed to start."
FAILED = deployment("ecs-svc/2", rollout="FAILED", running=1, why=WHY)
LEFT = deployment("ecs-svc/1", status="ACTIVE", running=3, task_definition=OTHER_TASK_DEFINITION)
DRAINED = deployment("ecs-svc/0", status="ACTIVE", running=0, task_definition=OTHER_TASK_DEFINITION)
SAID = (
    "deployment ecs-svc/2 of api:7 FAILED (ECS deployment circuit breaker: tasks failed to start) and ECS "
    "did not go back"
)


@pytest.mark.parametrize(
    ("deployments", "detail"),
    [
        pytest.param((FAILED,), f"{SAID}: 1 of its tasks run", id="alone"),
        pytest.param((FAILED, LEFT), f"{SAID}: 1 of its tasks run, 3 of api:8", id="next to the one before"),
        pytest.param(
            (FAILED, LEFT, replace(LEFT, id="ecs-svc/0", task_definition=TASK_DEFINITION)),
            f"{SAID}: 1 of its tasks run, 3 of api:8, 3 of api:7",
            id="next to several",
        ),
        pytest.param((FAILED, DRAINED), f"{SAID}: 1 of its tasks run", id="next to one without tasks"),
    ],
)
def test_a_failed_deployment_without_rollback_is_an_obstacle_that_names_the_running_tasks(
    deployments: tuple[Any, ...], detail: str
) -> None:
    found = readiness.failed_deployment(service(deployments=deployments))
    assert found == Obstacle(Reason.DEPLOYMENT_FAILED, detail)


@pytest.mark.parametrize(
    "deployments",
    [
        pytest.param((deployment(),), id="complete"),
        pytest.param((), id="none at all"),
        pytest.param(
            (deployment("ecs-svc/3"), deployment("ecs-svc/2", rollout="FAILED", status="ACTIVE")),
            id="ECS went back",
        ),
    ],
)
def test_nothing_failed_for_good(deployments: tuple[Any, ...]) -> None:
    now = service(deployments=deployments)
    assert readiness.failed_deployment(now) is None
    assert readiness.repeats_failure(now) == ()


def test_a_failure_that_ecs_does_not_explain_is_described_without_a_reason() -> None:
    silent = deployment("ecs-svc/2", rollout="FAILED")
    assert readiness.failure(silent) == "deployment ecs-svc/2 of api:7 FAILED"


def test_together_with_the_old_one_it_stops_every_action_and_alone_it_is_a_doubt() -> None:
    together, alone = service(deployments=(FAILED, LEFT)), service(deployments=(FAILED,))
    stopped = readiness.not_ready(together, frozenset({"ECS"}))
    assert stopped == readiness.failed_deployment(together)
    assert readiness.not_ready(alone, frozenset({"ECS"})) is None
    assert readiness.repeats_failure(alone) == (
        f"{SAID}: 1 of its tasks run: the next deployment may fail as well",
    )


def test_another_problem_of_the_service_comes_first() -> None:
    gone = service(status="DRAINING", deployments=(FAILED, LEFT))
    found = readiness.not_ready(gone, frozenset({"ECS"}))
    assert found == Obstacle(Reason.NOT_ACTIVE, "the service is DRAINING")


def test_a_deployment_that_cannot_end_is_named_together_with_others_and_alone() -> None:
    runs = deployment("ecs-svc/2", rollout="IN_PROGRESS")
    stuck = {"minimum_healthy": 100, "maximum_percent": 100}
    why = (
        ", and cannot end: minimumHealthyPercent 100 and maximumPercent 100: of 4 tasks 4 must stay healthy "
        "and at most 4 may run, so ECS can neither start a new task nor stop an old one"
    )
    in_the_way = (("ecs-svc/2", None),)
    alone = readiness.not_ready(service(deployments=(runs,), **stuck), frozenset({"ECS"}))
    assert alone == Obstacle(
        Reason.DEPLOYMENT_RUNNING, f"deployment ecs-svc/2 is in progress{why}", in_the_way
    )
    both = readiness.not_ready(service(deployments=(runs, LEFT), **stuck), frozenset({"ECS"}))
    assert both == Obstacle(Reason.DEPLOYMENT_RUNNING, f"2 deployments are under way{why}", in_the_way)


def test_several_without_a_newest_one_are_counted_without_a_name() -> None:
    found = readiness.not_ready(service(deployments=(LEFT, DRAINED)), frozenset({"ECS"}))
    assert found == Obstacle(Reason.DEPLOYMENT_RUNNING, "2 deployments are under way")


def test_a_deregistered_task_definition_is_named_by_its_short_name() -> None:
    assert readiness.inactive(TASK_DEFINITION) == Obstacle(
        Reason.TASK_DEFINITION_INACTIVE,
        "api:7 is INACTIVE (deregistered): register it again and deploy that revision",
    )
