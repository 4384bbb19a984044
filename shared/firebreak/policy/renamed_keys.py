"""Renamed keys of the policy: the old name is read for one release, with a warning."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

_OF_THE_FILE = {"share": "disruption"}
# In `disruption`, and in each of `groups`.
_OF_A_BUDGET = {"share": "max_unavailable", "healthy_floor": "min_healthy"}
# In each of `actions`.
_OF_AN_ACTION = {"blame": "suspect_within"}


def with_new_names(raw: Mapping[str, Any]) -> "Renamed":
    """The policy with every key under its present name, and what was renamed on the way."""
    names = Renamed({})
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
    names.policy = found
    return names


class Renamed:
    """A policy under present names: `written` has each path that changed with the one in the file.

    `problems` names each key that is there under both names; then the present one counts.
    """

    def __init__(self, policy: dict[str, Any]) -> None:
        self.policy = policy
        self.written: dict[str, str] = {}
        self.problems: list[str] = []

    def renew(self, table: Mapping[str, Any], names: Mapping[str, str], now: str, was: str) -> dict[str, Any]:
        """The table at this path with present names."""
        for old, new in names.items():
            if old in table and new in table:
                self.problems.append(f"{was}{old}: is called {new} now, and both are there")
            elif old in table:
                self.written[f"{now}{new}"] = f"{was}{old}"
        kept = {key: value for key, value in table.items() if names.get(key) not in table}
        return {names.get(key, key): value for key, value in kept.items()}


def old_names(place: Sequence[str | int]) -> Iterable[str]:
    """The old names that a key in the table at this place may have."""
    match place:
        case ():
            return _OF_THE_FILE
        case ("disruption",) | ("groups", int()):
            return _OF_A_BUDGET
        case ("actions", str()):
            return _OF_AN_ACTION
        case _:
            return ()


def as_written(path: str, written: Mapping[str, str]) -> str:
    """The path of a key in the file; a key of a renamed table is in the file's table."""
    for now, was in sorted(written.items(), reverse=True):
        if path == now or path.startswith(f"{now}."):
            return f"{was}{path.removeprefix(now)}"
    return path


def warnings_of_names(written: Mapping[str, str]) -> Iterator[str]:
    """One line for each key that has another name now."""
    for now, was in written.items():
        yield f"{was}: is called {now} now; the old name is read until the next release"
