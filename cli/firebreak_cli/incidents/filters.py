"""The part of the ledger that `firebreak incidents` is asked for."""

from dataclasses import dataclass
from datetime import datetime

from firebreak.core.incident.states import Incident
from firebreak.core.limits.scopes import short_key
from firebreak.core.reasons import Reason
from firebreak_cli.queries import ledger_queries
from firebreak_cli.queries.ledger_queries import Found, StoredDecision

# Decisions that say that nothing is wrong, or that another event is answered.
GOOD_NEWS = frozenset({Reason.NOT_IN_ALARM, Reason.NO_LONGER_RED, Reason.DUPLICATE, Reason.HEARTBEAT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The incidents and decisions that are wanted; empty texts mean any.

    `since` leaves out what was opened or decided before, but never what is still open. A `reason` is one of
    a decision.
    """

    target: str = ""
    alarm: str = ""
    reason: str = ""
    since: datetime | None = None

    @property
    def any(self) -> bool:
        """Whether nothing is left out."""
        return self == Wanted()

    def of(self, found: Found) -> Found:
        """The wanted part of what was found."""
        return Found(
            [one for one in found.incidents if self._incident(one)],
            [one for one in found.decisions if self._decision(one)],
            found.cut,
            found.damaged,
        )

    def _incident(self, one: Incident) -> bool:
        names = (one.alarm.name, *(member.name for member in one.members))
        recent = self.since is None or ledger_queries.is_open(one) or one.opened_at >= self.since
        return recent and self.target in one.target.display and any(self.alarm in name for name in names)

    def _decision(self, one: StoredDecision) -> bool:
        recent = self.since is None or one.at >= self.since
        about = self.target in short_key(one.target) and self.alarm in one.alarm
        return recent and about and self.reason in ("", one.reason)
