"""The policy as a checked value: it answers for an action on a target with flat rules.

It is made from a policy file by firebreak.policy.compiler, and read back from its compiled form by
firebreak.policy.compiled, which a function does without the library that checks the file.
"""

import fnmatch
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from firebreak.core.action_spec import ActionSettings, Runbook, RunbookSettings, TemporarySettings
from firebreak.core.limits.breaker import BreakerLimits
from firebreak.core.limits.budgets import Budget
from firebreak.core.limits.calendars import ChangeCalendar
from firebreak.core.limits.disruption_budget import DisruptionBudget
from firebreak.core.limits.freeze import Frozen, find_freeze
from firebreak.core.limits.scopes import Level
from firebreak.core.limits.storm import StormRules
from firebreak.core.missing_data import MissingDataRules
from firebreak.core.model import Autonomy, Target
from firebreak.core.paging.rules import PagingRules
from firebreak.core.rules import PAGE_RUNG, Rules, Verification
from firebreak.policy.time_windows import ScheduledWindow
from firebreak.services.registry import CATALOG

OVERRIDABLE = ("autonomy", "cooldown", "approvers")
RUN_RUNBOOK = "run-runbook"


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """The limits of every action where neither its section nor an override sets another."""

    autonomy: Autonomy
    cooldown: timedelta
    max_cooldown: timedelta
    application_tag: str
    rung_gap: timedelta
    max_event_age: timedelta
    max_incident_age: timedelta
    approve_within: timedelta
    respond_within: timedelta
    hold_out: int | None = None
    approvers: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRules:
    """The parts of the disruption budget for groups that match a pattern; None is as for all groups."""

    group: str
    max_unavailable: float | None = None
    within: timedelta | None = None
    min_healthy: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedDependency:
    """A dependency that the targets of these patterns share, with its budgets."""

    name: str
    targets: tuple[str, ...]
    budget: tuple[Budget, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FreezeScope:
    """The targets and actions that a freeze is for; without any it applies to all of them.

    `override` says whether a named human may go on in spite of it.
    """

    targets: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    override: bool = True

    def applies_to(self, target: str, action: str) -> bool:
        """Whether the freeze applies to this action on this target (`ecs:prod/api`)."""
        targeted = any(fnmatch.fnmatchcase(target, pattern) for pattern in self.targets)
        return (targeted or not self.targets) and (action in self.actions or not self.actions)


@dataclass(frozen=True, slots=True, kw_only=True)
class FreezeWindow(FreezeScope):
    """A window of time for what its scope names."""

    window: ScheduledWindow


@dataclass(frozen=True, slots=True, kw_only=True)
class FreezeCalendar(FreezeScope):
    """A Change Calendar for what its scope names."""

    calendar: ChangeCalendar


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionRules:
    """The policy of one action; `ladder` is the response when this action comes first."""

    autonomy: Autonomy | None = None
    cooldown: timedelta | None = None
    approvers: int | None = None
    ladder: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """The policy for targets that match a pattern such as `ecs:prod/*`; None and empty change nothing."""

    target: str
    action: str | None = None
    autonomy: Autonomy | None = None
    cooldown: timedelta | None = None
    approvers: int | None = None
    ladder: tuple[str, ...] = ()


NO_ACTION_RULES = ActionRules()


def hash_of(text: str) -> str:
    """The hash by which decisions and pages name a policy: the beginning of its text's SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


@dataclass(frozen=True, kw_only=True)
class Policy:
    """A validated policy.

    `hash` identifies the text of the file. `settings` holds those of the actions that have a section.
    """

    hash: str
    defaults: Defaults
    budgets: Mapping[Level, tuple[Budget, ...]]
    verification: Verification
    storm: StormRules
    breakers: Mapping[Level, BreakerLimits]
    disruption: DisruptionBudget
    groups: tuple[GroupRules, ...]
    dependencies: tuple[SharedDependency, ...]
    never: tuple[FreezeWindow, ...]
    only: tuple[FreezeWindow, ...]
    missing_data: MissingDataRules
    paging: PagingRules
    actions: Mapping[str, ActionRules]
    settings: Mapping[str, ActionSettings]
    overrides: tuple[Override, ...]
    calendars: tuple[FreezeCalendar, ...] = ()

    def is_frozen(self, action: str, target: Target, now: datetime) -> bool:
        """Whether a window holds back this action on this target now; no calendar is read."""
        never, only = (_windows(_applying(kind, target, action)) for kind in (self.never, self.only))
        return isinstance(find_freeze(never, only, now), Frozen)

    def runbook(self, name: str) -> Runbook | None:
        """The runbook of that name, if the policy lists it."""
        settings = self.settings.get(RUN_RUNBOOK)
        return settings.runbooks.get(name) if isinstance(settings, RunbookSettings) else None

    def only_observes(self, action: str) -> bool:
        """Whether this action is neither done nor asked for, whatever the target."""
        usual = self.actions.get(action, NO_ACTION_RULES).autonomy or self.defaults.autonomy
        named = (found.autonomy for found in self.overrides if found.action in (None, action))
        return {usual, *filter(None, named)} == {Autonomy.OBSERVE}

    def rules(self, action: str, target: Target) -> Rules:
        """The rules for one action on one target, overrides resolved."""
        defaults = self.defaults
        autonomy, cooldown, approvers = (self._overridden(name, action, target) for name in OVERRIDABLE)
        autonomy = _capped(action, target, *autonomy)
        ladder = self._ladder(action, target)
        settings = self.settings.get(action, CATALOG.settings_of(action))
        never, only = _applying(self.never, target, action), _applying(self.only, target, action)
        calendars = _applying(self.calendars, target, action)
        return Rules(
            policy_hash=self.hash,
            action=action,
            sources={
                "autonomy": autonomy[1],
                "cooldown": cooldown[1],
                "approvers": approvers[1],
                "ladder": ladder[1],
                "disruption": self._disruption_source(target),
            },
            autonomy=autonomy[0],
            cooldown=cooldown[0],
            max_cooldown=max(defaults.max_cooldown, cooldown[0]),
            rung_gap=defaults.rung_gap,
            max_event_age=defaults.max_event_age,
            max_incident_age=defaults.max_incident_age,
            budgets=self.budgets,
            dependencies={
                one.name: one.budget for one in self.dependencies if _any_matches(one.targets, target.display)
            },
            application_tag=defaults.application_tag,
            disruption=self._disruption(target),
            storm=self.storm,
            breakers=self.breakers,
            never=_windows(never),
            only=_windows(only),
            calendars=tuple(one.calendar for one in calendars),
            no_override=frozenset(
                [one.window.name for one in (*never, *only) if not one.override]
                + [one.calendar.name for one in calendars if not one.override]
            ),
            ladder=ladder[0],
            approve_within=defaults.approve_within,
            respond_within=defaults.respond_within,
            hold_out=defaults.hold_out,
            approvers=approvers[0],
            catalog=CATALOG,
            verification=replace(self.verification, restore_after=_restored_after(settings)),
            settings=settings,
            missing_data=self.missing_data,
            named=any(override.target == target.display for _, override in self._matching(action, target)),
        )

    def _overridden(self, name: str, action: str, target: Target) -> tuple[Any, str]:
        """A value and its source: an override, else the action's section, else the defaults."""
        for index, override in self._matching(action, target):
            if (value := getattr(override, name)) is not None:
                return value, _named(index, override)
        if (value := getattr(self.actions.get(action, NO_ACTION_RULES), name)) is not None:
            return value, f"actions.{action}"
        usual = getattr(self.defaults, name)
        if name == "autonomy" and _asks(action) and usual is Autonomy.AUTO:
            return Autonomy.APPROVE, f"{action} itself (defaults say {usual})"
        return usual, "defaults"

    def _ladder(self, action: str, target: Target) -> tuple[tuple[str, ...], str]:
        """The response when this action comes first, and the source of that."""
        for index, override in self._matching(action, target):
            if override.ladder:
                return override.ladder, _named(index, override)
        if ladder := self.actions.get(action, NO_ACTION_RULES).ladder:
            return ladder, f"actions.{action}"
        return (action, PAGE_RUNG), f"{action} itself"

    def _disruption(self, target: Target) -> DisruptionBudget:
        """The budget of the target's group: each value by the most specific pattern that names it."""
        hits = self._groups(target)
        named = {
            name: value
            for hit in reversed(hits)
            for name in ("max_unavailable", "within", "min_healthy")
            if (value := getattr(hit, name)) is not None
        }
        return replace(self.disruption, **named)

    def _groups(self, target: Target) -> list[GroupRules]:
        """The policy's rules for the target's group, the most specific first."""
        group = f"{target.service}:{target.group}"
        hits = [g for g in self.groups if target.group and fnmatch.fnmatchcase(group, g.group)]
        return sorted(hits, key=lambda found: -_literal(found.group))

    def _disruption_source(self, target: Target) -> str:
        return ", ".join(f"groups {found.group}" for found in self._groups(target)) or "disruption"

    def _matching(self, action: str, target: Target) -> list[tuple[int, Override]]:
        hits = [
            (index, override)
            for index, override in enumerate(self.overrides)
            if override.action in (None, action) and fnmatch.fnmatchcase(target.display, override.target)
        ]
        return sorted(hits, key=lambda hit: (-_specificity(hit[1]), hit[0]))


def _applying[F: FreezeScope](freezes: Iterable[F], target: Target, action: str) -> tuple[F, ...]:
    """The freezes that apply to this action on this target, in the file's order."""
    return tuple(one for one in freezes if one.applies_to(target.display, action))


def _windows(freezes: Iterable[FreezeWindow]) -> tuple[ScheduledWindow, ...]:
    return tuple(one.window for one in freezes)


def _asks(action: str) -> bool:
    spec = CATALOG.get(action)
    return spec is not None and spec.asks_by_default


def _restored_after(settings: ActionSettings) -> timedelta:
    usual = TemporarySettings()
    return (settings if isinstance(settings, TemporarySettings) else usual).restore_after


def _named(index: int, override: Override) -> str:
    return f"overrides[{index}] {override.target}"


def _capped(action: str, target: Target, autonomy: Autonomy, source: str) -> tuple[Autonomy, str]:
    """The autonomy, lowered where an action must always ask a human, even with `auto` in the policy."""
    spec = CATALOG.get(action)
    if autonomy is Autonomy.AUTO and spec and target.display in spec.always_asks_for:
        return Autonomy.APPROVE, f"{action} on {target.display} itself ({source} says {autonomy})"
    return autonomy, source


def _specificity(override: Override) -> int:
    """The specificity of an override: its literal characters; naming the action breaks a tie."""
    return 2 * _literal(override.target) + (override.action is not None)


def _literal(pattern: str) -> int:
    """The number of characters of a pattern that stand for themselves."""
    return len(re.sub(r"\*|\?|\[[^]]*\]", "", pattern))


def _any_matches(patterns: Iterable[str], displayed: str) -> bool:
    return any(fnmatch.fnmatchcase(displayed, pattern) for pattern in patterns)
