"""Values out of a stored plan: they went through the ledger, and another release may have written them."""

from collections.abc import Mapping


def text(stored: Mapping[str, object], key: str) -> str:
    """A text. Raises ValueError that names the key, never the value."""
    value = stored.get(key)
    if not isinstance(value, str):
        raise ValueError(f"the stored plan has no usable {key}")  # noqa: TRY004 - the data is wrong, not the code
    return value
