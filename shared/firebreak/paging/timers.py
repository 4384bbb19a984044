"""Work that is due by time alone: held pages, the next step of a route, digests, and holds that are over.

It is looked at once a minute. A look that is lost costs a minute, because its subject stays due.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from firebreak.core.alarm_readings import AlarmReading, WatchedAlarm, all_ok
from firebreak.core.keys import digest
from firebreak.core.messages import thread_messages
from firebreak.core.messages.announcement import Announcement
from firebreak.core.messages.decision_messages import of_blindness
from firebreak.core.model import AlarmState
from firebreak.core.observed import DescribedAlarm
from firebreak.core.paging.digests import Digest, earlier_look, ended, is_time, over, stayed_ok, summed_up
from firebreak.core.paging.page import Phase
from firebreak.core.paging.rules import PagingRules
from firebreak.core.paging.threads import (
    LOOK_EVERY,
    TRIGGERS,
    Thread,
    Turn,
    climbs_later,
    come_due,
    gives_up,
    looks,
    thread_id,
    watched,
)
from firebreak.core.ports import AlarmReads, Clock, Log
from firebreak.core.readings import ABSENT, Absent, NotRead, Reading, Unknown
from firebreak.core.reasons import Reason
from firebreak.errors import UNEXPECTED_SHAPE, AwsError, Conflict, NobodyNotified
from firebreak.ledger.ports import Deliveries, Threads
from firebreak.paging.notifier import Dispatcher, Next
from firebreak.remediation.alarm_status import describe_each, read_states, state_of

AT_ONCE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class DuePages:
    """One look at everything that is due; `place` is this stack's account and region.

    `frozen` says whether a freeze window still holds the subject of an announcement; `after_mute` pages an
    alarm whose mute window has ended.
    """

    dispatcher: Dispatcher
    deliveries: Deliveries
    alarms: AlarmReads
    rules: PagingRules
    frozen: Callable[[Announcement, datetime], bool]
    clock: Clock
    log: Log
    place: tuple[str, str]
    after_mute: Callable[[Announcement], None]

    @property
    def threads(self) -> Threads:
        """The memory of who was notified."""
        return self.dispatcher.threads

    def run(self) -> bool:
        """Looks at all of it; returns whether all could be looked at. The rest stays due."""
        # Digests first: a held page whose alarms stayed OK is over before it is sent.
        looked = [
            self._each("digests", self.threads.due_digests, self._digest, self.threads.put_off_digest),
            self._each("threads", self.threads.due_threads, self._thread, self.threads.put_off_thread),
        ]
        return all(looked)

    def _each(
        self,
        what: str,
        due: Callable[[datetime, int], Iterable[str]],
        look: Callable[[str, datetime], None],
        put_off: Callable[[str, datetime], None],
    ) -> bool:
        """Whether each could be looked at; one that could not waits behind the others that are due."""
        try:
            names = due(self.clock.now(), AT_ONCE)
        except AwsError as error:
            self.log.event("page.due_failed", about=f"the list of {what}", error=str(error))
            return False
        well = True
        for name in names:
            try:
                look(name, self.clock.now())
            except (AwsError, NobodyNotified, *UNEXPECTED_SHAPE) as error:
                self.log.event("page.due_failed", about=name, error=f"{type(error).__name__}: {error}")
                well = False
                self._put_off(put_off, name)
        return well

    def _put_off(self, put_off: Callable[[str, datetime], None], name: str) -> None:
        """Puts it behind the others. May fail without harm: it is looked at first again."""
        try:
            put_off(name, self.clock.now())
        except AwsError as error:
            self.log.event("page.not_put_off", about=name, error=str(error))

    def _thread(self, name: str, now: datetime) -> None:
        thread = self.threads.thread(name)
        if isinstance(thread, Unknown | NotRead):
            self._announce_unreadable(f"who was notified of {name}", thread.why, now)
            self.threads.quarantine_thread(name)
            return
        if isinstance(thread, Absent):
            return
        if looks(thread, now) and all_ok(self._states(thread).values()):
            self._announce_once(thread_messages.green_again(thread.latest, now, since=thread.opened_at))
            return
        if gives_up(thread, now):
            self._announce_once(
                thread_messages.no_longer_watched(
                    thread.latest, self._states(thread), now, since=thread.opened_at
                )
            )
            return
        if thread.next_at and thread.next_at <= now and self._is_ok_for_now(thread.latest.counted_as):
            self.dispatcher.take(thread, lambda current: climbs_later(current or thread, now), self.rules)
            return
        route = self.rules.route(thread.severity)
        found = come_due(thread, route, now)
        sent_before = found.sending is not None and self._sent_before(found, thread, now)

        def turn(current: Thread | None) -> Turn:
            return come_due(current or thread, route, now)

        if found.sending is None or sent_before is not None:
            self.dispatcher.take(thread, _silent(turn) if sent_before else turn, self.rules)
        if found.sending and sent_before is False:
            self.deliveries.done(_key(found, thread), now)

    def _is_ok_for_now(self, digest_key: str) -> bool:
        """Whether all alarms of a cause that lasts are known to be OK at this moment."""
        found = self.threads.digest(digest_key) if digest_key else ABSENT
        if not isinstance(found, Digest):
            return False
        return found.all_ok({one: state_of(alarm) for one, alarm in self._described(found).items()})

    def _announce_unreadable(self, what: str, why: str, now: datetime) -> None:
        """Announces it once; an unreadable item is not looked at again, or it would be every minute."""
        self._announce_once(
            of_blindness(Reason.IN_FLIGHT_UNREADABLE, f"{what} cannot be read: {why}", "", None, now)
        )

    def _sent_before(self, found: Turn, thread: Thread, now: datetime) -> bool | None:
        """Whether a process announced this step and died before recording it; None while one announces it."""
        try:
            return not self.deliveries.begin(_key(found, thread), now)
        except Conflict:
            return None

    def _states(self, thread: Thread) -> Mapping[WatchedAlarm, AlarmReading]:
        """The states of its alarms now; those of another account or region cannot be read from here."""
        latest = thread.latest
        if (latest.account, latest.region) not in (self.place, ("", "")):
            return dict.fromkeys(watched(thread), NotRead(f"it is in {latest.account} {latest.region}"))
        return read_states(self.alarms, watched(thread))

    def _digest(self, key: str, now: datetime) -> None:
        found = self.threads.digest(key)
        if isinstance(found, Unknown | NotRead):
            self._announce_unreadable(f"how many share the cause {key}", found.why, now)
            self.threads.quarantine_digest(key)
            return
        if isinstance(found, Absent):
            return
        if found.first.cause == Reason.MUTED:
            self._mute_ended(found, now)
        elif found.lasts:
            self._lasting(found, now)
        elif self._is_over(found, now):
            self._announce_once(over(found, read_states(self.alarms, found.watched), now))
            self.threads.look_later(found, None, now, reported=True)
        elif is_time(found, self.rules.digest_every, now):
            self._announce_once(summed_up(found, now))
            self.threads.look_later(found, self._next(found, now), now, reported=True)
        elif found.first.kind in TRIGGERS and not found.holds:
            self._look_at_alarms(found, now)
        else:
            self.threads.look_later(found, self._next(found, now), now, reported=False)

    def _look_at_alarms(self, found: Digest, now: datetime) -> None:
        """Ends refusals when all their alarms are OK, and leaves them to humans after a day."""
        states, again_at = read_states(self.alarms, found.watched), self._next(found, now)
        if found.all_ok(states):
            self._announce_once(
                thread_messages.green_again(found.first, now, since=found.since, count=found.count)
            )
            self.threads.look_later(found, None, now, reported=True)
            return
        if again_at is None:
            about = replace(found.first, unwatched=found.unwatched)
            self._announce_once(thread_messages.no_longer_watched(about, states, now, since=found.since))
        self.threads.look_later(found, again_at, now, reported=False)

    def _lasting(self, found: Digest, now: datetime) -> None:
        """Ends a lasting cause once all its alarms stayed OK; until then new alarms are summed up."""
        states = self._described(found)
        again_at = earlier_look(found, states, self._next(found, now))
        if stayed_ok(found, states, now):
            self._announce_once(ended(found, now))
            # Alarms that came meanwhile are counted on, and paged again, because the thread is over.
            self.threads.forget(found)
            return
        summed = is_time(found, self.rules.digest_every, now)
        if summed:
            self._announce_once(summed_up(found, now))
        elif again_at is None:
            about = replace(found.first_as_paged, unwatched=found.unwatched)
            known = {one: state_of(alarm) for one, alarm in states.items()}
            self._announce_once(thread_messages.no_longer_watched(about, known, now, since=found.since))
        self.threads.look_later(found, again_at, now, reported=summed)

    def _mute_ended(self, found: Digest, now: datetime) -> None:
        """Ends a mute window: alarms that are OK or gone by now are not paged, all others are."""
        if found.first.until and found.first.until > now:
            self.threads.look_later(found, found.first.until, now, reported=False)
            return
        states = (state_of(alarm) for alarm in self._described(found).values())
        if not all(state is AlarmState.OK or isinstance(state, Absent) for state in states):
            self.after_mute(found.first)
        self.threads.forget(found)

    def _described(self, found: Digest) -> Mapping[WatchedAlarm, Reading[DescribedAlarm]]:
        """Its alarms as they are now; those of another account or region cannot be read from here."""
        about = found.first
        if (about.account, about.region) not in (self.place, ("", "")):
            return dict.fromkeys(found.watched, NotRead(f"it is in {about.account} {about.region}"))
        return describe_each(self.alarms, found.watched)

    def _announce_once(self, message: Announcement) -> None:
        """Announces it once. Raises NobodyNotified when that is not recorded; only the record is due then."""
        if not self.deliveries.begin(message.key, message.at):
            self._keep(message)
            return
        recorded = self.dispatcher.announce(message, self.rules)
        self.deliveries.done(message.key, message.at)
        if not recorded:
            raise NobodyNotified(f"{message.kind}: who was notified could not be recorded")

    def _keep(self, message: Announcement) -> None:
        """Puts an announcement that was sent before into its thread without another page, if not there."""
        before = self.threads.thread(thread_id(message))
        if isinstance(before, Unknown | NotRead):
            # No later look can read it either; the unreadable thread is announced by itself.
            return
        known = None if isinstance(before, Absent) else before
        if known and known.latest.key == message.key:
            return
        if not self.dispatcher.take(known, _silent(self.dispatcher.turn_of(message, self.rules)), self.rules):
            raise NobodyNotified(f"{message.kind}: who was notified could not be recorded")

    def _next(self, found: Digest, now: datetime) -> datetime | None:
        """The next look: for a hold until it is over, for alarms for a while, then for the next summary."""
        if found.holds:
            return now + LOOK_EVERY
        if looked_at := found.looked_at_next(now):
            return looked_at
        waits = found.count > found.reported and not found.lasts
        return (found.reported_at or found.since) + self.rules.digest_every if waits else None

    def _is_over(self, found: Digest, now: datetime) -> bool:
        """Whether the hold on Firebreak is gone; not knowing is not an end."""
        if not found.holds:
            return False
        if found.first.cause == Reason.SWITCHED_OFF:
            return self.dispatcher.enrichment.holding(found.first, now) is False
        if found.first.cause == Reason.CALENDAR_CLOSED:
            # A page waits for no calendar: the end is the one that was read with the decision.
            return found.first.until is not None and found.first.until <= now
        return not self.frozen(found.first, now)


def _silent(turn: Next) -> Next:
    """The same turn without a page, for those who know already."""
    return lambda thread: replace(turn(thread), sending=None)


def _key(found: Turn, thread: Thread) -> str:
    """The key of one step of one thread, the same at every try to keep it."""
    phase = found.sending.phase if found.sending else Phase.UPDATE
    return digest("due", thread.id, thread.version, phase.value, found.thread.steps)
