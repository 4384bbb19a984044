"""The notes of a release: its section of the changelog, whole."""

import re


def notes(changelog: str, version: str) -> str:
    """The section of that version. Raises ValueError without one, or where a line has no version yet."""
    if _section(changelog, "Unreleased"):
        raise ValueError(
            "CHANGELOG.md has unreleased lines: name them by the version that they are released with"
        )
    found = _section(changelog, version)
    if not found:
        raise ValueError(f"CHANGELOG.md says nothing of {version} under [{version}]")
    return found


def _section(changelog: str, name: str) -> str:
    """A section with its heading; empty where it is not there or has nothing in it."""
    heading = rf"^## \[{re.escape(name)}\][^\n]*\n"
    found = re.search(rf"{heading}(.*?)(?=^## \[|\Z)", changelog, flags=re.MULTILINE | re.DOTALL)
    return found[0].strip() + "\n" if found and found[1].strip() else ""
