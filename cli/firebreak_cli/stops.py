"""What stops Firebreak as a whole: a global pause, and a storm of red alarms."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from firebreak.core.history import Hold
from firebreak_cli.endings import Ending
from firebreak_cli.screen import when
from firebreak_cli.stack import Stack
from firebreak_cli.storms import StormDesk
from firebreak_cli.switches import SwitchBoard
from firebreak_cli.switches import as_json as _hold_json

GLOBAL = "global"


@dataclass(frozen=True, slots=True)
class Stops:
    """The switches that are held, since when there is a storm, and what of it could not be read."""

    holds: Sequence[Hold] = ()
    storm_since: datetime | None = None
    unread: tuple[str, ...] = ()


def look(stack: Stack, now: datetime) -> Stops:
    """What stops everything now. Damaged items are told, and hide nothing else. Raises AwsError."""
    unread: list[str] = []
    holds: Sequence[Hold] = ()
    storm_since = None
    try:
        holds = SwitchBoard(stack).held(now)
    except Ending as ending:
        unread.extend(ending.lines)
    try:
        storm_since = StormDesk(stack).look().tripped_at
    except Ending as ending:
        unread.extend(ending.lines)
    return Stops(holds, storm_since, tuple(unread))


def stop_lines(stops: Stops, now: datetime) -> Iterator[str]:
    """One line for each thing that stops everything, and one for all other switches."""
    for hold in stops.holds:
        if hold.scope == GLOBAL:
            yield f"PAUSED until {when(hold.until, now)} by {hold.holder}: {hold.why}"
    if stops.storm_since:
        yield f"STORM since {when(stops.storm_since, now)}: nothing is acted on (firebreak storm)"
    if others := sum(hold.scope != GLOBAL for hold in stops.holds):
        yield f"{others} other {'switch is' if others == 1 else 'switches are'} held (firebreak switches)"
    yield from stops.unread


def as_json(stops: Stops) -> Mapping[str, object]:
    """The same as plain values."""
    return {
        "switches": [_hold_json(hold) for hold in stops.holds],
        "storm_since": stops.storm_since.isoformat() if stops.storm_since else None,
        "unread": list(stops.unread),
    }
