"""The units of a policy file: lengths of time and budgets, and their lower bounds."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer

from firebreak.core.limits.budgets import LONGEST_WINDOW, MOST_ACTS, Budget, format_duration

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_PARTS = r"(?=[0-9])(?:[0-9]{1,6}d)?(?:[0-9]{1,6}h)?(?:[0-9]{1,6}m)?(?:[0-9]{1,6}s)?"
DURATION_PATTERN = f"^{_PARTS}$"
BUDGET_PATTERN = f"^[0-9]{{1,4}}/{_PARTS}$"
_DURATION = re.compile(_PARTS)
_PART = re.compile(r"([0-9]+)([smhd])")
_BUDGET = re.compile(r"([0-9]{1,4})/(\w{2,28})")

# Events counted over less than this are hardly ever counted together, so the guard would be off.
SHORTEST_COUNT = timedelta(minutes=1)
# An event may be this old when it arrives late and is tried again; a shorter limit would refuse it.
SHORTEST_EVENT_AGE = timedelta(minutes=2)
# "500/1s" alone would allow everything.
STACK_WINDOW = timedelta(hours=1)


def read_duration(value: object) -> timedelta:
    """The duration of a text such as "90s", "1h30m" or "7d". Raises ValueError with the expected form."""
    if not isinstance(value, str) or not _DURATION.fullmatch(value):
        raise ValueError('a duration like "90s", "15m", "1h30m", "24h" or "7d"')
    return timedelta(seconds=sum(int(count) * _UNITS[unit] for count, unit in _PART.findall(value)))


def _duration(value: object) -> object:
    length = read_duration(value)
    if length > LONGEST_WINDOW:
        raise ValueError(f"at most {LONGEST_WINDOW.days}d: what is older is forgotten")
    return length


def _budget(value: object) -> object:
    match = _BUDGET.fullmatch(value) if isinstance(value, str) else None
    if not match or int(match[1]) < 1:
        raise ValueError('a budget like "3/1h": acts (1 or more), then the window')
    if int(match[1]) > MOST_ACTS:
        raise ValueError(f"at most {MOST_ACTS} acts: more are not remembered")
    window = _duration(match[2])
    if window == timedelta():
        raise ValueError("a budget needs a window longer than nothing")
    return Budget(int(match[1]), window) if isinstance(window, timedelta) else window


def _at_least(shortest: timedelta) -> Callable[[timedelta], timedelta]:
    def check(length: timedelta) -> timedelta:
        if length < shortest:
            raise ValueError(f"at least {format_duration(shortest)}")
        return length

    return check


def over_an_hour(budgets: list[Budget]) -> list[Budget]:
    """Budgets of which at least one looks back an hour; raises ValueError."""
    if all(budget.window < STACK_WINDOW for budget in budgets):
        raise ValueError(f"at least one window of {format_duration(STACK_WINDOW)} or more")
    return budgets


type Duration = Annotated[
    timedelta,
    BeforeValidator(_duration, json_schema_input_type=Annotated[str, Field(pattern=DURATION_PATTERN)]),
    PlainSerializer(format_duration, return_type=str),
]
type CountedOver = Annotated[Duration, AfterValidator(_at_least(SHORTEST_COUNT))]
type EventAge = Annotated[Duration, AfterValidator(_at_least(SHORTEST_EVENT_AGE))]
type Approvers = Annotated[int, Field(strict=True, ge=1, le=2)]
type BudgetText = Annotated[
    Budget, BeforeValidator(_budget, json_schema_input_type=Annotated[str, Field(pattern=BUDGET_PATTERN)])
]
