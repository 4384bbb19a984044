"""Keys and names, made from the things that they stand for."""

import hashlib


def digest(*parts: object) -> str:
    """A stable short name for these parts, fit for keys and schedule names."""
    return hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()[:32]
