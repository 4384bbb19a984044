"""A raise that an earlier release stored is compared as that one did, and never called somebody else's."""

from dataclasses import replace
from typing import Any

import pytest

from firebreak.core.model import Obstacle, Plan, RequestKind
from firebreak.core.readings import Unknown
from firebreak.core.reasons import Reason
from firebreak.services.ecs.task_memory import TaskSize
from tests.support.builders_ecs import TASK_DEFINITION, deployment, service
from tests.support.builders_task_memory import REGISTERED, adjuster, seen, size

# The hash of the raw definition in tests/support/builders_task_memory.py, before lists were compared by key.
AS_LISTED = "49a567b6f3ce177b481edc272245598874e0fc2c2dd6c9018a55760003ae5e2a"

# A plan as release 1 kept it in the ledger with the claim.
STORED = Plan(
    summary="raise the memory of ecs:prod/api: 1024 to 2048 MiB a task of api:7, 4 GiB more for 4 tasks",
    change={
        "cluster": "prod",
        "service": "api",
        "source": TASK_DEFINITION,
        "memory": 2048,
        "limits": {"api": 1024},
    },
    before={
        "taskDefinition": TASK_DEFINITION,
        "deployments": ["ecs-svc/1"],
        "desired": 4,
        "running": 4,
        "memory": 1024,
        "limits": {"api": 512},
        "rest": AS_LISTED,
    },
    patience_seconds=600,
)
RAISED = size(arn=REGISTERED, memory=2048, limits={"api": 1024}, rest_as_listed=AS_LISTED)
NEW = deployment("ecs-svc/2", task_definition=REGISTERED)
NOT_KNOWN = (
    "the plan was stored by an earlier release, which compared lists in the order in which AWS gave them: "
    "whether the service runs what it deployed is not known"
)


def now(found: TaskSize) -> Any:
    return seen(service(task_definition=found.arn, deployments=(NEW,)), found)


def test_a_deployment_of_the_release_before_is_recognized_and_taken_back() -> None:
    back = adjuster().undo(STORED, now(RAISED), RequestKind.UNDO)
    assert isinstance(back, Plan), back
    assert back.change["taskDefinition"] == TASK_DEFINITION
    assert adjuster().outcome(STORED, now(RAISED)) is True


@pytest.mark.parametrize("other", ["b" * 64, ""], ids=["listed otherwise, or another", "none"])
def test_that_it_is_another_one_is_not_said(other: str) -> None:
    found = replace(RAISED, rest_as_listed=other)
    assert adjuster().undo(STORED, now(found), RequestKind.UNDO) == Unknown(NOT_KNOWN)
    assert isinstance(adjuster().outcome(STORED, now(found)), Unknown)


@pytest.mark.parametrize(
    "found",
    [replace(RAISED, memory=4096), replace(RAISED, arn=TASK_DEFINITION)],
    ids=["memory", "the old one"],
)
def test_a_difference_that_any_release_can_read_refuses_the_undo(found: TaskSize) -> None:
    refusal = adjuster().undo(STORED, now(found), RequestKind.UNDO)
    assert isinstance(refusal, Obstacle)
    assert refusal.reason is Reason.CHANGED_SINCE


def test_a_plan_without_any_hash_is_nobodys() -> None:
    bare = replace(STORED, before={key: one for key, one in STORED.before.items() if key != "rest"})
    refusal = adjuster().undo(bare, now(RAISED), RequestKind.UNDO)
    assert isinstance(refusal, Obstacle)
    assert refusal.reason is Reason.CHANGED_SINCE
