"""The AWS calls that the ECS actions need."""

from datetime import datetime
from typing import Protocol

from firebreak.core.limits.disruption_budget import GroupCount
from firebreak.core.model import Target
from firebreak.core.readings import Reading
from firebreak.services.ecs.deployments import DeploymentHistory
from firebreak.services.ecs.model import ScalableTarget, ServiceLive, TaskDefinitionLive
from firebreak.services.ecs.target_groups import Registrations
from firebreak.services.ecs.task_memory import NewSize, TaskSize
from firebreak.services.ecs.tasks import TargetHealth, TaskLive


class EcsReads(Protocol):
    """Looking at ECS services. Nothing here raises: blindness is an Unknown."""

    def service(self, target: Target) -> Reading[ServiceLive]:
        """The service with its tags, Absent when cluster or service do not exist."""

    def task_definition(self, arn: str) -> Reading[TaskDefinitionLive]:
        """The task definition of that full ARN."""

    def scalable_target(self, target: Target) -> Reading[ScalableTarget]:
        """The target that Application Auto Scaling registered for the service, Absent when there is none."""

    def group(self, target: Target, now: datetime, *, health: bool) -> Reading[GroupCount]:
        """The target's cluster, counted; with `health` also which of its services are well."""


class EcsWrites(Protocol):
    """Changing ECS services; each call is sent once. Raises AwsError."""

    def force_deployment(self, cluster: str, service: str, task_definition: str) -> ServiceLive:
        """Start a new deployment of the same task definition; returns the service after it."""

    def use_task_definition(self, cluster: str, service: str, task_definition: str) -> ServiceLive:
        """Move the service to the task definition of that full ARN; returns the service after it."""

    def set_desired_count(self, cluster: str, service: str, count: int) -> ServiceLive:
        """Set the number of tasks; returns the service after it."""

    def set_min_capacity(self, cluster: str, service: str, minimum: int) -> None:
        """Raise the floor that Application Auto Scaling keeps; other values stay."""


class DeploymentReads(Protocol):
    """Looking at service deployments. Nothing here raises: blindness is an Unknown."""

    def history(self, target: Target) -> Reading[DeploymentHistory]:
        """The service's newest deployments, Absent when there is no such service."""


class DeploymentWrites(Protocol):
    """Ending service deployments; each call is sent once. Raises AwsError."""

    def stop_and_roll_back(self, deployment: str) -> None:
        """Stop a running deployment; ECS goes back to the revision before it."""

    def roll_back_at_hook(self, deployment: str, hook: str) -> None:
        """Answer a deployment that waits at a lifecycle hook: go back, do not go on."""


class TaskReads(Protocol):
    """Looking at tasks. Nothing here raises: blindness is an Unknown."""

    def tasks(self, target: Target) -> Reading[tuple[TaskLive, ...]]:
        """Every task of the service that is meant to run, Absent when there is no such service."""

    def protected(self, target: Target, task: str) -> Reading[bool]:
        """Whether the task of that full ARN is protected from being stopped by scale-in."""

    def target_health(self, group: str) -> Reading[tuple[TargetHealth, ...]]:
        """The health of every target of the target group of that ARN, Absent when there is no such group."""


class TaskWrites(Protocol):
    """Stopping tasks; each call is sent once. Raises AwsError."""

    def stop(self, cluster: str, task: str, reason: str) -> None:
        """Stop the task of that full ARN; `reason` is what DescribeTasks shows of it."""


class RegistrationReads(Protocol):
    """Looking at all ECS services. Nothing here raises: blindness is an Unknown."""

    def registrations(self, now: datetime) -> Reading[Registrations]:
        """Every service of the account and region that is behind a target group."""


class RegistrationCache(Protocol):
    """The registrations read last, shared by all functions. Raises AwsError when they cannot be reached."""

    def look(self) -> Reading[Registrations]:
        """The registrations that were kept last; Absent when there are none."""

    def keep(self, found: Registrations) -> None:
        """Keeps the registrations for the other functions."""


class DefinitionReads(Protocol):
    """Looking at task definitions. Nothing here raises: blindness is an Unknown."""

    def size(self, arn: str) -> Reading[TaskSize]:
        """The memory and limits that the task definition of that full ARN gives its tasks."""


class DefinitionWrites(Protocol):
    """Registering task definitions; each call is sent once. Raises AwsError."""

    def register_with(self, source: str, rest: str, size: NewSize) -> str:
        """Registers the source again with other memory; returns the full ARN of the new revision.

        Raises Conflict when the source is not the one that `rest` is of (see `TaskSize`).
        """


class EcsConnections(Protocol):
    """Both sides of ECS, looking and changing; connected only when asked for."""

    def ecs(self) -> tuple[EcsReads, EcsWrites]:
        """ECS services and their scaling."""

    def ecs_deployments(self) -> tuple[DeploymentReads, DeploymentWrites]:
        """The record that ECS keeps of a service's deployments."""

    def ecs_tasks(self) -> tuple[TaskReads, TaskWrites]:
        """Single ECS tasks."""

    def task_definitions(self) -> tuple[DefinitionReads, DefinitionWrites]:
        """ECS task definitions."""
