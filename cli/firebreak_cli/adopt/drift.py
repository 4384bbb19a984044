"""Objections to an entry of a plan since it was made: the alarm, or its target, as they are now.

A human may have overruled the plan where it left an alarm alone: that reason is no news.
"""

from datetime import datetime

from firebreak.core.tags import ACTION_TAG
from firebreak_cli.adopt.entries import Entry, LeftAlone, Plan

# The reasons that lie in an alarm's configuration or in its target, and not in what a plan adds.
_NEWS = frozenset(LeftAlone) - {
    LeftAlone.NOTHING_MISSING,
    LeftAlone.COMPOSITE_CHILD,
    LeftAlone.TARGET_NOT_READ,
    LeftAlone.TAGS_NOT_READ,
}


def drift(entry: Entry, fresh: Plan, made_at: datetime) -> str:
    """Why the entry of a plan of that time is not right any more, by one that was made just now; else empty.

    Raises KeyError where the alarm is not there any more.
    """
    now = {one.alarm: one for one in fresh.entries}[entry.alarm]
    if now.reason in _NEWS and now.reason is not entry.reason:
        return f"since the plan it is {now.reason.value}: {now.why}"
    if _action_tag(now) == _action_tag(entry) and now.by_itself != entry.by_itself:
        leads = f"{now.by_itself.action or 'no action'} of {now.by_itself.target or 'nothing'}"
        return f"since the plan it changed: without a tag it leads to {leads}"
    at = now.changed_at
    if at and _configured_since(entry, at, made_at) and not _as_adopted(entry, now):
        return f"since the plan it was configured again ({at.isoformat(timespec='milliseconds')})"
    return ""


def _action_tag(entry: Entry) -> str | None:
    """With another tag an alarm may lead to another target, and the tag of the plan may be there by now."""
    return (entry.tags or {}).get(ACTION_TAG)


def _configured_since(entry: Entry, changed_at: datetime, made_at: datetime) -> bool:
    """By CloudWatch's own times where the plan has one: they are of one clock."""
    return changed_at != entry.changed_at if entry.changed_at else changed_at > made_at


def _as_adopted(entry: Entry, now: Entry) -> bool:
    """Whether it is what this plan makes of it: an adoption that is run again has put the alarm before."""
    return now.rides and not entry.rides and entry.wanted.items() <= (now.tags or {}).items()
