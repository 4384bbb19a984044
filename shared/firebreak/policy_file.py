"""The shape of a policy file: every key, what it may hold, and what must fit together.

Unknown keys are refused. Durations are written as `90s`, `15m`, `24h`, `7d`; budgets as `3/1h`
(at most three acts in any hour).
"""

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, model_validator

from firebreak.core.breaker import BreakerLimits
from firebreak.core.budgets import LONGEST_WINDOW, MOST_ACTS, Budget, spell
from firebreak.core.model import Autonomy
from firebreak.core.rules import PAGE_RUNG
from firebreak.core.scopes import Level
from firebreak.core.storm import MOST_REMEMBERED, StormRules
from firebreak.windows import WindowSection

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
DURATION_PATTERN = r"^[0-9]{1,6}[smhd]$"
BUDGET_PATTERN = r"^[0-9]{1,4}/[0-9]{1,6}[smhd]$"
_DURATION = re.compile(r"([0-9]{1,6})([smhd])")
_BUDGET = re.compile(r"([0-9]{1,4})/(\w{2,7})")

# EventBridge Scheduler fires within the minute of the time asked for
# (docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html), so shorter waits lie.
SHORTEST_WAIT = timedelta(seconds=120)

ACTIONS = ("restart-service", "scale-service")


def _duration(value: object) -> object:
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if not match:
        raise ValueError('a duration like "90s", "15m", "24h" or "7d"')
    length = timedelta(seconds=int(match[1]) * _UNITS[match[2]])
    if length > LONGEST_WINDOW:
        raise ValueError(f"at most {LONGEST_WINDOW.days}d: what is older is forgotten")
    return length


def _budget(value: object) -> object:
    match = _BUDGET.fullmatch(value) if isinstance(value, str) else None
    if not match or int(match[1]) < 1:
        raise ValueError('a budget like "3/1h": acts (1 or more), then the window')
    if int(match[1]) > MOST_ACTS:
        raise ValueError(f"at most {MOST_ACTS} acts: more are not remembered")
    window = _duration(match[2])
    if window == timedelta():
        raise ValueError("a budget needs a window longer than nothing")
    return Budget(int(match[1]), window) if isinstance(window, timedelta) else window


type Duration = Annotated[
    timedelta,
    BeforeValidator(_duration, json_schema_input_type=Annotated[str, Field(pattern=DURATION_PATTERN)]),
    PlainSerializer(spell, return_type=str),
]
type BudgetText = Annotated[
    Budget, BeforeValidator(_budget, json_schema_input_type=Annotated[str, Field(pattern=BUDGET_PATTERN)])
]
type ActionName = Literal["restart-service", "scale-service"]
type RungName = Literal["restart-service", "scale-service", "page"]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Budgets(_Section):
    """Limits at each level; the stack's is required, so that no policy allows everything."""

    target: list[BudgetText] = Field(min_length=1)
    group: list[BudgetText] = []
    action: list[BudgetText] = []
    stack: list[BudgetText] = Field(min_length=1)

    def by_level(self) -> Mapping[Level, tuple[Budget, ...]]:
        """The limits in the order in which they are checked."""
        return {
            Level.TARGET: tuple(self.target),
            Level.GROUP: tuple(self.group),
            Level.ACTION: tuple(self.action),
            Level.STACK: tuple(self.stack),
        }


class StormSection(_Section):
    """When many red alarms are one trouble; ends `quiet` after the last turned red."""

    alarms: int = Field(default=10, strict=True, ge=2, le=MOST_REMEMBERED // 2)
    within: Duration = timedelta(minutes=5)
    quiet: Duration = timedelta(minutes=10)

    def rules(self) -> StormRules:
        """The same for the core."""
        return StormRules(alarms=self.alarms, within=self.within, quiet=self.quiet)


class BreakerSection(_Section):
    """When an action rests because it does not help, or not for long."""

    failures: int = Field(default=3, strict=True, ge=1, le=50)
    comebacks: int = Field(default=3, strict=True, ge=1, le=50)
    within: Duration = timedelta(hours=24)
    open_for: Duration = timedelta(hours=1)
    ceiling: Duration = timedelta(hours=24)

    @model_validator(mode="after")
    def _ceiling_above(self) -> "BreakerSection":
        if self.ceiling < self.open_for:
            raise ValueError("ceiling: at least open_for")
        return self

    def limits(self) -> BreakerLimits:
        """The same for the core."""
        return BreakerLimits(
            failures=self.failures,
            comebacks=self.comebacks,
            within=self.within,
            open_for=self.open_for,
            ceiling=self.ceiling,
        )


class Breakers(_Section):
    """One breaker for each action on each target, and one for each action over the stack."""

    target: BreakerSection = BreakerSection()
    action: BreakerSection = BreakerSection(failures=5, comebacks=10)


class ShareSection(_Section):
    """How much of a group may be touched, and how much of it must stay well."""

    share: float = Field(default=0.5, gt=0, le=1)
    within: Duration = timedelta(hours=1)
    healthy_floor: int = Field(default=0, strict=True, ge=0, le=200)
    count_max_age: Duration = timedelta(minutes=5)


class GroupSection(_Section):
    """What holds for groups matching a pattern such as `ecs:prod`; the most specific wins."""

    group: str = Field(min_length=3, max_length=600)
    share: float | None = Field(default=None, gt=0, le=1)
    within: Duration | None = None
    healthy_floor: int | None = Field(default=None, strict=True, ge=0, le=200)


class Dependency(_Section):
    """Something several targets share: one of them at a time, and within its own budgets."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")
    targets: list[Annotated[str, Field(min_length=3, max_length=600)]] = Field(min_length=1)
    budget: list[BudgetText] = Field(min_length=1)


class Freeze(_Section):
    """When nothing may be done, and when only something may be done."""

    never: list[WindowSection] = []
    only: list[WindowSection] = []


class Verify(_Section):
    """When to look at what an act did."""

    after: Duration
    healthy_for: Duration
    retry_every: Duration
    attempts: int = Field(strict=True, ge=1, le=20)


class Limits(_Section):
    """What holds for every action unless an override says otherwise."""

    autonomy: Autonomy
    cooldown: Duration
    max_cooldown: Duration = timedelta(hours=6)
    application_tag: str = Field(default="", max_length=128)
    rung_gap: Duration
    max_event_age: Duration
    max_incident_age: Duration


class ActionSection(_Section):
    """What holds for one action; `ladder` is the response when this action comes first."""

    autonomy: Autonomy | None = None
    cooldown: Duration | None = None
    ladder: list[RungName] = []
    step: int | None = Field(default=None, strict=True, ge=1, le=1000)
    ceiling: int | None = Field(default=None, strict=True, ge=1, le=5000)


class Override(_Section):
    """What holds for targets matching a pattern such as `ecs:prod/*`; the most specific wins."""

    target: str = Field(min_length=3, max_length=600)
    action: ActionName | None = None
    autonomy: Autonomy | None = None
    cooldown: Duration | None = None


class PolicyFile(_Section):
    """A whole policy file."""

    version: Literal[1]
    demo: bool = Field(default=False, strict=True)
    defaults: Limits
    budgets: Budgets
    verify: Verify
    storm: StormSection = StormSection()
    breaker: Breakers = Breakers()
    share: ShareSection = ShareSection()
    groups: list[GroupSection] = []
    dependencies: list[Dependency] = []
    freeze: Freeze = Freeze()
    actions: dict[ActionName, ActionSection] = {}
    overrides: list[Override] = []

    @model_validator(mode="after")
    def _parts_fit_together(self) -> "PolicyFile":
        ladders = [*self._odd_ladders(), *self._ladders_without_room()]
        names = [*self._unknown_actions(), *self._repeated_names()]
        problems = [*self._short_waits(), *ladders, *names]
        if problems:
            raise ValueError("\n".join(problems))
        return self

    def _short_waits(self) -> Iterator[str]:
        for name in ("after", "retry_every", "healthy_for"):
            if getattr(self.verify, name) < SHORTEST_WAIT and not self.demo:
                yield f"verify.{name}: at least 120s unless demo = true (schedules fire to the minute)"

    def _odd_ladders(self) -> Iterator[str]:
        for name, section in self.actions.items():
            rungs = section.ladder
            if rungs and (rungs[0] != name or rungs[-1] != PAGE_RUNG or len(set(rungs)) != len(rungs)):
                yield f'actions.{name}.ladder: starts with "{name}", ends with "page", repeats nothing'

    def _ladders_without_room(self) -> Iterator[str]:
        limits = [("target", budget) for budget in self.budgets.target]
        limits += [(f"dependency {d.name}", budget) for d in self.dependencies for budget in d.budget]
        for name, section in self.actions.items():
            acting = [rung for rung in section.ladder if rung != PAGE_RUNG]
            for whose, budget in limits:
                if budget.acts < len(acting) and budget.window > self.verify.after:
                    unfit = f"{len(acting)} acting rungs never fit {whose} budget {budget}"
                    yield f"actions.{name}.ladder: {unfit}"

    def _unknown_actions(self) -> Iterator[str]:
        for kind, windows in (("never", self.freeze.never), ("only", self.freeze.only)):
            for n, window in enumerate(windows):
                for name in window.actions:
                    if name not in ACTIONS:
                        yield f"freeze.{kind}[{n}].actions: no action {name!r}; known: {', '.join(ACTIONS)}"

    def _repeated_names(self) -> Iterator[str]:
        windows = [window.name for window in (*self.freeze.never, *self.freeze.only)]
        for path, names in (("dependencies", [d.name for d in self.dependencies]), ("freeze", windows)):
            for name in sorted({name for name in names if names.count(name) > 1}):
                yield f'{path}: the name "{name}" is given twice'


def policy_schema() -> dict[str, Any]:
    """The JSON Schema of a policy file, for editors; the loader refuses more than a schema can say."""
    found = PolicyFile.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **found, "title": "Firebreak policy"}
