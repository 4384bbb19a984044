"""Settings that are allowed in a policy but are probably a mistake. Nothing here needs AWS."""

from collections.abc import Iterator
from datetime import datetime

from firebreak.core.model import Autonomy
from firebreak.policy.patterns import may_meet
from firebreak.policy.schema import FreezeCalendar, FreezeWindow, Override, PolicyFile
from firebreak.services.registry import CATALOG

_OVERRIDABLE = ("autonomy", "cooldown", "ladder")


def warnings_of(file: PolicyFile, now: datetime) -> list[str]:
    """One line a warning, each with its path."""
    return [*_auto_for_all(file), *_windows(file, now), *_unused_overrides(file), *_odd_targets(file)]


def _auto_for_all(file: PolicyFile) -> Iterator[str]:
    if file.defaults.autonomy is Autonomy.AUTO and not file.demo:
        yield (
            "defaults.autonomy: auto lets every action change every target that opted in;"
            " say it in overrides for the targets that are meant"
        )


def _windows(file: PolicyFile, now: datetime) -> Iterator[str]:
    for path, window in _all_windows(file):
        found = window.window()
        if found.covering(now) is None and found.next_start(now) is None:
            yield f"{path}: {window.name} is over and does not recur"
        yield from _odd_actions(path, "window", window)
    for path, calendar in _calendars(file):
        yield from _odd_actions(path, "calendar", calendar)


def _odd_actions(path: str, what: str, freeze: FreezeWindow | FreezeCalendar) -> Iterator[str]:
    for action in freeze.actions:
        if freeze.targets and not any(_is_for(action, target) for target in freeze.targets):
            service = CATALOG.service_of(action)
            yield f"{path}: {action} is for {service} targets, of which the {what} names none"


def _calendars(file: PolicyFile) -> Iterator[tuple[str, FreezeCalendar]]:
    return ((f"freeze.calendars[{index}]", one) for index, one in enumerate(file.freeze.calendars))


def _all_windows(file: PolicyFile) -> Iterator[tuple[str, FreezeWindow]]:
    for kind, windows in (("never", file.freeze.never), ("only", file.freeze.only)):
        yield from ((f"freeze.{kind}[{index}]", window) for index, window in enumerate(windows))


def _unused_overrides(file: PolicyFile) -> Iterator[str]:
    """Of two overrides for the same targets and action the first wins."""
    said: dict[tuple[str, str | None, str], int] = {}
    for index, override in enumerate(file.overrides):
        for name in _OVERRIDABLE:
            if getattr(override, name) is None:
                continue
            first = said.setdefault((override.target, override.action, name), index)
            if first != index:
                yield f"overrides[{index}].{name}: never used, for overrides[{first}] says it first"


def _odd_targets(file: PolicyFile) -> Iterator[str]:
    names: dict[str, tuple[str, str]] = {}
    for path, target in _named_targets(file):
        first_path, first = names.setdefault(target.casefold(), (path, target))
        if first != target:
            yield f"{path}: {target} is not {first} of {first_path}: upper and lower case are different names"
    for index, override in enumerate(file.overrides):
        if override.action and not _is_for(override.action, override.target):
            yield _nothing(index, override, override.action)


def _nothing(index: int, override: Override, action: str) -> str:
    wanted = f"{action} is for {CATALOG.service_of(action)} targets"
    return f"overrides[{index}].target: {override.target} names nothing here: {wanted}"


def _named_targets(file: PolicyFile) -> Iterator[tuple[str, str]]:
    for index, override in enumerate(file.overrides):
        yield f"overrides[{index}].target", override.target
    for index, dependency in enumerate(file.dependencies):
        yield from ((f"dependencies[{index}].targets[{n}]", one) for n, one in enumerate(dependency.targets))
    freezes: tuple[tuple[str, FreezeWindow | FreezeCalendar], ...] = (*_all_windows(file), *_calendars(file))
    for path, freeze in freezes:
        yield from ((f"{path}.targets[{n}]", one) for n, one in enumerate(freeze.targets))


def _is_for(action: str, target: str) -> bool:
    return may_meet(target, f"{CATALOG.service_of(action)}:*")
