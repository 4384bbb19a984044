"""The brake on pages: each turn asks the ceilings of the channels on which it is a new call.

Pages fail open: what cannot be counted is sent.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from firebreak.core.messages.announcement import Announcement
from firebreak.core.paging.ceilings import braked, call_name, held_back, new_on
from firebreak.core.paging.digests import first_look
from firebreak.core.paging.rules import PagingRules
from firebreak.core.paging.threads import Thread, Turn
from firebreak.core.ports import Clock, Log
from firebreak.errors import AwsError
from firebreak.ledger.ports import CallCounts, Threads


@dataclass(frozen=True, slots=True, kw_only=True)
class Brake:
    """The ceilings for one turn of one thread, however often others change it: each channel is asked once.

    `announce` sends a page that says that a call waits.
    """

    counts: CallCounts
    threads: Threads
    announce: Callable[[Announcement], None]
    rules: PagingRules
    clock: Clock
    log: Log
    asked: dict[str, datetime | None] = field(default_factory=dict)

    def on(self, turn: Callable[[Thread | None], Turn]) -> Callable[[Thread | None], Turn]:
        """The same turn without the channels whose ceiling is reached."""

        def held(before: Thread | None) -> Turn:
            found = turn(before)
            return braked(found, before, self._full(found, before), self.clock.now())

        return held

    def _full(self, turn: Turn, before: Thread | None) -> Mapping[str, datetime]:
        held_back_before = before.held_back if before and not before.over else ()
        for channel in new_on(turn, before):
            if channel not in self.asked:
                self.asked[channel] = self._room(channel, turn.thread, known=channel in held_back_before)
        return {channel: at for channel in new_on(turn, before) if (at := self.asked[channel])}

    def _room(self, channel: str, thread: Thread, *, known: bool) -> datetime | None:
        """The time at which there is room, None for now. A call is held only once counted and announced."""
        budget, now = self.rules.ceilings.of(thread.severity), self.clock.now()
        message = held_back(thread, channel, budget, now)
        try:
            full_until = self.counts.take(channel, thread.severity, call_name(thread), budget, now)
            if full_until and not known:
                self.threads.count(message, first_look(self.rules.digest_every, now), now)
        except AwsError as error:
            self.log.event("page.ceiling_unknown", channel=channel, error=str(error))
            return None
        if full_until and not known:
            self.log.event("page.held_back", channel=channel, thread=thread.id, until=full_until.isoformat())
            self.announce(message)
        return full_until
