"""The five-minute sweep: takes up lost wake-ups, lost announcements and the work of killed functions.

One bad item, answer or policy never keeps the others from being looked at: each is looked at alone, and one
that could not be looked at waits behind the others. Its cause is announced once a day while it lasts.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from math import ceil

from firebreak.core.messages.announcement import Announcement
from firebreak.core.messages.decision_messages import DAILY, of_blindness
from firebreak.core.model import OwnEvent
from firebreak.core.ports import Bus, Log
from firebreak.core.readings import Reading
from firebreak.core.reasons import Reason
from firebreak.core.watchdog import Overdue, oldest_unverified, stuck_leases
from firebreak.errors import UNEXPECTED_SHAPE, AwsError, NobodyNotified, PolicyError
from firebreak.ledger.ports import Ledger
from firebreak.policy.policy import Policy
from firebreak.remediation.outbox import Announcer
from firebreak.remediation.storm_detector import StormWatch

SWEEP_LIMIT = 50
# The schedule of the template, by which the turns of the incidents with humans are counted.
SWEEP_EVERY = timedelta(minutes=5)
# So each of those gets its turn within 20 minutes.
HUMANS_TURNS = 4
# Schedules fire within their minute; a wake-up that is later than this was lost.
SWEEP_GRACE = timedelta(seconds=90)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """One sweep; `check` looks at an incident as its wake-up would have, and returns whether it could.

    `failed` collects the errors that have to be raised once everything was looked at.
    """

    check: Callable[[str], bool]
    ledger: Ledger
    bus: Bus
    announcer: Announcer
    storms: StormWatch
    policy: Callable[[], Policy]
    log: Log
    now: datetime
    keep_policy: Callable[[datetime], None]
    measure: Callable[[datetime], None]
    failed: list[AwsError | NobodyNotified] = field(default_factory=list)

    def run(self) -> None:
        """Looks at everything past due. Raises the first AwsError or NobodyNotified after all was looked at.

        The storm waits for nothing that fails: it stays as it is until it can be looked at. The measures
        of the stack itself come after all that humans wait for.
        """
        parts = (self._announcements, self._requests, self._incidents, self._policy, self._storm)
        for part in (*parts, self._measures):
            self._guarded(part.__name__.strip("_"), part)
        if self.failed:
            raise next((error for error in self.failed if isinstance(error, NobodyNotified)), self.failed[0])
        self.log.count("Sweeps")

    def _guarded(self, about: str, look: Callable[[], None]) -> bool:
        """Whether a look was completed; its failure is kept or announced, and stops no other look."""
        try:
            look()
        except (AwsError, NobodyNotified) as error:
            self.log.event("verification.sweep_failed", about=about, error=str(error))
            self.failed.append(error)
        except PolicyError as error:
            self._announce(Reason.POLICY_UNUSABLE, error.cause)
        except UNEXPECTED_SHAPE as error:
            self._announce(
                Reason.IN_FLIGHT_UNREADABLE, f"{about} cannot be looked at: {type(error).__name__}"
            )
        else:
            return True
        return False

    def _announce(self, reason: Reason, cause: str) -> None:
        """Announces a cause once a day, however often it is met."""
        self.log.event("verification.sweep_blind", reason=reason.value, cause=cause)
        message = of_blindness(reason, cause, "", None, self.now, every=DAILY)
        try:
            self.announcer.announce_without_ledger(
                replace(message, next="Firebreak tries again every few minutes.")
            )
        except NobodyNotified as error:
            self.failed.append(error)

    def _announcements(self) -> None:
        unsettled = self.ledger.unsettled_announcements(self.now - SWEEP_GRACE, SWEEP_LIMIT)
        self._gauge_unsettled(unsettled)
        for message in unsettled:
            self._guarded(f"announcement {message.key}", partial(self._publish, message))

    def _publish(self, message: Announcement) -> None:
        published = False
        try:
            with self.log.about(message.incident_id or message.key):
                published = self.announcer.publish(message)
        finally:
            if not published:
                self._put_off(self.ledger.put_off_announcement, message.waits_as)

    def _incidents(self) -> None:
        """Reads both lists before any look: an incident that one gives to humans has its turn later."""
        overdue: list[Overdue] = []
        humans: list[str] = []
        self._guarded("overdue", lambda: overdue.extend(self._overdue()))
        self._guarded("humans", lambda: humans.extend(self._with_humans()))
        for one in overdue:
            if not self._sweep_one(one.incident_id):
                self._put_off(self.ledger.put_off_incident, one.incident_id)
        for incident_id in humans:
            self._sweep_one(incident_id)

    def _overdue(self) -> Sequence[Overdue]:
        overdue = self.ledger.overdue(self.now - SWEEP_GRACE, SWEEP_LIMIT)
        self._gauge_overdue(overdue)
        return overdue

    def _with_humans(self) -> Sequence[str]:
        """The incidents in turn: they stay until they are over, and the oldest would keep others waiting."""
        listed = self.ledger.incidents_with_humans(self.now - SWEEP_GRACE, HUMANS_TURNS * SWEEP_LIMIT)
        turns = max(1, ceil(len(listed) / SWEEP_LIMIT))
        first = int(self.now.timestamp() // SWEEP_EVERY.total_seconds()) % turns * SWEEP_LIMIT
        return listed[first : first + SWEEP_LIMIT]

    def _sweep_one(self, incident_id: str) -> bool:
        """Whether an incident could be looked at."""
        seen: list[bool] = []
        well = self._guarded(f"incident {incident_id}", lambda: seen.append(self.check(incident_id)))
        return well and seen == [True]

    def _put_off(self, put_off: Callable[[str, datetime], None], name: str) -> None:
        """Puts it behind the others of the next sweep. May fail without harm: then it is first again."""
        try:
            put_off(name, self.now - SWEEP_GRACE)
        except AwsError as error:
            self.log.event("verification.not_put_off", about=name, error=str(error))

    def _gauge_unsettled(self, unsettled: Sequence[Announcement]) -> None:
        """Reports the announcements not sent yet, as found: one still there at the next sweep is stuck."""
        longest = max((self.now - message.at for message in unsettled), default=timedelta())
        self.log.gauge("WaitingAnnouncements", len(unsettled))
        self.log.gauge("OldestAnnouncementSeconds", longest.total_seconds())

    def _gauge_overdue(self, overdue: Sequence[Overdue]) -> None:
        self.log.gauge("OldestUnverifiedActSeconds", oldest_unverified(overdue, self.now).total_seconds())
        self.log.gauge("StuckLeases", stuck_leases(overdue))

    def _policy(self) -> None:
        self.keep_policy(self.now)

    def _measures(self) -> None:
        self.measure(self.now)

    def _storm(self) -> None:
        if unread := self.storms.sweep(self.policy().storm):
            self._announce(Reason.STORM_UNREADABLE, unread.why)

    def _requests(self) -> None:
        """Makes lost wake-ups now; one that was not lost is the same delivery, decided once."""
        for key, request in self.ledger.overdue_requests(self.now - SWEEP_GRACE, SWEEP_LIMIT):
            if not self._guarded(f"request {key}", partial(self._ask, key, request)):
                self._put_off(self.ledger.put_off_request, key)

    def _ask(self, key: str, request: Reading[OwnEvent]) -> None:
        if isinstance(request, OwnEvent):
            self.bus.ask(replace(request, at=self.now))
        else:
            cause = f"a request that waited in the ledger cannot be read: {request}"
            self.announcer.announce_without_ledger(
                of_blindness(Reason.IN_FLIGHT_UNREADABLE, cause, "", None, self.now, every=DAILY)
            )
        self.ledger.settle_request(key)
