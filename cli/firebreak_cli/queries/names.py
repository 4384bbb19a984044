"""The arguments of `firebreak show` other than a whole id: its beginning, an alarm's name, a target."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from firebreak.core.limits.scopes import short_key
from firebreak_cli import screen
from firebreak_cli.exit_codes import BAD_INPUT, Ending
from firebreak_cli.queries import ledger_queries
from firebreak_cli.queries.by_time import Listed
from firebreak_cli.queries.ledger_queries import Bounds, Found
from firebreak_cli.stack import Stack

# A shorter beginning of an id is a guess.
_SHORTEST = 4
# So many are listed where several are meant; `firebreak incidents` lists the rest.
_LISTED = 10


def id_meant(client: Any, stack: Stack, wanted: str, bounds: Bounds) -> str:
    """The one id that is meant. Raises Ending where there is none, or that lists several, or AwsError.

    Open items, and items listed by that name or beginning, come before those that only a full read finds.
    """

    def listed(line: Listed) -> bool:
        return line.alarm == wanted or _begins(line.incident_id, wanted)

    found = ledger_queries.meant(client, stack.ledger_table, listed)
    meant = _first(_named(found, wanted))
    if not meant:
        found = ledger_queries.everything(client, stack.ledger_table, bounds)
        meant = _first(_named(found, wanted))
    if not meant:
        looked = "in the part that was looked at" if found.cut else "in the ledger"
        raise Ending(BAD_INPUT, f"{wanted}: no such incident, decision or page {looked} of {stack.place}")
    if len(meant) > 1 and wanted not in meant:
        raise _several(wanted, meant, stack, cut=found.cut)
    return wanted if wanted in meant else next(iter(meant))


def _first(named: Iterable[tuple[str, str]]) -> dict[str, str]:
    meant: dict[str, str] = {}
    for name, incident_id in named:
        meant.setdefault(name, incident_id)
    return meant


def _several(wanted: str, meant: Mapping[str, str], stack: Stack, *, cut: bool) -> Ending:
    lines = [f"{name}  {incident_id}" for name, incident_id in list(meant.items())[:_LISTED]]
    more = len(meant) - _LISTED
    left_out = [f"and {more} more: {stack.command('incidents', '--all')}"] if more > 0 else []
    older = ["the ledger is larger than one look: older ones are left out"] if cut else []
    return Ending(BAD_INPUT, f"{wanted} may be {len(meant)} of them:", *lines, *left_out, *older)


def _named(found: Found, wanted: str) -> Iterator[tuple[str, str]]:
    """The ids that may be meant, with what they are about; incidents before decisions, newest first."""
    for one in found.incidents:
        names = {one.target.display, one.alarm.name, *(member.name for member in one.members)}
        if wanted in names or _begins(one.id, wanted):
            yield one.id, f"{one.state.value} {one.target.display}, opened {_at(one.opened_at)}"
    for decision in found.decisions:
        names = {short_key(decision.target), decision.alarm} - {""}
        if wanted in names or _begins(decision.incident_id, wanted):
            about = short_key(decision.target) or decision.alarm
            yield decision.incident_id, f"{decision.outcome} {decision.reason}, {about}, {_at(decision.at)}"


def _begins(name: str, wanted: str) -> bool:
    return len(wanted) >= _SHORTEST and name.startswith(wanted)


def _at(at: datetime) -> str:
    return screen.when(at)
