"""How long things lasted, those included that still last: a distribution, and never a mean."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from operator import attrgetter


@dataclass(frozen=True, slots=True, order=True)
class Lasted:
    """A length of time; `ended` is False where it was not over when somebody looked: it is longer."""

    length: timedelta
    ended: bool = True


@dataclass(frozen=True, slots=True)
class Distribution:
    """Lengths of time, shortest first."""

    lengths: tuple[Lasted, ...]

    @classmethod
    def of(cls, lengths: Iterable[Lasted]) -> "Distribution":
        """The distribution of these lengths."""
        return cls(tuple(sorted(lengths)))

    @property
    def count(self) -> int:
        """How many there are, open ones included."""
        return len(self.lengths)

    @property
    def open(self) -> int:
        """How many were not over."""
        return sum(not one.ended for one in self.lengths)

    def quantile(self, part: float) -> timedelta | None:
        """The length within which that part of them was over, by Kaplan and Meier.

        None where it is not known: there is none, or too many of them were still open. An open one counts
        among those that could have ended until the time at which it was last seen, and never as an end.
        """
        if not 0 < part < 1:
            raise ValueError(f"{part}: expected a part between 0 and 1")
        at_risk, ended, remaining = self.count, 0, 1.0
        whole = not self.open
        for length, some in groupby(self.lengths, key=attrgetter("length")):
            here = tuple(some)
            over = sum(one.ended for one in here)
            ended += over
            remaining *= 1 - over / at_risk
            # Without open ones it is a plain count, which no rounding can shift.
            if over and (ended >= part * self.count if whole else remaining <= 1 - part):
                return _length(length)
            at_risk -= len(here)
        return None


def _length(found: object) -> timedelta:
    assert isinstance(found, timedelta)  # noqa: S101  # groupby's key is a field
    return found
