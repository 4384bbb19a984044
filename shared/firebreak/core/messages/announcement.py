"""Announcements to humans: one value a change, the same for every channel."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from firebreak.core.alarm_readings import WatchedAlarm
from firebreak.core.reasons import Lasting


class AnnouncementKind(StrEnum):
    """The kind of event that is announced. Stored in the ledger: members are never renamed."""

    ACTED = "acted"
    UNCERTAIN = "uncertain"
    NOT_EXECUTED = "not_executed"
    GIVEN_TO_HUMANS = "given_to_humans"
    RECOVERED = "recovered"
    EXPIRED = "expired"
    REFUSED = "refused"
    OBSERVED = "observed"
    APPROVAL = "approval"
    DENIED = "denied"
    UNDOING = "undoing"
    UNDONE = "undone"
    RESTORED = "restored"
    KEPT = "kept"
    BLIND = "blind"
    CRASHED = "crashed"
    STORM = "storm"
    STORM_OVER = "storm_over"
    ACKNOWLEDGED = "acknowledged"
    DIGEST = "digest"
    HOLD_OVER = "hold_over"
    NO_LONGER_WATCHED = "no_longer_watched"
    HELD_BACK = "held_back"
    LOOKED_AGAIN = "looked_again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """One announcement. `key` is its deduplication key: equal keys are announced once.

    `event` sets apart the announcements of several events under one key: each waits by itself until it was
    published, so that a thousand refusals for one cause do not all write one item.

    `facts` are short lines with numbers; `next` says what happens next without human action.
    Alarm texts are untrusted, also `severity` and `runbook`, which are tags of the alarm.

    `red` says in numbers what is red, `alarm_reason` is CloudWatch's reason, and `alarm_state` the state of
    the alarm when this was announced (empty: not known).

    `thread` is set where pages belong together that share no incident. `cause` names what several
    announcements of one key have in common, and `until` when that ends, as far as it is known. `by` is
    the person who did it, if any. `retry` are names of alarms for which a human may order a new decision.
    `question` is the id of the question, which an answer must name (core/incident/questions.py).

    `watches` are the alarms that nobody but the thread looks at: it is resolved when all of them are OK.
    `unwatched` counts further ones that are not looked at: with them the thread is never known to be over.

    `lasting` says that the key stands for a cause that lasts, and may recur; `counted_as` is the key of
    the digest that such an announcement is a part of (core/paging/digests.py).

    `opted_in` says that its decision found the target's consent to this alarm.

    `looks_at` is when the first look is due that a refusal promises (core/incident/rechecks.py).

    `at_any_hour` says that it is sent outside the hours of its severity as well: a human overrode a freeze.
    """

    key: str
    kind: AnnouncementKind
    at: datetime
    incident_id: str
    action: str
    headline: str
    facts: tuple[str, ...] = ()
    next: str = ""
    alarm_name: str = ""
    alarm_since: datetime | None = None
    alarm_description: str = ""
    target: str = ""
    account: str = ""
    region: str = ""
    rung: int = 0
    event: str = ""
    thread: str = ""
    cause: str = ""
    until: datetime | None = None
    by: str = ""
    retry: tuple[str, ...] = ()
    severity: str = ""
    runbook: str = ""
    question: str = ""
    watches: tuple[WatchedAlarm, ...] = ()
    unwatched: int = 0
    lasting: Lasting = Lasting.NO
    counted_as: str = ""
    red: str = ""
    alarm_reason: str = ""
    alarm_state: str = ""
    opted_in: bool = False
    looks_at: datetime | None = None
    at_any_hour: bool = False

    @property
    def red_briefly(self) -> str:
        """The value that is red, without duration and dimensions."""
        return self.red.partition(" (")[0].partition(" for ")[0]

    @property
    def waits_as(self) -> str:
        """The name under which it waits to be published."""
        return f"{self.key}#{self.event}" if self.event else self.key
