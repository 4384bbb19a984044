"""The published versions of a Lambda function: the one that brought what runs, and those before it."""

from collections.abc import Iterable, Mapping

from firebreak.core.readings import Unknown
from firebreak.services.lambda_.functions import NOT_COMPARED, FunctionLive


def version_before(version: int, existing: Iterable[int]) -> int | None:
    """The highest number below it that still exists; numbers are never given twice."""
    return max((number for number in existing if number < version), default=None)


def released_as(version: int, published: Mapping[int, FunctionLive]) -> int | Unknown:
    """The version that brought the content of this one; Unknown where hidden settings may be all it brought.

    A version that is the one before it with as much memory or more is a raise or a restart, by Firebreak
    or by somebody else, and brought nothing that could be suspected. `version` must be among those
    published.
    """
    for before in sorted((number for number in published if number < version), reverse=True):
        carries_on = _carries_on(published[version], published[before])
        if isinstance(carries_on, Unknown):
            return carries_on
        if not carries_on:
            break
        version = before
    return version


def _carries_on(newer: FunctionLive, older: FunctionLive) -> bool | Unknown:
    """Whether only memory was added, if anything."""
    hidden = {*newer.hidden, *older.hidden}
    seen = (newer.settings.keys() | older.settings.keys()) - hidden
    alike = all(newer.settings.get(name) == older.settings.get(name) for name in seen)
    if newer.code != older.code or newer.memory < older.memory or not alike:
        return False
    if hidden:
        names = ", ".join(sorted(hidden))
        return Unknown(f"{names} of versions {older.version} and {newer.version} {NOT_COMPARED}")
    return True


def ran_before(version: int, target: int, published: Mapping[int, FunctionLive]) -> int | None:
    """The latest version before the target with the content of this one: this one is then a roll back to it.

    The content is the code; between versions of the same code the settings as well, since they are what was
    released. Both numbers must be among those published.
    """
    used, left = published[version], published[target]
    return max(
        (
            number
            for number, one in published.items()
            if number < target
            and one.code == used.code
            and (left.code != used.code or one.settings == used.settings)
        ),
        default=None,
    )
