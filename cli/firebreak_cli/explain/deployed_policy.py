"""Whether the stack decides by the policy that this machine found: its own copy, or the one in AppConfig."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from firebreak.errors import AwsError
from firebreak_cli.explain.explainer import Explanation
from firebreak_cli.policies import StackPolicy
from firebreak_cli.queries import ledger_queries
from firebreak_cli.queries.deciding_policy import DeployedPolicy, newest_in
from firebreak_cli.queries.ledger_queries import Bounds
from firebreak_cli.stack import Stack

# Decisions lie in the ledger in no order of time: of a few thousand, the newest is of the last minutes.
_LOOK = Bounds(pages=4)
# A function takes a pushed policy within a minute, and an event that it was at work on ends within another.
REACHES_ALL_WITHIN = timedelta(minutes=2)


def compared(found: Explanation, stack: Stack, used: StackPolicy) -> Explanation:
    """The explanation by that policy, with a note where the stack last decided by another one."""
    deployed = newest_policy(stack.reader("dynamodb"), stack.ledger_table)
    found = replace(found, notes=(*found.notes, *used.notes), policy_version=used.version)
    if deployed is None:
        return found
    differs = difference(deployed, used)
    return replace(found, notes=(*found.notes, *filter(None, [differs])), deployed=deployed.hash)


def newest_difference(stack: Stack, used: StackPolicy) -> str:
    """The same line for another command; empty where nothing says, too."""
    deployed = newest_policy(stack.reader("dynamodb"), stack.ledger_table)
    return difference(deployed, used) if deployed else ""


def newest_policy(client: Any, table: str, bounds: Bounds = _LOOK) -> DeployedPolicy | None:
    """The policy of the newest decision that was found; None where nothing says, or it cannot be read.

    An explanation is good without it.
    """
    try:
        decisions = ledger_queries.everything(client, table, bounds).decisions
    except AwsError:
        return None
    return newest_in(decisions)


def difference(deployed: DeployedPolicy, used: StackPolicy) -> str:
    """One line for operators where the two are not the same; empty where they are.

    A decision that is older than the deployment of a version in AppConfig says nothing about it.
    """
    if deployed.hash == used.policy.hash:
        return ""
    decided = f"its decision of {deployed.at:%Y-%m-%d %H:%M:%SZ} was made with policy {deployed.hash}"
    if not used.version:
        return f"The deployed policy is not this machine's copy ({used.policy.hash}): {decided}"
    if used.since is None or deployed.at < used.since + REACHES_ALL_WITHIN:
        return ""
    return f"A function of the stack does not decide by {used.place} ({used.policy.hash}): {decided}"
