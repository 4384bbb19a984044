"""A global pause or a storm, which stop Firebreak as a whole, and the storm that only gathers pages."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from firebreak.core.paging.commands import StackAddress
from firebreak.core.readings import Unknown
from firebreak_cli.exit_codes import Ending
from firebreak_cli.operations.storms import StormDesk
from firebreak_cli.operations.switches import SeenSwitches, SwitchBoard
from firebreak_cli.operations.switches import as_json as _hold_json
from firebreak_cli.screen import when
from firebreak_cli.stack import Stack

GLOBAL = "global"


@dataclass(frozen=True, slots=True)
class Stops:
    """The switches, and since when there is a storm of each kind: None is no storm, Unknown not read."""

    switches: SeenSwitches = field(default_factory=SeenSwitches)
    storm_since: datetime | Unknown | None = None
    pages_since: datetime | Unknown | None = None

    @property
    def paused(self) -> bool | None:
        """Whether there is a pause of everything; None where that is not known."""
        if any(hold.scope == GLOBAL for hold in self.switches.holds):
            return True
        return None if GLOBAL in self.switches.unread else False

    @property
    def unread(self) -> tuple[str, ...]:
        """A line for each part that could not be read."""
        storms = (since.why for since in (self.storm_since, self.pages_since) if isinstance(since, Unknown))
        return (*self.switches.unread_lines, *storms)


def look(stack: Stack, now: datetime) -> Stops:
    """All that stops Firebreak now. Damaged items are reported, and hide nothing else. Raises AwsError."""
    return Stops(
        SwitchBoard(stack).look(now), _since(StormDesk(stack)), _since(StormDesk(stack, of_pages=True))
    )


def _since(desk: StormDesk) -> datetime | Unknown | None:
    try:
        return desk.look().tripped_at
    except Ending as ending:
        return Unknown("; ".join(ending.lines))


def stop_lines(stops: Stops, stack: StackAddress, now: datetime | None = None) -> Mapping[str, str]:
    """One line for each thing that stops everything and one for all other switches, each under its name.

    Without `now` every time has its date, so that a line is the same after midnight.
    """
    return dict(_named_lines(stops, stack, now))


def _named_lines(stops: Stops, stack: StackAddress, now: datetime | None) -> Iterator[tuple[str, str]]:
    for hold in stops.switches.holds:
        if hold.scope == GLOBAL:
            line = f"PAUSED until {when(hold.until, now)} by {hold.shown_holder}: {hold.why}"
            yield f"{hold.scope} held by {hold.holder}", line
    if isinstance(stops.storm_since, datetime):
        since, look_at = when(stops.storm_since, now), stack.command("storm")
        yield "storm", f"STORM since {since}: nothing is acted on: {look_at}"
    if isinstance(stops.pages_since, datetime):
        since, look_at = when(stops.pages_since, now), stack.command("storm", "--pages")
        yield "storm of pages", f"STORM OF PAGES since {since}: alarms for humans are on one page: {look_at}"
    if others := sum(hold.scope != GLOBAL for hold in stops.switches.holds):
        held = "switch is" if others == 1 else "switches are"
        yield "other switches", f"{others} other {held} held: {stack.command('switches')}"
    yield from ((line, line) for line in stops.unread)


def as_json(stops: Stops) -> Mapping[str, object]:
    """The same as plain values; docs/operations.md describes them."""
    return {
        "paused": stops.paused,
        "switches": [_hold_json(hold) for hold in stops.switches.holds],
        "storm": _is_one(stops.storm_since),
        "storm_since": _time_json(stops.storm_since),
        "pages_storm": _is_one(stops.pages_since),
        "pages_storm_since": _time_json(stops.pages_since),
        "unread": list(stops.unread),
    }


def _is_one(since: datetime | Unknown | None) -> bool | None:
    return None if isinstance(since, Unknown) else since is not None


def _time_json(since: datetime | Unknown | None) -> str | None:
    return since.isoformat() if isinstance(since, datetime) else None
