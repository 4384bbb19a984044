"""Every action that starts an ECS deployment looks first whether it can come to its end."""

from dataclasses import replace
from typing import Any

import pytest

from firebreak.core.model import Obstacle, Plan, RequestKind
from firebreak.core.readings import ABSENT, Reading
from firebreak.core.reasons import MEANINGS, Disposition, Reason
from firebreak.services.ecs.actions.restart_service import RestartService
from firebreak.services.ecs.actions.scale_service import ScaleService
from firebreak.services.ecs.model import ServiceLive
from tests.support import builders_deployments as rolled
from tests.support import builders_ecs as ecs
from tests.support import builders_task_memory as memory
from tests.support import builders_tasks as tasks
from tests.support.builders_ecs import deployment, service

WAITS = deployment("ecs-svc/2", rollout="IN_PROGRESS", running=0)
MOVES = deployment("ecs-svc/2", rollout="IN_PROGRESS", running=1)
FAILED = deployment(
    "ecs-svc/2", rollout="FAILED", running=1, why="ECS deployment circuit breaker: tasks failed to start."
)
LEFT = deployment("ecs-svc/1", status="ACTIVE", running=3, task_definition=ecs.OTHER_TASK_DEFINITION)
IT_FAILED = (
    "deployment ecs-svc/2 of api:7 FAILED (ECS deployment circuit breaker: tasks failed to start) and ECS "
    "did not go back"
)
STUCK = {"minimum_healthy": 100, "maximum_percent": 100}
DOWN = {"desired": 1, "running": 1, "minimum_healthy": 0, "maximum_percent": 100}
WILL_BE_DOWN = (
    "minimumHealthyPercent 0 and maximumPercent 100: its only task is stopped first, so it will be down "
    "meanwhile"
)

type Found = Reading[Plan | Obstacle]


def restart(now: ServiceLive, *, active: bool = True) -> Found:
    fake = ecs.FakeEcs()
    seen = ecs.seen(now, replace(ecs.definition(), active=active))
    return RestartService(fake, fake).plan(ecs.REQUEST, seen, ecs.rules())


def raise_memory(now: ServiceLive, *, active: bool = True) -> Found:
    seen = memory.seen(now, memory.size(active=active))
    return memory.adjuster().plan(memory.REQUEST, seen, memory.rules())


def move_back(now: ServiceLive) -> Found:
    return rolled.roll_back().plan(rolled.REQUEST, rolled.seen(now=now), rolled.rules())


def end(now: ServiceLive) -> Found:
    seen = rolled.seen(rolled.history(rolled.running(), rolled.BEFORE), now)
    return rolled.roll_back().plan(rolled.REQUEST, seen, rolled.rules())


def scale(now: ServiceLive, *, active: bool = True) -> Found:
    fake = ecs.FakeEcs()
    seen = ecs.seen(now, replace(ecs.definition(), active=active))
    return ScaleService(fake, fake).plan(ecs.REQUEST, seen, ecs.rules())


def put_memory_back(now: ServiceLive) -> Found:
    raised = memory.size(arn=memory.REGISTERED, memory=2048, limits={"api": 1024})
    return memory.adjuster().undo(memory.planned(), memory.seen(now, raised), RequestKind.UNDO)


STARTS_A_DEPLOYMENT = [restart, raise_memory, move_back]


def obstacle(found: Found) -> Obstacle:
    assert isinstance(found, Obstacle), found
    return found


def plan(found: Found) -> Plan:
    assert isinstance(found, Plan), found
    return found


@pytest.mark.parametrize("action", [*STARTS_A_DEPLOYMENT, put_memory_back])
@pytest.mark.parametrize(
    "configuration",
    [
        pytest.param({"desired": 1, "minimum_healthy": 100, "maximum_percent": 134}, id="1 at 100/134"),
        pytest.param({"desired": 1, "minimum_healthy": 50, "maximum_percent": 150}, id="1 at 50/150"),
        pytest.param({"desired": 4, "minimum_healthy": 100, "maximum_percent": 100}, id="4 at 100/100"),
        pytest.param({"scheduling": "DAEMON", "minimum_healthy": 100}, id="a daemon at 100"),
    ],
)
def test_a_deployment_that_could_never_move_is_not_started(
    action: Any, configuration: dict[str, Any]
) -> None:
    found = obstacle(action(service(**configuration)))
    assert found.reason is Reason.NO_ROOM_TO_DEPLOY
    assert "neither start a new task nor stop an old one" in found.detail


@pytest.mark.parametrize("action", STARTS_A_DEPLOYMENT)
def test_blue_green_needs_no_room(action: Any) -> None:
    silent = (deployment(rollout=""),)
    assert plan(action(service(strategy="BLUE_GREEN", deployments=silent, **STUCK))).doubts == ()


@pytest.mark.parametrize("action", STARTS_A_DEPLOYMENT)
def test_that_the_only_task_is_stopped_first_is_a_doubt(action: Any) -> None:
    found = plan(action(service(**DOWN)))
    assert found.doubts == (WILL_BE_DOWN,)
    assert found.warnings[0] == WILL_BE_DOWN


def test_taking_a_raise_back_warns_that_it_will_be_down_meanwhile() -> None:
    assert plan(put_memory_back(service(**DOWN))).warnings == (WILL_BE_DOWN,)


@pytest.mark.parametrize("action", [restart, raise_memory])
def test_an_inactive_task_definition_is_not_deployed(action: Any) -> None:
    found = obstacle(action(service(), active=False))
    assert (found.reason, found.detail) == (
        Reason.TASK_DEFINITION_INACTIVE,
        "api:7 is INACTIVE (deregistered): register it again and deploy that revision",
    )


def test_a_service_on_an_inactive_task_definition_can_get_more_tasks() -> None:
    assert plan(scale(service(), active=False)).change["desiredCount"] == 6


@pytest.mark.parametrize(
    "reason", [Reason.NO_ROOM_TO_DEPLOY, Reason.TASK_DEFINITION_INACTIVE, Reason.DEPLOYMENT_FAILED]
)
def test_an_obstacle_that_does_not_pass_by_itself_goes_to_the_next_rung(reason: Reason) -> None:
    assert MEANINGS[reason].disposition is Disposition.CLIMB


def test_a_running_deployment_that_cannot_end_is_called_so() -> None:
    found = obstacle(restart(service(deployments=(WAITS, LEFT), **STUCK)))
    assert found.reason is Reason.DEPLOYMENT_RUNNING
    assert found.detail.startswith(
        "2 deployments are under way, and cannot end: minimumHealthyPercent 100 and"
    )
    assert found.deployments == (("ecs-svc/2", None),)


# --- ending a deployment that runs


def test_a_stuck_deployment_that_started_nothing_is_ended() -> None:
    assert plan(end(service(deployments=(WAITS, LEFT), **STUCK))).doubts == ()


def test_one_that_started_a_task_already_could_not_be_replaced_again() -> None:
    found = obstacle(end(service(deployments=(MOVES, LEFT), **STUCK)))
    assert found.reason is Reason.NO_ROOM_TO_DEPLOY


@pytest.mark.parametrize(("newest", "doubts"), [(WAITS, ()), (MOVES, (WILL_BE_DOWN,))], ids=["none", "one"])
def test_ending_one_is_in_doubt_where_its_tasks_are_stopped_first(
    newest: Any, doubts: tuple[str, ...]
) -> None:
    assert plan(end(service(deployments=(newest, LEFT), **DOWN))).doubts == doubts


def test_ending_one_is_in_doubt_where_ecs_would_go_back_to_what_was_deregistered() -> None:
    past = rolled.history(rolled.running(), rolled.BEFORE)
    held = rolled.contents(past, rolled.holding(rolled.OLD, active=False))
    found = rolled.planned(rolled.seen(past, held=held))
    assert found.doubts == ("api:6, which ECS would go back to, is INACTIVE (deregistered)",)


# --- after ECS's circuit breaker


@pytest.mark.parametrize("action", [restart, raise_memory, scale])
def test_a_failed_deployment_next_to_the_old_one_is_not_called_under_way(action: Any) -> None:
    found = obstacle(action(service(deployments=(FAILED, LEFT))))
    assert found == Obstacle(Reason.DEPLOYMENT_FAILED, f"{IT_FAILED}: 1 of its tasks run, 3 of api:8")


def test_a_failed_deployment_gets_no_more_tasks() -> None:
    assert obstacle(scale(service(deployments=(FAILED,)))).reason is Reason.DEPLOYMENT_FAILED


def test_no_task_is_stopped_where_none_would_start() -> None:
    now = tasks.spare(deployments=(FAILED,))
    found = tasks.replacer().plan(tasks.REQUEST, tasks.seen(now=now), ecs.rules())
    assert obstacle(found).reason is Reason.DEPLOYMENT_FAILED


@pytest.mark.parametrize("action", [restart, raise_memory])
def test_a_new_deployment_after_one_that_failed_is_a_doubt(action: Any) -> None:
    doubt = f"{IT_FAILED}: 1 of its tasks run: the next deployment may fail as well"
    assert plan(action(service(deployments=(FAILED,)))).doubts == (doubt,)


def test_nothing_of_this_concerns_a_service_that_does_not_exist() -> None:
    fake = ecs.FakeEcs()
    found = RestartService(fake, fake).plan(ecs.REQUEST, ecs.seen(ABSENT), ecs.rules())
    assert obstacle(found).reason is Reason.TARGET_MISSING
