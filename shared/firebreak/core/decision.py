"""Decisions: the outcome, with every check that led to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from firebreak.core.incident.states import Incident
from firebreak.core.limits.calendars import CalendarReading
from firebreak.core.limits.disruption_budget import GroupCount
from firebreak.core.limits.history import Decided, Hold, ScopeHistory, Transition
from firebreak.core.limits.scopes import Scope
from firebreak.core.limits.storm import Storm
from firebreak.core.model import Obstacle, Plan, Request
from firebreak.core.observed import DescribedAlarm, Series
from firebreak.core.readings import NotRead, Reading
from firebreak.core.reasons import MEANINGS, Disposition, Reason

NO_GROUP = NotRead("no target group led here")


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Everything a decision may look at, taken once; `now` is part of it.

    `incident` is the one the request names, else the target's open one; `dependency_incidents` are the open
    ones of other targets that share a dependency with it. `series_in_alarm` is only read for contributors.
    `only_event` says that nobody can look at the alarm, so that only its event shows missing data.
    `calendars` has the reading of each Change Calendar by its ARN; one that is missing was not read.
    """

    now: datetime
    stack_name: str
    holds: Reading[tuple[Hold, ...]]
    decided: Reading[Decided]
    transition: Reading[Transition]
    incident: Reading[Incident]
    dependency_incidents: Reading[tuple[Incident, ...]]
    scopes: Mapping[Scope, Reading[ScopeHistory]]
    storm: Reading[Storm]
    alarm: Reading[DescribedAlarm]
    alarm_tags: Reading[Mapping[str, str]]
    series_in_alarm: Reading[Mapping[str, Series]]
    target_tags: Reading[Mapping[str, str]]
    plan: Reading[Plan | Obstacle]
    group: Reading[GroupCount]
    target_groups: Reading[frozenset[str]] = NO_GROUP
    only_event: bool = False
    calendars: Mapping[str, CalendarReading] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Inputs:
    """All that a decision was made of, but for the rules: kept with it, they give it again."""

    request: Request
    seen: Snapshot


class Result(StrEnum):
    """The result of one guard."""

    PASSED = "passed"
    OBJECTED = "objected"
    NOT_LOOKED_AT = "not_looked_at"
    NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True, slots=True)
class Check:
    """One guard's finding, with its numbers; `until` is when it would find otherwise.

    `cause` names what many objections may have in common, so that it is announced to humans once.
    `by` is the holder of the kill switch that objects, if one does. `overridden` says that the guard would
    object, and passed because a named human overrides it.
    """

    guard: str
    result: Result
    detail: str
    reason: Reason | None = None
    until: datetime | None = None
    cause: str = ""
    by: str = ""
    overridden: bool = False


@dataclass(frozen=True, slots=True)
class Act:
    """The outcome that acts on the plan."""

    plan: Plan


@dataclass(frozen=True, slots=True)
class Propose:
    """The outcome that only shows the plan, not allowed to act; `plan` is None where nobody could look."""

    plan: Plan | None


@dataclass(frozen=True, slots=True)
class AskApproval:
    """The outcome that acts on the plan once a human approves."""

    plan: Plan | None


@dataclass(frozen=True, slots=True)
class Defer:
    """The outcome that does nothing now, and looks again at a later time."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Refuse:
    """The outcome that does nothing."""


type Outcome = Act | Propose | AskApproval | Defer | Refuse


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome, the reason that decided it, and every check with its numbers."""

    outcome: Outcome
    reason: Reason
    checks: tuple[Check, ...]
    policy_hash: str

    @property
    def word(self) -> str:
        """The outcome as one word for records and explanations."""
        names = {
            Act: "act",
            Propose: "propose",
            AskApproval: "ask_approval",
            Defer: "defer",
            Refuse: "refuse",
        }
        return names[type(self.outcome)]

    @property
    def disposition(self) -> Disposition:
        """How the decision is shown to humans."""
        return MEANINGS[self.reason].disposition

    @property
    def deciding(self) -> Check | None:
        """The check whose objection named the reason."""
        return next((check for check in self.checks if check.reason is self.reason), None)

    @property
    def override(self) -> str:
        """The freeze that a human overrode, by whom and why; empty where nobody did."""
        return next((check.detail for check in self.checks if check.overridden), "")

    @property
    def opted_in(self) -> bool:
        """Whether the guard of the opt-in looked and agreed, whatever else objected."""
        return any(check.guard == "opt-in" and check.result is Result.PASSED for check in self.checks)

    @property
    def saw_red(self) -> bool:
        """Whether the guard that looks at the alarm found it red, whatever else objected."""
        return any(check.guard == "stale" and check.result is Result.PASSED for check in self.checks)

    @property
    def objected(self) -> bool:
        """Whether any guard objected (not looking is no objection)."""
        return any(check.result is Result.OBJECTED for check in self.checks)
