"""What CloudWatch evaluated when it set an alarm's state, as values.

An alarm without an evaluation is one of which this is not known: an old event, a stored item of an
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
    """What `reasonData` says of one evaluation; what it does not say is None or empty.

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
    """What an owner says that it means when no data comes. Written in tags and policies."""

    SYMPTOM = "symptom"
    IGNORE = "ignore"


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """That no data came for an alarm, and what that means by its owner's word.

    `shown` is the state that CloudWatch shows, `detail` what is missing, in one line; `meaning` is None
    where nobody said anything, or it could not be read. `source` names who said it.
    """

    shown: str
    since: datetime
    detail: str
    meaning: MissingData | None
    source: str
