"""Records the result of a claim, although others may write the incident meanwhile."""

from collections.abc import Callable

from firebreak.core.incident.states import Incident, IncidentState
from firebreak.core.ledger import Claim, IncidentChange
from firebreak.core.ports import Clock
from firebreak.core.readings import Reading
from firebreak.errors import Conflict, Unavailable
from firebreak.ledger.ports import Ledger

# Every alarm that joins between a read and a write costs one more try; after the first few a pause as well.
TRIES, TRIES_AT_ONCE = 20, 3


def record_under_claim(
    ledger: Ledger,
    claim: Claim,
    change: Callable[[Incident], IncidentChange],
    clock: Clock,
    jitter: Callable[[int], float],
) -> IncidentChange | None:
    """The change that was written; None when the incident does not stand under the claim any more.

    A join only bumps the incident's version. Raises AwsError, also when others wrote it at every try:
    what was done has to be announced then, for its receipt is in hand.
    """
    incident: Reading[Incident] = claim.after
    for tried in range(TRIES):
        if tried >= TRIES_AT_ONCE:
            clock.sleep(jitter(1))
        if not isinstance(incident, Incident) or not _is_under(claim, incident):
            return None
        moved = change(incident)
        if _is_written(ledger, moved):
            return moved
        incident = ledger.incident(claim.after.id)
    raise Unavailable("TransactWriteItems", "JoinedAtEveryTry")


def _is_written(ledger: Ledger, moved: IncidentChange) -> bool:
    try:
        return ledger.move(moved)
    except Conflict:
        return False


def _is_under(claim: Claim, incident: Incident) -> bool:
    return incident.claim_id == claim.after.claim_id and incident.state is IncidentState.CLAIMED
