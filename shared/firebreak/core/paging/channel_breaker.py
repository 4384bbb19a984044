"""A channel's breaker: one that keeps failing rests, so that its pages go another way at once.

    closed ──failures in a row──► open ──the rest is over──► half-open: one page tries
      ▲                            ▲                               │         │
      │                            └──────it failed: rests longer──┘         │
      └──────────────────────────────────────────it answered─────────────────┘

Like the breaker of actions (core/limits/breaker.py) it stores what happened, and the state follows from
that and the time (Nygard, Release It!, 2nd edition, section 5.2).
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from firebreak.core.limits.breaker import backed_off

# One failure may be a hiccup and two a retry of the same page; a third is the channel itself.
FAILURES = 3
# A failing channel costs each page up to ten seconds; resting costs nothing but the better channel.
REST = timedelta(seconds=60)
# A repaired channel should be used again soon.
LONGEST_REST = timedelta(minutes=10)
# Longer than Page may run (template.yaml): a Page that has not reported its result by then never will.
TURN = timedelta(seconds=90)
# Failures this long ago say nothing about the channel today.
FORGOTTEN = timedelta(days=1)


class Circuit(StrEnum):
    """The state of the breaker: everything may be sent, nothing, or one page as a trial."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How a channel fared lately: failures in a row, the last one's time, and until when one page tries.

    `version` counts the writes; 0 means that it was never written.
    """

    failures: int = 0
    failed_at: datetime | None = None
    tried_until: datetime | None = None
    version: int = 0


def circuit(health: Health, now: datetime) -> Circuit:
    """The state of the breaker."""
    until = rests_until(health, now)
    if until is None:
        return Circuit.CLOSED
    if until > now or (health.tried_until and health.tried_until > now):
        return Circuit.OPEN
    return Circuit.HALF_OPEN


def rests_until(health: Health, now: datetime) -> datetime | None:
    """The end of the rest its failures have earned it, None while they are too few.

    Doubled with each failure beyond those that opened it.
    """
    failures = _in_a_row(health, now)
    if health.failed_at is None or failures < FAILURES:
        return None
    return health.failed_at + backed_off(REST, failures - FAILURES, LONGEST_REST)


def failed(health: Health, now: datetime) -> Health:
    """The health with one more failure; no trial is under way any more."""
    return replace(health, failures=_in_a_row(health, now) + 1, failed_at=now, tried_until=None)


def answered(health: Health) -> Health:
    """The health after any answer: the channel can be reached."""
    return Health(version=health.version)


def trying(health: Health, now: datetime) -> Health:
    """The health with the trial taken: nobody else tries until it is over."""
    return replace(health, tried_until=now + TURN)


def _in_a_row(health: Health, now: datetime) -> int:
    if health.failed_at is None or health.failed_at + FORGOTTEN <= now:
        return 0
    return health.failures
