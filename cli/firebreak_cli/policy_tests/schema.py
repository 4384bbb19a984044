"""The shape of a file of policy tests. Unknown keys are refused: a misspelled fact would state nothing."""

import difflib
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, PlainValidator

from firebreak.core.model import AlarmState, Verdict
from firebreak.core.reasons import Reason
from firebreak.policy.units import Duration
from firebreak_cli.exit_codes import Ending
from firebreak_cli.explain.expectations import Expectation, read_expectation

# Far more than anybody reads.
MOST_TESTS, MOST_FACTS = 500, 100


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _expectation(value: object) -> Expectation:
    try:
        return read_expectation(str(value))
    except Ending as error:
        raise ValueError(error.lines[0].removeprefix("--expect ")) from error


def _reason(value: object) -> Reason:
    if value in set(Reason):
        return Reason(str(value))
    meant = difflib.get_close_matches(str(value), list(Reason), n=1)
    raise ValueError(f"did you mean {meant[0]}?" if meant else "no reason has this name (docs/reasons.md)")


def _ago(value: timedelta) -> timedelta:
    if value <= timedelta():
        raise ValueError('a time before the decision, like "20m"')
    return value


type Ago = Annotated[Duration, AfterValidator(_ago)]


class ActFact(_Section):
    """One act of the past; without a target it was on the target of the test's event."""

    action: str
    ago: Ago
    target: str = ""
    verdict: Verdict | None = None


class PauseFact(_Section):
    """A kill switch that is held: `global`, `action NAME`, `group ecs:prod` or `target ecs:prod/api`."""

    scope: str = "global"
    remaining: Duration = timedelta(hours=1)
    reason: str = "a pause of the test"


class AlarmFact(_Section):
    """The alarm as CloudWatch shows it at the time of the decision."""

    state: AlarmState = AlarmState.ALARM
    tags: dict[str, str] = {}
    comparison: str = "GreaterThanOrEqualToThreshold"
    actions: list[str] = []


class TargetFact(_Section):
    """The target at the time of the decision: opted in and ready for the action, unless stated otherwise."""

    tags: dict[str, str] = {"firebreak:enabled": "true"}
    obstacle: Annotated[Reason, PlainValidator(_reason)] | None = None
    doubts: list[str] = []
    group_size: Annotated[int, Field(ge=1, le=10_000)] | None = None
    group_healthy: Annotated[int, Field(ge=0, le=10_000)] | None = None


class PolicyTest(_Section):
    """One situation, and the decision that the policy must come to.

    `at` moves the event to a time, `delay` is how long after the event it is decided.
    """

    name: str = Field(min_length=1, max_length=200)
    event: str
    expect: Annotated[Expectation, PlainValidator(_expectation)]
    at: AwareDatetime | None = None
    delay: Duration = timedelta()
    alarm: AlarmFact = AlarmFact()
    target: TargetFact = TargetFact()
    acts: list[ActFact] = Field(default=[], max_length=MOST_FACTS)
    pauses: list[PauseFact] = Field(default=[], max_length=MOST_FACTS)
    storm: bool = False


class PolicyTests(_Section):
    """A file of tests of one policy; both paths are relative to it."""

    version: Annotated[int, Field(ge=1, le=1)]
    policy: str = "policy.toml"
    tests: list[PolicyTest] = Field(min_length=1, max_length=MOST_TESTS)
