"""The contents of the ledger's table as the functions use them, as small protocols."""

from collections.abc import Sequence
from dataclasses import dataclass
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
from firebreak.core.paging.page_tests import PageTest
from firebreak.core.paging.threads import Thread
from firebreak.core.readings import Reading
from firebreak.core.watchdog import Overdue


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPolicy:
    """The last policy that was loaded from AppConfig: its hash, text and version, and when it was served."""

    policy_hash: str
    text: str
    number: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOutPolicy:
    """The last policy that was loaded from AppConfig, where its text is not kept: its hash, and why."""

    policy_hash: str
    why: str
    at: datetime


class PolicyTexts(Protocol):
    """The texts of the policies that decided, by hash. Raises AwsError when it is unreachable."""

    def keep(self, policy_hash: str, written: str, at: datetime) -> None:
        """Keeps the text, as long as decisions of that time."""

    def leave_out(self, policy_hash: str, why: str, at: datetime) -> None:
        """Records why the text is not kept."""

    def last_loaded(self) -> Reading[KeptPolicy | LeftOutPolicy]:
        """The last policy that Verify loaded from this profile of AppConfig; Absent where none was.

        Does not raise.
        """

    def keep_last_loaded(self, found: KeptPolicy) -> None:
        """Keeps it, unless a later one is kept."""

    def leave_out_last_loaded(self, found: LeftOutPolicy) -> None:
        """Records why the text of the last one that loaded is not kept, unless a later one is kept."""


class Ledger(Protocol):
    """The durable memory all functions share. Every method raises AwsError when it is unreachable."""

    def look(self, request: Request, scopes: Sequence[Scope]) -> LedgerView:
        """One consistent read of every item the decision needs, the history of these scopes among them."""

    def read_more_scopes(self, view: LedgerView, scopes: Sequence[Scope]) -> LedgerView:
        """The view with further scopes, which only the target as it is now could name, and their switches."""

    def claim(self, claim: Claim) -> ClaimResult:
        """Takes a slot in every scope and writes incident, rung and decision: all or nothing."""

    def give_back(self, claim: Claim) -> None:
        """Frees the slots of a claim; only when it is certain that nothing was changed."""

    def record(
        self, record: DecisionRecord, message: Announcement | None, later: OwnEvent | None = None
    ) -> bool:
        """Keeps a decision; False when its delivery key was decided before.

        `later` is a request to be made at its own time, kept so that a lost schedule loses minutes only.
        """

    def open(self, incident: Incident, record: DecisionRecord, message: Announcement | None) -> bool:
        """Opens an incident without acting (its first rung cannot help); False when somebody else did."""

    def move(self, change: IncidentChange) -> bool:
        """Moves an incident on; False when it is no longer as `before` says (superseded)."""

    def note(self, incident_id: str, at: datetime, what: str) -> None:
        """Adds a line to an incident's history whatever its state."""

    def incident(self, incident_id: str) -> Reading[Incident]:
        """The incident as it is now."""

    def join(self, incident: Incident, alarm: Alarm, record: DecisionRecord) -> bool:
        """Makes the alarm a member of an open incident; False when it closed meanwhile."""

    def record_transition(self, alarm: Alarm, now: datetime) -> Reading[Transition]:
        """Records a transition that needs no decision (OK); returns the one that was known before."""

    def settle_announcement(self, waits_as: str, at: datetime) -> None:
        """Marks an announcement, made at that time, as handed to the bus; it can still be read."""

    def announcement(self, waits_as: str) -> Reading[Announcement]:
        """An announcement that waits or was published lately; Absent when nobody recorded it."""

    def unsettled_announcements(self, older_than: datetime, limit: int) -> Sequence[Announcement]:
        """Announcements that should have been published by then."""

    def overdue_requests(self, before: datetime, limit: int) -> Sequence[tuple[str, Reading[OwnEvent]]]:
        """Requests kept with a decision that should have been made by then, by their keys."""

    def settle_request(self, key: str) -> None:
        """Forgets a kept request that was made."""

    def incidents_with_humans(self, before: datetime, limit: int) -> Sequence[str]:
        """Ids of incidents opened by then that wait for their alarms to go OK."""

    def overdue(self, before: datetime, limit: int) -> Sequence[Overdue]:
        """Incidents that were due for a look by then, oldest first."""

    def put_off_incident(self, incident_id: str, until: datetime) -> None:
        """Puts a due incident that could not be looked at behind the others."""

    def put_off_request(self, key: str, until: datetime) -> None:
        """Puts a kept request that could not be made behind the others."""

    def put_off_announcement(self, waits_as: str, until: datetime) -> None:
        """Puts an announcement that could not be published behind the others."""


class Storms(Protocol):
    """The memory of which routed alarms turned red lately. Raises AwsError when it is unreachable."""

    def look(self) -> Reading[Storm]:
        """The storm as it is remembered now; Absent when no alarm ever turned red."""

    def remember(self, red: RedAlarm, forget: Sequence[RedAlarm], at: datetime) -> Reading[Storm]:
        """Adds a red alarm and drops others; returns the red alarms then, not whether it is a storm."""

    def renew(self, at: datetime) -> bool:
        """Records that a storm is not quiet; False when it was recorded in the last minute, or it is over."""

    def trip(self, at: datetime, message: Announcement) -> bool:
        """Declares a storm and records its announcement; False when somebody else did."""

    def remind(self, message: Announcement) -> bool:
        """Records that a storm goes on; False when that was recorded before."""

    def calm(self, storm: Storm, message: Announcement) -> bool:
        """Ends a storm that is still as it was read; False when it is not."""


class Deliveries(Protocol):
    """The memory of announcements that were sent to humans. Raises AwsError when it is unreachable."""

    def begin(self, key: str, at: datetime) -> bool:
        """Starts sending; False when it was sent before. Raises Conflict while another one sends it."""

    def done(self, key: str, at: datetime) -> None:
        """Records that it was sent."""

    def forget(self, key: str, at: datetime) -> None:
        """Allows an announcement to be sent again; does nothing where it was never sent."""


class Threads(Protocol):
    """The memory of who was notified of which page. Every method raises AwsError when it is unreachable."""

    def thread(self, thread_id: str) -> Reading[Thread]:
        """The thread as it is now; Absent when nobody was ever notified."""

    def save(self, before: Thread | None, after: Thread, at: datetime) -> bool:
        """Keeps a thread; False when it is no longer as `before` says."""

    def count(self, message: Announcement, look_at: datetime, at: datetime) -> None:
        """Counts one announcement of a cause; a new cause is looked at then."""

    def defer(self, message: Announcement, until: datetime, at: datetime) -> None:
        """Keeps an announcement until its mute window ends; the newest transition's window counts."""

    def digest(self, digest_key: str) -> Reading[Digest]:
        """The announcements that were counted of a cause."""

    def look_later(self, found: Digest, look_at: datetime | None, at: datetime, *, reported: bool) -> None:
        """Records whether it was summed up, and when to look again (None: not until more comes)."""

    def forget(self, found: Digest) -> bool:
        """Begins a cause again with the next announcement; False when more came since it was read."""

    def quarantine_thread(self, thread_id: str) -> None:
        """Takes a thread out of the looks: it cannot be read."""

    def quarantine_digest(self, digest_key: str) -> None:
        """Takes a digest out of the looks: it cannot be read."""

    def put_off_thread(self, thread_id: str, until: datetime) -> None:
        """Puts a due thread that could not be looked at behind the others."""

    def put_off_digest(self, digest_key: str, until: datetime) -> None:
        """Puts a due digest that could not be looked at behind the others."""

    def due_threads(self, at: datetime, limit: int) -> Sequence[str]:
        """Ids of threads that are due for a look by then."""

    def due_digests(self, at: datetime, limit: int) -> Sequence[str]:
        """Keys of digests that are due for a look by then."""


class HeldSwitches(Protocol):
    """Reads kill switches. Nothing here raises: a failed read is an Unknown."""

    def holding(self, action: str, target: Target | None) -> Reading[tuple[Hold, ...]]:
        """The holds on a switch over everything, the action, or the target and its cluster."""


class CallCounts(Protocol):
    """The number of new calls that each channel carried lately."""

    def take(
        self, channel: str, severity: Severity, call: str, budget: Budget, at: datetime
    ) -> datetime | None:
        """Counts a call on a channel; None when there is room for it, else the time of the next room."""


class PageTests(Protocol):
    """The memory of test pages. Raises AwsError when it is unreachable."""

    def begin(self, test: PageTest) -> bool:
        """Writes a test; False when there is one of that id already."""

    def finish(self, test: PageTest) -> None:
        """Writes what came of a test."""
