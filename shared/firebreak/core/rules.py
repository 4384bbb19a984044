"""The policy as it applies to one request: every override resolved, nothing left to look up."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from firebreak.core.action_spec import NO_SETTINGS, ActionSettings, Catalog
from firebreak.core.limits.breaker import BreakerLimits
from firebreak.core.limits.budgets import Budget
from firebreak.core.limits.calendars import ChangeCalendar
from firebreak.core.limits.disruption_budget import DisruptionBudget
from firebreak.core.limits.freeze import Window
from firebreak.core.limits.scopes import Level, Scope, scopes_of
from firebreak.core.limits.storm import StormRules
from firebreak.core.missing_data import NOTHING_SAID, MissingDataRules
from firebreak.core.model import Autonomy, Target

PAGE_RUNG = "page"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """When to look whether an act helped, and how long to wait.

    `restore_after` is how long every alarm must be OK before a temporary change is taken back.
    """

    after: timedelta
    healthy_for: timedelta
    retry_every: timedelta
    attempts: int
    restore_after: timedelta = timedelta()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The policy for one action on one target.

    `sources` names the source of each value that can be overridden ("defaults",
    "actions.restart-service", "overrides[0] ecs:prod/*"); `policy_hash` identifies the whole file.
    `approvers` is how many different people must approve where one must.
    `respond_within` is how soon an alarm must be answered: nothing but `firebreak drill` measures it.
    `dependencies` holds the budgets of each shared dependency of the target, by name. `named` says that
    an override names this very target, without any pattern. `missing_data` is by alarm, not by target.
    `catalog` has every action, as others than this one stand in its way. One in `hold_out` first acts is left
    out on purpose; None leaves out none. `calendars` are Change Calendars that must be OPEN, `no_override`
    names the windows and calendars that no human may override.
    """

    policy_hash: str
    action: str
    sources: Mapping[str, str]
    autonomy: Autonomy
    cooldown: timedelta
    max_cooldown: timedelta
    rung_gap: timedelta
    max_event_age: timedelta
    budgets: Mapping[Level, tuple[Budget, ...]]
    dependencies: Mapping[str, tuple[Budget, ...]]
    application_tag: str
    disruption: DisruptionBudget
    storm: StormRules
    breakers: Mapping[Level, BreakerLimits]
    never: tuple[Window, ...]
    only: tuple[Window, ...]
    ladder: tuple[str, ...]
    approve_within: timedelta
    respond_within: timedelta
    verification: Verification
    max_incident_age: timedelta
    catalog: Catalog
    settings: ActionSettings = NO_SETTINGS
    named: bool = False
    missing_data: MissingDataRules = NOTHING_SAID
    hold_out: int | None = None
    approvers: int = 1
    calendars: tuple[ChangeCalendar, ...] = ()
    no_override: frozenset[str] = frozenset()

    def settings_as[S: ActionSettings](self, kind: type[S]) -> S:
        """The settings of an action that declares this kind. Raises TypeError for any other action."""
        if not isinstance(self.settings, kind):
            raise TypeError(f"{self.action} has {type(self.settings).__name__}, not {kind.__name__}")
        return self.settings

    def scopes(self, target: Target) -> tuple[Scope, ...]:
        """Every scope of an act on the target, except those that its tags add."""
        return scopes_of(target, self.action, self.dependencies)

    def limits(self, scope: Scope) -> tuple[Budget, ...]:
        """The budgets of one scope; a dependency has its own."""
        if scope.level is Level.DEPENDENCY:
            return self.dependencies.get(scope.key, ())
        return self.budgets.get(scope.level, ())
