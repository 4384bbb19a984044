"""What raising the memory of ECS tasks needs of task definitions."""

from typing import Protocol

from firebreak.core.readings import Reading
from firebreak.core.task_memory import NewSize, TaskSize


class DefinitionReads(Protocol):
    """Looking at task definitions. Nothing here raises: blindness is an Unknown."""

    def size(self, arn: str) -> Reading[TaskSize]:
        """What the task definition of that full ARN lets its tasks use."""


class DefinitionWrites(Protocol):
    """Registering task definitions; each call is sent once. Raises AwsError."""

    def register_with(self, source: str, rest: str, size: NewSize) -> str:
        """Register the source anew with other memory; returns the full ARN of the new revision.

        Raises Conflict when the source is not the one that `rest` is of (see `TaskSize`).
        """
