"""ECS services, their deployments and task definitions as they are read, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from firebreak.core.readings import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """One entry of an ECS service's deployments[].

    `rollout` is empty where ECS does not report it (Classic Load Balancer, other controllers), and `why`
    is what ECS says of it. `began` is None where ECS does not say when.
    """

    id: str
    status: str
    rollout: str
    task_definition: str
    desired: int
    running: int
    failed: int
    why: str = ""
    began: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceLive:
    """An ECS service as it is now. `bake_minutes` is 0 for rolling deployments.

    `minimum_healthy` is the percentage of the desired tasks that must stay up whatever is exchanged,
    `maximum_percent` how many of them, as a percentage, may run or be pending meanwhile. `target_groups`
    are the ARNs of those that it registers its tasks with, now or after its next deployment.
    """

    arn: str
    cluster: str
    name: str
    status: str
    desired: int
    running: int
    pending: int
    task_definition: str
    controller: str
    strategy: str
    bake_minutes: int
    managed_by: str
    scheduling: str
    deployments: tuple[Deployment, ...]
    tags: Mapping[str, str]
    minimum_healthy: int = 100
    target_groups: frozenset[str] = frozenset()
    maximum_percent: int = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskDefinitionLive:
    """The images a task definition runs, and what a task of it asks for (vCPU units, MiB).

    One that is not `active` was deregistered: no service may be moved to it any more.
    """

    arn: str
    images: tuple[str, ...]
    cpu: int
    memory: int
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalableTarget:
    """The registration of a service's desired count with Application Auto Scaling."""

    minimum: int
    maximum: int
    scale_out_suspended: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EcsObservation:
    """All that an ECS action looks at; parts an action does not need stay NotRead."""

    service: Reading[ServiceLive]
    task_definition: Reading[TaskDefinitionLive]
    scalable_target: Reading[ScalableTarget]

    @property
    def tags(self) -> Reading[Mapping[str, str]]:
        """The service's tags, as far as the service could be read."""
        return self.service.tags if isinstance(self.service, ServiceLive) else self.service
