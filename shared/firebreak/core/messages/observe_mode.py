"""Observe mode: every decision is recorded, no incident is opened, and only Firebreak's own faults page.

A proposal is announced once a target, action and day. A refusal that would page a human under another
autonomy is announced once as well, so that an obstacle never takes a proposal's place.
"""

from dataclasses import replace

from firebreak.core.keys import digest
from firebreak.core.ledger import DecisionRecord
from firebreak.core.messages.announcement import Announcement, AnnouncementKind
from firebreak.core.messages.decision_messages import of_decision, proposal_key
from firebreak.core.messages.incident_messages import NOTHING_LOOKS_AGAIN
from firebreak.core.model import Target
from firebreak.core.reasons import MEANINGS, Disposition, Reason
from firebreak.core.rules import PAGE_RUNG

# Firebreak itself is broken or blind: that is paged whatever the autonomy.
LEDGER_FAULTS = frozenset(
    {
        Reason.SWITCH_UNREADABLE,
        Reason.DUPLICATE_UNREADABLE,
        Reason.IN_FLIGHT_UNREADABLE,
        Reason.STORM_UNREADABLE,
        Reason.HISTORY_UNREADABLE,
        Reason.CLOCK_BEHIND,
    }
)


def of_observed(record: DecisionRecord, target: Target, ladder: tuple[str, ...]) -> Announcement | None:
    """The announcement of a decision under autonomy `observe`; None when it is only recorded.

    A pause or a freeze is only recorded: a human made it, and nothing would have been done anyway.
    """
    reason, disposition = record.decision.reason, record.decision.disposition
    announced = of_decision(record, target)
    if announced is None or reason in LEDGER_FAULTS:
        return announced
    if reason is Reason.OBSERVE_ONLY:
        return announced
    if disposition is Disposition.DIGEST:
        return None
    above = next_action(ladder) if disposition is Disposition.CLIMB else ""
    if above:
        return _would_climb(announced, record, target, above)
    return obstacle(announced, record, target.key)


def next_action(ladder: tuple[str, ...]) -> str:
    """The action above the first rung; empty when that is a human."""
    above = ladder[1] if len(ladder) > 1 else PAGE_RUNG
    return "" if above == PAGE_RUNG else above


def obstacle(announced: Announcement, record: DecisionRecord, about: str) -> Announcement:
    """A refusal that would page a human under another autonomy, announced once a day instead."""
    key = digest("observed obstacle", about, record.action, f"{record.at:%Y-%m-%d}")
    return replace(_observed(announced, key), cause=record.decision.reason.value)


def _would_climb(announced: Announcement, record: DecisionRecord, target: Target, above: str) -> Announcement:
    watched = MEANINGS[Reason.OBSERVE_ONLY].sentence
    return replace(
        _observed(announced, proposal_key(record, target)),
        headline=f"{watched} It would climb to {above}: {announced.headline}",
        cause=Reason.OBSERVE_ONLY.value,
    )


def _observed(announced: Announcement, key: str) -> Announcement:
    return replace(
        announced, key=key, thread=key, kind=AnnouncementKind.OBSERVED, until=None, next=NOTHING_LOOKS_AGAIN
    )
