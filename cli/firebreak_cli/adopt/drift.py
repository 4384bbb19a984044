"""What speaks against an entry of a plan since it was made: the alarm, or its target, as they are now.

A human may have overruled the plan where it left an alarm alone: that reason is no news.
"""

from firebreak.core.tags import ACTION_TAG
from firebreak_cli.adopt.entries import Entry, LeftAlone, Plan

# The reasons that lie in an alarm's configuration or in its target, and not in what a plan adds.
_NEWS = frozenset(LeftAlone) - {
    LeftAlone.NOTHING_MISSING,
    LeftAlone.COMPOSITE_CHILD,
    LeftAlone.TARGET_NOT_READ,
    LeftAlone.TAGS_NOT_READ,
}


def drift(entry: Entry, fresh: Plan) -> str:
    """Why the entry is not right any more, by a plan that was made just now; empty if it is.

    Raises KeyError where the alarm is not there any more.
    """
    now = {one.alarm: one for one in fresh.entries}[entry.alarm]
    if now.reason in _NEWS and now.reason is not entry.reason:
        return f"since the plan it is {now.reason.value}: {now.why}"
    tagged = ACTION_TAG in (now.tags or {})
    if not tagged and now.by_itself != entry.by_itself:
        leads = f"{now.by_itself.action or 'no action'} of {now.by_itself.target or 'nothing'}"
        return f"since the plan it changed: without a tag it leads to {leads}"
    return ""
