"""Patterns over targets and groups, as a policy writes them: `ecs:prod/*`, `ecs:prod`.

They are matched as `fnmatch` does, whose `*` also stands for `/` and `:`. A pattern that can match
nothing is refused: the targets that it was meant to hold back would be free.
"""

import fnmatch
import re
import string
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Annotated

from pydantic import AfterValidator, Field

# The number of names of a service's resource; all but the last of them name its group.
PARTS: Mapping[str, int] = {"ecs": 2, "lambda": 1, "beanstalk": 1, "ses": 1, "runbook": 1}
NAME_CHARACTERS = frozenset(string.ascii_letters + string.digits + "_-")

_TOKEN = re.compile(r"\*|\[!?+\]?+[^]]*+\]|.", re.DOTALL)

# Place by place: which characters may stand there, and whether more than one of them.
type _Form = tuple[tuple[frozenset[str], bool], ...]


def _form(service: str, parts: int) -> _Form:
    start = [(frozenset(character), False) for character in f"{service}:"]
    names = [(NAME_CHARACTERS, True), (frozenset("/"), False)] * parts
    return (*start, *names[:-1])


_TARGETS = tuple(_form(service, parts) for service, parts in PARTS.items())
_GROUPS = tuple(_form(service, parts - 1) for service, parts in PARTS.items() if parts > 1)


def can_match_a_target(pattern: str) -> bool:
    """Whether some target, as `Target.display` shows it, matches the pattern."""
    return _can_match(pattern, _TARGETS)


def can_match_a_group(pattern: str) -> bool:
    """Whether some group, as `ecs:CLUSTER`, matches the pattern."""
    return _can_match(pattern, _GROUPS)


def _can_match(pattern: str, forms: Iterable[_Form]) -> bool:
    return any(len(form) in _reached(pattern, form) for form in forms)


def _reached(pattern: str, form: _Form) -> set[int]:
    """The numbers of places of the form that may be passed once the whole pattern is read."""
    behind = {0}
    for token in _TOKEN.findall(pattern):
        behind = {after for place in behind for after in _after(form, place, token)}
    return behind


def _after(form: _Form, place: int, token: str) -> Iterable[int]:
    if token == "*":  # noqa: S105 - a piece of a pattern
        return range(place, len(form) + 1)
    onward = place < len(form) and _fits(token, form[place][0])
    more = place > 0 and form[place - 1][1] and _fits(token, form[place - 1][0])
    return [*([place + 1] if onward else []), *([place] if more else [])]


@lru_cache(maxsize=1024)
def _fits(token: str, characters: frozenset[str]) -> bool:
    return any(fnmatch.fnmatchcase(character, token) for character in characters)


def _over_targets(pattern: str) -> str:
    if not can_match_a_target(pattern):
        forms = ", ".join(
            f"{service}:{'CLUSTER/SERVICE' if parts > 1 else 'NAME'}" for service, parts in PARTS.items()
        )
        raise ValueError(f'no target can match: targets are {forms}; patterns like "ecs:prod/*"')
    return pattern


def _over_groups(pattern: str) -> str:
    if not can_match_a_group(pattern):
        raise ValueError(
            'no group can match: groups are ecs:CLUSTER, patterns like "ecs:prod" or "ecs:prod-*"'
        )
    return pattern


def _over_a_part(pattern: str) -> str:
    if not pattern.strip("*"):
        raise ValueError('what holds for everything belongs to defaults; name a part, like "ecs:prod/*"')
    return pattern


def may_meet(one: str, other: str) -> bool:
    """Whether a name may match both patterns; of two with wildcards only their beginnings are compared."""
    begins, others = (re.split(r"[*?[]", pattern, maxsplit=1)[0] for pattern in (one, other))
    if begins == one:
        return fnmatch.fnmatchcase(one, other)
    if others == other:
        return fnmatch.fnmatchcase(other, one)
    return begins.startswith(others) or others.startswith(begins)


type AlarmPattern = Annotated[str, Field(min_length=1, max_length=255)]
type TargetPattern = Annotated[str, Field(max_length=600), AfterValidator(_over_targets)]
type GroupPattern = Annotated[str, Field(max_length=600), AfterValidator(_over_groups)]
type PartPattern = Annotated[TargetPattern, AfterValidator(_over_a_part)]
