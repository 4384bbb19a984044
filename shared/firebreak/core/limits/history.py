"""The history in the ledger, as values that a decision can read."""

from dataclasses import dataclass
from datetime import datetime

from firebreak.core.limits.budgets import LONGEST_WINDOW, MOST_ACTS, PAD
from firebreak.core.limits.scopes import Scope
from firebreak.core.model import AlarmState, Verdict


@dataclass(frozen=True, slots=True)
class Hold:
    """A kill switch held by somebody over a scope ("global", "action restart-service", ...).

    `holder` is the principal that AWS reported, or a label that was given instead; then `claimed_by` is who
    gave it.
    """

    scope: str
    holder: str
    why: str
    since: datetime
    until: datetime
    claimed_by: str = ""

    @property
    def shown_holder(self) -> str:
        """The holder for people: a label is always shown with the person who gave it."""
        return f"{self.holder} (claimed by {self.claimed_by})" if self.claimed_by else self.holder


@dataclass(frozen=True, slots=True)
class Judged:
    """The verdict on an act, and when it was given."""

    verdict: Verdict
    at: datetime

    @property
    def helped(self) -> bool:
        """Whether the verdict is a recovery; an unknown verdict is none."""
        return self.verdict is Verdict.RECOVERED


@dataclass(frozen=True, slots=True)
class Act:
    """One slot taken: an action was claimed at `at` on `target` (a canonical key).

    `judged` is None while nobody knows whether it helped. `target` is empty in slots of the first
    release.
    """

    at: datetime
    incident_id: str
    action: str
    rung: int
    target: str = ""
    judged: Judged | None = None


@dataclass(frozen=True, slots=True)
class GroupSize:
    """How many targets a group had when somebody counted."""

    total: int
    counted_at: datetime


@dataclass(frozen=True, slots=True)
class ScopeHistory:
    """The recent acts of a scope, oldest first.

    `incident_id` is the open incident of a target or of a shared dependency, if any; `size` is
    the last count of a group.
    """

    scope: Scope
    acts: tuple[Act, ...]
    version: int
    incident_id: str = ""
    size: GroupSize | None = None


def with_slot(history: ScopeHistory | None, slot: Act) -> tuple[Act, ...]:
    """The acts of a scope worth keeping, and the one that takes a slot now, which comes last."""
    remembered = [act for act in (history.acts if history else ()) if act.at + LONGEST_WINDOW + PAD > slot.at]
    return (*remembered[1 - MOST_ACTS :], slot)


@dataclass(frozen=True, slots=True)
class Decided:
    """The record that a delivery key was decided before."""

    key: str
    at: datetime
    outcome: str
    reason: str


@dataclass(frozen=True, slots=True)
class Transition:
    """The newest transition of an alarm (or contributor) that was seen."""

    since: datetime
    state: AlarmState
    incident_id: str = ""
