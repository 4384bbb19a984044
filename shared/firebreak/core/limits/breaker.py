"""The breaker: an action that keeps failing, or keeps being needed again, rests for a while.

Only the acts and their verdicts are stored; whether the breaker is open follows
from them and the time. A run of acts that did not help opens it, each further failure doubles the
rest, and when a rest is over one act is tried before any other (Nygard, Release It!, 2nd edition,
section 5.2 calls this half-open).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from firebreak.core.limits.history import Act, Judged
from firebreak.core.model import Verdict

# Doubling stops mattering long before this; a date beyond the calendar would raise.
MOST_DOUBLINGS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerLimits:
    """When the breaker opens and for how long.

    `failures` acts in a row that did not help open it for `open_for`, doubled with each further
    failure up to `ceiling`. `comebacks` recoveries within `within` that did not last open it until
    the first of them is that old.
    """

    failures: int
    comebacks: int
    within: timedelta
    open_for: timedelta
    ceiling: timedelta


@dataclass(frozen=True, slots=True)
class Closed:
    """No objection to an act."""

    detail: str


@dataclass(frozen=True, slots=True)
class Open:
    """No act until then."""

    detail: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Trying:
    """The rest is over and the one try is under way; its verdict decides. `since` is the last failure's."""

    detail: str
    since: datetime


type Breaker = Closed | Open | Trying


def backed_off(base: timedelta, failures: int, ceiling: timedelta) -> timedelta:
    """The rest after so many failures: doubled for each up to the ceiling, never less than the base."""
    doubled = base * float(2 ** min(failures, MOST_DOUBLINGS))
    return max(base, min(doubled, ceiling))


def with_overdue_judged(acts: Sequence[Act], now: datetime, patience: timedelta) -> list[Act]:
    """The acts with those judged as unknown whose verdict has not come within `patience`.

    Acts of the first release, which name no target, never got one: they are left out then.
    """
    due = [act for act in acts if act.judged is None and act.at + patience <= now]
    expired = {act: replace(act, judged=Judged(Verdict.UNKNOWN, act.at + patience)) for act in due}
    return [expired.get(act, act) for act in acts if act.target or act not in expired]


def failures_in_a_row(acts: Sequence[Act]) -> list[Judged]:
    """The verdicts since the last act that helped, oldest first, in the order in which they were given."""
    verdicts = sorted((act.judged for act in acts if act.judged), key=lambda judged: judged.at)
    last_help = max((n for n, judged in enumerate(verdicts) if judged.helped), default=-1)
    return verdicts[last_help + 1 :]


def came_back(acts: Sequence[Act], target: str) -> list[datetime]:
    """When recoveries were declared that did not last: the same target was acted on again, or is now red.

    `target` is the one that is red now.
    """
    last: dict[str, datetime] = {}
    for act in acts:
        last[act.target] = max(act.at, last.get(act.target, act.at))
    return sorted(
        act.judged.at
        for act in acts
        if act.judged and act.judged.helped and (act.target in {"", target} or last[act.target] > act.at)
    )


def breaker(acts: Sequence[Act], target: str, limits: BreakerLimits, now: datetime) -> Breaker:
    """The breaker over these acts of one action; acts without a verdict are under way."""
    if returned := _often_returned(acts, target, limits, now):
        return returned
    failed = failures_in_a_row(acts)
    text = f"{len(failed)}/{limits.failures} in a row did not help"
    if len(failed) < limits.failures:
        return Closed(text)
    rest = backed_off(limits.open_for, len(failed) - limits.failures, limits.ceiling)
    until = failed[-1].at + rest
    if until > now:
        return Open(text, until)
    if any(act.judged is None for act in acts):
        return Trying(f"{text}; the one try after the rest is under way", failed[-1].at)
    return Closed(f"{text}; half-open, this is the one try")


def _often_returned(acts: Sequence[Act], target: str, limits: BreakerLimits, now: datetime) -> Open | None:
    recent = [at for at in came_back(acts, target) if at + limits.within > now]
    if len(recent) < limits.comebacks:
        return None
    text = f"{len(recent)}/{limits.comebacks} recoveries did not last"
    return Open(text, recent[len(recent) - limits.comebacks] + limits.within)
