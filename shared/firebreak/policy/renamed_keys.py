"""Keys of the policy that were called otherwise: the old name is read for one release, with a warning."""

from collections.abc import Iterator, Mapping
from typing import Any

from firebreak.errors import PolicyError

_OF_THE_FILE = {"share": "disruption"}
# In `disruption`, and in each of `groups`.
_OF_A_BUDGET = {"share": "max_unavailable", "healthy_floor": "min_healthy"}
# In each of `actions`.
_OF_AN_ACTION = {"blame": "suspect_within"}


def with_new_names(raw: Mapping[str, Any], source: str) -> tuple[dict[str, Any], dict[str, str]]:
    """The policy with every key under its present name, and each path that changed with the one in the file.

    Raises PolicyError where a key is there under both names.
    """
    names = _Names(source)
    found = names.renew(raw, _OF_THE_FILE, "", "")
    if isinstance(table := found.get("disruption"), dict):
        was = names.written.get("disruption", "disruption")
        found["disruption"] = names.renew(table, _OF_A_BUDGET, "disruption.", f"{was}.")
    if isinstance(groups := found.get("groups"), list):
        found["groups"] = [
            names.renew(group, _OF_A_BUDGET, at, at) if isinstance(group, dict) else group
            for group, at in ((group, f"groups[{n}].") for n, group in enumerate(groups))
        ]
    if isinstance(actions := found.get("actions"), dict):
        found["actions"] = {
            name: names.renew(action, _OF_AN_ACTION, at, at) if isinstance(action, dict) else action
            for name, action, at in ((name, action, f"actions.{name}.") for name, action in actions.items())
        }
    return found, names.written


class _Names:
    """The paths that changed so far, with those in the file."""

    def __init__(self, source: str) -> None:
        self.written: dict[str, str] = {}
        self._source = source

    def renew(self, table: Mapping[str, Any], names: Mapping[str, str], now: str, was: str) -> dict[str, Any]:
        """The table at this path with present names."""
        for old, new in names.items():
            if old in table and new in table:
                raise PolicyError(self._source, [f"{was}{old}: is called {new} now, and both are there"])
            if old in table:
                self.written[f"{now}{new}"] = f"{was}{old}"
        return {names.get(key, key): value for key, value in table.items()}


def as_written(path: str, written: Mapping[str, str]) -> str:
    """The path of a key as the file has it; a key of a table that was renamed is in the table of the file."""
    for now, was in sorted(written.items(), reverse=True):
        if path == now or path.startswith(f"{now}."):
            return f"{was}{path.removeprefix(now)}"
    return path


def warnings_of_names(written: Mapping[str, str]) -> Iterator[str]:
    """One line a key that has another name now."""
    for now, was in written.items():
        yield f"{was}: is called {now} now; the old name is read until the next release"
