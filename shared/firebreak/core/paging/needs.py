"""The need of a page: whether anything is asked of its reader, in the few words that a phone shows."""

from collections.abc import Mapping
from types import MappingProxyType

from firebreak.core.messages.announcement import Announcement, AnnouncementKind
from firebreak.core.messages.incident_facts import STAYS
from firebreak.core.model import AlarmState
from firebreak.core.paging.page import Phase, Severity
from firebreak.core.paging.paused import holder_of
from firebreak.core.people import person

_K = AnnouncementKind

ACT = "action needed"
NOTHING = "no action needed"
NOT_URGENT = "no hurry, a change stays"
# Firebreak is putting its own change back, and says what came of it.
STAND_BY = "stand by"
TAKEN = "somebody is on it"
NEWS = "news only"

# A longer name would push what is red off a phone.
NAME_LENGTH = 24


_ALWAYS: Mapping[AnnouncementKind, str] = MappingProxyType(
    {
        # Their first words ask for it themselves.
        _K.GIVEN_TO_HUMANS: "",
        _K.APPROVAL: "",
        _K.KEPT: NOT_URGENT,
        _K.OBSERVED: NEWS,
        _K.ACKNOWLEDGED: TAKEN,
        _K.DENIED: TAKEN,
        _K.UNDOING: STAND_BY,
        _K.UNDONE: ACT,
        _K.EXPIRED: ACT,
        _K.HOLD_OVER: ACT,
        _K.LOOKED_AGAIN: ACT,
        _K.NO_LONGER_WATCHED: ACT,
    }
)


def need_of(message: Announcement, phase: Phase, severity: Severity | None) -> str:
    """The need of the reader to act; empty where the first words of the page ask for it themselves."""
    match message.kind:
        case _K.ACTED | _K.UNCERTAIN | _K.RECOVERED | _K.RESTORED:
            return NOT_URGENT if any(fact.startswith(STAYS) for fact in message.facts) else NOTHING
        case _K.REFUSED | _K.NOT_EXECUTED | _K.BLIND | _K.CRASHED | _K.STORM | _K.HELD_BACK:
            return _of_a_call(message, phase, severity)
        case _K.STORM_OVER:
            return ACT if message.watches or message.unwatched else NOTHING
        case _K.DIGEST:
            return _of_a_digest(message)
        case other:
            return _ALWAYS[other]


def _of_a_digest(message: Announcement) -> str:
    """The alarms of a pause are left to its holder, whom the summary still names."""
    if message.alarm_state == AlarmState.OK:
        return NOTHING
    return f"left to {_named(message.by)}" if message.by else ACT


def _of_a_call(message: Announcement, phase: Phase, severity: Severity | None) -> str:
    """A call asks for somebody; one that came too late to call is news. A pause has its holder."""
    if holder := holder_of(message):
        word = "check with" if severity is Severity.CRITICAL else "left to"
        return f"{word} {_named(holder)}"
    return ACT if phase is Phase.TRIGGER else NEWS


def _named(by: str) -> str:
    name = person(by)
    return name if len(name) <= NAME_LENGTH else f"{name[: NAME_LENGTH - 1]}…"
