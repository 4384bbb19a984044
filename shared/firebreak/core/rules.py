"""The policy as it applies to one request: every override resolved, nothing left to look up."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from firebreak.core.breaker import BreakerLimits
from firebreak.core.budgets import Budget
from firebreak.core.freeze import Window
from firebreak.core.model import Autonomy, Target
from firebreak.core.scopes import Level, Scope, scopes_of
from firebreak.core.share import ShareRules
from firebreak.core.storm import StormRules

PAGE_RUNG = "page"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """When to look whether an act helped, and how long to be patient."""

    after: timedelta
    healthy_for: timedelta
    retry_every: timedelta
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the policy says for one action on one target.

    `sources` names what spoke for each value that can be overridden ("defaults",
    "actions.restart-service", "overrides[0] ecs:prod/*"); `policy_hash` identifies the whole file.
    `dependencies` holds the budgets of each shared dependency of the target, by name.
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
    share: ShareRules
    storm: StormRules
    breakers: Mapping[Level, BreakerLimits]
    never: tuple[Window, ...]
    only: tuple[Window, ...]
    ladder: tuple[str, ...]
    verification: Verification
    max_incident_age: timedelta
    settings: Mapping[str, int]

    def scopes(self, target: Target) -> tuple[Scope, ...]:
        """Every scope of an act on the target, but for what its tags add."""
        return scopes_of(target, self.action, self.dependencies)

    def limits(self, scope: Scope) -> tuple[Budget, ...]:
        """The budgets of one scope; a dependency has its own."""
        if scope.level is Level.DEPENDENCY:
            return self.dependencies.get(scope.key, ())
        return self.budgets.get(scope.level, ())
