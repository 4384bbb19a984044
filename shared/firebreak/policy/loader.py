"""Loads the policy: TOML in, every mistake at once out, and the rules for one request."""

import fnmatch
import hashlib
import re
import tomllib
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from firebreak.core.action_spec import ActionSettings, Runbook, RunbookSettings, TemporarySettings
from firebreak.core.limits.disruption_budget import DisruptionBudget
from firebreak.core.limits.freeze import Frozen, find_freeze
from firebreak.core.limits.scopes import Level
from firebreak.core.limits.storm import StormRules
from firebreak.core.missing_data import MissingDataRules
from firebreak.core.model import Autonomy, Target
from firebreak.core.paging.rules import PagingRules
from firebreak.core.rules import PAGE_RUNG, Rules, Verification
from firebreak.errors import PolicyError
from firebreak.policy.actions import ActionSection
from firebreak.policy.lines import lines_of, with_line
from firebreak.policy.renamed_keys import with_new_names
from firebreak.policy.runbooks import RUN_RUNBOOK
from firebreak.policy.schema import GroupSection, Override, PolicyFile
from firebreak.policy.time_windows import windows_of
from firebreak.services.registry import CATALOG

OVERRIDABLE = ("autonomy", "cooldown")
NOTHING_RENAMED: Mapping[str, str] = MappingProxyType({})

# Far more than any policy; a device file has no end.
LARGEST = 1_000_000


class Policy:
    """A validated policy; it answers for an action on a target with flat rules.

    `renamed` has the paths of keys that the file calls by an older name, by their present ones.
    """

    def __init__(self, file: PolicyFile, text: str, renamed: Mapping[str, str] = NOTHING_RENAMED) -> None:
        self.file = file
        self.renamed = renamed
        self.text = text
        self.hash = hashlib.sha256(text.encode()).hexdigest()[:12]

    @property
    def storm(self) -> StormRules:
        """The limits that make a storm; the same for every action and target."""
        return self.file.storm.rules(self.file.defaults.max_event_age)

    @property
    def paging(self) -> PagingRules:
        """The rules for pages."""
        return self.file.paging.rules(demo=self.file.demo)

    @property
    def missing_data(self) -> MissingDataRules:
        """The rules for alarms for which no data comes."""
        return self.file.missing_data.rules()

    def is_frozen(self, action: str, target: Target, now: datetime) -> bool:
        """Whether a window holds back this action on this target now."""
        rules = self.rules(action, target)
        return isinstance(find_freeze(rules.never, rules.only, now), Frozen)

    def runbook(self, name: str) -> Runbook | None:
        """The runbook of that name, if the policy lists it."""
        section = self.file.actions.get(RUN_RUNBOOK, ActionSection())
        settings = section.settings(RUN_RUNBOOK)
        return settings.runbooks.get(name) if isinstance(settings, RunbookSettings) else None

    def only_observes(self, action: str) -> bool:
        """Whether this action is neither done nor asked for, whatever the target."""
        section = next((s for name, s in self.file.actions.items() if name == action), ActionSection())
        usual = section.autonomy or self.file.defaults.autonomy
        named = (found.autonomy for found in self.file.overrides if found.action in (None, action))
        return {usual, *filter(None, named)} == {Autonomy.OBSERVE}

    def rules(self, action: str, target: Target) -> Rules:
        """The rules for one action on one target, overrides resolved."""
        file = self.file
        section = next((s for name, s in file.actions.items() if name == action), ActionSection())
        autonomy, cooldown = (self._overridden(name, action, section, target) for name in OVERRIDABLE)
        autonomy = _capped(action, target, *autonomy)
        ladder = self._ladder(action, section, target)
        settings = section.settings(action)
        return Rules(
            policy_hash=self.hash,
            action=action,
            sources={
                "autonomy": autonomy[1],
                "cooldown": cooldown[1],
                "ladder": ladder[1],
                "disruption": self._disruption_source(target),
            },
            autonomy=autonomy[0],
            cooldown=cooldown[0],
            max_cooldown=max(file.defaults.max_cooldown, cooldown[0]),
            rung_gap=file.defaults.rung_gap,
            max_event_age=file.defaults.max_event_age,
            max_incident_age=file.defaults.max_incident_age,
            budgets=file.budgets.by_level(),
            dependencies={
                dependency.name: tuple(dependency.budget)
                for dependency in file.dependencies
                if _any_matches(dependency.targets, target.display)
            },
            application_tag=file.defaults.application_tag,
            disruption=self._disruption(target),
            storm=self.storm,
            breakers={
                Level.TARGET: file.breaker.target.limits(),
                Level.ACTION: file.breaker.action.limits(),
            },
            never=windows_of(file.freeze.never, target.display, action),
            only=windows_of(file.freeze.only, target.display, action),
            ladder=ladder[0],
            approve_within=file.defaults.approve_within,
            respond_within=file.defaults.respond_within,
            catalog=CATALOG,
            verification=Verification(
                after=file.verify.after,
                healthy_for=file.verify.healthy_for,
                retry_every=file.verify.retry_every,
                attempts=file.verify.attempts,
                restore_after=_restored_after(settings),
            ),
            settings=settings,
            missing_data=self.missing_data,
            named=any(override.target == target.display for _, override in self._matching(action, target)),
        )

    def _overridden(self, name: str, action: str, section: ActionSection, target: Target) -> tuple[Any, str]:
        """A value and its source: an override, else the action's section, else the defaults."""
        for index, override in self._matching(action, target):
            if (value := getattr(override, name)) is not None:
                return value, _named(index, override)
        if (value := getattr(section, name)) is not None:
            return value, f"actions.{action}"
        usual = getattr(self.file.defaults, name)
        if name == "autonomy" and _asks(action) and usual is Autonomy.AUTO:
            return Autonomy.APPROVE, f"{action} itself (defaults say {usual})"
        return usual, "defaults"

    def _ladder(self, action: str, section: ActionSection, target: Target) -> tuple[tuple[str, ...], str]:
        """The response when this action comes first, and the source of that."""
        for index, override in self._matching(action, target):
            if override.ladder is not None:
                return tuple(override.ladder), _named(index, override)
        if section.ladder:
            return tuple(section.ladder), f"actions.{action}"
        return (action, PAGE_RUNG), f"{action} itself"

    def _disruption(self, target: Target) -> DisruptionBudget:
        """The budget of the target's group: each value by the most specific pattern that names it."""
        hits = self._groups(target)

        def value(name: str) -> Any:
            named = (getattr(found, name) for found in hits if getattr(found, name) is not None)
            return next(named, getattr(self.file.disruption, name))

        return DisruptionBudget(
            max_unavailable=value("max_unavailable"),
            within=value("within"),
            min_healthy=value("min_healthy"),
            count_max_age=self.file.disruption.count_max_age,
        )

    def _groups(self, target: Target) -> list[GroupSection]:
        """The policy's sections for the target's group, the most specific first."""
        group = f"{target.service}:{target.group}"
        hits = [g for g in self.file.groups if target.group and fnmatch.fnmatchcase(group, g.group)]
        return sorted(hits, key=lambda found: -_literal(found.group))

    def _disruption_source(self, target: Target) -> str:
        return ", ".join(f"groups {found.group}" for found in self._groups(target)) or "disruption"

    def _matching(self, action: str, target: Target) -> list[tuple[int, Override]]:
        hits = [
            (index, override)
            for index, override in enumerate(self.file.overrides)
            if override.action in (None, action) and fnmatch.fnmatchcase(target.display, override.target)
        ]
        return sorted(hits, key=lambda hit: (-_specificity(hit[1]), hit[0]))


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


def _any_matches(patterns: Iterable[str], shown: str) -> bool:
    return any(fnmatch.fnmatchcase(shown, pattern) for pattern in patterns)


def parse_policy(text: str, source: str) -> Policy:
    """Reads a policy; raises PolicyError with every mistake, each with its path."""
    try:
        renamed = with_new_names(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(source, [f"not TOML: {error}"]) from error
    twice = [with_line(problem, lines_of(text)) for problem in renamed.problems]
    try:
        file = PolicyFile.model_validate(renamed.policy)
    except ValidationError as error:
        from firebreak.policy.mistakes import mistakes_of  # a policy that loads needs none of it

        problems = error.errors(include_url=False)
        mistakes = mistakes_of(problems, lines_of(text), renamed.written)
        raise PolicyError(source, [*twice, *mistakes]) from error
    if twice:
        raise PolicyError(source, twice)
    return Policy(file, text, renamed.written)


def load_policy(path: Path) -> Policy:
    """Reads a policy file; raises PolicyError, also when the file cannot be read."""
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(LARGEST + 1)
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyError(str(path), [f"cannot be read: {type(error).__name__}"]) from error
    if len(text) > LARGEST:
        # A policy cut short may lack just the override that holds something back.
        raise PolicyError(str(path), [f"larger than {LARGEST} characters"])
    return parse_policy(text, str(path))
