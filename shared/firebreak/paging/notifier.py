"""Sends pages: on the channels of a thread's turn, on others where those fail; keeps who was notified.

Pages fail open. Without the memory of threads the first step of the route is notified, at any hour.
"""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from threading import Lock

from firebreak.core.messages.announcement import Announcement
from firebreak.core.messages.opt_in_notice import is_notice
from firebreak.core.paging.commands import StackAddress
from firebreak.core.paging.page import Page, Phase, worse
from firebreak.core.paging.paused import by_severity
from firebreak.core.paging.rules import CARRY_PICTURES, TOPIC, ChannelRules, PagingRules
from firebreak.core.paging.severities import severity_of
from firebreak.core.paging.threads import Sending, Thread, Turn, asks_again, receive, thread_id
from firebreak.core.ports import Clock, Log
from firebreak.core.readings import Absent, NotRead, Reading, Unknown
from firebreak.errors import AwsError, NobodyNotified, Undelivered
from firebreak.ledger.ports import CallCounts, Threads
from firebreak.paging.call_limits import Brake
from firebreak.paging.enrichment import Enrichment
from firebreak.paging.ports import Carrier
from firebreak.paging.rendering import ascii_subject_of, body_of, source_of, subject_of

# Each announcement of a thread that comes at the same moment costs one more try.
TRIES = 5

type Next = Callable[[Thread | None], Turn]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatcher:
    """Sends the turns of threads to humans."""

    threads: Threads
    carrier: Carrier
    counts: CallCounts
    enrichment: Enrichment
    clock: Clock
    log: Log
    stack: StackAddress

    def announce(self, message: Announcement, rules: PagingRules) -> bool:
        """Sends one announcement, now or when the hours of its severity open; returns whether it is recorded.

        Raises NobodyNotified when no channel took it.
        """
        before = self.read(thread_id(message))
        if isinstance(before, Unknown | NotRead):
            self.log.event("page.without_memory", key=message.key, why=before.why)
            self._past_memory(message, rules)
            return False
        known = None if isinstance(before, Absent) else before
        turn = self._brake(rules).on(self.turn_of(message, rules))
        recorded = self._take(known, turn, rules)
        if not recorded and not turn(known).sending:
            # An announcement that was to wait would be lost.
            self._past_memory(message, rules)
        return recorded

    def turn_of(self, message: Announcement, rules: PagingRules) -> Next:
        """The turn of the thread that this announcement causes now."""
        now, severity = self.clock.now(), severity_of(message, rules)

        def turn(thread: Thread | None) -> Turn:
            worst = thread.severity if thread and thread.calls else severity
            return receive(thread, message, severity, rules.route(worse(severity, worst)), now)

        return turn

    def announce_if_worse(self, message: Announcement, rules: PagingRules) -> None:
        """Sends an announcement again, if it is worse, or its thread was over since. Raises NobodyNotified.

        Also where Firebreak was at work on it since, and a human must come after all. An announcement made
        before the end, or that of the end, was only published once more. A notice that a target is not
        opted in is over when its alarm is OK, and stays announced all the same, unless it called nobody.
        """
        thread, severity = self.read(thread_id(message)), severity_of(message, rules)
        if not isinstance(thread, Thread):
            return
        late = message.at < thread.latest.at or message.key == thread.latest.key
        again = thread.over and not late and not (is_notice(message) and thread.call)
        again = again or asks_again(thread, message)
        if again or worse(severity, thread.severity) is not thread.severity:
            self.announce(message, rules)

    def take(self, before: Thread | None, turn: Next, rules: PagingRules) -> bool:
        """Sends what a turn asks for, then records the thread; returns whether it is recorded.

        Raises NobodyNotified when nobody could be notified.
        """
        return self._take(before, self._brake(rules).on(turn), rules)

    def _brake(self, rules: PagingRules) -> Brake:
        """The ceilings of the channels, for one turn."""
        return Brake(
            counts=self.counts,
            threads=self.threads,
            announce=partial(self._announce_held_back, rules=rules),
            rules=rules,
            clock=self.clock,
            log=self.log,
        )

    def _announce_held_back(self, message: Announcement, rules: PagingRules) -> None:
        """Announces it once, and again where it is worse or was over. Raises NobodyNotified."""
        if isinstance(self.read(thread_id(message)), Thread):
            self.announce_if_worse(message, rules)
        else:
            self.announce(message, rules)

    def _take(self, before: Thread | None, turn: Next, rules: PagingRules) -> bool:
        found = turn(before)
        refs = self._send(found.sending, found.thread, rules) if found.sending else {}
        recorded = self._recorded(before, found, turn, refs, rules)
        if found.sending and found.sending.phase is Phase.TRIGGER:
            self._show(found.sending.message, refs, rules)
        return recorded

    def read(self, thread: str) -> Reading[Thread]:
        """The thread as the ledger has it; Unknown when the ledger cannot be reached."""
        try:
            return self.threads.thread(thread)
        except AwsError as error:
            return Unknown(str(error))

    def _past_memory(self, message: Announcement, rules: PagingRules) -> None:
        severity = severity_of(message, rules)
        always = replace(rules.route(severity), hours=())
        turn = receive(None, message, severity, always, self.clock.now())
        first = always.steps[0].channels
        sending = turn.sending or Sending(message, Phase.UPDATE, first)
        self._send(replace(sending, channels=sending.channels or first), turn.thread, rules)

    def _recorded(
        self,
        before: Thread | None,
        found: Turn,
        turn: Next,
        refs: Mapping[str, str],
        rules: PagingRules,
    ) -> bool:
        """Whether the thread is recorded; one that changed meanwhile takes the same turn again.

        The turn on the changed thread decides again whether to send: an announcement that was to wait may not
        have to any more, and those just notified may have missed that the thread is over.
        """
        try:
            for _ in range(TRIES):
                after = replace(found.thread, notified={**found.thread.notified, **refs})
                if self.threads.save(before, after, self.clock.now()):
                    return True
                again = self.threads.thread(found.thread.id)
                if isinstance(again, Unknown | NotRead):
                    break
                before = None if isinstance(again, Absent) else again
                found = turn(before)
                if found.sending and not refs:
                    refs = self._send(found.sending, found.thread, rules)
                self._announce_the_end(before, refs, rules)
        except AwsError as error:
            self.log.event("page.thread_not_kept", thread=found.thread.id, error=str(error))
            return False
        self.log.event("page.thread_not_kept", thread=found.thread.id, error="others changed it at each try")
        return False

    def _announce_the_end(self, now: Thread | None, refs: Mapping[str, str], rules: PagingRules) -> None:
        """Announces the end to those who were notified while the thread ended and did not hear of it."""
        missed = set(refs) - set(now.notified) if now and now.over else set()
        if now and missed:
            thread = replace(now, notified={**now.notified, **refs})
            self._send(Sending(now.latest, Phase.RESOLVE, tuple(sorted(missed))), thread, rules)

    def _send(self, sending: Sending, thread: Thread, rules: PagingRules) -> dict[str, str]:
        """The references returned by the channels that took it. Raises NobodyNotified when none did."""
        with self.log.about(sending.message.incident_id or sending.message.key):
            return self._send_about(sending, thread, rules)

    def _send_about(self, sending: Sending, thread: Thread, rules: PagingRules) -> dict[str, str]:
        now = self.clock.now()
        sending = replace(sending, message=by_severity(sending.message, thread.severity))
        context = self.enrichment.context_of(sending, thread, rules, rules.route(thread.severity), now)
        page = Page(
            thread=thread.id,
            phase=sending.phase,
            severity=thread.severity,
            subject=subject_of(sending.message, context),
            ascii_subject=ascii_subject_of(sending.message, context),
            body=body_of(sending.message, self.stack, context),
            source=source_of(sending.message),
            at=now,
            links=context.links,
        )
        without_lines = body_of(sending.message, self.stack, replace(context, errors=()))
        pages = {True: page, False: replace(page, body=without_lines)}
        refs = self._deliver(pages, sending.channels, thread, rules)
        self.log.event(
            "page.sent", key=sending.message.key, kind=sending.message.kind.value, channels=sorted(refs)
        )
        return refs

    def _deliver(
        self, pages: Mapping[bool, Page], channels: Iterable[str], thread: Thread, rules: PagingRules
    ) -> dict[str, str]:
        """Sends on all channels at once, each with its stand-ins behind it; none is asked twice.

        `pages` is the page with lines of a log (True) and without (False).
        """
        wanted = {name if name in rules.channels else TOPIC for name in channels}
        tried, turns = set(wanted), Lock()

        def taken(name: str) -> tuple[str, str] | None:
            """The channel that took it, and its reference; None where another's turn covers the rest."""
            while True:
                channel = rules.channels[name]
                answer = self._one(channel, pages[channel.log_lines], thread)
                if isinstance(answer, str):
                    return name, answer
                name = channel.otherwise
                with turns:
                    if name in tried:
                        return None
                    tried.add(name)

        with ThreadPoolExecutor(max_workers=max(1, len(wanted))) as pool:
            refs = dict(found for found in pool.map(taken, sorted(wanted)) if found)
        if not refs:
            raise NobodyNotified(f"{pages[False].phase}: no channel took it")
        return refs

    def _one(self, channel: ChannelRules, page: Page, thread: Thread) -> str | Undelivered:
        try:
            return self.carrier.deliver(
                channel, page, thread.notified.get(channel.name, ""), self.clock.now()
            )
        except Undelivered as error:
            self.log.event("page.channel_failed", channel=channel.name, code=error.code)
            self.log.count("ChannelFailures")
            return error

    def _show(self, message: Announcement, refs: Mapping[str, str], rules: PagingRules) -> None:
        """Adds a picture after everybody was notified, on channels that carry pictures; it may be missing."""
        shows = [name for name in refs if rules.channels[name].kind in CARRY_PICTURES]
        picture = self.enrichment.picture(message) if shows else None
        for name in shows if picture else ():
            self.carrier.show(rules.channels[name], refs[name], picture or b"")
