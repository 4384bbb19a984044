"""So many of so many, with what may be said of it."""

from dataclasses import dataclass
from enum import StrEnum
from math import sqrt

# The quantile of the normal distribution for 95 %.
_Z = 1.959964
# Below it no percentage is given: the interval would cover nearly everything.
FEWEST = 10


@dataclass(frozen=True, slots=True)
class Interval:
    """The proportions that agree with what was seen, at 95 %."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Share:
    """`count` of `total`. Nothing of nothing has no proportion: it is not zero."""

    count: int
    total: int

    def __post_init__(self) -> None:
        if not 0 <= self.count <= self.total:
            raise ValueError(f"{self.count} of {self.total} is no share")

    @property
    def proportion(self) -> float | None:
        """The proportion, None where there is nothing."""
        return self.count / self.total if self.total else None

    @property
    def too_few(self) -> bool:
        """Whether a percentage would say more than is known."""
        return self.total < FEWEST

    @property
    def interval(self) -> Interval | None:
        """Wilson's interval, None where there is nothing."""
        if not self.total:
            return None
        n, p = self.total, self.count / self.total
        middle, spread = p + _Z**2 / (2 * n), _Z * sqrt(p * (1 - p) / n + _Z**2 / (4 * n**2))
        low, high = (middle - spread) / (1 + _Z**2 / n), (middle + spread) / (1 + _Z**2 / n)
        return Interval(max(0.0, min(low, p)), min(1.0, max(high, p)))


def difference(one: Share, other: Share) -> Interval | None:
    """Newcombe's interval for the proportion of `one` minus that of `other`; None where one is nothing."""
    p, q, mine, theirs = one.proportion, other.proportion, one.interval, other.interval
    if p is None or q is None or mine is None or theirs is None:
        return None
    low = p - q - sqrt((p - mine.low) ** 2 + (theirs.high - q) ** 2)
    high = p - q + sqrt((mine.high - p) ** 2 + (q - theirs.low) ** 2)
    return Interval(max(-1.0, low), min(1.0, high))


class Compared(StrEnum):
    """The conclusion from two shares. In JSON: members are never renamed."""

    MORE = "more"
    LESS = "less"
    NO_DIFFERENCE_SEEN = "no_difference_seen"
    TOO_FEW = "too_few_to_say"


def compared(one: Share, other: Share) -> Compared:
    """Whether `one` is more than `other`, beyond what chance explains."""
    found = difference(one, other)
    if found is None or one.too_few or other.too_few:
        return Compared.TOO_FEW
    if found.low > 0:
        return Compared.MORE
    return Compared.LESS if found.high < 0 else Compared.NO_DIFFERENCE_SEEN
