"""What the ECS actions need of AWS."""

from datetime import datetime
from typing import Protocol

from firebreak.core.limits.disruption_budget import GroupCount
from firebreak.core.model import Target
from firebreak.core.observed import ScalableTarget, ServiceLive, TaskDefinitionLive
from firebreak.core.readings import Reading


class EcsReads(Protocol):
    """Looking at ECS services. Nothing here raises: blindness is an Unknown."""

    def service(self, target: Target) -> Reading[ServiceLive]:
        """The service with its tags, Absent when cluster or service do not exist."""

    def task_definition(self, arn: str) -> Reading[TaskDefinitionLive]:
        """The task definition of that full ARN."""

    def scalable_target(self, target: Target) -> Reading[ScalableTarget]:
        """What Application Auto Scaling registered for the service, Absent when nothing."""

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
