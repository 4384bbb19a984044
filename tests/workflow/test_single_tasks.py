"""Replacing one bad task through all functions, on botocore's real model: local AWS knows no health."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from firebreak.core.incident.states import IncidentState
from firebreak.core.reasons import Reason
from firebreak.policy.compiler import parse_policy
from tests.support import builders as a
from tests.support.builders_ecs import raw_deployment, raw_service
from tests.support.builders_tasks import arn_of, raw_task
from tests.support.simulated_ecs import EcsWorld, SimulatedEcs, ecs_world

MINUTE = timedelta(minutes=1)
TAGS = {"firebreak:action": "replace-task"}
POLICY = parse_policy(
    a.AUTO_POLICY + '[actions.replace-task]\nladder = ["replace-task", "restart-service", "page"]\n',
    "tasks.toml",
)


def four() -> list[dict[str, Any]]:
    """Four tasks of which one is bad."""
    return [raw_task("t1"), raw_task("bad", "UNHEALTHY"), raw_task("t2"), raw_task("t3")]


@dataclass
class Service:
    """A service whose scheduler starts a task for each that was stopped."""

    tasks: list[dict[str, Any]] = field(default_factory=four)
    guarded: bool = False
    restarted: bool = False

    def answers(self) -> dict[str, Any]:
        return {
            "DescribeServices": lambda _: {"services": [self.service()], "failures": []},
            "DescribeClusters": lambda _: {"clusters": [{"activeServicesCount": 5}], "failures": []},
            "ListTasks": lambda _: {"taskArns": [one["taskArn"] for one in self.tasks]},
            "DescribeTasks": lambda _: {"tasks": self.tasks, "failures": []},
            "GetTaskProtection": lambda one: {
                "protectedTasks": [{"taskArn": one["tasks"][0], "protectionEnabled": self.guarded}],
                "failures": [],
            },
            "DescribeTaskDefinition": lambda one: {
                "taskDefinition": {
                    "taskDefinitionArn": one["taskDefinition"],
                    "status": "ACTIVE",
                    "containerDefinitions": [{"name": "api", "image": "example.com/api:1"}],
                }
            },
            "StopTask": self.stop,
            "UpdateService": self.restart,
        }

    def service(self) -> dict[str, Any]:
        newest = raw_deployment("ecs-svc/2" if self.restarted else "ecs-svc/1")
        configuration = {"minimumHealthyPercent": 50}
        return raw_service(
            deployments=[newest], deploymentConfiguration=configuration, runningCount=len(self.tasks)
        )

    def stop(self, asked: dict[str, Any]) -> dict[str, Any]:
        stopped = next(one for one in self.tasks if one["taskArn"] == asked["task"])
        self.tasks = [one for one in self.tasks if one is not stopped] + [raw_task("new")]
        return {"task": stopped}

    def restart(self, _: dict[str, Any]) -> dict[str, Any]:
        self.restarted = True
        return {"service": self.service()}


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def world(service: Service) -> Iterator[EcsWorld]:
    with ecs_world(SimulatedEcs(answers=service.answers()), policy=POLICY) as fresh:
        yield fresh


def test_the_bad_task_is_stopped_for_the_incident_and_another_takes_its_place(world: EcsWorld) -> None:
    alarm = world.red(tags=TAGS)
    done = world.send(alarm, "replace-task")
    reason = f"Firebreak incident {done.incident_id}: the task is unhealthy"
    sent = {"cluster": "prod", "task": arn_of("bad"), "reason": reason}
    assert world.simulated.changes == [("StopTask", sent)]
    world.pass_time(2 * MINUTE)
    world.green(alarm)
    world.pass_time(6 * MINUTE)
    assert world.incident(done.incident_id).state is IncidentState.CLOSED


def test_a_task_that_is_replaced_and_does_not_help_leads_to_a_restart(world: EcsWorld) -> None:
    world.send(world.red(tags=TAGS), "replace-task")
    world.pass_time(5 * MINUTE)
    assert [name for name, _ in world.simulated.changes] == ["StopTask", "UpdateService"]


def test_where_all_tasks_are_bad_the_whole_service_is_restarted_instead(
    world: EcsWorld, service: Service
) -> None:
    service.tasks = [raw_task(name, "UNHEALTHY") for name in ("t1", "t2", "t3", "t4")]
    first = world.send(world.red(tags=TAGS), "replace-task")
    world.pass_time(MINUTE)
    assert first.reason is Reason.NO_SINGLE_BAD_TASK
    assert [name for name, _ in world.simulated.changes] == ["UpdateService"]


def test_a_protected_task_is_not_stopped(world: EcsWorld, service: Service) -> None:
    service.guarded = True
    assert world.send(world.red(tags=TAGS), "replace-task").reason is Reason.TASK_PROTECTED
    assert not any(name == "StopTask" for name, _ in world.simulated.changes)
