"""The shape of a file of policy tests. Unknown keys are refused: a misspelled fact would state nothing."""

import difflib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    model_validator,
)

from firebreak.core.limits.calendars import CalendarState
from firebreak.core.model import AlarmState, Verdict
from firebreak.core.reasons import Reason
from firebreak.policy.actions import ActionName
from firebreak.policy.units import Duration
from firebreak_cli.exit_codes import Ending
from firebreak_cli.explain.expectations import Expectation, read_expectation
from firebreak_cli.operations.pause_scopes import NamedScope, read_scope

# Far more than anybody reads.
MOST_TESTS, MOST_FACTS = 500, 100
EARLIEST, LATEST = 2000, 2100


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _expectation(value: object) -> Expectation:
    return _as_option("--expect ", lambda: read_expectation(str(value)))


def _scope(value: object) -> NamedScope:
    return _as_option("--scope ", lambda: read_scope(str(value), ""))


def _as_option[T](option: str, read: Callable[[], T]) -> T:
    """The value as an option of the command reads it; its mistakes are those of a key here."""
    try:
        return read()
    except Ending as error:
        raise ValueError(error.lines[0].removeprefix(option)) from error


# Reasons that an action itself finds. A reason that a guard gives is not stated, it is to be found.
OBSTACLES = (
    Reason.ALREADY_DONE,
    Reason.CEILING_REACHED,
    Reason.DEPLOYMENT_FAILED,
    Reason.DEPLOYMENT_RUNNING,
    Reason.HOSTS_UNHEALTHY,
    Reason.MANAGED_ELSEWHERE,
    Reason.NOTHING_TO_ROLL_BACK,
    Reason.NOT_ACTIVE,
    Reason.NOT_READY,
    Reason.NO_RECENT_DEPLOYMENT,
    Reason.NO_ROOM_TO_DEPLOY,
    Reason.NO_SINGLE_BAD_TASK,
    Reason.ROLLED_BACK_BEFORE,
    Reason.RUNBOOK_CHANGED,
    Reason.RUNBOOK_UNUSABLE,
    Reason.SCALED_TO_ZERO,
    Reason.SCALING_SUSPENDED,
    Reason.TARGET_MISSING,
    Reason.TASK_DEFINITION_INACTIVE,
    Reason.TASK_PROTECTED,
    Reason.TOO_FEW_HEALTHY,
    Reason.UNSAFE_ALIAS,
    Reason.UNSUPPORTED_CONTROLLER,
)


def _obstacle(value: object) -> Reason:
    if value in OBSTACLES:
        return Reason(str(value))
    meant = difflib.get_close_matches(str(value), OBSTACLES, n=1)
    raise ValueError(f"did you mean {meant[0]}?" if meant else f"one of {', '.join(OBSTACLES)}")


def _year(value: datetime) -> datetime:
    if not EARLIEST <= value.year < LATEST:
        raise ValueError(f"a time from {EARLIEST} to {LATEST}")
    return value


def _ago(value: timedelta) -> timedelta:
    if value <= timedelta():
        raise ValueError('a time before the decision, like "20m"')
    return value


type Ago = Annotated[Duration, AfterValidator(_ago)]


# ComparisonOperator of PutMetricAlarm.
type Comparison = Literal[
    "GreaterThanOrEqualToThreshold",
    "GreaterThanThreshold",
    "LessThanThreshold",
    "LessThanOrEqualToThreshold",
    "LessThanLowerOrGreaterThanUpperThreshold",
    "LessThanLowerThreshold",
    "GreaterThanUpperThreshold",
]


class ActFact(_Section):
    """One act of the past; without a target it was on the target of the test's event.

    `application` is the one that a tag of another target names, where the policy limits applications.
    """

    action: ActionName
    ago: Ago
    target: str = ""
    application: str = ""
    verdict: Verdict | None = None


class PauseFact(_Section):
    """A kill switch that is held; its scope is written as `firebreak pause --scope` takes it."""

    scope: Annotated[NamedScope, PlainValidator(_scope)] = NamedScope("global")
    remaining: Duration = timedelta(hours=1)
    reason: str = "a pause of the test"


class AlarmFact(_Section):
    """The alarm as CloudWatch shows it at the time of the decision."""

    state: AlarmState = AlarmState.ALARM
    tags: dict[str, str] = {}
    comparison: Comparison = "GreaterThanOrEqualToThreshold"
    actions: list[str] = []


class TargetFact(_Section):
    """The target at the time of the decision: opted in and ready for the action, unless stated otherwise."""

    tags: dict[str, str] = {"firebreak:enabled": "true"}
    obstacle: Annotated[Reason, PlainValidator(_obstacle)] | None = None
    doubts: list[str] = []
    group_size: Annotated[int, Field(strict=True, ge=1, le=10_000)] | None = None
    group_healthy: Annotated[int, Field(strict=True, ge=0, le=10_000)] | None = None

    @model_validator(mode="after")
    def _group_as_a_whole(self) -> Self:
        """The healthy ones are counted among the other members, so the group needs a size above that."""
        if self.group_healthy is not None and self.group_healthy >= (self.group_size or 0):
            raise ValueError("group_healthy: below group_size, for it counts the other members")
        return self


class PolicyTest(_Section):
    """One situation, and the decision that the policy must come to.

    `at` moves the event to a time, `delay` is how long after the event it is decided.
    """

    name: str = Field(min_length=1, max_length=200)
    event: str
    expect: Annotated[Expectation, PlainValidator(_expectation)]
    at: Annotated[AwareDatetime, Field(strict=True), AfterValidator(_year)] | None = None
    delay: Duration = timedelta()
    alarm: AlarmFact = AlarmFact()
    target: TargetFact = TargetFact()
    acts: list[ActFact] = Field(default=[], max_length=MOST_FACTS)
    pauses: list[PauseFact] = Field(default=[], max_length=MOST_FACTS)
    storm: Annotated[bool, Field(strict=True)] = False
    calendars: dict[str, CalendarState | Literal["UNREADABLE"]] = {}


class PolicyTests(_Section):
    """A file of tests of one policy; both paths are relative to it."""

    version: Annotated[int, Field(strict=True, ge=1, le=1)]
    policy: str = "policy.toml"
    tests: list[PolicyTest] = Field(min_length=1, max_length=MOST_TESTS)
