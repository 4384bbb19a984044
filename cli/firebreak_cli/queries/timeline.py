"""The story of one incident in the order of time: red alarms, decisions, what was done, who was paged."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from firebreak.core.incident.states import Incident, Member
from firebreak.core.ledger import HistoryLine
from firebreak.core.paging.threads import Thread
from firebreak.core.people import caller
from firebreak.core.readings import Reading
from firebreak_cli.queries.ledger_queries import StoredDecision


class EntryKind(StrEnum):
    """The kind of an entry; entries of one moment come in this order."""

    RED = "red"
    DECISION = "decision"
    INCIDENT = "incident"
    PAGE = "page"


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened, in words."""

    at: datetime
    kind: EntryKind
    text: str


def timeline(
    incident: Incident | None,
    history: tuple[HistoryLine, ...],
    decisions: tuple[StoredDecision, ...],
    pages: Reading[Thread],
) -> tuple[Entry, ...]:
    """All that is known, the oldest first; of the pages only the latest is kept."""
    entries = [
        *(_of_incident(incident) if incident else ()),
        *(Entry(one.at, EntryKind.DECISION, _decided(one)) for one in decisions),
        *(Entry(one.at, EntryKind.INCIDENT, one.what) for one in history),
        *(_of_pages(pages) if isinstance(pages, Thread) else ()),
    ]
    order = list(EntryKind)
    return tuple(sorted(entries, key=lambda one: (one.at, order.index(one.kind))))


def _of_incident(incident: Incident) -> Iterator[Entry]:
    for member in incident.members:
        if member.since:
            yield Entry(member.since, EntryKind.RED, f"{member_words(member)} is red")


def _of_pages(pages: Thread) -> Iterator[Entry]:
    """The notified channels are known of all pages of the thread together, not of the latest alone."""
    notified = ", ".join(sorted(pages.notified)) or "nobody"
    text = f"latest page: {pages.latest.headline}; notified so far: {notified}"
    yield Entry(pages.latest.at, EntryKind.PAGE, text)


def _decided(one: StoredDecision) -> str:
    by = f", by {caller(one.by, verified=one.verified)}" if one.by else ""
    objected = [found for found in one.checks if found.get("reason")]
    objections = "; ".join(f"{found.get('guard', '')}: {found.get('detail', '')}" for found in objected)
    why = f" ({objections})" if objections else ""
    return f"decided: {one.outcome} {one.action}, {one.reason}{by}{why}"


def member_words(member: Member) -> str:
    """The name of an alarm of an incident, with the series that it is about."""
    return f"{member.name}#{member.contributor}" if member.contributor else member.name
