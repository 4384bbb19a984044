"""What actions have in common whose targets share fate with nobody by their place."""

from datetime import datetime

from firebreak.core.model import Target
from firebreak.core.readings import NotRead


class StandingAlone:
    """The part of `action.Action` for targets without a group, of which nothing is to be counted."""

    __slots__ = ()

    def group(self, target: Target, now: datetime, *, health: bool) -> NotRead:
        """There is none."""
        del now, health
        return NotRead(f"{target.display} is in no group")
