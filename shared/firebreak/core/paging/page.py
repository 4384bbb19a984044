"""A page: one message to humans, the same whatever channel carries it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Severity(StrEnum):
    """How bad it is. PagerDuty's four words (Events API v2, "severity" of a payload), the worst first.

    Stored in the ledger: members are never renamed.
    """

    CRITICAL = "critical"
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


def worse(one: Severity, other: Severity) -> Severity:
    """The worse of two."""
    return min(one, other, key=list(Severity).index)


class Phase(StrEnum):
    """The effect of a page on its thread. Stored in the ledger: members are never renamed.

    `trigger` calls a human (again, for a thread that has begun), `update` notifies those who know of it of
    an event, `acknowledge` notifies them that a human acknowledged it, `resolve` that it is over.
    """

    TRIGGER = "trigger"
    UPDATE = "update"
    ACKNOWLEDGE = "acknowledge"
    RESOLVE = "resolve"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One message. Its texts are harmless lines already: no control characters, bounded.

    `thread` is the id that all pages of one trouble share, at most 64 characters of `[A-Za-z0-9-]`.
    `subject` is at most 140 characters; `ascii_subject` says the same in at most 100 of ASCII. `at` is when
    it is sent. `source` is the target or the alarm. `links` are pairs of a word and an https address.
    """

    thread: str
    phase: Phase
    severity: Severity
    subject: str
    ascii_subject: str
    body: str
    source: str
    at: datetime
    links: tuple[tuple[str, str], ...] = ()
