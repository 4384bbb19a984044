"""Whether a roll back would repeat one of Firebreak's own: its times compared with the acts of the past."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

# The objection to a rollback target that needs a human's choice.
TWO_SUSPECTS = "two deployments are recent enough to be at fault, and it is not known which one is"


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackTarget:
    """The version that a roll back leaves and the one it goes to, identified by when each was made.

    `suspected_since` is when the suspect was made. The version it goes back to was the newest from one
    moment of `newest` until before the other, so a roll back between them took that out; None where AWS
    chooses that version and Firebreak does not know it.
    """

    suspected_since: datetime
    newest: tuple[datetime, datetime] | None

    def repeats(self, acts: Iterable[datetime]) -> str:
        """Why roll backs at these times stand in its way, in words; empty when none does."""
        for at in sorted(acts, reverse=True):
            if at >= self.suspected_since:
                return f"rolled back at {_utc(at)}, after the suspect was made: not a second time"
            if self.newest and self.newest[0] <= at < self.newest[1]:
                return f"what it would go back to was itself taken out by the roll back at {_utc(at)}"
        return ""


def _utc(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}Z"
