"""The notes of a release: its section of the changelog, whole."""

import re


def notes(changelog: str, version: str) -> str:
    """The section of that version. Raises ValueError where there is none, or nothing in it."""
    found = re.search(
        rf"^## \[{re.escape(version)}\][^\n]*\n(.*?)(?=^## \[|\Z)", changelog, flags=re.MULTILINE | re.DOTALL
    )
    if found is None:
        raise ValueError(f"CHANGELOG.md has no section [{version}]: name what is unreleased by its version")
    if not found[1].strip():
        raise ValueError(f"CHANGELOG.md says nothing in its section [{version}]")
    return found[0].strip() + "\n"
