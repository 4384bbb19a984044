"""Loading the policy: TOML in, every mistake at once out, and the rules for one request.

The file's shape is the pydantic models below; unknown keys are refused. Durations are written
as `90s`, `15m`, `24h`, `7d`; budgets as `3/1h` (at most three acts in any hour).
"""

import fnmatch
import hashlib
import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from firebreak.core.budgets import LONGEST_WINDOW, Budget
from firebreak.core.model import Autonomy, Target
from firebreak.core.rules import PAGE_RUNG, Level, Rules, Verification
from firebreak.errors import PolicyError

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_DURATION = re.compile(r"(\d{1,6})([smhd])")
_BUDGET = re.compile(r"(\d{1,4})/(\w{2,7})")

# EventBridge Scheduler fires within the minute of the time asked for
# (docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html), so shorter waits lie.
# Far more than any policy; a device file has no end.
LARGEST = 1_000_000

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
    window = _duration(match[2])
    if window == timedelta():
        raise ValueError("a budget needs a window longer than nothing")
    return Budget(int(match[1]), window) if isinstance(window, timedelta) else window


type Duration = Annotated[timedelta, BeforeValidator(_duration, json_schema_input_type=str)]
type BudgetText = Annotated[Budget, BeforeValidator(_budget, json_schema_input_type=str)]
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
    actions: dict[ActionName, ActionSection] = {}
    overrides: list[Override] = []

    @model_validator(mode="after")
    def _parts_fit_together(self) -> "PolicyFile":
        problems = [*self._short_waits(), *self._odd_ladders(), *self._ladders_without_room()]
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
        for name, section in self.actions.items():
            acting = [rung for rung in section.ladder if rung != PAGE_RUNG]
            for budget in self.budgets.target:
                if budget.acts < len(acting) and budget.window > self.verify.after:
                    unfit = f"{len(acting)} acting rungs never fit target budget {budget}"
                    yield f"actions.{name}.ladder: {unfit}"


class Policy:
    """A validated policy: asks for an action on a target are answered with flat rules."""

    def __init__(self, file: PolicyFile, text: str) -> None:
        self.file = file
        self.hash = hashlib.sha256(text.encode()).hexdigest()[:12]

    def rules(self, action: str, target: Target) -> Rules:
        """The rules for one action on one target, overrides resolved."""
        defaults, verify = self.file.defaults, self.file.verify
        section = next((s for name, s in self.file.actions.items() if name == action), ActionSection())
        autonomy, source = self._autonomy(action, section, target)
        return Rules(
            policy_hash=self.hash,
            source=source,
            autonomy=autonomy,
            cooldown=self._cooldown(action, section, target),
            rung_gap=defaults.rung_gap,
            max_event_age=defaults.max_event_age,
            max_incident_age=defaults.max_incident_age,
            budgets=self.file.budgets.by_level(),
            ladder=tuple(section.ladder) or (action, PAGE_RUNG),
            verification=Verification(
                after=verify.after,
                healthy_for=verify.healthy_for,
                retry_every=verify.retry_every,
                attempts=verify.attempts,
            ),
            settings={"scale_step": section.step or 1, "scale_ceiling": section.ceiling or 10},
        )

    def _autonomy(self, action: str, section: ActionSection, target: Target) -> tuple[Autonomy, str]:
        for index, override in self._matching(action, target):
            if override.autonomy:
                return override.autonomy, f"overrides[{index}] {override.target}"
        if section.autonomy:
            return section.autonomy, f"actions.{action}"
        return self.file.defaults.autonomy, "defaults"

    def _cooldown(self, action: str, section: ActionSection, target: Target) -> timedelta:
        for _, override in self._matching(action, target):
            if override.cooldown is not None:
                return override.cooldown
        return self.file.defaults.cooldown if section.cooldown is None else section.cooldown

    def _matching(self, action: str, target: Target) -> list[tuple[int, Override]]:
        hits = [
            (index, override)
            for index, override in enumerate(self.file.overrides)
            if override.action in (None, action) and fnmatch.fnmatchcase(target.display, override.target)
        ]
        return sorted(hits, key=lambda hit: (-_specificity(hit[1]), hit[0]))


def _specificity(override: Override) -> int:
    """More literal characters are more specific; naming the action breaks a tie."""
    literal = len(re.sub(r"\*|\?|\[[^]]*\]", "", override.target))
    return 2 * literal + (override.action is not None)


def parse_policy(text: str, source: str) -> Policy:
    """Read a policy; raises PolicyError with every mistake, each with its path."""
    try:
        return Policy(PolicyFile.model_validate(tomllib.loads(text)), text)
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(source, [f"not TOML: {error}"]) from error
    except ValidationError as error:
        problems = [line for problem in error.errors(include_url=False) for line in _lines(problem)]
        raise PolicyError(source, problems) from error


def load_policy(path: Path) -> Policy:
    """Read a policy file; raises PolicyError, also when the file cannot be read."""
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(LARGEST + 1)
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyError(str(path), [f"cannot be read: {type(error).__name__}"]) from error
    if len(text) > LARGEST:
        # Half a policy may lack just the override that holds something back.
        raise PolicyError(str(path), [f"larger than {LARGEST} characters"])
    return parse_policy(text, str(path))


def _lines(problem: Mapping[str, object]) -> list[str]:
    """One line a mistake; what concerns several parts at once brings its own paths."""
    message = str(problem["msg"]).removeprefix("Value error, ")
    return [_line(problem, message)] if problem["loc"] else message.split("\n")


def _line(problem: Mapping[str, object], message: str) -> str:
    place = problem["loc"] if isinstance(problem["loc"], tuple) else ()
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).lstrip(".")
    given = problem.get("input")
    shown = f" (found {given!r})" if isinstance(given, str | int | float | bool) else ""
    return f"{path or 'policy'}: {message}{shown}"
