"""How long the items of the ledger are kept: DynamoDB deletes one some time after its end, never before.

A stack's parameter sets it for decisions, and with them for incidents, whose history explains them. It counts
for what is written from then on: an item carries its own end.
"""

from dataclasses import dataclass
from datetime import timedelta

# Decisions are kept for a quarter at least: long enough for every budget window and for a review.
DECISION_KEPT = timedelta(days=90)
# Finished incidents and their history: a quarter longer, so that every decision that is kept finds its
# incident. DynamoDB may delete days later, and no reader depends on it.
INCIDENT_KEPT = timedelta(days=180)
# The acts of a scope and the newest transition of an alarm, since their last write. A policy looks back 31
# days at most, no incident that holds a target lasts as long, and an older event is too old.
REMEMBERED = INCIDENT_KEPT
# The items that make an act happen once outlive its incident, and any later delivery for it.
RUNG_KEPT = timedelta(days=400)
# Heartbeats are two decisions a quarter of an hour, and an operator's query reads the whole table.
HEARTBEAT_KEPT = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long decisions are kept, and what follows from that. `build` names the code that decides."""

    decisions: timedelta = DECISION_KEPT
    build: str = ""

    @property
    def incidents(self) -> timedelta:
        """How long finished incidents and their history are kept."""
        return self.decisions + (INCIDENT_KEPT - DECISION_KEPT)

    @property
    def rungs(self) -> timedelta:
        """How long it is kept that a rung was claimed."""
        return self.decisions + (RUNG_KEPT - DECISION_KEPT)


USUAL = Retention()
