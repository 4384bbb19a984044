"""The single tasks of an ECS service, and the bad one among them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from firebreak.core.model import Obstacle
from firebreak.core.readings import NotRead, Reading
from firebreak.core.reasons import Reason
from firebreak.services.ecs.model import ServiceLive
from firebreak.services.ecs.readiness import short
from firebreak.services.ecs.rollout_room import minimum_count

RUNNING = "RUNNING"
HEALTHY = "HEALTHY"
UNHEALTHY = "UNHEALTHY"

# States of a target [DescribeTargetHealth].
TARGET_HEALTHY = "healthy"
TARGET_UNHEALTHY = "unhealthy"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskLive:
    """A task that is meant to run. `health` is UNKNOWN where no container has a health check.

    `addresses` are those of its own network interface: none where it shares its instance's.
    """

    arn: str
    group: str
    status: str
    health: str
    tags: Mapping[str, str]
    addresses: frozenset[str] = frozenset()

    @property
    def id(self) -> str:
        """The last part of its ARN."""
        return short(self.arn)


NO_BALANCER = NotRead("the service is behind no target group")
NO_BAD_TARGET = NotRead("no single target is unhealthy")


@dataclass(frozen=True, slots=True)
class TargetHealth:
    """One target of a target group: an address or an instance, and its state in the console's words."""

    id: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TasksObservation:
    """All that replacing a task reads; `protected` is about the bad one, if there is one.

    `targets` holds the health of the targets of each group of the service, by the group's ARN;
    `target_protected` is about the one task that they find bad.
    """

    service: Reading[ServiceLive]
    tasks: Reading[tuple[TaskLive, ...]]
    protected: Reading[bool]
    targets: Reading[Mapping[str, tuple[TargetHealth, ...]]] = NO_BALANCER
    target_protected: Reading[bool] = NO_BAD_TARGET

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
        text = f"{len(bad)} unhealthy, {healthy} healthy, {unknown} without a word of health"
        return Obstacle(Reason.NO_SINGLE_BAD_TASK, f"of {len(tasks)} tasks {text}")
    return bad[0]


def bad_target(tasks: Sequence[TaskLive], targets: Sequence[TargetHealth]) -> TaskLive | Obstacle:
    """The one task that its load balancer finds unhealthy among those that it finds healthy.

    A target is a task's by its address. An unhealthy one that is nobody's (an instance, or a task of
    something else) says that more is wrong than one task.
    """
    coming = [task for task in tasks if task.status != RUNNING]
    if coming:
        return Obstacle(Reason.NOT_READY, f"{len(coming)} of {len(tasks)} tasks are still coming up")
    unhealthy = {target.id for target in targets if target.state == TARGET_UNHEALTHY}
    healthy = {target.id for target in targets if target.state == TARGET_HEALTHY} - unhealthy
    known = {address for task in tasks for address in task.addresses}
    if strangers := sorted(unhealthy - known):
        text = f"unhealthy target {strangers[0]} is the address of no task of the service"
        return Obstacle(Reason.NO_SINGLE_BAD_TASK, text)
    bad = [task for task in tasks if task.addresses & unhealthy]
    well = [task for task in tasks if task.addresses & healthy and task not in bad]
    well = [task for task in well if task.health != UNHEALTHY]
    if len(bad) != 1 or len(well) != len(tasks) - 1:
        text = f"{len(bad)} are unhealthy targets, {len(well)} healthy ones, {len(tasks)} tasks run"
        return Obstacle(Reason.NO_SINGLE_BAD_TASK, text)
    return bad[0]


def too_few_left(service: ServiceLive, tasks: int) -> Obstacle | None:
    """Why a task cannot be spared: ECS's own rule for what may be down while tasks are exchanged."""
    left = min(service.running, tasks) - 1
    least = minimum_count(service)
    if left >= least:
        return None
    text = f"minimumHealthyPercent {service.minimum_healthy} of {service.desired} wants {least}"
    return Obstacle(Reason.TOO_FEW_HEALTHY, f"{left} tasks would run, {text}")
