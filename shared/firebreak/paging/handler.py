"""Page: sends each page once, and sends it even when the ledger is not reachable.

Announcements, alarms that are routed to humans and reports of crashed functions come here; once a
minute everything that is due is looked at (paging/timers.py).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from firebreak.core.decide import refuse
from firebreak.core.decision import Decision
from firebreak.core.incident.rechecks import is_of_a_cause, without_its_page
from firebreak.core.intake import held_back, why_human
from firebreak.core.keys import digest
from firebreak.core.ledger import DecisionRecord, alarm_key, untargeted
from firebreak.core.limits.storm import RedAlarm, Storm, StormRules, red_alarm
from firebreak.core.messages.announcement import Announcement
from firebreak.core.messages.decision_messages import of_decision, per_alarm
from firebreak.core.messages.opt_in_notice import notices_ended_by
from firebreak.core.model import Alarm
from firebreak.core.paging.digests import Digest, counts, first_look, put_off, put_off_no_longer
from firebreak.core.paging.page import Severity
from firebreak.core.paging.rules import DEFAULT_PAGING, PagingRules
from firebreak.core.paging.severities import severity_of
from firebreak.core.paging.vouching import unrecorded
from firebreak.core.ports import AlarmReads, Clock, Log
from firebreak.core.readings import ABSENT, Absent, NotRead, Reading, Unknown
from firebreak.core.reasons import Lasting, Reason
from firebreak.core.watchdog import heartbeat_of, is_heartbeat
from firebreak.errors import AwsError, Conflict, NobodyNotified, PolicyError, UnusableEvent
from firebreak.intake import alarm_events
from firebreak.ledger.ports import Deliveries, Ledger, PageTests, Storms
from firebreak.paging.crash_reports import Crash, crash_in
from firebreak.paging.notifier import Dispatcher
from firebreak.paging.page_tests import PageTester
from firebreak.paging.timers import DuePages
from firebreak.remediation.decision_recorder import Summary
from firebreak.remediation.storm_detector import StormWatch
from firebreak.remediation.unusable_events import read_alarm, unusable_record
from firebreak.wire.announcements import announcement_from_wire
from firebreak.wire.page_tests import page_test_from_wire


@dataclass(frozen=True, slots=True)
class _StormPager:
    """Pages announcements of a storm at once; the sweeper publishes those that are lost on the way."""

    page: Callable[[Announcement], None]
    ledger: Ledger
    log: Log

    def publish(self, message: Announcement | None) -> None:
        """Pages it, then marks it as published."""
        if not message:
            return
        self.page(message)
        try:
            self.ledger.settle_announcement(message.waits_as, message.at)
        except AwsError as error:
            # It will be published once more, and was announced already.
            self.log.event("page.waits", key=message.key, error=str(error))


@dataclass(frozen=True, slots=True, kw_only=True)
class PageDesk:
    """Handles announcements, alarms routed to humans, crashed functions, and what falls due.

    `rules` reads the policy's rules for pages. It may raise PolicyError: then the topic is used.
    `frozen` says whether a freeze window still holds the subject of an announcement, `storm` reads when many
    red alarms are a storm, and may raise PolicyError as well. `storms` is the storm of pages, `holding` the
    one that holds actions back. `policy_trouble` is the announcement of a policy that cannot be renewed.
    """

    ledger: Ledger
    deliveries: Deliveries
    tests: PageTests
    dispatcher: Dispatcher
    storms: Storms
    holding: Storms
    storm: Callable[[], StormRules]
    alarms: AlarmReads
    rules: Callable[[], PagingRules]
    frozen: Callable[[Announcement, datetime], bool]
    clock: Clock
    log: Log
    account: str
    region: str
    partition: str
    policy_trouble: Callable[[], Announcement | None] = lambda: None

    def handle(self, event: object) -> Summary:
        """Notifies a human. Raises when nobody could be notified, so that the event is delivered again."""
        match event:
            case {"detail-type": "Firebreak Page Sweep"}:
                return self._due()
            case {"detail-type": "Firebreak Announcement" | "Firebreak Human Announcement", "detail": detail}:
                try:
                    heard = announcement_from_wire(detail)
                except UnusableEvent as error:
                    return self._unusable(event, error)
                return self._announced(heard)
            case {"detail-type": "Firebreak Page Test", "detail": detail}:
                return self._tested(detail)
            case _ if crash := crash_in(event):
                return self._crash(crash)
            case _:
                alarm = read_alarm(event, "an announcement or an alarm")
                if isinstance(alarm, UnusableEvent):
                    return self._unusable(event, alarm)
                return self._alarm(alarm)

    def _tested(self, detail: object) -> Summary:
        """Sends a test page; an event that is none is only logged, for no page is lost with it."""
        try:
            request = page_test_from_wire(detail)
        except UnusableEvent as error:
            self.log.event("page.unusable_test", error=str(error))
            return Summary("refuse", Reason.UNUSABLE_EVENT, "")
        tester = PageTester(
            tests=self.tests,
            carrier=self.dispatcher.carrier,
            counts=self.dispatcher.counts,
            clock=self.clock,
            log=self.log,
        )
        return tester.run(request, self._rules())

    def _announced(self, heard: Announcement) -> Summary:
        """Sends the announcement that the ledger holds under the name that came over the bus.

        The rest of the event was written by anybody who may put events on the bus. Without the ledger the
        announcement is sent as it came, and not marked as sent: twice is better than never.
        """
        match self._recorded(heard):
            case Announcement() as recorded:
                self._announce_once(recorded)
            case Absent():
                self.log.event("page.not_in_the_ledger", key=heard.key, kind=heard.kind.value)
                self._announce_once(unrecorded(heard))
            case Unknown(why) | NotRead(why):
                self.log.event("page.unproven", key=heard.key, why=why)
                self.dispatcher.announce(heard, self._rules())
        return Summary("notified", Reason.CLEAR_TO_ACT, heard.incident_id)

    def _recorded(self, heard: Announcement) -> Reading[Announcement]:
        try:
            return self.ledger.announcement(heard.waits_as)
        except AwsError as error:
            return Unknown(str(error))

    def _due(self) -> Summary:
        due = DuePages(
            dispatcher=self.dispatcher,
            deliveries=self.deliveries,
            alarms=self.alarms,
            rules=self._rules(),
            frozen=self.frozen,
            clock=self.clock,
            log=self.log,
            place=(self.account, self.region),
            after_mute=self._after_mute,
        )
        # Failed looks stay due and are tried again in a minute; an alarm reports when no look is completed.
        looked = [due.run(), self._storm_looked_at(), self._policy_looked_at()]
        if not all(looked):
            return Summary("failed", Reason.LEDGER_UNAVAILABLE, "")
        self.log.count("PageSweeps")
        return Summary("swept", Reason.NOT_IN_ALARM, "")

    def _rules(self) -> PagingRules:
        """The policy's rules for pages; without a policy all go to the topic: a page needs no permission."""
        try:
            return self.rules()
        except PolicyError as error:
            self.log.event("page.policy_unusable", problems=len(error.problems))
            return DEFAULT_PAGING

    def _unusable(self, event: object, error: UnusableEvent) -> Summary:
        """An event that cannot be read may have been a page: a human is notified of it, once."""
        record = unusable_record(event, error, "page", self.clock.now())
        self.log.event("page.unusable_event", incident=record.incident_id, error=str(error))
        self._remember(record)
        if message := of_decision(record, None):
            self._announce_once(message)
        return Summary(record.decision.word, record.decision.reason, record.incident_id)

    def _alarm(self, alarm: Alarm) -> Summary:
        alarm = alarm_events.placed(alarm, self.account, self.region, self.partition)
        why, now, key = why_human(alarm), self.clock.now(), alarm_key(alarm, "page")
        routed = refuse(why.reason, why.detail)
        beats = self._as_heartbeat(alarm, why.detail)
        message = None if beats else of_decision(untargeted(key, alarm, "page", routed, now), None)
        decision = held_back(alarm, now) if message else None
        if message and not decision and self._left_to_the_storm(message, red_alarm(alarm, now)):
            decision = refuse(Reason.STORM, f"its severity is below critical; {why.detail}")
        decision = beats or decision or routed
        record = untargeted(key, alarm, "page", decision, now)
        self._remember(record)
        if paged := of_decision(record, None):
            self._announce_once(per_alarm(paged) if self._is_critical(paged) else paged)
        elif message and decision.reason is Reason.MUTED and alarm.mute and alarm.mute.until:
            self._announce_after(alarm.mute.until, message)
        return Summary(decision.word, decision.reason, record.incident_id)

    def _left_to_the_storm(self, message: Announcement, red: RedAlarm | None) -> bool:
        """Whether the page of a storm, which lists the red alarms, covers it; the alarm is counted anyway.

        Still paged by itself: critical alarms, alarms that the storm cannot remember, and all alarms while
        no storm is known.
        """
        return self._is_in_storm(red) and not self._is_critical(message)

    def _is_critical(self, message: Announcement) -> bool:
        return severity_of(message, self._rules()) is Severity.CRITICAL

    def _is_in_storm(self, red: RedAlarm | None) -> bool:
        """Whether many routed alarms are red at once, and this one is among those that are remembered."""
        try:
            rules = self.storm()
            found = self._watch().count(red, rules, self.storms.look())
        except (AwsError, PolicyError) as error:
            self.log.event("page.storm_unknown", error=str(error))
            return False
        return red is not None and isinstance(found, Storm) and found.stands_for(red)

    def _watch(self) -> StormWatch:
        pager = _StormPager(self._announce_once, self.ledger, self.log)
        return StormWatch(self.storms, self.alarms, pager, self.clock, self.log, other_storm=self.holding)

    def _storm_looked_at(self) -> bool:
        """Declares a storm of pages whose declarer died, or ends one that is over.

        False when that failed, or the storm cannot be read: its page stands for the alarms that it gathers.
        """
        try:
            return self._watch().sweep(self.storm()) is None
        except PolicyError as error:
            self.log.event("page.policy_unusable", problems=len(error.problems))
            return True
        except (AwsError, NobodyNotified) as error:  # the announcement waits in the ledger
            self.log.event("page.storm_unknown", error=str(error))
            return False

    def _policy_looked_at(self) -> bool:
        """Announces that the newest policy is not in force, once for each cause; False when that failed."""
        try:
            if message := self.policy_trouble():
                self._announce_once(message)
        except (Conflict, NobodyNotified) as error:
            self.log.event("page.policy_trouble_waits", error=str(error))
            return False
        return True

    def _announce_after(self, until: datetime, message: Announcement) -> None:
        """Keeps it until its mute window ends; if it cannot be kept, it is paged at once."""
        try:
            self.dispatcher.threads.defer(put_off(per_alarm(message), until), until, self.clock.now())
        except AwsError as error:
            self.log.event("page.mute_not_kept", key=message.key, error=str(error))
            self._announce_once(message)

    def _after_mute(self, held: Announcement) -> None:
        """Announces an alarm that is not OK at the end of its mute window, as if it had just turned red."""
        now = self.clock.now()
        message = put_off_no_longer(held, now)
        red = RedAlarm(since=held.until or now, series=held.counted_as, name=held.alarm_name)
        if self._left_to_the_storm(message, red):
            self.log.event("page.left_to_the_storm", key=message.key)
        else:
            self._announce_once(message)

    def _remember(self, record: DecisionRecord) -> None:
        """Records the decision. May fail without stopping the page: pages fail open."""
        try:
            self.ledger.record(record, None)
        except AwsError as error:
            self.log.event("page.unrecorded", incident=record.incident_id, error=str(error))

    def _crash(self, crash: Crash) -> Summary:
        message, record = crash.reported(self.clock.now())
        if record:
            self._remember(record)
        if crash.stopped and record and record.alarm and self._as_heartbeat(record.alarm, ""):
            # A missing heartbeat is what pages: one at each beat would be no stop.
            return Summary(record.decision.word, record.decision.reason, record.incident_id)
        self._announce_once(message)
        return Summary("notified", Reason.CLEAR_TO_ACT, message.incident_id)

    def _as_heartbeat(self, alarm: Alarm, why: str) -> Decision | None:
        """The record of a heartbeat that came here: its tags were lost, and a missing one is what pages."""
        if is_heartbeat(alarm, self.dispatcher.stack.name, self.account, self.region):
            return refuse(Reason.HEARTBEAT_BLIND, why)
        other = heartbeat_of(alarm.metrics, alarm.account)
        return refuse(Reason.OTHER_STACK, f"the heartbeat of stack {other}") if other else None

    def _announce_once(self, message: Announcement) -> None:
        rules = self._rules()
        message = self._counted(self._in_its_episode(message), rules)
        self._end_notices(message)
        begun = self._begin(message)
        if begun is False:
            self.log.event("page.announced_before", key=message.key, kind=message.kind.value)
            self.dispatcher.announce_if_worse(message, rules)
            return
        recorded = self.dispatcher.announce(message, rules)
        if begun and not recorded:
            # Announced, but nobody further up the route would be called, nor hear of the end: better twice.
            raise NobodyNotified(f"{message.kind}: who was notified could not be recorded")
        self._done(message)

    def _in_its_episode(self, message: Announcement) -> Announcement:
        """Moves the result of a look to the thread of the page that announced it, else to one of its own."""
        if not is_of_a_cause(message):
            return message
        try:
            found = self.dispatcher.threads.digest(message.counted_as)
        except AwsError as error:
            self.log.event("page.uncounted", key=message.key, error=str(error))
            return without_its_page(message)
        if not isinstance(found, Digest):
            return without_its_page(message)
        return replace(message, thread=found.first_as_paged.thread)

    def _counted(self, message: Announcement, rules: PagingRules) -> Announcement:
        """The announcement as a part of its cause. May fail without stopping the page.

        A failure loses one name on a digest; an announcement of a lasting cause is then paged by itself.
        """
        if not counts(message):
            return message
        now, threads = self.clock.now(), self.dispatcher.threads
        by_itself = (
            message
            if message.lasting is Lasting.NO
            else replace(message, key=digest(message.key, message.event))
        )
        try:
            before = threads.digest(message.key) if message.lasting is not Lasting.NO else ABSENT
            if isinstance(before, Digest) and before.is_stale(now):
                threads.forget(before)
            threads.count(message, first_look(rules.digest_every, now), now)
            if message.lasting is Lasting.NO:
                return message
            found = threads.digest(message.key)
        except AwsError as error:
            self.log.event("page.uncounted", key=message.key, error=str(error))
            return by_itself
        return found.part_of(message) if isinstance(found, Digest) else by_itself

    def _end_notices(self, message: Announcement) -> None:
        """Ends notices. May fail without stopping the page: then the next notice of such a target is lost."""
        try:
            for key in notices_ended_by(message):
                self.deliveries.forget(key, self.clock.now())
        except AwsError as error:
            self.log.event("page.notice_stays", key=message.key, error=str(error))

    def _begin(self, message: Announcement) -> bool | None:
        """Whether to announce it; None when the ledger cannot say: announce, twice is better than never."""
        try:
            return self.deliveries.begin(message.key, self.clock.now())
        except Conflict:
            raise
        except AwsError as error:
            self.log.event("page.undeduplicated", key=message.key, error=str(error))
            return None

    def _done(self, message: Announcement) -> None:
        """Marks it as announced. May fail without harm: the page may be sent again, never lost."""
        try:
            self.deliveries.done(message.key, self.clock.now())
        except AwsError as error:
            self.log.event("page.unmarked", key=message.key, error=str(error))
