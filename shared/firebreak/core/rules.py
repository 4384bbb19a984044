"""The policy as it applies to one request: every override resolved, nothing left to look up."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType

from firebreak.core.limits.breaker import BreakerLimits
from firebreak.core.limits.budgets import Budget
from firebreak.core.limits.disruption_budget import DisruptionBudget
from firebreak.core.limits.freeze import Window
from firebreak.core.limits.scopes import Level, Scope, scopes_of
from firebreak.core.limits.storm import StormRules
from firebreak.core.missing_data import NOTHING_SAID, MissingDataRules
from firebreak.core.model import Autonomy, Target

PAGE_RUNG = "page"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """When to look whether an act helped, and how long to be patient.

    `restore_after` is how long all must be well before a temporary change is taken back.
    """

    after: timedelta
    healthy_for: timedelta
    retry_every: timedelta
    attempts: int
    restore_after: timedelta = timedelta()


@dataclass(frozen=True, slots=True, kw_only=True)
class Runbook:
    """One Automation document that may be run: its name, its fixed version, what it is given.

    `guard` names the alarm that stops it when it turns red, empty for none; `patience` is how long
    it may run before it counts as stuck. `sha256` pins its content, empty for any.
    """

    document: str
    version: str
    parameters: Mapping[str, tuple[str, ...]]
    guard: str
    patience: timedelta
    sha256: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionSettings:
    """What the policy sets for one action; each action reads its own and leaves the rest.

    `step` and `ceiling` count tasks for scaling; for memory `ceiling` is in MiB and `factor` is what
    one raise multiplies by, at most `raises` times in 30 days (0: no limit). `blame` is how long
    after a deployment an alarm may turn red and be called its fault. `restore_after` is how long the
    alarm must be well before a temporary change is taken back.
    """

    step: int = 1
    ceiling: int = 10
    factor: float = 1.5
    raises: int = 0
    blame: timedelta = timedelta(minutes=30)
    restore_after: timedelta = timedelta(minutes=30)
    runbooks: Mapping[str, Runbook] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the policy says for one action on one target.

    `sources` names what spoke for each value that can be overridden ("defaults",
    "actions.restart-service", "overrides[0] ecs:prod/*"); `policy_hash` identifies the whole file.
    `respond_within` is how soon an alarm must be answered: nothing but `firebreak drill` measures it.
    `dependencies` holds the budgets of each shared dependency of the target, by name. `named` says that
    an override names this very target, without any pattern. `missing_data` is by alarm, not by target.
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
    share: DisruptionBudget
    storm: StormRules
    breakers: Mapping[Level, BreakerLimits]
    never: tuple[Window, ...]
    only: tuple[Window, ...]
    ladder: tuple[str, ...]
    approve_within: timedelta
    respond_within: timedelta
    verification: Verification
    max_incident_age: timedelta
    settings: ActionSettings = ActionSettings()
    named: bool = False
    missing_data: MissingDataRules = NOTHING_SAID

    def scopes(self, target: Target) -> tuple[Scope, ...]:
        """Every scope of an act on the target, but for what its tags add."""
        return scopes_of(target, self.action, self.dependencies)

    def limits(self, scope: Scope) -> tuple[Budget, ...]:
        """The budgets of one scope; a dependency has its own."""
        if scope.level is Level.DEPENDENCY:
            return self.dependencies.get(scope.key, ())
        return self.budgets.get(scope.level, ())
