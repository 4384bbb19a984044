"""A model of how CloudWatch evaluates an alarm on one metric, written after two pages of its User Guide.

"Configuring how CloudWatch alarms treat missing data" and "Alarm evaluation window". They leave open:

- How many periods more than EvaluationPeriods are looked at. The first page has an example (5 for 3) and says
  that the number depends on the period; the second says that a window is as long as its periods. So it is an
  argument.
- When a count can be seen after it was written. So each carries the time.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

# As in the examples of the page about missing data.
BEYOND_OF_THE_EXAMPLES = 2
EVALUATED_EVERY = timedelta(minutes=1)

COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "GreaterThanThreshold": lambda value, threshold: value > threshold,
    "LessThanThreshold": lambda value, threshold: value < threshold,
}
STATISTICS: Mapping[str, Callable[[Sequence[float]], float]] = {
    "Maximum": max,
    "Sum": sum,
    "SampleCount": len,
}


class State(StrEnum):
    OK = "OK"
    ALARM = "ALARM"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


class Missing(StrEnum):
    MISSING = "missing"
    IGNORE = "ignore"
    BREACHING = "breaching"
    NOT_BREACHING = "notBreaching"


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """A value as a function wrote it; an alarm that looks before `seen_at` does not find it."""

    at: datetime
    seen_at: datetime
    value: float = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """The properties of an alarm that say when it is red."""

    period: timedelta
    periods: int
    datapoints: int
    missing: Missing
    statistic: str
    comparison: str
    threshold: float
    wall_clock: bool

    @classmethod
    def of(cls, properties: Mapping[str, Any], number: Callable[[Any], float]) -> "Rule":
        """The rule of an alarm as a template has it; `number` reads a property that may be a lookup."""
        window = properties.get("EvaluationWindow", {"SlidingWindow": {}})
        periods = properties["EvaluationPeriods"]
        return cls(
            period=timedelta(seconds=number(properties["Period"])),
            periods=periods,
            datapoints=properties.get("DatapointsToAlarm", periods),
            missing=Missing(properties.get("TreatMissingData", "missing")),
            statistic=properties["Statistic"],
            comparison=properties["ComparisonOperator"],
            threshold=number(properties["Threshold"]),
            wall_clock="WallClockWindow" in window,
        )

    def breaches(self, values: Sequence[float]) -> bool | None:
        """Whether the values of one period are beyond the threshold; None for a period without any."""
        if not values:
            return None
        return COMPARISONS[self.comparison](STATISTICS[self.statistic](values), self.threshold)


def state_of(points: Sequence[bool | None], rule: Rule, before: State) -> State:
    """The state after an evaluation of these points, oldest first: breaching, good, or None for missing.

    All points of the evaluation range are given, which may be more than the rule's periods.
    """
    real = [point for point in points if point is not None]
    newest = real[-rule.periods :]
    filled = rule.periods - len(newest)
    breaching = sum(newest)
    if filled and rule.missing is Missing.BREACHING:
        breaching += filled
    if not filled or rule.missing in {Missing.BREACHING, Missing.NOT_BREACHING}:
        return State.ALARM if breaching >= rule.datapoints else State.OK
    return _with_points_missing(points, rule, before)


def _with_points_missing(points: Sequence[bool | None], rule: Rule, before: State) -> State:
    """The state where too few points are there and none is filled in."""
    real = [point for point in points if point is not None]
    if not real:
        return before if rule.missing is Missing.IGNORE else State.INSUFFICIENT_DATA
    if sum(real) >= rule.datapoints:
        return State.ALARM
    if not all(real):
        return State.OK
    age_of_oldest = len(points) - points.index(True)
    red_early = rule.missing is Missing.MISSING and age_of_oldest >= rule.datapoints
    return State.ALARM if red_early else before


def states(
    rule: Rule, counts: Sequence[Count], since: datetime, until: datetime, *, beyond: int, before: State
) -> Iterator[tuple[datetime, State]]:
    """The state at each evaluation of a span; `beyond` periods more than the rule's are looked at.

    A wall clock window ends with the last whole period, a sliding one at the moment of the evaluation.
    """
    state, at = before, since
    while at <= until:
        state = state_of(list(_points(rule, counts, at, beyond)), rule, state)
        yield at, state
        at += EVALUATED_EVERY


def _points(rule: Rule, counts: Sequence[Count], at: datetime, beyond: int) -> Iterator[bool | None]:
    length = rule.period.total_seconds()
    end = at - timedelta(seconds=at.timestamp() % length) if rule.wall_clock else at
    seen = [count for count in counts if count.seen_at <= at]
    for back in range(rule.periods + beyond, 0, -1):
        first = end - back * rule.period
        yield rule.breaches([one.value for one in seen if first <= one.at < first + rule.period])
