"""Values out of a stored plan: they went through the ledger, and another release may have written them.

Each raises ValueError that names the key, never the value.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal


def text(stored: Mapping[str, object], key: str) -> str:
    """A text."""
    value = stored.get(key)
    if not isinstance(value, str):
        raise _unusable(key)
    return value


def texts(stored: Mapping[str, object], key: str) -> list[str]:
    """Several texts."""
    value = stored.get(key)
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise _unusable(key)
    return [str(one) for one in value]


def number(stored: Mapping[str, object], key: str) -> int:
    """A whole number; DynamoDB gives Decimal."""
    value = stored.get(key)
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or value != int(value):
        raise _unusable(key)
    return int(value)


def shares(stored: Mapping[str, object], key: str) -> dict[str, float]:
    """Parts of a whole by their name, each a number from 0 to 1."""
    value = stored.get(key)
    if not isinstance(value, Mapping) or not all(map(_share, value.values())):
        raise _unusable(key)
    return {str(name): float(share) for name, share in value.items()}


def _share(value: object) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool) and 0 <= value <= 1


def part(stored: Mapping[str, object], key: str) -> Mapping[str, object]:
    """A plan's part that holds values of its own."""
    value = stored.get(key)
    if not isinstance(value, Mapping):
        raise _unusable(key)
    return value


def _unusable(key: str) -> ValueError:
    return ValueError(f"the stored plan has no usable {key}")
