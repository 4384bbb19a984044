"""Announcements without a record in the ledger: the claims they may make, and under which names.

Anybody who may put events on the bus can compute the key of a page to come, and name any incident and thread.
"""

from dataclasses import replace

from firebreak.core.keys import digest
from firebreak.core.messages.announcement import Announcement, AnnouncementKind
from firebreak.core.reasons import Lasting

# The kinds that are announced because the ledger could not be used.
NOT_RECORDED = frozenset({AnnouncementKind.BLIND, AnnouncementKind.CRASHED})

UNPROVEN = "Nothing in the ledger confirms this announcement."


def unrecorded(announced: Announcement) -> Announcement:
    """The announcement as one that the ledger does not hold.

    Its key and thread are its own, so it never takes the place of another page, and never ends, acknowledges
    or silences a thread. It asks nothing and names nobody. Only that Firebreak is blind or crashed is
    announced as it stands: every other claim is a fact of a page that says so.
    """
    own = replace(
        announced,
        key=digest("not in the ledger", announced.key, announced.event),
        thread=digest("not in the ledger", announced.thread or announced.incident_id or announced.key),
        event="",
        cause="",
        by="",
        retry=(),
        question="",
        lasting=Lasting.NO,
        counted_as="",
        opted_in=False,
        at_any_hour=False,
    )
    if announced.kind in NOT_RECORDED:
        return own
    claimed = f"it says ({announced.kind.value}): {announced.headline}"
    return replace(
        own,
        kind=AnnouncementKind.BLIND,
        headline=f"{UNPROVEN} Look at the target and at the incident yourself.",
        facts=(claimed, *announced.facts),
        next="",
        severity="",
    )
