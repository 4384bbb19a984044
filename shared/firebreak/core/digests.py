"""Digests: what many announcements with one cause come to, once the first of them was told.

A cause that holds Firebreak back and ends by itself or by a human (a kill switch, a freeze window) is
looked at until it is over; then one page lists what is still red.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType

from firebreak.core.announcement import Announcement, AnnouncementKind
from firebreak.core.guards import clock
from firebreak.core.keys import digest
from firebreak.core.reasons import Reason
from firebreak.core.threads import LOOK_EVERY, LOOK_FOR, thread_id

# A longer list is not read at 3 a.m., and DynamoDB writes an item anew for each name.
MOST_NAMES, MOST_LISTED = 200, 30

AS_BEFORE = "None of them was acted on. What comes more for this cause is summed up in the same way."
BY_COMMAND = "Nothing restarts by itself: each needs its command."

# The causes that end, and what they are called.
HOLDS: Mapping[str, str] = MappingProxyType(
    {
        Reason.SWITCHED_OFF: "The pause",
        Reason.FROZEN: "The freeze",
        Reason.OUTSIDE_WINDOW: "The wait for the window",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """What is counted of one cause: `first` was told, `count` is how many there are of it.

    `names` are the alarms, at most `MOST_NAMES` of them; `reported` is how many the last digest counted.
    """

    key: str
    first: Announcement
    since: datetime
    count: int
    names: tuple[str, ...]
    reported: int = 1
    reported_at: datetime | None = None

    @property
    def holds(self) -> bool:
        """Whether the cause is one that ends, and is waited for."""
        return self.first.cause in HOLDS

    def is_young(self, now: datetime) -> bool:
        """Whether its alarms are still looked at, whatever the cause."""
        return now - self.since < LOOK_FOR

    def all_green(self, red: Collection[str] | None) -> bool:
        """Whether it is known that none of its alarms is red any more."""
        return red is not None and not red and self.count <= MOST_NAMES


def counts(told: Announcement) -> bool:
    """Whether an announcement is one of possibly many for one cause."""
    return bool(told.cause and told.alarm_name)


def first_look(every: timedelta, now: datetime) -> datetime:
    """When a new cause is looked at for the first time: a switch may be given back early."""
    return now + min(every, LOOK_EVERY)


def is_time(found: Digest, every: timedelta, now: datetime) -> bool:
    """Whether there is something new to sum up, and the last time was long enough ago."""
    return found.count > found.reported and now - (found.reported_at or found.since) >= every


def summed_up(found: Digest, now: datetime) -> Announcement:
    """One page for all that came since the first, with their names."""
    more = found.count - found.reported
    headline = f"{more} more for the same cause since {_at(found.reported_at or found.since, now)}."
    told = _about(found, AnnouncementKind.DIGEST, now, headline)
    return replace(told, facts=_facts(found, found.names), next=AS_BEFORE)


def over(found: Digest, red: Collection[str] | None, now: datetime) -> Announcement:
    """The cause is over; `red` are the alarms that are still red, None when that could not be looked at."""
    ended = f"{HOLDS[found.first.cause]} is over"
    still = [name for name in found.names if red is None or name in red]
    unnamed = max(found.count - MOST_NAMES, 0)
    if not still and unnamed:
        still, red = [*found.names], None
    if not still:
        headline = f"{ended}. None of the alarms it held back is red any more."
        told = _about(found, AnnouncementKind.DIGEST, now, headline)
        return replace(told, facts=_facts(found, ()), next="Nothing more happens.")
    headline = f"{ended}. Still red: {len(still)} of {len(found.names)} alarms."
    if red is None:
        headline = f"{ended}; which alarms are still red could not be looked at."
    if unnamed:
        headline = f"{ended}. {unnamed} of the alarms it held back are too many to be looked at."
    return replace(
        _about(found, AnnouncementKind.HOLD_OVER, now, headline),
        facts=_facts(found, still),
        next=BY_COMMAND,
        retry=tuple(sorted(still))[:MOST_LISTED],
    )


def _facts(found: Digest, names: Collection[str]) -> tuple[str, ...]:
    return (f"the cause: {found.first.headline}", f"for it in all: {found.count}", *_listed(names))


def _listed(lines: Collection[str]) -> Iterator[str]:
    yield from sorted(lines)[:MOST_LISTED]
    if (left := len(lines) - MOST_LISTED) > 0:
        yield f"and {left} more: firebreak incidents"


def _about(found: Digest, kind: AnnouncementKind, now: datetime, headline: str) -> Announcement:
    """What is told of the cause as a whole: in the thread of the first, about none of its alarms alone."""
    return replace(
        found.first,
        key=digest("digest", found.key, kind.value, found.count, found.since.isoformat()),
        kind=kind,
        at=now,
        headline=headline,
        incident_id="",
        action="",
        target="",
        alarm_name="",
        alarm_since=None,
        alarm_description="",
        event="",
        thread=thread_id(found.first),
        cause="",
        until=None,
        runbook="",
        log_group="",
    )


def _at(at: datetime, now: datetime) -> str:
    return clock(at) if at.date() == now.date() else f"{at:%Y-%m-%d} {clock(at)}"
