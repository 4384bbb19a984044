"""The one codec of what is stored and sent: JSON values to the core's frozen values, by their declared types.

The forms of version 1 write an absent part as an empty text or object, and a time as ISO 8601; both are
brought into the form that the types describe, and a text that no AWS API takes is made one. The rest
is converted by msgspec, which refuses a wrong type, an unknown member of an enumeration and a missing part.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from firebreak.errors import UnusableEvent
from firebreak.wire.lenient_json import as_excerpt, parse_timestamp, text

_TIMES = frozenset({"since", "sent_at", "at", "until"})
_ABSENT_WHEN_EMPTY = frozenset({"previous", "contributor", "mute", "until", "alarm_since", "looks_at"})
# The names in these are not Firebreak's: those of tags, of dimensions, of what a service takes and answers.
_OTHERS_NAMES = frozenset({"tags", "dimensions", "attributes", "change", "before", "after"})
_MESSAGE = re.compile(r"(?P<said>.*?)(?: - at `\$(?P<path>.*)`)?", re.DOTALL)
_STEP = re.compile(r"\.([^.\[]+)|\[(\d+|\.\.\.)\]")
_WANTED = {
    "str": "text",
    "int": "a whole number",
    "bool": "true or false",
    "object": "an object",
    "array": "a list",
    "datetime": "a time like 2026-11-20T10:00:00+00:00",
}


def read[T](kind: type[T], stored: object, what: str) -> T:
    """The value of that type. Raises UnusableEvent, which names the place and quotes no long or odd text.

    A part that the type does not know is passed over: a later release may have written it.
    """
    try:
        # Times are read by parse_timestamp alone: msgspec takes more forms, and adds no zone.
        return msgspec.convert(_prepared(stored), kind, builtin_types=(datetime,))
    except msgspec.ValidationError as error:
        raise _unusable(str(error), stored, what) from error
    except RecursionError as error:
        raise UnusableEvent(f"{what}: objects within objects without end", "an object") from error


def read_object(stored: object, what: str) -> Mapping[str, object]:
    """The object as it is. Raises UnusableEvent where it is something else."""
    if not isinstance(stored, dict):
        raise UnusableEvent(f"{what}: {'nothing' if stored is None else as_excerpt(stored)}", "an object")
    return stored


def refuse_empty(value: str, place: str) -> None:
    """Raises UnusableEvent where a text is empty that must say something."""
    if not value:
        raise UnusableEvent(f"{place}: an empty string", "text that is not empty")


def _prepared(value: object, name: str = "", *, named: bool = True) -> object:
    """The value with times in UTC, None for each absent part, and texts as AWS takes them."""
    match value:
        case str():
            return (parse_timestamp(value) if named and name in _TIMES else None) or text(value)
        case dict():
            inside = named and name not in _OTHERS_NAMES
            return {text(key): _member(inner, key, named=inside) for key, inner in value.items()}
        case list():
            return [_prepared(inner, named=named) for inner in value]
        case _:
            return value


def _member(value: object, name: str, *, named: bool) -> object:
    # Nothing else that is false: an odd value must not read as an alarm that is not muted.
    absent = named and name in _ABSENT_WHEN_EMPTY and value in ("", {})
    return None if absent else _prepared(value, name, named=named)


def _unusable(message: str, stored: object, what: str) -> UnusableEvent:
    """The error for what msgspec says, such as "Expected `str`, got `int` - at `$.metrics[0].name`"."""
    found = _MESSAGE.fullmatch(message)
    said, path = (found["said"], found["path"] or "") if found else (message, "")
    if missing := re.fullmatch(r"Object missing required field `(\w+)`", said):
        return UnusableEvent(f"{_place(f'{path}.{missing[1]}', what)}: nothing", "a value")
    wanted = re.match(r"Expected `(\w+)", said)
    return UnusableEvent(
        f"{_place(path, what)}: {_value_at(path, stored)}",
        _WANTED.get(wanted[1], wanted[1]) if wanted else "a known value",
    )


def _place(path: str, what: str) -> str:
    return path.replace("[...]", "").lstrip(".") or what


def _value_at(path: str, stored: object) -> str:
    """The value at a path, as it may be quoted; of the values of a mapping msgspec names none."""
    value: Any = stored
    for name, index in _STEP.findall(path):
        match value:
            case dict() if name:
                value = value.get(name)
            case list() if index != "...":
                value = value[int(index)]
            case _:
                return "a value of another type"
    return "nothing" if value is None else as_excerpt(value)
