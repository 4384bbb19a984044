"""A test page: what a person asked for, and what came of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

# A test that waited for longer is not sent: the person who asked for it has stopped looking.
LATEST = timedelta(minutes=5)


class PageTestState(StrEnum):
    """The state of a test page. Stored in the ledger: members are never renamed."""

    SENDING = "sending"
    ACCEPTED = "accepted"
    NOT_ACCEPTED = "not_accepted"
    HELD_BACK = "held_back"
    UNKNOWN_CHANNEL = "unknown_channel"
    TOO_LATE = "too_late"


@dataclass(frozen=True, slots=True, kw_only=True)
class PageTestRequest:
    """The request: `id` has 32 hexadecimal digits, `by` is the sender's word, and untrusted."""

    id: str
    channel: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PageTest:
    """The state of a test page at `at`.

    `detail` says why it is so, in the channel's own code or status where it has one. `channels` are the
    channels of the deployed policy, where it does not know the one that was named.
    """

    id: str
    channel: str
    state: PageTestState
    at: datetime
    severity: str = ""
    detail: str = ""
    channels: tuple[str, ...] = ()
