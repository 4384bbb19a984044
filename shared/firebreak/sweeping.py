"""The five-minute sweep: what a lost wake-up, a lost hand-over or a killed function left behind."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil

from firebreak.announcing import Announcer
from firebreak.core.announcement import Announcement
from firebreak.core.model import OwnEvent
from firebreak.core.readings import Reading
from firebreak.core.reasons import Reason
from firebreak.core.telling_decisions import of_blindness
from firebreak.core.watchdog import Overdue, oldest_unverified, stuck_leases
from firebreak.errors import AwsError
from firebreak.policy import Policy
from firebreak.ports import Bus, Ledger, Log
from firebreak.storming import StormWatch

SWEEP_LIMIT = 50
# The schedule of the template, which is what the turns of those that humans have are counted by.
SWEEP_EVERY = timedelta(minutes=5)
# So each of those gets its turn within 20 minutes.
HUMANS_TURNS = 4
# Schedules fire within their minute; what is later than this was lost.
SWEEP_GRACE = timedelta(seconds=90)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """One sweep; `check` looks at an incident as its wake-up would have."""

    check: Callable[[str], object]
    ledger: Ledger
    bus: Bus
    announcer: Announcer
    storms: StormWatch
    policy: Callable[[], Policy]
    log: Log
    now: datetime

    def run(self) -> None:
        """Look at everything that is past due. Raises the first AwsError after all was looked at."""
        now = self.now
        waiting = self.ledger.unsettled_announcements(now - SWEEP_GRACE, SWEEP_LIMIT)
        self._gauge_waiting(waiting)
        for told in waiting:
            self.announcer.hand_over(told)
        failed = self._ask_overdue()
        overdue = self.ledger.overdue(now - SWEEP_GRACE, SWEEP_LIMIT)
        self._gauge_overdue(overdue)
        failed += [
            error
            for incident_id in (
                *(one.incident_id for one in overdue),
                *self._with_humans(),
            )
            if (error := self._sweep_one(incident_id))
        ]
        failed += self._sweep_storm()
        if failed:
            raise failed[0]
        self.log.count("Sweeps")

    def _with_humans(self) -> Sequence[str]:
        """Those whose turn it is: they stay until it is over, and the oldest would keep others waiting."""
        listed = self.ledger.incidents_with_humans(self.now - SWEEP_GRACE, HUMANS_TURNS * SWEEP_LIMIT)
        turns = max(1, ceil(len(listed) / SWEEP_LIMIT))
        first = int(self.now.timestamp() // SWEEP_EVERY.total_seconds()) % turns * SWEEP_LIMIT
        return listed[first : first + SWEEP_LIMIT]

    def _gauge_waiting(self, waiting: Sequence[Announcement]) -> None:
        """What is not told yet, as it was found: what is still there at the next sweep is stuck."""
        longest = max((self.now - told.at for told in waiting), default=timedelta())
        self.log.gauge("WaitingAnnouncements", len(waiting))
        self.log.gauge("OldestAnnouncementSeconds", longest.total_seconds())

    def _gauge_overdue(self, overdue: Sequence[Overdue]) -> None:
        self.log.gauge("OldestUnverifiedActSeconds", oldest_unverified(overdue, self.now).total_seconds())
        self.log.gauge("StuckLeases", stuck_leases(overdue))

    def _sweep_storm(self) -> list[AwsError]:
        """A storm that cannot be looked at stays; it comes last, so nothing waits for it."""
        try:
            self.storms.sweep(self.policy().storm)
        except AwsError as error:
            self.log.event("verification.storm_waits", error=str(error))
            return [error]
        return []

    def _ask_overdue(self) -> list[AwsError]:
        """A wake-up that was lost is made now; one that was not is the same delivery, decided once."""
        try:
            for key, request in self.ledger.overdue_requests(self.now - SWEEP_GRACE, SWEEP_LIMIT):
                self._ask_one(request)
                self.ledger.settle_request(key)
        except AwsError as error:
            self.log.event("verification.requests_wait", error=str(error))
            return [error]
        return []

    def _ask_one(self, request: Reading[OwnEvent]) -> None:
        if isinstance(request, OwnEvent):
            self.bus.ask(replace(request, at=self.now))
            return
        cause = f"a request that waited in the ledger cannot be read: {request}"
        self.announcer.tell_past_the_ledger(
            of_blindness(Reason.IN_FLIGHT_UNREADABLE, cause, "", None, self.now)
        )

    def _sweep_one(self, incident_id: str) -> AwsError | None:
        """One that fails must not keep the others waiting; the sweep fails after all were looked at."""
        try:
            self.check(incident_id)
        except AwsError as error:
            self.log.event("verification.sweep_failed", incident=incident_id, error=str(error))
            return error
        return None
