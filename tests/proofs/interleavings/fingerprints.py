"""Numbers for values: equal values, and only those, get the same number.

Ledgers and replies are large, and are compared a million times; numbers compare quickly.
"""

from collections.abc import Hashable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from enum import Enum
from functools import cache
from typing import Any

_PLAIN = (str, int, float, bytes, type(None), datetime, timedelta, Enum, type)


def _kind(value: object) -> Any:
    return type(value)


@cache
def _is_plain(kind: Any) -> bool:
    return issubclass(kind, _PLAIN)


@cache
def _is_dataclass(kind: Any) -> bool:
    return is_dataclass(kind)


@cache
def _names(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


class Numbering:
    """Gives numbers. Frozen values are remembered by identity, so a shared part is looked at once."""

    def __init__(self) -> None:
        self._numbers: dict[Hashable, int] = {}
        self._known: dict[int, tuple[object, int]] = {}
        self.values: list[object] = []

    def of(self, value: object) -> int:
        """The value's number; `values` leads back from it."""
        kind = _kind(value)
        if _is_plain(kind):
            return self._number((kind, value), value)
        known = self._known.get(id(value))
        if known:
            return known[1]
        number = self._number(self._shape(value), value)
        if _is_dataclass(kind):
            self._known[id(value)] = (value, number)
        return number

    def _number(self, shape: Hashable, value: object) -> int:
        number = self._numbers.setdefault(shape, len(self._numbers))
        if number == len(self.values):
            self.values.append(value)
        return number

    def _shape(self, value: object) -> Hashable:
        match value:
            case _ if _is_dataclass(kind := _kind(value)):
                return (kind, tuple(self.of(getattr(value, name)) for name in _names(kind)))
            case Mapping():
                return (Mapping, frozenset((self.of(k), self.of(v)) for k, v in value.items()))
            case AbstractSet():
                return (AbstractSet, frozenset(self.of(one) for one in value))
            case tuple() | list():
                return (tuple, tuple(self.of(one) for one in value))
            case BaseException():
                return (type(value), tuple(self.of(one) for one in value.args))
            case _:
                raise TypeError(f"no number for {type(value)}")
