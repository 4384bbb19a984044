"""The AWS services that actions work with, as small protocols: one module a service."""

from typing import Protocol

from firebreak.service_ports.ecs import EcsReads, EcsWrites


class AwsServices(Protocol):
    """Both sides of each service, looking and changing; connected only when asked for."""

    def ecs(self) -> tuple[EcsReads, EcsWrites]:
        """ECS services and their scaling."""
