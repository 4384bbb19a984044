"""The policy that the stack decides by, as its newest decision names it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from firebreak_cli.queries.ledger_queries import StoredDecision


@dataclass(frozen=True, slots=True)
class DeployedPolicy:
    """The policy's hash in the newest decision that was found, and when that was made."""

    hash: str
    at: datetime


def newest_in(decisions: Iterable[StoredDecision]) -> DeployedPolicy | None:
    """The policy of the newest of these decisions, which come newest first; None where none names one."""
    made = (DeployedPolicy(one.policy, one.at) for one in decisions if one.policy)
    return next(made, None)
