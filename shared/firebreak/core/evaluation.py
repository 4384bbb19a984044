"""The evaluation with which CloudWatch set an alarm's state, as values.

An alarm without an evaluation is one whose evaluation is not known: an old event, a stored item of an
earlier release, a state that was set by hand, a composite. It is never one without data.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class EvaluatedPoint:
    """One period that was evaluated; `value` is None where no datapoint came."""

    at: datetime | None
    value: float | None
    threshold: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """One evaluation as `reasonData` describes it; a field that it does not contain is None or empty.

    `values` are the recent datapoints as CloudWatch lists them, `lower` and `upper` the band at each of
    them. `evaluated` holds the periods, oldest first where each has a time. Of long ranges only the
    newest are kept: `missing` and `present` count all of them, from `evaluated` where that is given.
    """

    query_date: datetime | None = None
    period: int | None = None
    statistic: str = ""
    unit: str = ""
    threshold: float | None = None
    values: tuple[float, ...] = ()
    lower: tuple[float, ...] = ()
    upper: tuple[float, ...] = ()
    evaluated: tuple[EvaluatedPoint, ...] = ()
    missing: int = 0
    present: int = 0


class MissingData(StrEnum):
    """The meaning of missing data, as the alarm's owner sets it. Written in tags and policies."""

    SYMPTOM = "symptom"
    IGNORE = "ignore"


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """Missing data of an alarm, and its meaning as the alarm's owner set it.

    `shown` is the state that CloudWatch shows, `detail` what is missing, in one line; `meaning` is None
    where nobody set one, or it could not be read. `source` names where it was set.
    """

    shown: str
    since: datetime
    detail: str
    meaning: MissingData | None
    source: str
