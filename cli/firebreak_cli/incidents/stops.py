"""A global pause or a storm, which stop Firebreak as a whole, and the storm that only gathers pages."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from firebreak.core.limits.history import Hold
from firebreak.core.limits.storm import CALM
from firebreak.core.paging.commands import StackAddress
from firebreak_cli.exit_codes import Ending
from firebreak_cli.operations.storms import StormDesk
from firebreak_cli.operations.switches import SwitchBoard
from firebreak_cli.operations.switches import as_json as _hold_json
from firebreak_cli.screen import when
from firebreak_cli.stack import Stack

GLOBAL = "global"


@dataclass(frozen=True, slots=True)
class Stops:
    """The switches that are held, since when there is a storm of each kind, and what could not be read."""

    holds: Sequence[Hold] = ()
    storm_since: datetime | None = None
    pages_since: datetime | None = None
    unread: tuple[str, ...] = ()


def look(stack: Stack, now: datetime) -> Stops:
    """All that stops Firebreak now. Damaged items are reported, and hide nothing else. Raises AwsError."""
    unread: list[str] = []

    def read[T](look: Callable[[], T], otherwise: T) -> T:
        try:
            return look()
        except Ending as ending:
            unread.extend(ending.lines)
            return otherwise

    holds: Sequence[Hold] = read(lambda: SwitchBoard(stack).held(now), ())
    storm = read(StormDesk(stack).look, CALM)
    of_pages = read(StormDesk(stack, of_pages=True).look, CALM)
    return Stops(holds, storm.tripped_at, of_pages.tripped_at, tuple(unread))


def stop_lines(stops: Stops, stack: StackAddress, now: datetime | None = None) -> Mapping[str, str]:
    """One line for each thing that stops everything and one for all other switches, each under its name.

    Without `now` every time has its date, so that a line is the same after midnight.
    """
    return dict(_named_lines(stops, stack, now))


def _named_lines(stops: Stops, stack: StackAddress, now: datetime | None) -> Iterator[tuple[str, str]]:
    for hold in stops.holds:
        if hold.scope == GLOBAL:
            line = f"PAUSED until {when(hold.until, now)} by {hold.shown_holder}: {hold.why}"
            yield f"{hold.scope} held by {hold.holder}", line
    if stops.storm_since:
        since, look_at = when(stops.storm_since, now), stack.command("storm")
        yield "storm", f"STORM since {since}: nothing is acted on: {look_at}"
    if stops.pages_since:
        since, look_at = when(stops.pages_since, now), stack.command("storm", "--pages")
        yield "storm of pages", f"STORM OF PAGES since {since}: alarms for humans are on one page: {look_at}"
    if others := sum(hold.scope != GLOBAL for hold in stops.holds):
        held = "switch is" if others == 1 else "switches are"
        yield "other switches", f"{others} other {held} held: {stack.command('switches')}"
    yield from ((line, line) for line in stops.unread)


def as_json(stops: Stops) -> Mapping[str, object]:
    """The same as plain values."""
    return {
        "switches": [_hold_json(hold) for hold in stops.holds],
        "storm_since": stops.storm_since.isoformat() if stops.storm_since else None,
        "pages_storm_since": stops.pages_since.isoformat() if stops.pages_since else None,
        "unread": list(stops.unread),
    }
