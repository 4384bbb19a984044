"""An action whose target is as it was when the history was saved, and whose acts change nothing."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from firebreak.core.action_spec import ActionSpec, Effect
from firebreak.core.limits.disruption_budget import NO_FLOOR, GroupCount
from firebreak.core.model import Obstacle, Plan, Receipt, Request, RequestKind, Settled, Target
from firebreak.core.readings import ABSENT, NotRead, Reading, Unknown
from firebreak.core.reasons import Reason
from firebreak.core.rules import Rules
from firebreak.core.tags import OPT_IN_TAG
from firebreak.services.action import AnyAction
from firebreak.services.registry import CATALOG
from firebreak_cli.backtest.facts import NO_TAGS_READ, Facts
from firebreak_cli.backtest.history_file import TargetLine

# An obstacle of today that was there then, too, as far as anybody knows. The others come and go.
LASTING = frozenset(
    {
        Reason.UNSUPPORTED_CONTROLLER,
        Reason.UNSAFE_ALIAS,
        Reason.MANAGED_ELSEWHERE,
        Reason.RUNBOOK_UNUSABLE,
        Reason.HOSTS_UNHEALTHY,
    }
)
NO_DEPLOYMENTS = Unknown("the history does not say which deployment could have been rolled back")


@dataclass(frozen=True, slots=True)
class SeenToday:
    """A target as the history has it; None where it has none."""

    line: TargetLine | None
    opted_in: bool

    @property
    def tags(self) -> Reading[Mapping[str, str]]:
        """The tags of today, with the opt-in where that is assumed."""
        if self.line and not self.line.exists:
            return ABSENT
        known = self.line.tags if self.line else None
        if self.opted_in:
            return {**(known or {}), OPT_IN_TAG: "true"}
        return NO_TAGS_READ if known is None else known


@dataclass(frozen=True, slots=True, kw_only=True)
class AssumedAction:
    """One action in a replay: `Action`, by what its declaration says. `acted` hears of each act."""

    spec: ActionSpec
    facts: Facts
    opted_in: bool
    acted: Callable[[Plan], None]

    def observe(self, target: Target) -> SeenToday:
        """The target as the history has it."""
        return SeenToday(self.facts.targets.get(target.display), self.opted_in)

    def group(self, target: Target, now: datetime, *, health: bool) -> Reading[GroupCount]:
        """The group as it was counted today, else the targets of it that the history knows; all healthy."""
        if not target.group:
            return NotRead(f"{target.display} is in no group")
        line = self.facts.targets.get(target.display)
        total = (line.group_size if line else None) or self.facts.members_of(target)
        others = frozenset(f"{target.group_key}/member-{n}" for n in range(1, total))
        return GroupCount(total=total, counted_at=now, healthy=others if health else NO_FLOOR)

    def plan(self, request: Request, seen: SeenToday, rules: Rules) -> Reading[Plan | Obstacle]:
        """The change in words; a lasting obstacle of today, or Unknown where the history cannot say."""
        del rules
        if seen.line and not seen.line.exists:
            return ABSENT
        reason, detail = (seen.line.obstacles if seen.line else {}).get(self.spec.name, ("", ""))
        if reason in LASTING:
            return Obstacle(Reason(reason), f"today: {detail}")
        if self.spec.effect is Effect.ROLL_BACK:
            return NO_DEPLOYMENTS
        return self._change(request.target, self.spec.name)

    def _change(self, target: Target, words: str) -> Plan:
        return Plan(summary=f"{words} {target.display}", change={"target": target.key}, before={})

    def execute(self, plan: Plan) -> Receipt:
        """Changes nothing, and says that it was asked to."""
        self.acted(plan)
        return Receipt(summary=plan.summary)

    def outcome(self, plan: Plan, seen: SeenToday) -> bool:
        """True: no reply is lost in a replay."""
        del plan, seen
        return True

    def settled(self, plan: Plan, receipt: Receipt, seen: SeenToday) -> Settled:
        """At rest: the history has no state of targets."""
        del plan, receipt, seen
        return Settled.YES

    def worse(self, plan: Plan, seen: SeenToday) -> bool:
        """False: only the alarms of the history can say that something got worse."""
        del plan, seen
        return False

    def changed_by_others(self, plan: Plan, seen: SeenToday) -> str:
        """Empty: the history has no changes of targets."""
        del plan, seen
        return ""

    def undo(self, plan: Plan, seen: SeenToday, kind: RequestKind) -> Plan | Obstacle:
        """The change back, where the action declares one."""
        del seen
        if not self.spec.undo or (kind is RequestKind.RESTORE and not self.spec.temporary):
            return Obstacle(Reason.NOT_REVERSIBLE, self.spec.irreversible)
        return Plan(summary=f"put back: {plan.summary}", change=plan.change, before={})


class AssumedActions(Mapping[str, AnyAction]):
    """Every action of this release by its name."""

    def __init__(self, build: Callable[[ActionSpec], AnyAction]) -> None:
        self._actions = {name: build(CATALOG.specs[name]) for name in CATALOG}

    def __getitem__(self, name: str) -> AnyAction:
        """The action of that name. Raises KeyError."""
        return self._actions[name]

    def __iter__(self) -> Iterator[str]:
        """The names."""
        return iter(self._actions)

    def __len__(self) -> int:
        """The number of actions."""
        return len(self._actions)
