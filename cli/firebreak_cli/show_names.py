"""What else `firebreak show` is asked for than a whole id: its beginning, an alarm's name, a target."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from firebreak_cli import kept, screen
from firebreak_cli.endings import BAD_INPUT, Ending
from firebreak_cli.kept import Bounds, Found

# A shorter beginning of an id is a guess.
_SHORTEST = 4
# So many are listed where several are meant; `firebreak incidents` lists the rest.
_LISTED = 10


def id_meant(client: Any, table: str, wanted: str, bounds: Bounds) -> str:
    """The one id that is meant; empty where none is. Raises Ending that lists several, or AwsError."""
    found = kept.everything(client, table, bounds)
    meant: dict[str, str] = {}
    for name, told in _named(found, wanted):
        meant.setdefault(name, told)
    if len(meant) > 1:
        lines = [f"{name}  {told}" for name, told in list(meant.items())[:_LISTED]]
        left_out = (
            [f"and {len(meant) - _LISTED} more: firebreak incidents --all"] if len(meant) > _LISTED else []
        )
        raise Ending(BAD_INPUT, f"{wanted} may be {len(meant)} of them:", *lines, *left_out)
    return next(iter(meant), "")


def _named(found: Found, wanted: str) -> Iterator[tuple[str, str]]:
    """The ids that may be meant, with what they are about; incidents before decisions, newest first."""
    for one in found.incidents:
        names = {one.target.display, one.alarm.name, *(member.name for member in one.members)}
        if wanted in names or _begins(one.id, wanted):
            yield one.id, f"{one.state.value} {one.target.display}, opened {_at(one.opened_at)}"
    for decision in found.decisions:
        names = {kept.short(decision.target), decision.alarm} - {""}
        if wanted in names or _begins(decision.incident_id, wanted):
            about = kept.short(decision.target) or decision.alarm
            yield decision.incident_id, f"{decision.outcome} {decision.reason}, {about}, {_at(decision.at)}"


def _begins(name: str, wanted: str) -> bool:
    return len(wanted) >= _SHORTEST and name.startswith(wanted)


def _at(at: datetime) -> str:
    return screen.when(at, datetime.max.replace(tzinfo=at.tzinfo))
