"""Refusals because of a kill switch: its holder counts as having acknowledged them."""

from dataclasses import replace

from firebreak.core.messages.announcement import Announcement, AnnouncementKind
from firebreak.core.paging.page import Severity
from firebreak.core.reasons import Reason

NEXT = (
    "This counts as acknowledged by {holder}, who holds the kill switch: nobody further up the route is"
    " called. Alarms that are still red when the pause ends are paged again."
)
CRITICAL_UNDER_A_PAUSE = "A critical alarm is red under a pause."


def holder_of(message: Announcement) -> str:
    """The holder of the kill switch for which Firebreak refused; empty where that is not the reason."""
    refused = message.kind is AnnouncementKind.REFUSED and message.cause == Reason.SWITCHED_OFF
    return message.by if refused else ""


def by_severity(message: Announcement, severity: Severity) -> Announcement:
    """The same with a first line that says that a critical alarm is red: a pause must not hide it."""
    if not holder_of(message) or severity is not Severity.CRITICAL:
        return message
    return replace(message, headline=f"{CRITICAL_UNDER_A_PAUSE} {message.headline}")
