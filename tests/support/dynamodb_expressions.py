"""DynamoDB's expressions, compiled once and evaluated on items as they are sent: `{"n": {"N": "1"}}`.

Only the plain cases are here. Everything else, mistakes included, is Unsupported and left to moto.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from operator import ge, gt, le, lt
from typing import Any

from moto.dynamodb.parsing.reserved_keywords import ReservedKeywords

type Value = dict[str, Any]
type Item = dict[str, Value]
type Names = Mapping[str, str]
type Values = Mapping[str, Value]
type Operand = Callable[[Item, Names, Values], Value | None]
type Test = Callable[[Item, Names, Values], bool]
type Path = tuple[str | int, ...]
type Change = Callable[[Item, Item, Names, Values], None]

_WORD = re.compile(r"\s*(?:(<>|<=|>=|[=<>(),.+\-\[\]])|([#:]?\w+))")
_ORDERED: dict[str, Callable[[Any, Any], bool]] = {"<": lt, "<=": le, ">": gt, ">=": ge}
_SECTIONS = ("SET", "REMOVE", "ADD", "DELETE")
_SETS = ("SS", "NS")


class Unsupported(Exception):
    """An expression, or a use of it, that is left to moto."""


@dataclass(frozen=True, slots=True)
class Compiled[T]:
    """A compiled expression with the names and values that it uses."""

    run: T
    names: frozenset[str]
    values: frozenset[str]


def attribute(item: Item, path: Path, names: Names) -> Value | None:
    """The attribute at a path, None where there is none."""
    value: Value | None = {"M": item}
    for part in path:
        if value is None:
            return None
        if isinstance(part, int):
            held = value.get("L", [])
            value = held[part] if part < len(held) else None
        else:
            value = value.get("M", {}).get(_name(part, names))
    return value


def _name(part: str, names: Names) -> str:
    if not part.startswith("#"):
        return part
    if part not in names:
        raise Unsupported(part)
    return names[part]


def _given(word: str, values: Values) -> Value:
    if word not in values:
        raise Unsupported(word)
    return values[word]


@cache
def _reserved() -> frozenset[str]:
    return frozenset(word.upper() for word in ReservedKeywords.get_reserved_keywords())


class _Parser:
    """Reads one expression from left to right."""

    def __init__(self, text: str) -> None:
        self._words = _words(text)
        self._at = 0
        self._names: set[str] = set()
        self._values: set[str] = set()

    def compiled[T](self, run: T) -> Compiled[T]:
        if self._at != len(self._words):
            raise Unsupported(self._next())
        return Compiled(run, frozenset(self._names), frozenset(self._values))

    def _next(self) -> str:
        return self._words[self._at] if self._at < len(self._words) else ""

    def _take(self, *wanted: str) -> str:
        word = self._next()
        if not word or (wanted and word not in wanted):
            raise Unsupported(word)
        self._at += 1
        return word

    def _took(self, *wanted: str) -> str:
        return self._take() if self._next().upper() in wanted else ""

    def path(self) -> Path:
        parts: list[str | int] = [self._part()]
        while opened := self._took(".", "["):
            if opened == ".":
                parts.append(self._part())
                continue
            number = self._take()
            if not number.isdecimal():
                raise Unsupported(number)
            parts.append(int(number))
            self._take("]")
        return tuple(parts)

    def _part(self) -> str:
        word = self._take()
        if word.startswith("#"):
            self._names.add(word)
        elif not word[0].isalpha() or word.upper() in _reserved():
            raise Unsupported(word)
        return word

    def _value(self) -> str:
        word = self._take()
        if not word.startswith(":"):
            raise Unsupported(word)
        self._values.add(word)
        return word

    def _operand(self) -> Operand:
        if self._next().startswith(":"):
            word = self._value()
            return lambda _, __, values: _given(word, values)
        if self._next() == "size" and self._words[self._at + 1 : self._at + 2] == ["("]:
            self._take("size")
            self._take("(")
            of = self.path()
            self._take(")")
            return lambda item, names, _: _size(attribute(item, of, names))
        path = self.path()
        return lambda item, names, _: attribute(item, path, names)

    def test(self) -> Test:
        """Alternatives."""
        found = [self._all()]
        while self._took("OR"):
            found.append(self._all())
        return found[0] if len(found) == 1 else lambda *given: any(one(*given) for one in found)

    def _all(self) -> Test:
        found = [self._one()]
        while self._took("AND"):
            found.append(self._one())
        return found[0] if len(found) == 1 else lambda *given: all(one(*given) for one in found)

    def _one(self) -> Test:
        if self._took("NOT"):
            negated = self._one()
            return lambda *given: not negated(*given)
        if self._took("("):
            inner = self.test()
            self._take(")")
            return inner
        if self._next() in _FUNCTIONS and self._words[self._at + 1 : self._at + 2] == ["("]:
            return self._function()
        return self._comparison()

    def _function(self) -> Test:
        function = self._take()
        self._take("(")
        path = self.path()
        if function in ("attribute_exists", "attribute_not_exists"):
            self._take(")")
            wanted = function == "attribute_exists"
            return lambda item, names, _: (attribute(item, path, names) is not None) is wanted
        self._take(",")
        word = self._value()
        self._take(")")
        holds = _begins if function == "begins_with" else _contains
        return lambda item, names, values: holds(attribute(item, path, names), _given(word, values))

    def _comparison(self) -> Test:
        left = self._operand()
        if self._took("BETWEEN"):
            low = self._operand()
            if not self._took("AND"):
                raise Unsupported(self._next())
            high = self._operand()
            return lambda *given: (
                _compared(left(*given), ">=", low(*given)) and _compared(left(*given), "<=", high(*given))
            )
        how = self._take("=", "<>", "<", "<=", ">", ">=")
        right = self._operand()
        return lambda *given: _compared(left(*given), how, right(*given))

    def update(self) -> list[Change]:
        """All changes of an update expression."""
        changes: list[Change] = []
        paths: list[Path] = []
        while self._next():
            section = self._take().upper()
            if section not in _SECTIONS:
                raise Unsupported(section)
            while True:
                path = self.path()
                if any(path[: len(one)] == one[: len(path)] for one in paths):
                    raise Unsupported("two paths that overlap")
                paths.append(path)
                changes.append(self._change(section, path))
                if not self._took(","):
                    break
        return changes

    def _change(self, section: str, path: Path) -> Change:
        if section == "REMOVE":
            return lambda _, after, names, __: _remove(after, path, names)
        if section == "SET":
            self._take("=")
            value = self._assigned()
            return lambda before, after, names, values: _put(
                after, path, names, _some(value(before, names, values))
            )
        word, by = self._value(), _added if section == "ADD" else _deleted
        return lambda before, after, names, values: _put(
            after, path, names, by(attribute(before, path, names), _given(word, values))
        )

    def _assigned(self) -> Operand:
        left = self._source()
        if not (sign := self._took("+", "-")):
            return left
        right = self._source()
        factor = 1 if sign == "+" else -1
        return lambda *given: _sum(left(*given), right(*given), factor)

    def _source(self) -> Operand:
        if self._next() != "if_not_exists":
            return self._operand()
        self._take()
        self._take("(")
        path = self.path()
        self._take(",")
        default = self._operand()
        self._take(")")
        return lambda item, names, values: attribute(item, path, names) or default(item, names, values)


_FUNCTIONS = ("attribute_exists", "attribute_not_exists", "begins_with", "contains")


@cache
def condition(text: str) -> Compiled[Test]:
    """A condition, filter or key condition."""
    parser = _Parser(text)
    return parser.compiled(parser.test())


@cache
def update(text: str) -> Compiled[Sequence[Change]]:
    """The changes of an update; each is given the item before, the item to change, names and values."""
    parser = _Parser(text)
    return parser.compiled(parser.update())


@cache
def projection(text: str) -> Compiled[Sequence[str]]:
    """The attributes of a projection."""
    parser = _Parser(text)
    paths = [parser.path()]
    while parser._took(","):
        paths.append(parser.path())
    if any(len(path) > 1 for path in paths):
        raise Unsupported(text)
    return parser.compiled([str(path[0]) for path in paths])


def projected(item: Item, wanted: Sequence[str], names: Names) -> Item:
    """The item with the wanted attributes alone."""
    found = [_name(part, names) for part in wanted]
    return {name: item[name] for name in found if name in item}


def _words(text: str) -> list[str]:
    text, found, at = text.rstrip(), [], 0
    while at < len(text):
        if not (match := _WORD.match(text, at)):
            raise Unsupported(text)
        found.append(match[1] or match[2])
        at = match.end()
    return found


def _parts(value: Value) -> tuple[str, Any]:
    ((kind, inner),) = value.items()
    return kind, inner


def _some(value: Value | None) -> Value:
    if value is None:
        raise Unsupported("an attribute that is not there")
    return value


def _compared(left: Value | None, how: str, right: Value | None) -> bool:
    if left is None or right is None:
        if how == "<>":
            raise Unsupported("unequal to nothing")
        return False
    (kind, one), (other_kind, other) = _parts(left), _parts(right)
    if kind == "N" and other_kind == "N":
        one, other = Decimal(one), Decimal(other)
    elif kind == other_kind and kind not in ("S", "BOOL", "NULL"):
        raise Unsupported(f"{kind} {how} {other_kind}")
    if how in _ORDERED:
        if kind != other_kind or kind not in ("N", "S"):
            raise Unsupported(f"{kind} {how} {other_kind}")
        return _ORDERED[how](one, other)
    return ((kind, one) == (other_kind, other)) is (how == "=")


def _begins(value: Value | None, prefix: Value) -> bool:
    if value is None:
        return False
    if "S" not in value or "S" not in prefix:
        raise Unsupported("begins_with")
    return bool(value["S"].startswith(prefix["S"]))


def _contains(value: Value | None, part: Value) -> bool:
    if value is None:
        return False
    kind, held = _parts(value)
    if kind not in ("S", "SS") or "S" not in part:
        raise Unsupported("contains")
    return part["S"] in held


def _size(value: Value | None) -> Value | None:
    if value is None:
        return None
    kind, inner = _parts(value)
    if kind not in ("M", "L", "SS", "NS"):
        raise Unsupported("size")
    return {"N": str(len(inner))}


def _sum(left: Value | None, right: Value | None, factor: int) -> Value:
    if left is None or right is None or "N" not in left or "N" not in right:
        raise Unsupported("arithmetic")
    return {"N": str(Decimal(left["N"]) + factor * Decimal(right["N"]))}


def _added(value: Value | None, more: Value) -> Value:
    if value is None:
        return more
    (kind, held), (other, extra) = _parts(value), _parts(more)
    if kind == "N" and other == "N":
        return _sum(value, more, 1)
    if kind != other or kind not in _SETS:
        raise Unsupported("ADD")
    return {kind: [*held, *(one for one in extra if one not in held)]}


def _deleted(value: Value | None, less: Value) -> Value | None:
    if value is None:
        raise Unsupported("DELETE of nothing")
    (kind, held), (other, gone) = _parts(value), _parts(less)
    if kind != other or kind not in _SETS:
        raise Unsupported("DELETE")
    left = [one for one in held if one not in gone]
    return {kind: left} if left else None


def _holder(item: Item, path: Path, names: Names) -> Any:
    """The map or the list that holds the end of the path."""
    held = attribute(item, path[:-1], names)
    inner = held and held.get("L" if isinstance(path[-1], int) else "M")
    if inner is None:
        raise Unsupported("a path to nothing")
    return inner


def _put(item: Item, path: Path, names: Names, value: Value | None) -> None:
    if value is None:
        _remove(item, path, names)
        return
    last = path[-1]
    if isinstance(last, int):
        raise Unsupported("a place in a list")
    _holder(item, path, names)[_name(last, names)] = value


def _remove(item: Item, path: Path, names: Names) -> None:
    last = path[-1]
    if isinstance(last, int):
        raise Unsupported("a place in a list")
    _holder(item, path, names).pop(_name(last, names), None)
