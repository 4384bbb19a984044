"""The single tasks of an ECS service, and which one of them is bad."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from firebreak.core.ecs import short
from firebreak.core.model import Obstacle
from firebreak.core.observed import ServiceLive
from firebreak.core.readings import Reading
from firebreak.core.reasons import Reason
from firebreak.core.rollout_room import minimum_count

RUNNING = "RUNNING"
HEALTHY = "HEALTHY"
UNHEALTHY = "UNHEALTHY"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskLive:
    """A task that is meant to run. `health` is UNKNOWN where no container has a health check."""

    arn: str
    group: str
    status: str
    health: str
    tags: Mapping[str, str]

    @property
    def id(self) -> str:
        """The last part of its ARN."""
        return short(self.arn)


@dataclass(frozen=True, slots=True, kw_only=True)
class TasksObservation:
    """What replacing a task looks at; `protected` is about the bad one, if there is one."""

    service: Reading[ServiceLive]
    tasks: Reading[tuple[TaskLive, ...]]
    protected: Reading[bool]

    @property
    def tags(self) -> Reading[Mapping[str, str]]:
        """The service's tags, as far as the service could be read."""
        return self.service.tags if isinstance(self.service, ServiceLive) else self.service


def own_tasks(tasks: Sequence[TaskLive], service: str) -> tuple[TaskLive, ...]:
    """The tasks that the service's scheduler keeps, and so replaces."""
    return tuple(task for task in tasks if task.group == f"service:{service}")


def bad_one(tasks: Sequence[TaskLive]) -> TaskLive | Obstacle:
    """The one unhealthy task among healthy ones.

    While a task is still coming up, ECS itself is replacing something; two that restart the same
    service at once would take more than one task away.
    """
    coming = [task for task in tasks if task.status != RUNNING]
    if coming:
        return Obstacle(Reason.NOT_READY, f"{len(coming)} of {len(tasks)} tasks are still coming up")
    bad = [task for task in tasks if task.health == UNHEALTHY]
    healthy = sum(task.health == HEALTHY for task in tasks)
    if len(bad) != 1 or healthy != len(tasks) - 1:
        unknown = len(tasks) - len(bad) - healthy
        told = f"{len(bad)} unhealthy, {healthy} healthy, {unknown} without a word of health"
        return Obstacle(Reason.NO_SINGLE_BAD_TASK, f"of {len(tasks)} tasks {told}")
    return bad[0]


def too_few_left(service: ServiceLive, tasks: int) -> Obstacle | None:
    """Why a task cannot be spared: ECS's own rule for what may be down while tasks are exchanged."""
    left = min(service.running, tasks) - 1
    least = minimum_count(service)
    if left >= least:
        return None
    told = f"minimumHealthyPercent {service.minimum_healthy} of {service.desired} wants {least}"
    return Obstacle(Reason.TOO_FEW_HEALTHY, f"{left} tasks would run, {told}")
