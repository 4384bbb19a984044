"""`firebreak incidents`: what is open, and what was decided lately without acting."""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import assert_never

from rich.console import Console
from rich.table import Table

from firebreak.core.incident.states import Incident
from firebreak.core.limits.budgets import readable
from firebreak.core.limits.scopes import short_key
from firebreak.core.paging.threads import Thread
from firebreak.core.readings import Absent, NotRead, Reading, Unknown
from firebreak.core.reasons import Reason
from firebreak.core.routing import VERIFY
from firebreak.ledger.threads import DynamoThreads
from firebreak_cli import screen
from firebreak_cli.exit_codes import BAD_INPUT, Ending
from firebreak_cli.incidents.filters import GOOD_NEWS, Wanted
from firebreak_cli.incidents.stops import Stops, stop_lines
from firebreak_cli.incidents.stops import as_json as _stops_json
from firebreak_cli.queries import ledger_queries
from firebreak_cli.queries.deciding_policy import DeployedPolicy, newest_in
from firebreak_cli.queries.ledger_queries import Bounds, Found, StoredDecision
from firebreak_cli.stack import Stack

VERSION = 1

# A screenful; --limit shows more, and --all everything.
LISTED_DECISIONS = 15
ALL = Wanted()

# The time back to which decisions are listed.
LATELY = timedelta(hours=24)

_NOT_LOOKED_FOR = NotRead("the incident is over")

# So many lines of the index by time are read at most.
LINES = Bounds(pages=2, page_items=500)


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The listed incidents and decisions, newest first. `left_out` counts decisions that --all would list.

    `heartbeat_at` is when the last heartbeat came all the way, None where the ledger holds none. `scanned`
    says that the index by time could not be asked, `older_cut` that what it lacks may be missing.
    `decided_by` is the policy of the newest decision that names one, heartbeats among them. `pages` are those
    of open incidents.
    """

    incidents: tuple[Incident, ...]
    decisions: tuple[StoredDecision, ...]
    left_out: int
    cut: bool
    damaged: int
    heartbeat_at: datetime | None = None
    pages: Mapping[str, Reading[Thread]] = field(default_factory=dict)
    older_cut: bool = False
    scanned: bool = False
    decided_by: DeployedPolicy | None = None

    def page_of(self, incident: Incident) -> Reading[Thread]:
        """The page of an incident; NotRead for one that is over."""
        return self.pages.get(incident.id, _NOT_LOOKED_FOR)


def overview(
    stack: Stack,
    *,
    everything: bool,
    wanted: Wanted = ALL,
    limit: int | None = None,
    bounds: Bounds | None = None,
    lines: Bounds | None = None,
) -> Overview:
    """Look at the ledger, by its index by time. Raises AwsError.

    `bounds` are those of a scan, `lines` those of the index. Without a limit everything is all of it.
    """
    client = stack.reader("dynamodb")
    most = limit or (None if everything else LISTED_DECISIONS)
    recent = None
    if wanted.since and not everything:
        beats = most or 1 if wanted.reason == Reason.HEARTBEAT else 1
        recent = ledger_queries.lately(client, stack.ledger_table, wanted.since, lines or LINES, beats)
    found = recent or ledger_queries.everything(
        client,
        stack.ledger_table,
        bounds or Bounds(),
        lines or ledger_queries.LINES,
        wanted.since or ledger_queries.BEGINNING,
    )
    chosen = wanted.of(found)
    decisions = _not_acted(chosen) if everything else _news(chosen, found, wanted)
    listed = decisions[:most]
    incidents = [one for one in chosen.incidents if everything or ledger_queries.is_open(one)]
    return Overview(
        incidents=tuple(incidents),
        decisions=tuple(listed),
        left_out=len(decisions) - len(listed),
        cut=found.cut,
        damaged=found.damaged,
        heartbeat_at=_heartbeat(found),
        pages=_pages(DynamoThreads(client, stack.ledger_table), incidents),
        older_cut=found.older_cut,
        scanned=found.scanned,
        decided_by=newest_in(found.decisions),
    )


def _not_acted(found: Found) -> list[StoredDecision]:
    return [decision for decision in found.decisions if decision.outcome != "act"]


def _news(chosen: Found, found: Found, wanted: Wanted) -> list[StoredDecision]:
    """Decisions that led to an incident are that incident's: `firebreak show` shows them.

    Good news is left out unless it is asked for, and so are heartbeats, of which there is one line.
    """
    known = found.opened | {incident.id for incident in found.incidents}
    return [
        decision
        for decision in _not_acted(chosen)
        if decision.incident_id not in known and (wanted.reason or decision.reason not in GOOD_NEWS)
    ]


def _pages(threads: DynamoThreads, incidents: Iterable[Incident]) -> Mapping[str, Reading[Thread]]:
    """The pages of open incidents; the list is good without one that cannot be read."""
    return {one.id: threads.thread(one.id) for one in incidents if ledger_queries.is_open(one)}


def _heartbeat(found: Found) -> datetime | None:
    """The time of the last heartbeat that an action's function recorded; its alarm's OK is none."""
    beats = (d.at for d in found.decisions if d.reason == Reason.HEARTBEAT and d.action != VERIFY)
    return max(beats, default=None)


def as_json(seen: Overview, stack: Stack, stops: Stops) -> dict[str, object]:
    """The overview as plain values; docs/operations.md describes them."""
    return {
        "version": VERSION,
        "stack": stack.name,
        **_stops_json(stops),
        "incidents": [incident_json(incident, seen.page_of(incident)) for incident in seen.incidents],
        "decisions": [ledger_queries.decision_json(decision) for decision in seen.decisions],
        "decisions_left_out": seen.left_out,
        "cut": seen.cut,
        "older_cut": seen.older_cut,
        "scanned": seen.scanned,
        "damaged": seen.damaged,
        "last_heartbeat": seen.heartbeat_at.isoformat() if seen.heartbeat_at else None,
    }


def incident_json(incident: Incident, page: Reading[Thread]) -> dict[str, object]:
    """An incident and who has its page, as plain values."""
    thread = page if isinstance(page, Thread) else None
    return {
        "id": incident.id,
        "state": incident.state.value,
        "target": incident.target.display,
        "target_key": incident.target.key,
        "action": incident.action,
        "rung": incident.rung + 1,  # as pages and screens count
        "ladder": list(incident.ladder),
        "alarm": incident.alarm.name,
        "opened_at": incident.opened_at.isoformat(),
        "due_at": incident.due_at.isoformat() if incident.due_at else None,
        "note": incident.note,
        "severity": thread.severity.value if thread else None,
        "acknowledged_by": (thread.acknowledged_by or None) if thread else None,
        "page": _looked(page),
    }


def _looked(page: Reading[Thread]) -> str | None:
    """The result of the look for a page, in one word."""
    match page:
        case Thread():
            return "read"
        case Absent():
            return "none"
        case Unknown():
            return "unread"
        case NotRead():
            return None
        case never:
            assert_never(never)


def show(seen: Overview, stack: Stack, stops: Stops, now: datetime, console: Console) -> None:
    """Print the overview, and before it what stops everything."""
    for line in stop_lines(stops, stack.address, now).values():
        console.print(screen.line_of(line, "bold red"), soft_wrap=True)  # it ends with a command to copy
    console.print(screen.line_of(f"Incidents of {stack.place}", "bold"))
    console.print(_incidents_table(seen, now) if seen.incidents else screen.line_of("none is open"))
    console.print()
    console.print(screen.line_of("Decisions that did not act", "bold"))
    console.print(_decisions_table(seen, now) if seen.decisions else screen.line_of("none"))
    if seen.heartbeat_at:
        console.print(screen.line_of(f"Last heartbeat {screen.when(seen.heartbeat_at, now)}"))
    for line in remarks(seen):
        console.print(screen.line_of(line, "yellow"))


def remarks(seen: Overview) -> Iterator[str]:
    """The remarks on what the overview does not show."""
    if seen.left_out:
        yield f"{seen.left_out} older decisions are not shown: --limit shows more, --all shows them"
    if seen.scanned:
        yield (
            "The ledger's index by_time is not there or may not be queried (dynamodb:Query):"
            " the table was scanned"
        )
    if seen.cut and seen.scanned:
        yield (
            f"The ledger is larger than one look ({ledger_queries.MAX_PAGES} MB): open incidents are all"
            " here, decisions and finished incidents may be missing"
        )
    elif seen.older_cut:
        yield (
            f"The ledger is larger than one look ({ledger_queries.MAX_PAGES} MB): open incidents and what"
            " this release wrote are all here, what an earlier release wrote may be missing"
        )
    elif seen.cut:
        yield (
            "More was decided than one look reads: open incidents are all here, older decisions and finished"
            " incidents are left out"
        )
    if seen.damaged:
        yield f"{seen.damaged} items could not be read"


def _incidents_table(seen: Overview, now: datetime) -> Table:
    rows = (
        (
            incident.id,
            readable(now - incident.opened_at),
            incident.state.value,
            incident.target.display,
            incident.alarm.name,
            f"{incident.rung + 1}. {incident.action}",
            _with(seen.page_of(incident)),
        )
        for incident in seen.incidents
    )
    return screen.listing(("id", "age", "state", "target", "alarm", "rung", "pages"), rows)


def _with(page: Reading[Thread]) -> str:
    """The severity of a page, and who acknowledged it."""
    match page:
        case Thread():
            return f"{page.severity}, {page.acknowledged_by}" if page.acknowledged_by else page.severity.value
        case Unknown():
            return "not known"
        case Absent() | NotRead():
            return ""
        case never:
            assert_never(never)


def _decisions_table(seen: Overview, now: datetime) -> Table:
    rows = (
        (
            decision.incident_id,
            screen.when(decision.at, now),
            decision.outcome,
            decision.reason,
            short_key(decision.target) or decision.alarm,
        )
        for decision in seen.decisions
    )
    return screen.listing(("id", "at", "decision", "reason", "target"), rows)


def reason_named(written: str) -> str:
    """The reason of that name. Raises Ending that says which one may be meant."""
    if not written or written in set(Reason):
        return written
    meant = difflib.get_close_matches(written, list(Reason), n=1)
    hint = f"did you mean {meant[0]}?" if meant else "docs/reasons.md lists them"
    raise Ending(BAD_INPUT, f"--reason {written}: there is no such reason; {hint}")
