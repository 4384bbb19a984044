"""What falls due by time alone: held pages, the next step of a route, digests, and holds that are over.

Looked at once a minute. A look that is lost costs a minute, for what is due stays due.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from firebreak.core import telling
from firebreak.core.announcement import Announcement
from firebreak.core.digests import LOOK_EVERY, Digest, is_time, over, summed_up
from firebreak.core.ledger import digest
from firebreak.core.model import AlarmState
from firebreak.core.observed import DescribedAlarm
from firebreak.core.page import Phase
from firebreak.core.paging_rules import PagingRules
from firebreak.core.readings import Absent, NotRead, Unknown
from firebreak.core.reasons import Reason
from firebreak.core.threads import Thread, Turn, come_due, looks
from firebreak.dispatching import Dispatcher
from firebreak.errors import AwsError, Conflict, FirebreakError, Untold
from firebreak.ports import AlarmReads, Clock, Deliveries, Log, Threads

AT_ONCE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class DuePages:
    """One look at everything that is due; `place` is our account and region."""

    dispatcher: Dispatcher
    deliveries: Deliveries
    alarms: AlarmReads
    rules: PagingRules
    clock: Clock
    log: Log
    place: tuple[str, str]

    @property
    def threads(self) -> Threads:
        """The memory of who was told."""
        return self.dispatcher.threads

    def run(self) -> None:
        """Look at all of it. Raises the first error after everything was looked at."""
        now = self.clock.now()
        failed = self._each(self.threads.due_threads(now, AT_ONCE), self._thread)
        failed += self._each(self.threads.due_digests(now, AT_ONCE), self._digest)
        if failed:
            raise failed[0]

    def _each(self, names: Iterable[str], look: Callable[[str, datetime], None]) -> list[FirebreakError]:
        failed: list[FirebreakError] = []
        for name in names:
            try:
                look(name, self.clock.now())
            except (AwsError, Untold) as error:
                self.log.event("page.due_failed", about=name, error=str(error))
                failed.append(error)
        return failed

    def _thread(self, name: str, now: datetime) -> None:
        thread = self.threads.thread(name)
        if isinstance(thread, Unknown | NotRead):
            raise Untold(f"thread {name} cannot be read: {thread.why}")
        if isinstance(thread, Absent):
            return
        if looks(thread, now) and self._is_green(thread):
            self.dispatcher.announce(telling.green_again(thread.latest, now), self.rules)
            return
        route = self.rules.route(thread.severity)
        found = come_due(thread, route, now)
        if found.sending and not self._is_ours(found, thread, now):
            return

        def turn(current: Thread | None) -> Turn:
            return come_due(current or thread, route, now)

        self.dispatcher.take(thread, turn, self.rules)

    def _is_ours(self, found: Turn, thread: Thread, now: datetime) -> bool:
        """Whether nobody else tells this step at this very moment; who died meanwhile is replaced."""
        phase = found.sending.phase if found.sending else Phase.UPDATE
        key = digest("due", thread.id, thread.version, phase.value, found.thread.steps)
        try:
            return self.deliveries.begin(key, now)
        except Conflict:
            return False

    def _is_green(self, thread: Thread) -> bool:
        told = thread.latest
        if (told.account, told.region) != self.place:
            return False
        found = self.alarms.describe(told.alarm_name)
        return isinstance(found, DescribedAlarm) and found.state is AlarmState.OK

    def _digest(self, key: str, now: datetime) -> None:
        found = self.threads.digest(key)
        if isinstance(found, Unknown | NotRead):
            raise Untold(f"digest {key} cannot be read: {found.why}")
        if isinstance(found, Absent):
            return
        if self._is_over(found, now):
            self._tell(over(found, self._red(found), now))
            self.threads.look_later(found, None, now, reported=True)
        elif is_time(found, self.rules.digest_every, now):
            self._tell(summed_up(found, now))
            self.threads.look_later(found, self._next(found, now), now, reported=True)
        else:
            self.threads.look_later(found, self._next(found, now), now, reported=False)

    def _tell(self, told: Announcement) -> None:
        if self.deliveries.begin(told.key, told.at):
            self.dispatcher.announce(told, self.rules)
            self.deliveries.done(told.key, told.at)

    def _next(self, found: Digest, now: datetime) -> datetime | None:
        """A hold is looked at until it is over; what is summed up waits for more."""
        if found.holds:
            return now + LOOK_EVERY
        waits = found.count > found.reported
        return (found.reported_at or found.since) + self.rules.digest_every if waits else None

    def _is_over(self, found: Digest, now: datetime) -> bool:
        """Whether what held Firebreak back is gone; not knowing is no end."""
        if not found.holds:
            return False
        if found.first.cause == Reason.SWITCHED_OFF:
            return self.dispatcher.surroundings.holding(found.first, now) is False
        return found.first.until is not None and found.first.until <= now

    def _red(self, found: Digest) -> frozenset[str] | None:
        states = self.alarms.describe_all(found.names)
        if not isinstance(states, Mapping):
            return None
        return frozenset(name for name, alarm in states.items() if alarm.state is AlarmState.ALARM)
