"""Single tasks for tests: values, the API's raw shape, and a fake of them."""

from dataclasses import dataclass, field, replace
from typing import Any

from firebreak.core.model import Obstacle, Plan, Target
from firebreak.core.readings import ABSENT, NotRead, Reading
from firebreak.services.ecs.actions.replace_task import ReplaceTask
from firebreak.services.ecs.model import ServiceLive
from firebreak.services.ecs.tasks import TargetHealth, TaskLive, TasksObservation
from tests.support import builders as a
from tests.support.builders_ecs import ARN, TARGET, FakeEcs, service

REQUEST = a.request(action="replace-task", target=TARGET)
ENABLED = {"firebreak:enabled": "true"}


def arn_of(name: str) -> str:
    """The full ARN of a task of the cluster."""
    return f"{ARN}:task/prod/{name}"


def task(name: str = "t1", health: str = "HEALTHY", **changes: Any) -> TaskLive:
    """A running task of the service, with the service's tags."""
    one = TaskLive(arn=arn_of(name), group="service:api", status="RUNNING", health=health, tags=ENABLED)
    return replace(one, **changes)


BAD = task("bad", "UNHEALTHY")
FOUR = (task("t1"), BAD, task("t2"), task("t3"))


def spare(**changes: Any) -> ServiceLive:
    """A service of four tasks that may do with two while tasks are exchanged."""
    return service(**{"minimum_healthy": 50, **changes})


def seen(
    tasks: Reading[tuple[TaskLive, ...]] = FOUR,
    now: Reading[ServiceLive] | None = None,
    protected: Reading[bool] = False,
) -> TasksObservation:
    """Four tasks, by default one of them bad."""
    return TasksObservation(
        service=spare() if now is None else now,
        tasks=tasks,
        protected=protected,
        targets=NotRead("the service is behind no target group"),
    )


@dataclass
class FakeTasks:
    """Returns the given tasks, and notes the calls."""

    now: Reading[tuple[TaskLive, ...]] = ABSENT
    guarded: Reading[bool] = False
    health: dict[str, Reading[tuple[TargetHealth, ...]]] = field(default_factory=dict)
    calls: list[tuple[str, ...]] = field(default_factory=list)

    def tasks(self, target: Target) -> Reading[tuple[TaskLive, ...]]:
        self.calls.append(("tasks", target.display))
        return self.now

    def protected(self, target: Target, task: str) -> Reading[bool]:
        self.calls.append(("protected", target.display, task))
        return self.guarded

    def target_health(self, group: str) -> Reading[tuple[TargetHealth, ...]]:
        self.calls.append(("target_health", group))
        return self.health.get(group, ABSENT)

    def stop(self, cluster: str, task: str, reason: str) -> None:
        self.calls.append(("stop", cluster, task, reason))


def replacer(ecs: FakeEcs | None = None, tasks: FakeTasks | None = None) -> ReplaceTask:
    """The action on these fakes."""
    tasks = tasks or FakeTasks()
    return ReplaceTask(ecs or FakeEcs(), tasks, tasks)


def planned(observation: TasksObservation | None = None) -> Plan:
    """The plan where there is no objection."""
    found = replacer().plan(REQUEST, observation or seen(), a.rules())
    assert isinstance(found, Plan), found
    return found


def refused(observation: TasksObservation) -> Obstacle:
    """The obstacle."""
    found = replacer().plan(REQUEST, observation, a.rules())
    assert isinstance(found, Obstacle), found
    return found


def raw_task(name: str = "t1", health: str = "HEALTHY", **changes: Any) -> dict[str, Any]:
    """A task in the format of DescribeTasks."""
    return {
        "taskArn": arn_of(name),
        "clusterArn": f"{ARN}:cluster/prod",
        "group": "service:api",
        "lastStatus": "RUNNING",
        "desiredStatus": "RUNNING",
        "healthStatus": health,
        "tags": [{"key": "firebreak:enabled", "value": "true"}],
    } | changes
