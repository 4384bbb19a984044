"""`firebreak incidents --watch`: the list of `firebreak incidents`, looked at again and again."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

import typer
from rich.console import Console

from firebreak.core.formats import format_time
from firebreak.core.incident.states import Incident
from firebreak.core.limits.scopes import short_key
from firebreak.core.paging.commands import StackAddress
from firebreak_cli import screen
from firebreak_cli.incidents import listing
from firebreak_cli.incidents.listing import Overview
from firebreak_cli.incidents.looks import Looks
from firebreak_cli.incidents.stops import Stops, stop_lines
from firebreak_cli.queries.ledger_queries import StoredDecision
from firebreak_cli.stack import Stack

# Seconds between two looks by default.
EVERY = 10

_DECISION = "decision "

type Listed = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Seen:
    """One look at the list, and when it was made."""

    overview: Overview
    stops: Stops
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Looks at the list of a stack every so many seconds; `now` and `sleep` are the only clock."""

    stack: Stack
    look: Callable[[datetime], tuple[Overview, Stops]]
    now: Callable[[], datetime]
    sleep: Callable[[float], None]
    seconds: int

    def run(self, console: Console, *, as_json: bool) -> None:
        """Watches for a terminal, a pipe or a program. Ends only with an error, such as KeyboardInterrupt."""
        if as_json:
            self.as_json()
        elif console.is_terminal:
            self.on_screen(console)
        else:
            self.changes(console)

    def on_screen(self, console: Console) -> None:
        """The whole list in place of the one before it."""
        for seen in self._looks():
            console.clear()
            console.print(
                screen.line_of(f"Looked at {format_time(seen.at)}, again every {self.seconds}s; Ctrl-C ends")
            )
            listing.show(seen.overview, self.stack, seen.stops, seen.at, console)

    def changes(self, console: Console) -> None:
        """A line for each change; the first look shows all that is listed."""
        before: Listed = {}
        for seen in self._looks():
            after = listed(seen, self.stack.address, before)
            for line in changed(before, after):
                console.print(screen.line_of(f"{seen.at:%Y-%m-%dT%H:%M:%SZ} {line}"), soft_wrap=True)
            before = after

    def as_json(self) -> None:
        """A JSON document a look, one line each."""
        for seen in self._looks():
            found = listing.as_json(seen.overview, self.stack, seen.stops)
            typer.echo(json.dumps({"at": seen.at.isoformat(), **found}, default=str))

    def _looks(self) -> Iterator[Seen]:
        looks = Looks(look=self.look, now=self.now, sleep=self.sleep, seconds=self.seconds)
        return (Seen(*found, at) for at, found in looks.each())


def listed(seen: Seen, stack: StackAddress, before: Listed) -> Listed:
    """A line for each thing that stops everything, each incident and each decision, under its identifier.

    While something could not be read, nothing of `before` is taken for gone: it may be just that. A decision
    never is: it only leaves the list for newer ones.
    """
    found = seen.overview
    now = {
        **stop_lines(seen.stops, stack),
        **({"damaged": f"{found.damaged} items could not be read"} if found.damaged else {}),
        **{one.id: incident_line(one) for one in found.incidents},
        **{_DECISION + one.key: _decision(one) for one in reversed(found.decisions)},
    }
    unread = found.damaged or seen.stops.unread
    return {name: line for name, line in before.items() if unread or name.startswith(_DECISION)} | now


def incident_line(one: Incident) -> str:
    """An incident in one line."""
    return f"{one.id} {one.state} {one.target.display} {one.alarm.name} {one.rung + 1}. {one.action}"


def _decision(one: StoredDecision) -> str:
    about = short_key(one.target) or one.alarm
    return f"{one.incident_id} {one.outcome} {one.reason} {about} at {screen.when(one.at)}"


def changed(before: Listed, after: Listed) -> Iterator[str]:
    """The lines that are new, those that changed, and those that are no longer listed."""
    for name, line in after.items():
        if before.get(name) != line:
            yield f"{'changed' if name in before else 'new'}: {line}"
    yield from (f"gone: {line}" for name, line in before.items() if name not in after)
