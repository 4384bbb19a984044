"""What replacing a single ECS task needs."""

from typing import Protocol

from firebreak.core.model import Target
from firebreak.core.readings import Reading
from firebreak.core.tasks import TargetHealth, TaskLive


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
