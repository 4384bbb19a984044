"""The alarms that may act on a target, and the stack that does: its own tags decide, no right on alarms."""

from collections.abc import Mapping

from firebreak.core.readings import Absent, NotRead, Reading, Unknown
from firebreak.core.tags import ALARMS_TAG, ANSWERING_STACK_TAG, OPT_IN_TAG

# The last characters of an entry that is a prefix of names. AWS takes no asterisk in the value of a tag.
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


def other_stack(tags: Mapping[str, str], stack: str) -> str | None:
    """The value of the tag by which the target is left to another stack; None where this one may act on it.

    Without the tag every stack may. An empty `stack` is none that was deployed: it stands for any.
    """
    named = tags.get(ANSWERING_STACK_TAG)
    return named if stack and named != stack else None


def refuses(tags: Reading[Mapping[str, str]], alarm: str, stack: str) -> bool:
    """Whether it is known that the target does not let that alarm act on it in that stack.

    Unread tags are not known.
    """
    match tags:
        case Unknown() | NotRead():
            return False
        case Absent():
            return True
        case found:
            left = other_stack(found, stack) is not None
            return left or found.get(OPT_IN_TAG) != "true" or not allows(found, alarm)


def _names(entry: str, alarm: str) -> bool:
    return alarm == entry or (entry.endswith(_PREFIX_ENDS) and alarm.startswith(entry))
