"""restart-service: whether it happened, has come to rest, or made things worse."""

import json
from dataclasses import replace
from typing import Any

import pytest

from firebreak.core.model import Failed, Plan, Receipt, Settled
from firebreak.core.readings import ABSENT, Unknown
from firebreak.services.ecs.actions.restart_service import RestartService
from tests.support.builders_ecs import (
    OTHER_TASK_DEFINITION,
    FakeEcs,
    definition,
    deployment,
    planned,
    seen,
    service,
)

OLD = deployment("ecs-svc/1")
NEW = deployment("ecs-svc/2", rollout="IN_PROGRESS", running=1)
DRAINING = replace(OLD, status="ACTIVE", running=3)
RECEIPT = Receipt(summary="began", after={"deployment": "ecs-svc/2"})
NO_RECEIPT = Receipt(summary="uncertain")


def action(ecs: FakeEcs | None = None) -> RestartService:
    ecs = ecs or FakeEcs()
    return RestartService(ecs, ecs)


def plan(**changes: Any) -> Plan:
    return planned(action(), seen(service(**changes), definition()))


@pytest.mark.parametrize(
    ("deployments", "expected"),
    [
        pytest.param((NEW, DRAINING), True, id="a new one of the same task definition"),
        pytest.param((replace(NEW, rollout="COMPLETED"),), True, id="a new one, already done"),
        pytest.param((OLD,), False, id="only those of before"),
        pytest.param(
            (replace(OLD, status="ACTIVE", rollout="FAILED"), replace(NEW, rollout="FAILED")),
            True,
            id="a new one that failed",
        ),
        pytest.param(
            (deployment("ecs-svc/9", task_definition=OTHER_TASK_DEFINITION), replace(NEW, status="ACTIVE")),
            True,
            id="a new one, already replaced by another deploy",
        ),
        pytest.param(
            (deployment("ecs-svc/9", task_definition=OTHER_TASK_DEFINITION), DRAINING),
            Unknown("a deployment of something else runs, so whether Firebreak's own began is not known"),
            id="somebody deployed something else",
        ),
        pytest.param(
            (),
            Unknown("a deployment of something else runs, so whether Firebreak's own began is not known"),
            id="no deployment at all",
        ),
    ],
)
def test_whether_a_restart_without_a_reply_happened(deployments: Any, expected: object) -> None:
    assert expected == action().outcome(plan(), seen(service(deployments=deployments)))


REPLACED = Unknown("deployment ecs-svc/2 was replaced by another one")
OTHER = deployment("ecs-svc/9", task_definition=OTHER_TASK_DEFINITION, rollout="IN_PROGRESS")
WENT_BACK = Failed("deployment ecs-svc/2 of api:7 FAILED; ecs-svc/3 of api:7 took its place")
SILENT = replace(NEW, rollout="")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({"deployments": (NEW, DRAINING)}, Settled.NOT_YET, id="in progress"),
        pytest.param({"deployments": (replace(NEW, rollout="COMPLETED"),)}, Settled.YES, id="completed"),
        pytest.param(
            {"deployments": (replace(NEW, rollout="FAILED"), DRAINING)},
            Failed("deployment ecs-svc/2 of api:7 FAILED and ECS did not go back: it starts no more tasks"),
            id="failed",
        ),
        pytest.param(
            {"deployments": (deployment("ecs-svc/3"), replace(NEW, status="ACTIVE", rollout="FAILED"))},
            WENT_BACK,
            id="failed and rolled back",
        ),
        pytest.param(
            {"deployments": (SILENT, DRAINING)}, Settled.NOT_YET, id="not reported, two deployments"
        ),
        pytest.param({"deployments": (SILENT,)}, Settled.YES, id="not reported, alone and complete"),
        pytest.param(
            {"deployments": (SILENT,), "running": 3}, Settled.NOT_YET, id="not reported, a task short"
        ),
        pytest.param({"deployments": (OTHER, replace(NEW, status="ACTIVE"))}, REPLACED, id="deployed over"),
        pytest.param(
            {"deployments": (OTHER, replace(NEW, status="ACTIVE", rollout="COMPLETED"))},
            REPLACED,
            id="completed and then deployed over",
        ),
        pytest.param(
            {"deployments": (OTHER,)},
            Unknown("Firebreak's deployment is not listed any more"),
            id="gone from the list",
        ),
        pytest.param(
            {"deployments": (replace(NEW, rollout="PAUSED"),)},
            Unknown("deployment ecs-svc/2 is in an unknown state: PAUSED"),
            id="a state to come",
        ),
    ],
)
def test_whether_a_restart_has_come_to_rest(changes: dict[str, Any], expected: object) -> None:
    assert expected == action().settled(plan(), RECEIPT, seen(service(**changes)))


@pytest.mark.parametrize(
    ("deployments", "expected"),
    [
        pytest.param((replace(NEW, rollout="COMPLETED"),), Settled.YES, id="completed"),
        pytest.param((NEW, DRAINING), Settled.NOT_YET, id="in progress"),
        pytest.param(
            (deployment("ecs-svc/3"), replace(NEW, status="ACTIVE", rollout="FAILED")),
            WENT_BACK,
            id="failed and rolled back to the same task definition",
        ),
        pytest.param((OLD,), Unknown("Firebreak's deployment is not listed any more"), id="it never began"),
    ],
)
def test_without_a_receipt_the_pre_image_identifies_the_deployment_of_firebreak(
    deployments: Any, expected: object
) -> None:
    assert expected == action().settled(plan(), NO_RECEIPT, seen(service(deployments=deployments)))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({"deployments": (replace(NEW, rollout="COMPLETED"),)}, False, id="as many run"),
        pytest.param(
            {"deployments": (replace(NEW, rollout="COMPLETED"),), "running": 3}, True, id="a task is missing"
        ),
        pytest.param({"deployments": (NEW, DRAINING), "running": 3}, False, id="fewer while it replaces"),
        pytest.param(
            {"deployments": (replace(NEW, failed=2), DRAINING), "running": 3},
            True,
            id="fewer because the new ones fail",
        ),
        pytest.param({"deployments": (replace(NEW, failed=2), DRAINING)}, False, id="failing, none missing"),
        pytest.param({"deployments": (replace(NEW, rollout="FAILED"), DRAINING)}, True, id="it failed"),
        pytest.param({"deployments": (OLD,), "running": 2}, True, id="it never began and tasks are missing"),
        pytest.param(
            {"deployments": (replace(NEW, rollout="COMPLETED"),), "desired": 2, "running": 2},
            False,
            id="somebody wants fewer",
        ),
    ],
)
def test_whether_the_service_is_worse_off(changes: dict[str, Any], *, expected: bool) -> None:
    assert action().worse(plan(), seen(service(**changes))) is expected


def test_a_service_that_was_already_short_of_tasks_is_not_worse_for_staying_so() -> None:
    after = service(running=1, deployments=(replace(NEW, rollout="COMPLETED"),))
    assert action().worse(plan(running=1), seen(after)) is False


@pytest.mark.parametrize(
    ("reading", "why"),
    [
        pytest.param(Unknown("denied"), "the service could not be read: denied", id="could not look"),
        pytest.param(ABSENT, "the service does not exist", id="gone"),
    ],
)
def test_judging_what_cannot_be_seen_is_unknown(reading: Any, why: str) -> None:
    found = seen(reading)
    assert action().outcome(plan(), found) == Unknown(why)
    assert action().settled(plan(), RECEIPT, found) == Unknown(why)
    assert action().worse(plan(), found) == Unknown(why)


@pytest.mark.parametrize("key", ["taskDefinition", "deployments", "desired", "running"])
def test_a_stored_plan_with_a_hole_is_unknown(key: str) -> None:
    stored = plan()
    broken = replace(stored, before={**stored.before, key: None})
    now = seen(service(deployments=(NEW,)))
    why = Unknown(f"the stored plan has no usable {key}")
    assert action().outcome(broken, now) == why
    assert action().settled(broken, RECEIPT, now) == why
    assert action().worse(broken, now) == why


def test_a_plan_that_went_through_the_ledger_still_judges() -> None:
    stored = plan()
    back = replace(stored, before=json.loads(json.dumps(stored.before)))
    assert action().outcome(back, seen(service(deployments=(NEW, DRAINING)))) is True
