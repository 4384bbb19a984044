"""What the functions keep in the ledger's table, as small protocols."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from firebreak.core.incident.states import Incident
from firebreak.core.ledger import Claim, ClaimResult, DecisionRecord, IncidentChange, LedgerView
from firebreak.core.limits.budgets import Budget
from firebreak.core.limits.history import Hold, Transition
from firebreak.core.limits.scopes import Scope
from firebreak.core.limits.storm import RedAlarm, Storm
from firebreak.core.messages.announcement import Announcement
from firebreak.core.model import (
    Alarm,
    OwnEvent,
    Request,
    Target,
)
from firebreak.core.paging.digests import Digest
from firebreak.core.paging.page import Severity
from firebreak.core.paging.threads import Thread
from firebreak.core.readings import Reading
from firebreak.core.watchdog import Overdue


class Ledger(Protocol):
    """The durable memory all functions share. Every method raises AwsError when it is unreachable."""

    def look(self, request: Request, scopes: Sequence[Scope]) -> LedgerView:
        """One consistent read of every item the decision needs, the history of these scopes among them."""

    def read_more_scopes(self, view: LedgerView, scopes: Sequence[Scope]) -> LedgerView:
        """The view with further scopes, which only the target as it is now could name, and their switches."""

    def claim(self, claim: Claim) -> ClaimResult:
        """Take a slot in every scope and write incident, rung and decision: all or nothing."""

    def give_back(self, claim: Claim) -> None:
        """Free the slots of a claim; only when it is certain that nothing was changed."""

    def record(
        self, record: DecisionRecord, message: Announcement | None, later: OwnEvent | None = None
    ) -> bool:
        """Keep a decision; False when its delivery key was decided before.

        `later` is a request to be made at its own time, kept so that a lost schedule loses minutes only.
        """

    def open(self, incident: Incident, record: DecisionRecord, message: Announcement | None) -> bool:
        """Open an incident without acting (its first rung cannot help); False when somebody else did."""

    def move(self, change: IncidentChange) -> bool:
        """Move an incident on; False when it is not as `before` says any more (superseded)."""

    def note(self, incident_id: str, at: datetime, what: str) -> None:
        """Add a line to an incident's history whatever its state."""

    def incident(self, incident_id: str) -> Reading[Incident]:
        """The incident as it is now."""

    def join(self, incident: Incident, alarm: Alarm, record: DecisionRecord) -> bool:
        """Make the alarm a member of an open incident; False when it closed meanwhile."""

    def record_transition(self, alarm: Alarm, now: datetime) -> Reading[Transition]:
        """Remember a transition that needs no decision (OK); returns what was known before."""

    def settle_announcement(self, waits_as: str, at: datetime) -> None:
        """Let an announcement made then, which was handed to the bus, wait no more; it can still be read."""

    def announcement(self, waits_as: str) -> Reading[Announcement]:
        """An announcement that waits or was handed over lately; Absent when nobody recorded it."""

    def unsettled_announcements(self, older_than: datetime, limit: int) -> Sequence[Announcement]:
        """Announcements that should have been handed over by then."""

    def overdue_requests(self, before: datetime, limit: int) -> Sequence[tuple[str, Reading[OwnEvent]]]:
        """Requests kept with a decision that should have been made by then, by their keys."""

    def settle_request(self, key: str) -> None:
        """Forget a kept request that was made."""

    def incidents_with_humans(self, before: datetime, limit: int) -> Sequence[str]:
        """Ids of incidents opened by then that wait for their alarms to go OK."""

    def overdue(self, before: datetime, limit: int) -> Sequence[Overdue]:
        """Incidents somebody should have looked at by then, oldest first."""

    def put_off_incident(self, incident_id: str, until: datetime) -> None:
        """Let a due incident that could not be looked at wait behind the others."""

    def put_off_request(self, key: str, until: datetime) -> None:
        """Let a kept request that could not be made wait behind the others."""

    def put_off_announcement(self, waits_as: str, until: datetime) -> None:
        """Let an announcement that could not be handed over wait behind the others."""


class Storms(Protocol):
    """The memory of which routed alarms turned red lately. Raises AwsError when it is unreachable."""

    def look(self) -> Reading[Storm]:
        """What is remembered now; Absent when no alarm ever turned red."""

    def remember(self, red: RedAlarm, forget: Sequence[RedAlarm], at: datetime) -> Reading[Storm]:
        """Add a red alarm and drop others; returns who is remembered then, not whether it is a storm."""

    def renew(self, at: datetime) -> bool:
        """Tell that a storm is not quiet; False when that was told less than a minute ago, or it is over."""

    def trip(self, at: datetime, message: Announcement) -> bool:
        """Declare a storm and what is told of it; False when somebody else did."""

    def remind(self, message: Announcement) -> bool:
        """Record that a storm goes on; False when that was recorded before."""

    def calm(self, storm: Storm, message: Announcement) -> bool:
        """End a storm that is still as it was read; False when it is not."""


class Deliveries(Protocol):
    """The memory of what was told to humans. Raises AwsError when it is unreachable."""

    def begin(self, key: str, at: datetime) -> bool:
        """Start telling; False when it was told before. Raises Conflict while another tells it."""

    def done(self, key: str, at: datetime) -> None:
        """Remember that it was told."""

    def forget(self, key: str, at: datetime) -> None:
        """What was told may be told again; nothing where it never was."""


class Threads(Protocol):
    """The memory of who was told of what. Every method raises AwsError when it is unreachable."""

    def thread(self, thread_id: str) -> Reading[Thread]:
        """The thread as it is now; Absent when nobody was ever told."""

    def save(self, before: Thread | None, after: Thread, at: datetime) -> bool:
        """Keep a thread; False when it is not as `before` says any more."""

    def count(self, message: Announcement, look_at: datetime, at: datetime) -> None:
        """Count one announcement of a cause; a new cause is looked at then."""

    def defer(self, message: Announcement, until: datetime, at: datetime) -> None:
        """Keep what a mute window puts off until it ends; the newest transition's window counts."""

    def digest(self, digest_key: str) -> Reading[Digest]:
        """What was counted of a cause."""

    def look_later(self, found: Digest, look_at: datetime | None, at: datetime, *, reported: bool) -> None:
        """Remember whether it was summed up, and when to look again (None: not until more comes)."""

    def forget(self, found: Digest) -> bool:
        """Begin a cause again with what comes next; False when more came since it was read."""

    def put_aside_thread(self, thread_id: str) -> None:
        """Look at a thread no more: it cannot be read."""

    def put_aside_digest(self, digest_key: str) -> None:
        """Look at a digest no more: it cannot be read."""

    def put_off_thread(self, thread_id: str, until: datetime) -> None:
        """Let a due thread that could not be looked at wait behind the others."""

    def put_off_digest(self, digest_key: str, until: datetime) -> None:
        """Let a due digest that could not be looked at wait behind the others."""

    def due_threads(self, at: datetime, limit: int) -> Sequence[str]:
        """Ids of threads somebody should look at by now."""

    def due_digests(self, at: datetime, limit: int) -> Sequence[str]:
        """Keys of digests somebody should look at by now."""


class HeldSwitches(Protocol):
    """Looking at kill switches. Nothing here raises: blindness is an Unknown."""

    def holding(self, action: str, target: Target | None) -> Reading[tuple[Hold, ...]]:
        """Who holds a switch over everything, the action, or the target and its cluster."""


class CallCounts(Protocol):
    """How many new calls each channel carried lately."""

    def take(
        self, channel: str, severity: Severity, call: str, budget: Budget, at: datetime
    ) -> datetime | None:
        """Count a call on a channel; None when there is room for it, else when there will be."""
