"""Values full of everything that botocore's model knows: each list with several members, no two the same."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from itertools import count
from typing import Any

import botocore.session
from botocore.model import ListShape, MapShape, Shape, StructureShape

MEMBERS = 3


@cache
def shape(service: str, name: str) -> Shape:
    """A shape of a service's model, from the SDK in the layer."""
    return botocore.session.get_session().get_service_model(service).shape_for(name)


def inside(path: str, name: str) -> str:
    """The path of a member."""
    return f"{path}.{name}" if path else name


def places(one: Shape, left_out: frozenset[str] = frozenset(), path: str = "") -> Iterator[tuple[str, str]]:
    """Every list and map in a shape with its path, but for these members of its root."""
    match one:
        case StructureShape():
            for name, member in one.members.items():
                if path or name not in left_out:
                    yield from places(member, path=inside(path, name))
        case ListShape():
            yield path, "list"
            yield from places(one.member, path=f"{path}[]")
        case MapShape():
            yield path, "map"
            yield from places(one.value, path=f"{path}{{}}")
        case _:
            pass


@dataclass
class Filler:
    """Makes values; every text and number is used once."""

    left_out: frozenset[str] = frozenset()
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def fill(self, one: Shape, path: str = "", turn: int = 0) -> Any:
        """A value with every member; `turn` counts the members of a list, for what has few values."""
        match one:
            case StructureShape():
                return {
                    name: self.fill(member, inside(path, name), turn)
                    for name, member in one.members.items()
                    if path or name not in self.left_out
                }
            case ListShape():
                return [self.fill(one.member, f"{path}[]", turn) for turn in range(_members(one))]
            case MapShape():
                return {f"key{next(self.numbers)}": self.fill(one.value, path) for _ in range(MEMBERS)}
            case _:
                return self._plain(one, turn)

    def _plain(self, one: Shape, turn: int) -> Any:
        match one.type_name:
            case "string":
                values = getattr(one, "enum", [])
                return values[turn % len(values)] if values else f"v{next(self.numbers)}"
            case "boolean":
                return turn % 2 == 0
            case "timestamp":
                return datetime.fromtimestamp(next(self.numbers), UTC)
            case "float" | "double":
                return next(self.numbers) / 2
            case _:
                return next(self.numbers)


def _members(one: ListShape) -> int:
    return min(MEMBERS, len(getattr(one.member, "enum", [])) or MEMBERS)


def reordered(value: Any, order: Callable[[str, list[Any]], list[Any]], path: str = "") -> Any:
    """The same value with every list as `order` gives it back."""
    match value:
        case dict():
            return {name: reordered(inner, order, inside(path, name)) for name, inner in value.items()}
        case list():
            return order(path, [reordered(inner, order, f"{path}[]") for inner in value])
        case _:
            return value


def shuffled(value: Any, which: Callable[[str], bool], chance: random.Random) -> Any:
    """The same value with the lists of these paths in another order."""
    return reordered(value, lambda path, items: chance.sample(items, len(items)) if which(path) else items)
