"""Whether the stack decides by the policy that this machine has a copy of."""

from dataclasses import replace
from typing import Any

from firebreak.errors import AwsError
from firebreak_cli.explain.explainer import Explanation
from firebreak_cli.queries import ledger_queries
from firebreak_cli.queries.deciding_policy import DeployedPolicy, newest_in
from firebreak_cli.queries.ledger_queries import Bounds
from firebreak_cli.stack import Stack

# Decisions lie in the ledger in no order of time: of a few thousand, the newest is of the last minutes.
_LOOK = Bounds(pages=4)


def compared(found: Explanation, stack: Stack) -> Explanation:
    """The explanation by this machine's copy, with a note where the stack last decided by another policy."""
    deployed = newest_policy(stack.reader("dynamodb"), stack.ledger_table)
    if deployed is None:
        return found
    differs = difference(deployed, found.decision.policy_hash)
    return replace(found, notes=(*found.notes, *filter(None, [differs])), deployed=deployed.hash)


def newest_policy(client: Any, table: str, bounds: Bounds = _LOOK) -> DeployedPolicy | None:
    """The policy of the newest decision that was found; None where nothing says, or it cannot be read.

    An explanation is good without it.
    """
    try:
        decisions = ledger_queries.everything(client, table, bounds).decisions
    except AwsError:
        return None
    return newest_in(decisions)


def difference(deployed: DeployedPolicy, policy_hash: str) -> str:
    """One line for operators where the two are not the same; empty where they are."""
    if deployed.hash == policy_hash:
        return ""
    decided = f"its decision of {deployed.at:%Y-%m-%d %H:%M:%SZ} was made with policy {deployed.hash}"
    return f"The deployed policy is not this machine's copy ({policy_hash}): {decided}"
