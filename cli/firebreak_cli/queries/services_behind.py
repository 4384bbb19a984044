"""The services behind target groups, by one look at all services for a whole command."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from firebreak.core.readings import ABSENT, Absent, Reading
from firebreak.intake.target_groups import ServiceLookup, ServicesBehind
from firebreak.services.ecs.ports import RegistrationReads
from firebreak.services.ecs.target_groups import Registrations
from firebreak_cli.once import Once


def looked_up_once(reads: RegistrationReads, now: Callable[[], datetime]) -> ServiceLookup:
    """A lookup that looks at the account once: a failed look is not repeated for each alarm."""
    look = Once(lambda: reads.registrations(now()))
    return ServicesBehind(_NothingKept(), _OneLook(look), now, keeps=False)


@dataclass(frozen=True, slots=True)
class _OneLook:
    look: Once[Reading[Registrations]]

    def registrations(self, now: datetime) -> Reading[Registrations]:
        del now
        return self.look()


class _NothingKept:
    """A cache that holds nothing, for there may be no ledger yet."""

    def look(self) -> Absent:
        return ABSENT

    def keep(self, found: Registrations) -> None:
        del found
