"""The shape of a policy file: every key, its allowed values, and the parts that must fit together.

Unknown keys are refused. Durations are written as `90s`, `15m`, `24h`, `7d`; budgets as `3/1h`
(at most three acts in any hour).
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    TypeAdapter,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails, InitErrorDetails

from firebreak.core.limits.breaker import BreakerLimits
from firebreak.core.limits.budgets import Budget, format_duration
from firebreak.core.limits.scopes import Level
from firebreak.core.limits.storm import MOST_REMEMBERED, StormRules
from firebreak.core.model import Autonomy
from firebreak.core.rules import PAGE_RUNG
from firebreak.policy.actions import (
    ActionName,
    ActionSection,
    RungName,
    odd_ladder,
    odd_ladders,
    odd_runbooks,
    odd_settings,
)
from firebreak.policy.missing_data import MissingDataSection
from firebreak.policy.paging import PagingSection, addresses_inside, odd_paging
from firebreak.policy.patterns import GroupPattern, PartPattern, TargetPattern, may_meet
from firebreak.policy.units import Approvers, BudgetText, CountedOver, Duration, EventAge, over_an_hour
from firebreak.policy.window_sections import CalendarSection, WindowSection

# EventBridge Scheduler fires within the minute of the time asked for
# (docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html), so a shorter wait would not be kept.
SHORTEST_WAIT = timedelta(seconds=120)

# An act's scopes must fit one transaction, and each window costs time in every decision.
MOST_WINDOWS, MOST_DEPENDENCIES, MOST_GROUPS, MOST_OVERRIDES = 20, 20, 50, 500
# Each is a call of its own in every decision that comes so far.
MOST_CALENDARS = 5


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Budgets(_Section):
    """Limits at each level; the stack's is required, so that no policy allows everything."""

    target: list[BudgetText] = Field(min_length=1)
    group: list[BudgetText] = []
    action: list[BudgetText] = []
    stack: Annotated[list[BudgetText], Field(min_length=1), AfterValidator(over_an_hour)]

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
    within: CountedOver = timedelta(minutes=5)
    quiet: CountedOver = timedelta(minutes=10)

    def rules(self, late: timedelta) -> StormRules:
        """The section as the core's StormRules; events are accepted until they are `late` old."""
        return StormRules(alarms=self.alarms, within=self.within, quiet=self.quiet, late=late)


class BreakerSection(_Section):
    """When an action rests because it does not help, or not for long."""

    failures: int = Field(default=3, strict=True, ge=1, le=50)
    comebacks: int = Field(default=3, strict=True, ge=1, le=50)
    within: CountedOver = timedelta(hours=24)
    open_for: CountedOver = timedelta(hours=1)
    ceiling: Duration = timedelta(hours=24)

    @model_validator(mode="after")
    def _ceiling_above(self) -> "BreakerSection":
        if self.ceiling < self.open_for:
            raise ValueError("ceiling: at least open_for")
        return self

    def limits(self) -> BreakerLimits:
        """The section as the core's BreakerLimits."""
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


class DisruptionSection(_Section):
    """How much of a group may be worked on, and how much of it must stay healthy."""

    max_unavailable: float = Field(default=0.5, strict=True, gt=0, le=1)
    within: CountedOver = timedelta(hours=1)
    min_healthy: int = Field(default=0, strict=True, ge=0, le=200)
    count_max_age: Duration = timedelta(minutes=5)


class GroupSection(_Section):
    """The rules for groups matching a pattern such as `ecs:prod`; the most specific wins."""

    group: GroupPattern
    max_unavailable: float | None = Field(default=None, strict=True, gt=0, le=1)
    within: CountedOver | None = None
    min_healthy: int | None = Field(default=None, strict=True, ge=0, le=200)


class Dependency(_Section):
    """Something several targets share: one of them at a time, and within its own budgets."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")
    targets: list[TargetPattern] = Field(min_length=1)
    budget: list[BudgetText] = Field(min_length=1)


class FreezeWindow(WindowSection):
    """A window of the policy file; without `targets` or `actions` it is there for all of them."""

    actions: tuple[ActionName, ...] = ()


class FreezeCalendar(CalendarSection):
    """A Change Calendar of the policy file; without `targets` or `actions` it is there for all of them."""

    actions: tuple[ActionName, ...] = ()


class Freeze(_Section):
    """When nothing may be done, and when only something may be done; calendars must be OPEN."""

    never: list[FreezeWindow] = Field(default=[], max_length=MOST_WINDOWS)
    only: list[FreezeWindow] = Field(default=[], max_length=MOST_WINDOWS)
    calendars: list[FreezeCalendar] = Field(default=[], max_length=MOST_CALENDARS)


class Verify(_Section):
    """When to look at what an act did."""

    after: Duration
    healthy_for: Duration
    retry_every: Duration
    attempts: int = Field(strict=True, ge=1, le=20)


class Limits(_Section):
    """The rules for every action unless an override says otherwise."""

    autonomy: Autonomy
    cooldown: Duration
    max_cooldown: Duration = timedelta(hours=6)
    application_tag: str = Field(default="", max_length=128)
    rung_gap: Duration
    max_event_age: EventAge
    max_incident_age: Duration
    approve_within: CountedOver = timedelta(minutes=30)
    respond_within: CountedOver = timedelta(minutes=2)
    # With fewer than two everything would be held out, which is what autonomy = "observe" is for.
    hold_out: int | None = Field(default=None, strict=True, ge=2, le=1000)
    approvers: Approvers = 1


class Override(_Section):
    """The rules for targets matching a pattern such as `ecs:prod/*`; the most specific wins.

    A ladder needs the action that it starts with. An empty one is refused: it would hold nothing back.
    """

    target: PartPattern
    action: ActionName | None = None
    autonomy: Autonomy | None = None
    cooldown: Duration | None = None
    approvers: Approvers | None = None
    ladder: Annotated[list[RungName], Field(min_length=1)] | None = None


class PolicyFile(_Section):
    """A whole policy file."""

    version: Literal[1]
    demo: bool = Field(default=False, strict=True)
    defaults: Limits
    budgets: Budgets
    verify: Verify
    storm: StormSection = StormSection()
    breaker: Breakers = Breakers()
    disruption: DisruptionSection = DisruptionSection()
    groups: list[GroupSection] = Field(default=[], max_length=MOST_GROUPS)
    dependencies: list[Dependency] = Field(default=[], max_length=MOST_DEPENDENCIES)
    freeze: Freeze = Freeze()
    missing_data: MissingDataSection = MissingDataSection()
    paging: PagingSection = PagingSection()
    actions: dict[ActionName, ActionSection] = {}
    overrides: list[Override] = Field(default=[], max_length=MOST_OVERRIDES)

    @model_validator(mode="wrap")
    @classmethod
    def _all_at_once(cls, given: Any, read: ModelWrapValidatorHandler[Self]) -> Self:
        """A mistake in one part does not hide that others do not fit together."""
        try:
            file = read(given)
        except ValidationError as error:
            within = error.errors(include_url=False)
            parts = cls._sound(given, {mistake["loc"][0] for mistake in within if mistake["loc"]})
            raise _refused(within, _misfits(parts)) from None
        if misfits := _misfits(dict(file)):
            raise _refused([], misfits)
        return file

    @classmethod
    def _sound(cls, given: Any, wrong: Collection[int | str]) -> dict[str, Any]:
        """The parts without a mistake, each read by itself."""
        known = given if isinstance(given, Mapping) else {}
        sound = {}
        for name, field in cls.model_fields.items():
            if name in known and name not in wrong:
                sound[name] = TypeAdapter(field.rebuild_annotation()).validate_python(known[name])
            elif name not in known and not field.is_required():
                sound[name] = field.get_default(call_default_factory=True)
        return sound


def _refused(within: Iterable[ErrorDetails], misfits: Iterable[str]) -> ValidationError:
    mistakes = [
        InitErrorDetails(type=each["type"], loc=each["loc"], input=each["input"], ctx=each.get("ctx", {}))
        for each in within
    ]
    between = [
        InitErrorDetails(type="value_error", loc=(), input=None, ctx={"error": misfit}) for misfit in misfits
    ]
    return ValidationError.from_exception_data("PolicyFile", [*mistakes, *between])


def _misfits(parts: Mapping[str, Any]) -> list[str]:
    """The parts that do not fit together, as far as they are there; each line has its path."""
    return [
        misfit
        for check, needed in _BETWEEN
        if all(name in parts for name in needed)
        for misfit in check(*(parts[name] for name in needed))
    ]


def _short_waits(verify: Verify, demo: bool) -> Iterator[str]:  # noqa: FBT001 - as the file has it
    for name in ("after", "retry_every", "healthy_for"):
        if getattr(verify, name) < SHORTEST_WAIT and not demo:
            yield f"verify.{name}: at least 120s unless demo = true (schedules fire to the minute)"


def _short_incidents(defaults: Limits, verify: Verify) -> Iterator[str]:
    needed = verify.after + verify.healthy_for
    if defaults.max_incident_age <= needed:
        sum_of_both = f"verify.after and verify.healthy_for ({format_duration(needed)})"
        yield f"defaults.max_incident_age: more than {sum_of_both}, or none could close"


def _ladders_without_room(
    actions: Mapping[str, ActionSection], budgets: Budgets, dependencies: list[Dependency], verify: Verify
) -> Iterator[str]:
    for name, section in actions.items():
        yield from _without_room(f"actions.{name}.ladder", section.ladder, budgets, dependencies, verify)


def _odd_overridden_ladders(overrides: list[Override]) -> Iterator[str]:
    for path, override in _overridden_ladders(overrides):
        if override.action is None:
            yield f"{path}: needs an action, the one that it starts with"
        else:
            yield from odd_ladder(path, override.action, override.ladder or ())


def _overridden_ladders_without_room(
    overrides: list[Override], budgets: Budgets, dependencies: list[Dependency], verify: Verify
) -> Iterator[str]:
    for path, override in _overridden_ladders(overrides):
        meant = [d for d in dependencies if any(may_meet(override.target, one) for one in d.targets)]
        yield from _without_room(path, override.ladder or (), budgets, meant, verify)


def _overridden_ladders(overrides: list[Override]) -> Iterator[tuple[str, Override]]:
    for index, override in enumerate(overrides):
        if override.ladder is not None:
            yield f"overrides[{index}].ladder", override


def _without_room(
    path: str, ladder: Sequence[str], budgets: Budgets, dependencies: Iterable[Dependency], verify: Verify
) -> Iterator[str]:
    limits = [("target", budget) for budget in budgets.target]
    limits += [(f"dependency {d.name}", budget) for d in dependencies for budget in d.budget]
    acting = [rung for rung in ladder if rung != PAGE_RUNG]
    for whose, budget in limits:
        if budget.acts < len(acting) and budget.window > verify.after:
            yield f"{path}: {len(acting)} acting rungs never fit {whose} budget {budget}"


def _repeated_dependencies(dependencies: list[Dependency]) -> Iterator[str]:
    yield from _repeated("dependencies", [dependency.name for dependency in dependencies])


def _repeated_windows(freeze: Freeze) -> Iterator[str]:
    names = [one.name for one in (*freeze.never, *freeze.only)]
    yield from _repeated("freeze", [*names, *(one.name for one in freeze.calendars)])


def _calendars_of_two_regions(freeze: Freeze) -> Iterator[str]:
    """A function reads the calendars of its own region alone: no outage of another one may stop it."""
    for index, one in enumerate(freeze.calendars):
        if one.region != (first := freeze.calendars[0].region):
            yield f"freeze.calendars[{index}].arn: in {one.region}, and the first calendar in {first}"


def _repeated(path: str, names: list[str]) -> Iterator[str]:
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f'{path}: the name "{name}" is given twice'


# Each check with the parts it needs.
_BETWEEN: tuple[tuple[Callable[..., Iterator[str]], tuple[str, ...]], ...] = (
    (_short_waits, ("verify", "demo")),
    (_short_incidents, ("defaults", "verify")),
    (odd_ladders, ("actions",)),
    (odd_settings, ("actions",)),
    (odd_runbooks, ("actions",)),
    (_odd_overridden_ladders, ("overrides",)),
    (_ladders_without_room, ("actions", "budgets", "dependencies", "verify")),
    (_overridden_ladders_without_room, ("overrides", "budgets", "dependencies", "verify")),
    (_repeated_dependencies, ("dependencies",)),
    (_repeated_windows, ("freeze",)),
    (_calendars_of_two_regions, ("freeze",)),
    (addresses_inside, ("paging", "demo")),
    (odd_paging, ("paging",)),
)


def policy_schema() -> dict[str, Any]:
    """The JSON Schema of a policy file, for editors; the loader refuses more than a schema can say."""
    found = PolicyFile.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **found, "title": "Firebreak policy"}
