"""What the ledger remembers, as values a decision can read."""

from dataclasses import dataclass
from datetime import datetime

from firebreak.core.model import AlarmState
from firebreak.core.rules import Level


@dataclass(frozen=True, slots=True)
class Hold:
    """A kill switch held by somebody over a scope ("global", "action restart-service", ...)."""

    scope: str
    holder: str
    why: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Act:
    """One slot taken: an action was claimed at `at`, whether or not it turned out to help."""

    at: datetime
    incident_id: str
    action: str
    rung: int


@dataclass(frozen=True, slots=True)
class ScopeHistory:
    """The recent acts of a scope. `incident_id` is the target's open incident, if any."""

    level: Level
    key: str
    acts: tuple[Act, ...]
    version: int
    incident_id: str = ""


@dataclass(frozen=True, slots=True)
class Decided:
    """That a delivery key was decided before."""

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
