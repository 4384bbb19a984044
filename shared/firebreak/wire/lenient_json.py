"""Reads JSON of any content: a value that is not of the expected type counts as missing."""

import hashlib
import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from math import isfinite

from firebreak.errors import UnusableEvent

SHOWN_CHARACTERS = 64
# Ids of contributors are hashes. DynamoDB's keys have 2,048 bytes, and an alarm's ARN may take half of them.
LONGEST_ID = 256
_IDENTIFIER = re.compile(rf"[A-Za-z0-9 ._:/@+*-]{{1,{SHOWN_CHARACTERS}}}")

# AWS always writes a date and a time, with a zone. A copy printed in AWS's own pages has
# blanks after the colons, so those are accepted.
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:?\d\d)?", re.ASCII)
_BLANK_AFTER_COLON = re.compile(r":[ \t]+")


def strict_json(written: str) -> object:
    """The value of a JSON text. Raises UnusableEvent, naming the place, for input that only Python accepts.

    NaN and Infinity are no JSON, 1e999 is beyond the range of a float, and of a key that is there twice
    each reader takes another one.
    """
    return json.loads(written, object_pairs_hook=_object_of, parse_constant=_no_number, parse_float=_finite)


def _object_of(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise UnusableEvent(f"the key {as_excerpt(twice)} twice in one object", "each key once")
    return found


def _no_number(written: str) -> object:
    raise UnusableEvent(f"{written}, which is no JSON", "a number")


def _finite(written: str) -> float:
    if not math.isfinite(found := float(written)):
        raise UnusableEvent(f"{written[:SHOWN_CHARACTERS]}, which no number can be", "a number")
    return found


def bounded_id(written: str) -> str:
    """An id, unchanged; a very long one as its beginning and a hash: it becomes part of the ledger's keys."""
    written = text(written)
    if len(written.encode()) <= LONGEST_ID:
        return written
    return f"{written[:64]}#{hashlib.sha256(written.encode()).hexdigest()}"


def mapping(value: object) -> Mapping[str, object]:
    """The JSON object, or an empty one."""
    return value if isinstance(value, dict) else {}


def items(value: object) -> list[object]:
    """The JSON array, or an empty one."""
    return value if isinstance(value, list) else []


def text(value: object) -> str:
    """The string, or an empty one. Lone surrogates are replaced: no AWS API takes them."""
    return value.encode("utf-8", "replace").decode("utf-8") if isinstance(value, str) else ""


def text_or_unreadable(value: object) -> str:
    """The string, empty when there is none, and `unreadable` when it is something else.

    For fields whose presence alone calls for caution: an odd value must not read as none.
    """
    if value is None or value == "":
        return ""
    return text(value) or "unreadable"


def as_int(value: object) -> int | None:
    """The whole number (DynamoDB returns them as Decimal), or None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, Decimal) and value.is_finite() and value == value.to_integral_value():
        return int(value)
    return value if isinstance(value, int) else None


def number(value: object) -> float | None:
    """The finite number as a float, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    try:
        read = float(value)
    except OverflowError:
        return None
    return read if isfinite(read) else None


def field(value: object, name: str) -> object:
    """One member of a JSON object, whatever the case of its key's letters; else None."""
    members = mapping(value)
    if name in members:
        return members[name]
    wanted = name.casefold()
    return next((found for key, found in members.items() if str(key).casefold() == wanted), None)


def parse_timestamp(value: object) -> datetime | None:
    """The point in time in UTC, or None; a time without a zone is taken as UTC."""
    written = _BLANK_AFTER_COLON.sub(":", text(value)[:SHOWN_CHARACTERS])
    if not _TIMESTAMP.fullmatch(written):
        return None
    try:
        read = datetime.fromisoformat(written)
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def as_excerpt(value: object) -> str:
    """A value as it may be quoted in a message: short plain strings unchanged, else its type."""
    match value:
        case str() if _IDENTIFIER.fullmatch(value):
            return f'"{value}"'
        case "":
            return "an empty string"
        case str():
            return f"a string of {len(value)} characters"
        case None | bool():
            return json.dumps(value)
        case int() | float() | Decimal():
            return "a number"
        case list():
            return f"a list of {len(value)}"
        case dict():
            return f"an object with {len(value)} keys"
        case _:
            return f"a {type(value).__name__}"
