"""What rolling back needs of ECS's memory of deployments."""

from typing import Protocol

from firebreak.core.deployments import DeploymentHistory
from firebreak.core.model import Target
from firebreak.core.readings import Reading


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
