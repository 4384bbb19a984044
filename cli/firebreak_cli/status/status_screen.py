"""The status on one screen, and as plain values."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import assert_never

from rich.console import Console
from rich.table import Table

from firebreak.core.formats import format_time
from firebreak.core.limits.budgets import readable
from firebreak.core.limits.scopes import short_key
from firebreak.core.paging.threads import Thread
from firebreak.core.readings import Absent, NotRead, Unknown
from firebreak_cli import screen
from firebreak_cli.incidents import listing
from firebreak_cli.incidents.stops import as_json as stops_json
from firebreak_cli.incidents.stops import stop_lines
from firebreak_cli.policies import StackPolicy
from firebreak_cli.stack import Deployment
from firebreak_cli.status.looking import NOBODY, NOT_KNOWN, Status, holder_of

VERSION = 1

# So many lines of each table fit on one screen; `firebreak incidents` lists the others.
LISTED = 10


def show(found: Status, console: Console) -> None:
    """Print the status: what stops everything, whether Firebreak is at work, what is open."""
    for line in stop_lines(found.stops, found.stack.address, found.at).values():
        console.print(screen.line_of(line, "bold red"), soft_wrap=True)  # it ends with a command to copy
    heading = f"{found.stack.place} at {format_time(found.at)}"
    console.print(screen.line_of(heading[0].upper() + heading[1:], "bold"))
    console.print(screen.facts(_rows(found)))
    for table in _tables(found):
        console.print()
        console.print(table)
    for line in _remarks(found):
        console.print(screen.line_of(line, "yellow"), soft_wrap=True)


def _rows(found: Status) -> Iterator[screen.Row]:
    yield "Stopped", _stopped(found)
    yield "Heartbeat", _heartbeat(found)
    yield "Dead letters", _dead_letters(found)
    yield "Policy", _policy(found)
    yield "Version", f"command {found.command}, stack {_deployed(found)}"
    yield "Open", _open(found)


def _policy(found: Status) -> str:
    """The policy of the newest decision, and before it the one in AppConfig where it comes from there."""
    policy = found.seen.decided_by
    decided = f"{policy.hash}, by the decision of {screen.when(policy.at, found.at)}" if policy else ""
    decided = decided or "not known: no decision of the last day names one"
    match found.policy:
        case None:
            return decided
        case NotRead(why):
            return f"whether it is in AppConfig is not known: {why}; decided last: {decided}"
        case Unknown(why):
            return f"in AppConfig, not known: {why}; decided last: {decided}"
        case in_force:
            notes = "".join(f". {note}" for note in in_force.notes)
            return f"{in_force.place}, {in_force.policy.hash}; decided last: {decided}{notes}"


def _policy_json(found: Status) -> Mapping[str, object] | None:
    """The policy in AppConfig; None where the stack takes the layer's, or it could not be read."""
    one = found.policy
    if not isinstance(one, StackPolicy):
        return None
    return {
        "version": one.version,
        "hash": one.policy.hash,
        "pushed": one.by or None,
        "notes": list(one.notes),
    }


def _stopped(found: Status) -> str:
    """Nothing where the lines above say what stops it."""
    stops = found.stops
    if stops.paused or isinstance(stops.storm_since, datetime):
        return ""
    if stops.unread:
        return "not known: the lines above say why"
    return "" if stop_lines(stops, found.stack.address) else "no: no pause, no storm, no other switch"


def _heartbeat(found: Status) -> str:
    beat = found.heartbeat
    late = "LATE: " if beat.late(found.at) else ""
    match beat.at:
        case Absent():
            last = "none in the last day"
            if beat.deployed_at and not late:
                last = f"none yet, {readable(found.at - beat.deployed_at)} after the stack was deployed"
        case Unknown(why):
            last = f"not known: {why}"
        case at:
            last = f"{screen.when(at, found.at)}, {readable(found.at - at)} ago"
    if isinstance(beat.every, NotRead):
        return f"{last}; how often one is due was not read"
    if not beat.every:
        return f"{last}; switched off ({beat.off_by})"
    return f"{late}{last}; one is due every {readable(beat.every)}"


def _dead_letters(found: Status) -> str:
    match found.dead_letters:
        case Unknown(why) | NotRead(why):
            return f"not known: {why}"
        case 0:
            return "none"
        case count:
            return f"{count} WAIT: an event had no answer (docs/operations.md#dead-letters)"


def _deployed(found: Status) -> str:
    at = found.stack.deployment
    when = f", deployed {screen.when(at.at, found.at)}" if isinstance(at, Deployment) else ""
    match found.deployed:
        case Absent():
            return f"of a release that names none{when}"
        case Unknown(why) | NotRead(why):
            return f"not known: {why}"
        case str(version):
            return f"{version}{when}"
        case never:
            assert_never(never)


def _open(found: Status) -> str:
    if not (found.seen.incidents or found.threads):
        return "nothing"
    holders = [
        *(found.holder(one) for one in found.seen.incidents),
        *(holder_of(one) for one in found.threads),
    ]
    incidents, pages = _count(found.seen.incidents, "incident"), _count(found.threads, "page")
    held = [f"{n} of them with nobody yet"] if (n := holders.count(NOBODY)) else []
    held += [f"of {n} it is not known who has it"] if (n := holders.count(NOT_KNOWN)) else []
    return "; ".join((f"{incidents}, {pages} about no incident", *(held or ["somebody has each of them"])))


def _tables(found: Status) -> Iterator[Table]:
    if found.seen.incidents:
        yield _incidents(found)
    if found.threads:
        yield _threads(found)


def _count(items: Sequence[object], what: str) -> str:
    return f"{len(items)} {what}" if len(items) == 1 else f"{len(items)} {what}s"


def _incidents(found: Status) -> Table:
    rows = (
        (
            one.id,
            f"{screen.when(one.opened_at, found.at)}, {readable(found.at - one.opened_at)}",
            one.state.value,
            one.target.display,
            one.alarm.name,
            found.holder(one),
        )
        for one in found.incidents[:LISTED]
    )
    return screen.listing(("incident", "since", "state", "target", "alarm", "who has it"), rows)


def _threads(found: Status) -> Table:
    rows = (
        (
            one.id,
            f"{screen.when(one.opened_at, found.at)}, {readable(found.at - one.opened_at)}",
            one.state.value,
            one.severity.value,
            _about(one),
            holder_of(one),
        )
        for one in found.threads[:LISTED]
    )
    return screen.listing(("page", "since", "state", "severity", "about", "who has it"), rows)


def _about(thread: Thread) -> str:
    latest = thread.latest
    return short_key(latest.target) or latest.alarm_name or latest.headline


def _remarks(found: Status) -> Iterator[str]:
    if (more := len(found.seen.incidents) - LISTED) > 0:
        yield f"{more} more incidents: {found.stack.command('incidents')}"
    if (more := len(found.threads) - LISTED) > 0:
        yield f"{more} more pages: {found.stack.command('status', '--json')}"
    yield from listing.remarks(replace(found.seen, left_out=0, damaged=found.damaged))


def as_json(found: Status) -> Mapping[str, object]:
    """The status as plain values; docs/operations.md describes them."""
    stack, policy = found.stack, found.seen.decided_by
    deployed_at = stack.deployment.at.isoformat() if isinstance(stack.deployment, Deployment) else None
    return {
        "version": VERSION,
        "at": found.at.isoformat(),
        "stack": stack.name,
        "account": stack.account,
        "region": stack.region,
        **stops_json(found.stops),
        "heartbeat": _heartbeat_json(found),
        "dead_letters": found.dead_letters if isinstance(found.dead_letters, int) else None,
        "policy": {"hash": policy.hash, "decided_at": policy.at.isoformat()} if policy else None,
        "policy_in_appconfig": _policy_json(found),
        "command_version": found.command,
        "stack_version": found.deployed if isinstance(found.deployed, str) else None,
        "deployed_at": deployed_at,
        "incidents": [
            {**listing.incident_json(one, found.seen.page_of(one)), "holder": found.holder(one)}
            for one in found.incidents
        ],
        "pages": _threads_json(found.threads),
        "unread": list(found.unread),
    }


def _heartbeat_json(found: Status) -> Mapping[str, object]:
    every = found.heartbeat.every
    at = None if isinstance(found.heartbeat.at, Absent | Unknown) else found.heartbeat.at
    return {
        "at": at.isoformat() if at else None,
        "age_seconds": int((found.at - at).total_seconds()) if at else None,
        "every_seconds": None if isinstance(every, NotRead) else int(every.total_seconds()),
        "late": found.heartbeat.late(found.at),
    }


def _threads_json(threads: Sequence[Thread]) -> list[Mapping[str, object]]:
    return [
        {
            "id": one.id,
            "opened_at": one.opened_at.isoformat(),
            "state": one.state.value,
            "severity": one.severity.value,
            "kind": one.latest.kind.value,
            "headline": one.latest.headline,
            "target": short_key(one.latest.target) or None,
            "alarm": one.latest.alarm_name or None,
            "acknowledged_by": one.acknowledged_by or None,
            "holder": holder_of(one),
        }
        for one in threads
    ]
