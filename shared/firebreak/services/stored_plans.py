"""Values out of a stored plan: they went through the ledger, and another release may have written them."""

from collections.abc import Mapping
from typing import Annotated

import msgspec

# Parts of a whole, by their name.
Weights = dict[str, Annotated[float, msgspec.Meta(ge=0, le=1)]]


def value[T](stored: Mapping[str, object], key: str, kind: type[T]) -> T:
    """The value of that key. Raises ValueError that names the key, never the value."""
    try:
        return msgspec.convert(stored.get(key), kind)
    except msgspec.ValidationError as error:
        raise ValueError(f"the stored plan has no usable {key}") from error
