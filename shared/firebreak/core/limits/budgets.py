"""Sliding budgets: so many acts in any window, with a pad for the inaccuracy of the clocks."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import dropwhile

# From the taking of a slot to the API call there are only the claim, the reading of what the act
# destroys and the second look; a function that took longer than this must not act on its old view.
# One API call may last connect + read time-out (5 s each, aws/clients.py); clocks of two functions
# may differ by a minute. A slot is held that much longer than its window, so that acts counted by
# AWS's clock never exceed the limit counted by the functions' clocks.
ACT_WITHIN = timedelta(seconds=10)
ACT_TIMEOUT = timedelta(seconds=10)
CLOCK_SKEW = timedelta(seconds=60)
PAD = ACT_WITHIN + ACT_TIMEOUT + CLOCK_SKEW

# Slots older than this are forgotten, so no policy may count or rest longer.
LONGEST_WINDOW = timedelta(days=31)

# When there are more slots than this, only the newest are kept, so that no item outgrows DynamoDB's 400 KB. A
# budget of at most as many acts is counted exactly all the same: it is full without the rest.
MOST_ACTS = 500


def is_ahead(at: datetime, now: datetime) -> bool:
    """Whether a time has not come yet, by more than clocks differ: nothing may be based on it."""
    return at > now + CLOCK_SKEW


@dataclass(frozen=True, slots=True)
class Budget:
    """At most `acts` acts in any window of this length."""

    acts: int
    window: timedelta

    def __str__(self) -> str:
        return f"{self.acts}/{format_duration(self.window)}"


def format_duration(length: timedelta) -> str:
    """A duration as the policy file writes it: 90s, 15m, 24h."""
    seconds = int(length.total_seconds())
    for unit, size in (("h", 3600), ("m", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def readable(length: timedelta) -> str:
    """A duration for people, in its two largest units: 8d 11h, 12m 5s, 15m."""
    rest, parts = max(0, int(length.total_seconds())), []
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        count, rest = divmod(rest, size)
        parts.append((count, unit))
    largest = list(dropwhile(lambda part: not part[0], parts))[:2]
    return " ".join(f"{count}{unit}" for count, unit in largest if count) or "0s"


def held(acts: Iterable[datetime], budget: Budget, now: datetime) -> list[datetime]:
    """The acts whose slots still count against the budget, oldest first."""
    return sorted(at for at in acts if at + budget.window + PAD > now)


def next_slot(acts: Iterable[datetime], budget: Budget, now: datetime) -> datetime | None:
    """When a slot is free: None for now, else the moment enough of the held slots have run out."""
    taken = held(acts, budget, now)
    if len(taken) < budget.acts:
        return None
    return taken[len(taken) - budget.acts] + budget.window + PAD
