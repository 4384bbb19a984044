"""How much of a group may be unavailable at once, and how much of it must stay healthy.

Modelled on the PodDisruptionBudget of Kubernetes. At least one target may always be acted on, or a group of
one could never be helped; where that is too much, `min_healthy` holds it back.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import floor

from firebreak.core.limits.budgets import PAD
from firebreak.core.limits.history import Act
from firebreak.core.readings import NotRead, Reading

NO_FLOOR = NotRead("no min_healthy is set")


@dataclass(frozen=True, slots=True, kw_only=True)
class DisruptionBudget:
    """At most this part of a group is acted on `within` a window, and `min_healthy` members stay healthy.

    `max_unavailable` is above 0 and at most 1; a `min_healthy` of 0 is none. A count older than
    `count_max_age` is not used.
    """

    max_unavailable: float
    within: timedelta
    min_healthy: int
    count_max_age: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupCount:
    """A group as it was counted: how many targets, and the canonical keys of the healthy ones.

    `healthy` is NotRead where no `min_healthy` asks for it.
    """

    total: int
    counted_at: datetime
    healthy: Reading[frozenset[str]] = NO_FLOOR


def unavailable_members(acts: Iterable[Act], rules: DisruptionBudget, now: datetime) -> set[str]:
    """The targets that were acted on within the window, or that are still being worked on.

    Slots of the first release name no target: each of their incidents counts as one.
    """
    return {
        act.target or act.incident_id
        for act in acts
        if act.at + rules.within + PAD > now or act.judged is None
    }


def allowed(total: int, rules: DisruptionBudget) -> int:
    """How many targets of the group may be acted on within the window."""
    return max(1, floor(total * rules.max_unavailable))


def left_healthy(healthy: Iterable[str], acts: Iterable[Act], target: str) -> int:
    """How many stay healthy while the target, and those still being worked on, are not."""
    worked_on = {act.target for act in acts if act.judged is None}
    return len(set(healthy) - worked_on - {target})
