"""Which alarms may act on a target: its own tag says so, for alarm rights alone are no rights on it."""

from collections.abc import Mapping

ALARMS_TAG = "firebreak:alarms"

# What ends an entry that stands for every name that begins so. AWS takes no asterisk in the value of a tag.
_PREFIX_ENDS = ("-", "_", "/", ".", ":")


def allows(tags: Mapping[str, str], alarm: str) -> bool:
    """Whether the target's tag lets that alarm act on it; without the tag every alarm may.

    The tag holds entries between spaces: a whole name, or one that ends in a separator, which stands
    for all names that begin with it. An empty one allows none.
    """
    allowed = tags.get(ALARMS_TAG)
    if allowed is None:
        return True
    return any(_names(entry, alarm) for entry in allowed.split())


def _names(entry: str, alarm: str) -> bool:
    return alarm == entry or (entry.endswith(_PREFIX_ENDS) and alarm.startswith(entry))
