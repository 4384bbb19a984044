"""The readings of an ECS service: its readiness, its pre-image, and whether tasks went missing."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firebreak.core.model import Obstacle
from firebreak.core.readings import ABSENT, Unknown
from firebreak.core.reasons import Reason
from firebreak.services.ecs import readiness
from firebreak.services.ecs.model import Deployment, EcsObservation, ServiceLive
from firebreak.services.ecs.readiness import PreImage
from firebreak.services.ecs.service_action import ServiceAction
from tests.support import builders as a
from tests.support.builders_ecs import TARGET, TASK_DEFINITION, deployment, seen, service

ANY_CONTROLLER = frozenset({"ECS", "CODE_DEPLOY"})
STORED: dict[str, object] = {
    "taskDefinition": TASK_DEFINITION,
    "deployments": ["ecs-svc/1", "ecs-svc/2"],
    "desired": 4,
    "running": 3,
}
BEFORE = PreImage(
    task_definition=TASK_DEFINITION,
    deployments=frozenset({"ecs-svc/1", "ecs-svc/2"}),
    desired=4,
    running=3,
)
OLD = deployment("ecs-svc/2", status="ACTIVE")


def test_a_target_that_is_not_there_is_named() -> None:
    assert readiness.missing(TARGET) == Obstacle(Reason.TARGET_MISSING, "ecs:prod/api does not exist")


@pytest.mark.parametrize(
    ("deployments", "expected"),
    [
        pytest.param((OLD, deployment("ecs-svc/3")), deployment("ecs-svc/3"), id="not the first"),
        pytest.param((OLD,), None, id="no primary"),
        pytest.param((), None, id="none"),
    ],
)
def test_the_newest_deployment_is_the_one_that_ecs_marks(
    deployments: tuple[Deployment, ...], expected: Deployment | None
) -> None:
    assert readiness.primary(service(deployments=deployments)) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({}, None, id="ready"),
        pytest.param({"controller": "CODE_DEPLOY"}, None, id="another controller that the action knows"),
        pytest.param({"desired": 1}, None, id="one task"),
        pytest.param({"deployments": ()}, None, id="no deployment at all"),
        pytest.param({"deployments": (deployment(rollout=""),)}, None, id="no rollout state"),
        pytest.param(
            {"status": "DRAINING"}, Obstacle(Reason.NOT_ACTIVE, "the service is DRAINING"), id="draining"
        ),
        pytest.param(
            {"managed_by": "ECS"},
            Obstacle(Reason.MANAGED_ELSEWHERE, "its resourceManagementType is ECS"),
            id="managed elsewhere",
        ),
        pytest.param(
            {"controller": "EXTERNAL"},
            Obstacle(Reason.UNSUPPORTED_CONTROLLER, "its deployment controller is EXTERNAL"),
            id="controller",
        ),
        pytest.param(
            {"desired": 0}, Obstacle(Reason.SCALED_TO_ZERO, "its desired count is 0"), id="scaled to zero"
        ),
        pytest.param(
            {"deployments": (deployment(), OLD)},
            Obstacle(Reason.DEPLOYMENT_RUNNING, "2 deployments are under way", (("ecs-svc/1", None),)),
            id="two deployments",
        ),
        pytest.param(
            {"deployments": (deployment("ecs-svc/3", rollout="IN_PROGRESS"),)},
            Obstacle(
                Reason.DEPLOYMENT_RUNNING, "deployment ecs-svc/3 is in progress", (("ecs-svc/3", None),)
            ),
            id="in progress",
        ),
    ],
)
def test_a_service_is_ready_or_says_what_stands_in_the_way(
    changes: dict[str, Any], expected: Obstacle | None
) -> None:
    assert readiness.not_ready(service(**changes), ANY_CONTROLLER) == expected


def test_the_pre_image_is_what_the_service_ran_and_how_much_of_it() -> None:
    live = service(running=3, deployments=(deployment("ecs-svc/1"), OLD))
    assert PreImage.of(live) == BEFORE


def test_the_pre_image_is_stored_with_its_deployments_in_order() -> None:
    assert BEFORE.stored() == STORED


@given(
    st.builds(
        PreImage,
        task_definition=st.text(),
        deployments=st.frozensets(st.text()),
        desired=st.integers(),
        running=st.integers(),
    )
)
def test_a_stored_pre_image_comes_back_as_it_was(before: PreImage) -> None:
    assert PreImage.read(before.stored()) == before


@pytest.mark.parametrize(
    ("key", "value"),
    [
        pytest.param("taskDefinition", None, id="no task definition"),
        pytest.param("taskDefinition", 7, id="a number for a task definition"),
        pytest.param("deployments", "ecs-svc/1", id="one text for the deployments"),
        pytest.param("deployments", 7, id="a number for the deployments"),
        pytest.param("desired", True, id="a truth for a count"),
        pytest.param("desired", "4", id="a text for a count"),
        pytest.param("running", Decimal("3.5"), id="part of a task"),
        pytest.param("running", None, id="no count"),
    ],
)
def test_a_damaged_pre_image_is_unknown_and_names_the_key_but_never_the_value(
    key: str, value: object
) -> None:
    assert PreImage.read(STORED | {key: value}) == Unknown(f"the stored plan has no usable {key}")


@pytest.mark.parametrize(
    ("stored", "observation", "expected"),
    [
        pytest.param(STORED, seen(service()), (BEFORE, service()), id="both"),
        pytest.param(
            {}, seen(service()), Unknown("the stored plan has no usable taskDefinition"), id="no pre-image"
        ),
        pytest.param(STORED, seen(ABSENT), Unknown("the service does not exist"), id="no service"),
    ],
)
def test_a_comparison_has_both_states_or_names_the_missing_one(
    stored: dict[str, object],
    observation: EcsObservation,
    expected: tuple[PreImage, ServiceLive] | Unknown,
) -> None:
    assert ServiceAction.compare(replace(a.PLAN, before=stored), observation, lambda *both: both) == expected


@pytest.mark.parametrize(
    ("running", "desired", "fewer"),
    [
        pytest.param(2, 4, True, id="one went missing"),
        pytest.param(3, 4, False, id="as many as before"),
        pytest.param(2, 2, False, id="somebody wants fewer"),
        pytest.param(1, 2, True, id="fewer than anybody wants"),
    ],
)
def test_tasks_went_missing_only_when_somebody_still_wants_them(
    *, running: int, desired: int, fewer: bool
) -> None:
    assert readiness.fewer_running(BEFORE, service(running=running, desired=desired)) is fewer
