"""The person behind a request: named as AWS confirmed the caller, or said to be claimed."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import assert_never

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
        """The request with the caller that AWS confirmed; one without a proof only where it needs none."""
        if event.proof is None:
            if event.kind not in NEEDS_A_CALLER and not event.despite_freeze:
                return event
            return Unresolved(Reason.CALLER_UNCONFIRMED, "it came without a proof, as older commands send it")
        match self.caller_of(event.proof):
            case Caller(arn, self.account):
                return replace(event, by=arn, verified=True, proof=None)
            case Caller(_, account):
                return Unresolved(Reason.CALLER_UNCONFIRMED, f"the caller belongs to account {account}")
            case Unconfirmed(why) | Unknown(why):
                return Unresolved(Reason.CALLER_UNCONFIRMED, why)
            case never:
                assert_never(never)
