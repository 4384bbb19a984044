"""How full the windows of each budget were, by the policy that decides."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from firebreak.core.limits.budgets import PAD, Budget
from firebreak.core.limits.history import Act as Slot
from firebreak.core.limits.scopes import Scope, scopes_of, short_key
from firebreak.core.model import Target
from firebreak.core.readings import NotRead, Unknown
from firebreak.intake.names import read_target
from firebreak.policy.policy import Policy
from firebreak_cli.policies import policy_if_known
from firebreak_cli.queries.deciding_policy import DeployedPolicy
from firebreak_cli.stack import Stack
from firebreak_cli.statistics.record import BudgetUse


def budget_use(
    stack: Stack, slots: Iterable[Slot], deciding: DeployedPolicy | None
) -> tuple[BudgetUse, ...] | NotRead | Unknown:
    """The fullest window of each budget; not read where this machine has no copy of the deciding policy."""
    if (found := policy_if_known(stack)) is None:
        return Unknown(f"this machine finds no policy of the stack that loads ({stack.policy_place})")
    policy = found.policy
    if deciding and deciding.hash != policy.hash:
        return NotRead(f"the stack decided by policy {deciding.hash}, and {found.place} is {policy.hash}")
    return fullest(policy, slots)


def fullest(policy: Policy, slots: Iterable[Slot]) -> tuple[BudgetUse, ...]:
    """The fullest window of each budget, the fullest first; the slots come in the order of time."""
    taken: dict[Scope, list[datetime]] = defaultdict(list)
    most: dict[tuple[Scope, Budget], BudgetUse] = {}
    for slot in slots:
        target = target_of(slot.target)
        if target is None:
            continue
        rules = policy.rules(slot.action, target)
        for scope in scopes_of(target, slot.action):
            taken[scope].append(slot.at)
            for budget in rules.limits(scope):
                # As `budgets.held` counts, without looking at every act again.
                over = bisect_right(taken[scope], slot.at - budget.window - PAD)
                count = len(taken[scope]) - over
                if (scope, budget) not in most or count > most[scope, budget].most:
                    most[scope, budget] = _use(scope, budget, count, slot)
    return tuple(sorted(most.values(), key=lambda one: (-one.most / one.limit, one.scope, one.key)))


def _use(scope: Scope, budget: Budget, count: int, slot: Slot) -> BudgetUse:
    return BudgetUse(
        scope=str(scope), key=scope.key, window=budget.window, most=count, limit=budget.acts, at=slot.at
    )


def target_of(key: str) -> Target | None:
    """The target of a canonical key; None where it is none, as in slots of the first release."""
    account, _, rest = key.partition("/")
    region, _, _ = rest.partition("/")
    found = read_target(short_key(key), account, region)
    return found if isinstance(found, Target) else None
