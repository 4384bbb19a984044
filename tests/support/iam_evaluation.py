"""IAM's evaluation of the statements of one role, as far as the template uses it.

One Allow and no Deny for every resource that a call is checked for. An operator that is not known here raises
KeyError: a condition that is not understood must not pass for one that holds.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement with its intrinsic functions put in."""

    sid: str
    effect: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Check:
    """One question to IAM: an action on one resource, with the keys of the request in lower case."""

    action: str
    resource: str
    context: Mapping[str, str | Sequence[str]] = field(default_factory=dict)


def allows(statements: Iterable[Statement], *checks: Check) -> bool:
    """Whether each check is allowed; AWS asks one for each resource that a call requires."""
    all_of_them = tuple(statements)
    return bool(checks) and all(_decided(all_of_them, check) for check in checks)


def _decided(statements: Sequence[Statement], check: Check) -> bool:
    effects = {one.effect for one in statements if _applies(one, check)}
    return effects == {"Allow"}


def _applies(statement: Statement, check: Check) -> bool:
    named = any(matches(check.action.lower(), one.lower()) for one in statement.actions)
    on_it = any(matches(check.resource, one) for one in statement.resources)
    return named and on_it and all(_holds(*one, check) for one in statement.conditions.items())


def matches(value: str, pattern: str) -> bool:
    """Whether a value matches a pattern of IAM: `*` is any text, `?` one character."""
    return _compiled(pattern).fullmatch(value) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = (".*" if one == "*" else "." if one == "?" else re.escape(one) for one in pattern)
    return re.compile("".join(parts), re.DOTALL)


OPERATORS: Mapping[str, Callable[[str, str], bool]] = {
    "StringEquals": str.__eq__,
    "StringLike": matches,
    "ArnEquals": matches,
    "ArnLike": matches,
    "Bool": lambda found, wanted: found.lower() == wanted.lower(),
    "NumericLessThanEquals": lambda found, wanted: float(found) <= float(wanted),
}


def _holds(operator: str, keys: Mapping[str, Any], check: Check) -> bool:
    """Whether every key of one operator holds."""
    context = {key.lower(): value for key, value in check.context.items()}
    return all(_key_holds(operator, context.get(key.lower()), _many(wanted)) for key, wanted in keys.items())


def _key_holds(operator: str, found: str | Sequence[str] | None, wanted: Sequence[str]) -> bool:
    quantifier, _, name = operator.rpartition(":")
    if name == "Null":
        return (found is None) == (wanted == ["true"])
    compare = OPERATORS[name.removesuffix("IfExists")]
    if found is None:
        # "For all values" of no values is true.
        return name.endswith("IfExists") or quantifier == "ForAllValues"
    each = [any(compare(value, one) for one in wanted) for value in _many(found)]
    return all(each) if quantifier == "ForAllValues" else any(each)


def _many(value: Any) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list | tuple) else [str(value)]
