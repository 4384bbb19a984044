"""The progress of the deployment of one task definition."""

from dataclasses import replace
from typing import Any

import pytest

from firebreak.core.model import Failed, Receipt, Settled
from firebreak.core.readings import Unknown
from firebreak.errors import OutcomeUnknown
from firebreak.services.ecs.model import Deployment
from firebreak.services.ecs.readiness import PreImage, short
from firebreak.services.ecs.rollout import (
    began,
    begun,
    deployed_by_others,
    harmed,
    has_begun,
    own_deployment,
    patience,
    progress,
    started,
    unpinned,
)
from tests.support.builders_ecs import OTHER_TASK_DEFINITION, TASK_DEFINITION, deployment, service

BEFORE = PreImage.of(service())
NEW = deployment("ecs-svc/2", rollout="IN_PROGRESS")
FAILED = deployment("ecs-svc/3", rollout="FAILED", status="ACTIVE")
STRANGER = deployment("ecs-svc/9", task_definition=OTHER_TASK_DEFINITION)


def running(*deployments: Deployment, **changes: Any) -> Any:
    return service(deployments=deployments, **changes)


def test_patience_is_ten_minutes_and_the_bake_time() -> None:
    assert (patience(service()), patience(service(bake_minutes=7))) == (600, 1020)


def test_images_without_a_digest_are_named_once() -> None:
    pinned = "example.com/api@sha256:" + "0" * 64
    assert unpinned(("example.com/b:1", pinned, "example.com/a", "example.com/b:1")) == (
        "example.com/b:1",
        "example.com/a",
    )


def test_only_new_deployments_of_that_definition_have_begun() -> None:
    now = running(NEW, STRANGER, deployment())
    assert begun(BEFORE, now, TASK_DEFINITION) == [NEW]
    assert begun(BEFORE, now, OTHER_TASK_DEFINITION) == [STRANGER]


@pytest.mark.parametrize(
    ("deployments", "expected"),
    [
        pytest.param((), None, id="none"),
        pytest.param((deployment("a", status="ACTIVE"), NEW), NEW, id="the newest first"),
        pytest.param((NEW, FAILED), FAILED, id="a failed one before it"),
        pytest.param(
            (deployment("a", status="ACTIVE"),), deployment("a", status="ACTIVE"), id="the only one"
        ),
    ],
)
def test_the_deployment_that_firebreak_can_have_started(
    deployments: tuple[Deployment, ...], expected: Deployment | None
) -> None:
    assert started(BEFORE, running(*deployments), TASK_DEFINITION) == expected


@pytest.mark.parametrize(
    ("deployments", "expected"),
    [
        pytest.param((NEW, deployment(status="ACTIVE")), True, id="begun"),
        pytest.param((deployment(),), False, id="nothing new"),
        pytest.param(
            (STRANGER,),
            Unknown("a deployment of something else runs, so whether Firebreak's own began is not known"),
            id="another one",
        ),
        pytest.param(
            (),
            Unknown("a deployment of something else runs, so whether Firebreak's own began is not known"),
            id="none at all",
        ),
    ],
)
def test_whether_it_has_begun(deployments: tuple[Deployment, ...], expected: object) -> None:
    assert has_begun(BEFORE, running(*deployments), TASK_DEFINITION) == expected


def test_firebreaks_deployment_is_the_one_that_the_receipt_names() -> None:
    now = running(NEW, FAILED)
    assert (
        own_deployment(BEFORE, Receipt(summary="", after={"deployment": NEW.id}), now, TASK_DEFINITION) == NEW
    )
    assert (
        own_deployment(BEFORE, Receipt(summary="", after={"deployment": "x"}), now, TASK_DEFINITION) is None
    )
    assert own_deployment(BEFORE, Receipt(summary=""), now, TASK_DEFINITION) == FAILED


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        pytest.param(None, Unknown("Firebreak's deployment is not listed any more"), id="gone"),
        pytest.param(
            FAILED,
            Failed("deployment ecs-svc/3 of api:7 FAILED; ecs-svc/2 of api:7 took its place"),
            id="failed, and ECS went back",
        ),
        pytest.param(
            replace(NEW, rollout="FAILED", why="ECS deployment circuit breaker: tasks failed to start."),
            Failed(
                "deployment ecs-svc/2 of api:7 FAILED (ECS deployment circuit breaker: tasks failed to "
                "start) and ECS did not go back: it starts no more tasks"
            ),
            id="failed, and ECS did not go back",
        ),
        pytest.param(NEW, Settled.NOT_YET, id="under way"),
        pytest.param(replace(NEW, rollout="COMPLETED"), Settled.YES, id="complete"),
        pytest.param(
            replace(NEW, status="ACTIVE"),
            Unknown("deployment ecs-svc/2 was replaced by another one"),
            id="replaced",
        ),
        pytest.param(
            replace(NEW, rollout="PAUSED"),
            Unknown("deployment ecs-svc/2 is in an unknown state: PAUSED"),
            id="a state to come",
        ),
    ],
)
def test_the_progress_of_a_deployment(one: Deployment | None, expected: object) -> None:
    assert progress(one, running(NEW)) == expected


@pytest.mark.parametrize(
    ("others", "count", "expected"),
    [
        pytest.param((), 4, Settled.YES, id="alone and complete"),
        pytest.param((), 3, Settled.NOT_YET, id="a task is missing"),
        pytest.param((deployment(status="ACTIVE"),), 4, Settled.NOT_YET, id="the old one is still there"),
    ],
)
def test_where_ecs_reports_no_rollout_the_tasks_are_counted(
    others: tuple[Deployment, ...], count: int, expected: Settled
) -> None:
    silent = replace(NEW, rollout="")
    assert progress(silent, running(silent, *others, running=count)) is expected


@pytest.mark.parametrize(
    ("deployments", "count", "expected"),
    [
        pytest.param((replace(NEW, rollout="COMPLETED"),), 4, False, id="as many"),
        pytest.param((replace(NEW, rollout="COMPLETED"),), 3, True, id="fewer for good"),
        pytest.param((NEW,), 3, False, id="fewer while it is under way"),
        pytest.param(
            (replace(NEW, rollout=""), deployment(status="ACTIVE")), 3, False, id="fewer, two deployments"
        ),
        pytest.param((replace(NEW, failed=1),), 3, True, id="fewer, and its tasks fail"),
        pytest.param((replace(NEW, failed=1),), 4, False, id="its tasks fail, as many run"),
        pytest.param((FAILED, deployment()), 4, True, id="it failed"),
    ],
)
def test_whether_it_did_harm(deployments: tuple[Deployment, ...], count: int, *, expected: bool) -> None:
    now = running(*deployments, running=count)
    assert harmed(BEFORE, now, begun(BEFORE, now, TASK_DEFINITION)) is expected


def test_the_receipt_names_the_deployment_and_what_it_replaced_unseen() -> None:
    plain = began(BEFORE, running(NEW, deployment(status="ACTIVE")), TASK_DEFINITION)
    assert plain == Receipt(
        summary="deployment ecs-svc/2 of api:7 began",
        after={"deployment": "ecs-svc/2", "taskDefinition": TASK_DEFINITION},
    )
    odd = began(BEFORE, running(NEW, STRANGER, replace(STRANGER, id="ecs-svc/8")), TASK_DEFINITION)
    assert odd.summary == (
        "deployment ecs-svc/2 of api:7 began; it replaced ecs-svc/9, ecs-svc/8, begun since Firebreak looked"
    )


@pytest.mark.parametrize(
    "deployments",
    [(), (STRANGER,), (replace(NEW, status="ACTIVE"),), (FAILED,)],
    ids=["none", "other", "old", "failed"],
)
def test_an_accepted_call_without_a_deployment_that_runs_is_in_doubt(
    deployments: tuple[Deployment, ...],
) -> None:
    with pytest.raises(OutcomeUnknown) as caught:
        began(BEFORE, running(*deployments), TASK_DEFINITION)
    assert (caught.value.operation, caught.value.code) == ("UpdateService", "NoNewDeployment")


def test_an_arn_is_shortened_to_its_last_part() -> None:
    assert (short(TASK_DEFINITION), short("api")) == ("api:7", "api")


def test_deployments_that_were_not_there_before_are_named_with_what_they_run() -> None:
    assert deployed_by_others(BEFORE, running(deployment())) == ""
    assert deployed_by_others(BEFORE, running(NEW, STRANGER, deployment())) == (
        f"somebody else began deployment ecs-svc/2 of {short(TASK_DEFINITION)},"
        f" ecs-svc/9 of {short(OTHER_TASK_DEFINITION)} since"
    )
