"""roll-back-service: whether it happened, has come to rest, or made things worse; and what never holds."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firebreak.core.model import Failed, Obstacle, Plan, Receipt, Settled
from firebreak.core.readings import ABSENT, Unknown
from firebreak.services.ecs.deployments import DeploymentHistory, ServiceDeployment
from tests.support import builders as a
from tests.support.builders_deployments import (
    BEFORE,
    EARLIER,
    OLD,
    RED,
    REQUEST,
    arn_of,
    deployed,
    history,
    roll_back,
    running,
    seen,
)
from tests.support.builders_ecs import ARN, deployment, service

RECEIPT = Receipt(summary="rolled back")
BEGAN = Receipt(summary="began", after={"deployment": "ecs-svc/2", "taskDefinition": OLD})
FOLLOWED = Unknown("another deployment began after d7")


def plan_of(memory: DeploymentHistory | None = None) -> Plan:
    found = roll_back().plan(REQUEST, seen(memory), a.rules("roll-back-service"))
    assert isinstance(found, Plan), found
    return found


STOP = plan_of(history(running(), BEFORE))
HOOK = plan_of(history(running(), BEFORE, paused_hook="hook-1"))
MOVE = plan_of()

by_ending = pytest.mark.parametrize("plan", [STOP, HOOK], ids=["stopped", "answered at its hook"])


@by_ending
@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("STOP_REQUESTED", True),
        ("ROLLBACK_REQUESTED", True),
        ("ROLLBACK_IN_PROGRESS", True),
        ("ROLLBACK_SUCCESSFUL", True),
        ("ROLLBACK_FAILED", True),
        ("PENDING", False),
        ("IN_PROGRESS", False),
        ("SUCCESSFUL", False),
        ("STOPPED", Unknown("deployment d7 is STOPPED, not rolled back")),
    ],
)
def test_whether_an_ending_without_a_reply_arrived(plan: Plan, status: str, expected: object) -> None:
    assert expected == roll_back().outcome(plan, seen(history(deployed(status=status), BEFORE)))


@by_ending
@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("ROLLBACK_SUCCESSFUL", Settled.YES),
        ("STOP_REQUESTED", Settled.NOT_YET),
        ("ROLLBACK_REQUESTED", Settled.NOT_YET),
        ("ROLLBACK_IN_PROGRESS", Settled.NOT_YET),
        ("IN_PROGRESS", Settled.NOT_YET),
        ("PENDING", Settled.NOT_YET),
        ("ROLLBACK_FAILED", Settled.FAILED),
        ("SUCCESSFUL", Settled.FAILED),
        ("STOPPED", Unknown("deployment d7 is STOPPED, not rolled back")),
    ],
)
def test_whether_an_ending_has_come_to_rest(plan: Plan, status: str, expected: object) -> None:
    assert expected == roll_back().settled(plan, RECEIPT, seen(history(deployed(status=status), BEFORE)))


@by_ending
def test_once_another_deployment_began_the_effect_of_the_stop_is_unknown(plan: Plan) -> None:
    followed = history(deployed("d8", minutes_ago=-3), deployed(status="ROLLBACK_SUCCESSFUL"), BEFORE)
    assert roll_back().settled(plan, RECEIPT, seen(followed)) == FOLLOWED


@by_ending
@pytest.mark.parametrize(
    ("status", "running_now", "expected"),
    [
        pytest.param("ROLLBACK_IN_PROGRESS", 2, False, id="fewer while they are exchanged"),
        pytest.param("ROLLBACK_SUCCESSFUL", 2, True, id="fewer for good"),
        pytest.param("ROLLBACK_FAILED", 3, True, id="fewer after it failed"),
        pytest.param("ROLLBACK_FAILED", 4, False, id="as many after it failed"),
        pytest.param("ROLLBACK_SUCCESSFUL", 4, False, id="as many"),
    ],
)
def test_whether_an_ending_left_the_service_worse(
    plan: Plan, status: str, running_now: int, *, expected: bool
) -> None:
    now = seen(history(deployed(status=status), BEFORE), service(running=running_now))
    assert roll_back().worse(plan, now) is expected


NEW = deployment("ecs-svc/2", task_definition=OLD, rollout="IN_PROGRESS")
GONE_ACTIVE = deployment(status="ACTIVE")


@pytest.mark.parametrize(
    ("deployments", "expected"),
    [
        pytest.param((NEW, GONE_ACTIVE), True, id="one of the earlier task definition began"),
        pytest.param((deployment(),), False, id="the same as before"),
        pytest.param(
            (deployment("ecs-svc/3"),),
            Unknown("a deployment of something else runs, so whether Firebreak's own began is not known"),
            id="one of somebody else",
        ),
    ],
)
def test_whether_a_move_without_a_reply_began(deployments: tuple[Any, ...], expected: object) -> None:
    assert expected == roll_back().outcome(MOVE, seen(now=service(deployments=deployments)))


@pytest.mark.parametrize("receipt", [BEGAN, RECEIPT], ids=["named by the receipt", "reply lost"])
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({"rollout": "COMPLETED"}, Settled.YES, id="complete"),
        pytest.param({"rollout": "IN_PROGRESS"}, Settled.NOT_YET, id="under way"),
        pytest.param(
            {"rollout": "FAILED"},
            Failed("deployment ecs-svc/2 of api:6 FAILED and ECS did not go back: it starts no more tasks"),
            id="failed",
        ),
        pytest.param(
            {"status": "ACTIVE"}, Unknown("deployment ecs-svc/2 was replaced by another one"), id="replaced"
        ),
    ],
)
def test_whether_a_move_has_come_to_rest(receipt: Receipt, changes: dict[str, Any], expected: object) -> None:
    now = service(task_definition=OLD, deployments=(replace(NEW, **changes),))
    assert expected == roll_back().settled(MOVE, receipt, seen(now=now))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({"deployments": (NEW, GONE_ACTIVE), "running": 3}, False, id="fewer while exchanged"),
        pytest.param({"deployments": (replace(NEW, rollout="FAILED"),)}, True, id="the roll back failed"),
        pytest.param(
            {"deployments": (replace(NEW, rollout="COMPLETED"),), "running": 2}, True, id="fewer for good"
        ),
        pytest.param({"deployments": (replace(NEW, rollout="COMPLETED"),)}, False, id="as many"),
    ],
)
def test_whether_a_move_left_the_service_worse(changes: dict[str, Any], *, expected: bool) -> None:
    assert roll_back().worse(MOVE, seen(now=service(**changes))) is expected


@pytest.mark.parametrize(
    ("plan", "observation", "why"),
    [
        pytest.param(
            STOP,
            seen(Unknown("slow")),
            "the history of its deployments could not be read: slow",
            id="history",
        ),
        pytest.param(STOP, seen(history(BEFORE)), "deployment d7 is not listed any more", id="forgotten"),
        pytest.param(MOVE, seen(now=Unknown("x")), "the service could not be read: x", id="the service"),
        pytest.param(MOVE, seen(now=ABSENT), "the service does not exist", id="gone"),
        pytest.param(
            replace(MOVE, change={}), seen(), "the stored plan names no change", id="a plan without a change"
        ),
    ],
)
def test_judging_what_cannot_be_seen_is_unknown(plan: Plan, observation: Any, why: str) -> None:
    assert roll_back().outcome(plan, observation) == Unknown(why)
    assert roll_back().settled(plan, RECEIPT, observation) == Unknown(why)


def test_fewer_tasks_and_a_history_that_cannot_be_read_is_no_verdict() -> None:
    blind = seen(Unknown("slow"), service(running=1))
    assert isinstance(roll_back().worse(STOP, blind), Unknown)
    assert isinstance(roll_back().worse(STOP, seen(now=ABSENT)), Unknown)


# --- whatever was deployed

STATUSES = ["SUCCESSFUL", "STOPPED", "IN_PROGRESS", "PENDING", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"]


@st.composite
def memories(draw: st.DrawFn) -> DeploymentHistory:
    """Up to six deployments of four revisions, a random while apart, the newest in any state."""
    gaps = draw(st.lists(st.integers(1, 90), min_size=1, max_size=6))
    found: list[ServiceDeployment] = []
    for place, gap in enumerate(gaps):
        status = draw(st.sampled_from(STATUSES if place == 0 else [*STATUSES[:2], *STATUSES[4:]]))
        minutes = draw(st.integers(-3, 40)) if place == 0 else 40 + sum(gaps[:place]) + gap
        revision = f"{ARN}:task-definition/api:{draw(st.integers(5, 8))}"
        found.append(deployed(f"d{place}", revision, minutes, status=status))
    return DeploymentHistory(deployments=tuple(found), replaces=len(found) > 1)


def planned_on(memory: DeploymentHistory) -> tuple[object, str]:
    """The plan on a memory, for a service that runs the version deployed last."""
    assert memory.newest
    runs = memory.newest.task_definition
    now = service(task_definition=runs, deployments=(deployment(task_definition=runs),))
    return roll_back().plan(REQUEST, seen(memory, now, EARLIER), a.rules("roll-back-service")), runs


@given(memories())
def test_whatever_was_deployed_nothing_from_after_the_alarm_is_taken_back(memory: DeploymentHistory) -> None:
    found, _ = planned_on(memory)
    if isinstance(found, Plan):
        assert any(one.began <= RED for one in memory.deployments)
        assert found.change.get("stopType") == "ROLLBACK" or found.change["taskDefinition"] == OLD
        # The deployment that goes is one that began before the alarm turned red.
        assert found.change.get("serviceDeploymentArn") in {None, arn_of("d0")}


@given(memories())
def test_whatever_was_deployed_a_roll_back_is_never_taken_back_or_repeated(memory: DeploymentHistory) -> None:
    """After a plan there is no next one, or one that Firebreak's act in the ledger forbids."""
    found, _ = planned_on(memory)
    if not isinstance(found, Plan) or memory.newest is None:
        return
    match found.change:
        case {"serviceDeploymentArn": str()}:
            first = replace(memory.newest, status="ROLLBACK_SUCCESSFUL", ended=RED)
            after = replace(memory, deployments=(first, *memory.deployments[1:]))
        case _:
            back = deployed("d-back", went_back_to(memory), minutes_ago=0)
            after = replace(memory, deployments=(back, *memory.deployments))
    again, _ = planned_on(after)
    if isinstance(again, Plan):
        assert again.rollback_target
        assert again.rollback_target.repeats([a.NOW])
    else:
        assert isinstance(again, Obstacle)


def went_back_to(memory: DeploymentHistory) -> str:
    """The newest earlier success of another revision, found the long way round."""
    runs = memory.deployments[0].task_definition
    return next(
        one.task_definition
        for one in memory.deployments[1:]
        if one.status == "SUCCESSFUL" and one.task_definition != runs
    )
