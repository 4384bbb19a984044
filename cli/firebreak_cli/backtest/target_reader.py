"""Reads the targets of an account's alarms as the actions see them today."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field

from firebreak.core.limits.disruption_budget import GroupCount
from firebreak.core.model import Alarm, AlarmState, Obstacle, Target, Unresolved
from firebreak.core.readings import Absent, Reading
from firebreak.errors import UnusableEvent
from firebreak.intake import target_resolution
from firebreak.intake.lookups import Lookups, Resolution
from firebreak.intake.names import Found, Home
from firebreak.intake.target_groups import ServiceLookup
from firebreak.policy.policy import Policy
from firebreak.services.action import AnyAction
from firebreak.services.registry import CATALOG
from firebreak_cli.backtest.alarm_events import AlarmEvents
from firebreak_cli.backtest.facts import Facts
from firebreak_cli.backtest.history_file import GroupsLine, TargetLine
from firebreak_cli.backtest.replayed_alarms import ReplayedAlarms
from firebreak_cli.backtest.transitions import Transition


@dataclass(frozen=True, slots=True)
class TargetSources:
    """How targets are looked at: the actions of an account, and the services behind its target groups."""

    action: Callable[[str], AnyAction]
    behind: ServiceLookup


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A target, with an alarm that led to it for each action of the ladder."""

    target: Target
    named: Resolution
    alarms: dict[str, Alarm] = field(default_factory=dict)


@dataclass(slots=True)
class TargetReader:
    """Reads the targets of all alarms that reach an action under the policy."""

    sources: TargetSources
    policy: Policy
    facts: Facts
    progress: Callable[[str], None]
    _groups: dict[frozenset[str], GroupsLine] = field(default_factory=dict)
    _wanted: dict[Target, _Wanted] = field(default_factory=dict)

    def lines(self) -> Iterator[GroupsLine | TargetLine]:
        """The services behind target groups, then the targets."""
        self._find()
        yield from self._groups.values()
        for number, wanted in enumerate(self._wanted.values(), start=1):
            self.progress(f"read {number} of {len(self._wanted)} targets")
            yield self._line(wanted)

    def _find(self) -> None:
        events = AlarmEvents(self.facts, self.facts.mutes)
        for name in self.facts.alarms:
            red = _red(name, self.facts)
            try:
                functions, alarm = events.functions(red), events.alarm(red)
            except UnusableEvent:
                continue
            for action in functions:
                if action in CATALOG:
                    for alarms in self._as_if_red(alarm):
                        self._resolve(alarm, action, alarms)

    def _as_if_red(self, alarm: Alarm) -> Iterator[ReplayedAlarms]:
        """The alarms as they are today; for a composite, with each of its children red in turn."""
        for child in alarm.children or ("",):
            alarms = ReplayedAlarms(self.facts)
            name = child.split(":alarm:", 1)[-1]
            if name in self.facts.alarms:
                for other in alarm.children:
                    alarms.pin((other.split(":alarm:", 1)[-1], ""), AlarmState.OK, self.facts.end)
                alarms.unpin((name, ""))
                alarms.turn(_red(name, self.facts))
            yield alarms

    def _resolve(self, alarm: Alarm, action: str, alarms: ReplayedAlarms) -> None:
        """Notes the target of an alarm for each action that suits it: a ladder may be another one's later."""
        lookups = Lookups(Home(self.facts.account, self.facts.region), alarms, self._behind)
        tags = self.facts.alarms[alarm.name].tags
        named = target_resolution.resolve(alarm, tags, lookups, action)
        if isinstance(target := named.found, Target):
            wanted = self._wanted.setdefault(target, _Wanted(target, named))
            for name in CATALOG:
                if CATALOG.service_of(name) == target.service:
                    wanted.alarms.setdefault(name, alarm)

    def _behind(self, groups: Collection[str], home: Home) -> Found:
        key = frozenset(groups)
        found = self.sources.behind(groups, home)
        named = found.display if isinstance(found, Target) else ""
        why = found.detail if isinstance(found, Unresolved) else ""
        self._groups[key] = GroupsLine(groups=tuple(sorted(key)), service=named, why=why)
        return found

    def _line(self, wanted: _Wanted) -> TargetLine:
        """The target as each of its actions sees it; the first that could read the tags says them."""
        tags: Reading[Mapping[str, str]] | None = None
        size, obstacles = None, {}
        for name, alarm in wanted.alarms.items():
            action = self.sources.action(name)
            seen = action.observe(wanted.target)
            tags = tags if isinstance(tags, Mapping) else seen.tags
            request = target_resolution.request_of(
                alarm, name, wanted.target, self.facts.alarms[alarm.name].tags, wanted.named
            )
            plan = action.plan(request, seen, self.policy.rules(name, wanted.target))
            if isinstance(plan, Obstacle):
                obstacles[name] = (plan.reason.value, plan.detail)
            size = size or self._group_size(action, wanted.target)
        return TargetLine(
            target=wanted.target.display,
            exists=not isinstance(tags, Absent),
            tags=dict(tags) if isinstance(tags, Mapping) else None,
            group_size=size,
            obstacles=obstacles,
        )

    def _group_size(self, action: AnyAction, target: Target) -> int | None:
        found = action.group(target, self.facts.read_at, health=False) if target.group else None
        return found.total if isinstance(found, GroupCount) else None


def _red(name: str, facts: Facts) -> Transition:
    return Transition((name, ""), {}, facts.end, "OK", AlarmState.ALARM)
