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
        known = self._known.get(id(value))
        if known:
            return known[1]
        number = self._number(self._shape(value), value)
        if is_dataclass(value):
            self._known[id(value)] = (value, number)
        return number

    def _number(self, shape: Hashable, value: object) -> int:
        number = self._numbers.setdefault(shape, len(self._numbers))
        if number == len(self.values):
            self.values.append(value)
        return number

    def _shape(self, value: object) -> Hashable:
        match value:
            case _ if isinstance(value, _PLAIN):
                return (type(value), value)
            case _ if is_dataclass(value):
                kind: Any = type(value)
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
