"""The person behind a request: named as AWS confirmed the caller, or said to be claimed."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from firebreak.core.model import CallerProof, OwnEvent, RequestKind, Unresolved
from firebreak.core.people import Caller, Unconfirmed
from firebreak.core.readings import Unknown
from firebreak.core.reasons import Reason

# A human's word alone leads to these acts. A retry and an undo do nothing that the ledger does not ask for,
# unless they override a freeze, which only a named human may.
NEEDS_A_CALLER = frozenset({RequestKind.APPROVAL, RequestKind.MANUAL})


@dataclass(frozen=True, slots=True)
class CallerCheck:
    """Names the callers of requests.

    `caller_of` asks AWS; `account` is the stack's: people of another one have no say here.
    """

    caller_of: Callable[[CallerProof], Caller | Unconfirmed | Unknown]
    account: str

    def confirm(self, event: OwnEvent) -> OwnEvent | Unresolved:
        """The request with the caller that AWS confirmed; an unconfirmed one only where it needs none."""
        found = self._caller(event.proof)
        if isinstance(found, Caller):
            return replace(event, by=found.arn, verified=True, proof=None)
        if event.kind in NEEDS_A_CALLER or event.despite_freeze:
            return Unresolved(Reason.CALLER_UNCONFIRMED, found.why)
        return replace(event, proof=None)

    def _caller(self, proof: CallerProof | None) -> Caller | Unconfirmed | Unknown:
        if proof is None:
            return Unconfirmed("it has no signature: it comes from an older firebreak, or from none at all")
        match self.caller_of(proof):
            case Caller(_, account) if account != self.account:
                return Unconfirmed(f"the caller belongs to account {account}")
            case found:
                return found
