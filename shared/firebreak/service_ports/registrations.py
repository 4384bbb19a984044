"""What resolving a target group needs of ECS."""

from datetime import datetime
from typing import Protocol

from firebreak.core.readings import Reading
from firebreak.core.target_groups import Registrations


class RegistrationReads(Protocol):
    """Looking at all ECS services. Nothing here raises: blindness is an Unknown."""

    def registrations(self, now: datetime) -> Reading[Registrations]:
        """Every service of the account and region that is behind a target group."""


class RegistrationCache(Protocol):
    """What was seen lately, shared by all functions. Raises AwsError when it is unreachable."""

    def look(self) -> Reading[Registrations]:
        """What was kept last; Absent when nothing was."""

    def keep(self, found: Registrations) -> None:
        """Keep it for the others."""
