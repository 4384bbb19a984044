"""`firebreak ack`: a human takes over, so nobody further up is called."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

from firebreak.core.messages import approval_messages
from firebreak.core.messages.announcement import Announcement
from firebreak.core.paging.threads import CALL_ID, THREAD_ID, Thread
from firebreak.core.readings import Absent, NotRead, Unknown
from firebreak.errors import AwsError
from firebreak.ledger.dynamodb import DynamoLedger
from firebreak.ledger.threads import DynamoThreads
from firebreak.paging.rendering import plain
from firebreak_cli.exit_codes import BAD_INPUT, NO_AWS, Ending
from firebreak_cli.screen import when
from firebreak_cli.stack import Stack, human_bus

# Each page that is sent between the look and the write costs one more try.
TRIES = 10


@dataclass(frozen=True, slots=True)
class PagerDesk:
    """The threads of pages of one stack."""

    stack: Stack

    def thread(self, written: str) -> Thread:
        """The thread of a page, while that call is the latest. Raises Ending or AwsError."""
        call = CALL_ID.fullmatch(written)
        thread_id = call[1] if call else written
        if not THREAD_ID.fullmatch(thread_id):
            raise Ending(
                BAD_INPUT,
                f"{plain(written, 60)} is not the id of a page: a page prints it after `firebreak ack`",
            )
        found = self._threads().thread(thread_id)
        match found:
            case Thread(over=True):
                raise Ending(BAD_INPUT, f"{thread_id} is over: {plain(found.latest.headline)}")
            case Thread(call=newest) if newest and (call is None or call[2] != newest):
                raise Ending(
                    BAD_INPUT,
                    f"{written} is not the latest call, so nothing was acknowledged",
                    f"the latest: {plain(found.latest.headline)}",
                    f"to acknowledge that: {self.stack.command('ack', found.call_id)}",
                )
            case Thread():
                return found
            case Absent():
                raise Ending(BAD_INPUT, f"nobody was paged about {thread_id} by {self.stack.place}")
            case Unknown(why) | NotRead(why):
                raise Ending(NO_AWS, f"{thread_id} could not be read: {why}")
            case _:
                assert_never(found)

    def acknowledge(self, thread: Thread, by: str, now: datetime) -> Thread:
        """Records the acknowledgement; from then on nobody further up is called. Raises Ending or AwsError.

        A second acknowledgement by the same person changes nothing, and nobody gets another message.
        """
        for _ in range(TRIES):
            if thread.acknowledged_by == by:
                return thread
            message = approval_messages.acknowledged(thread.latest, thread.id, by, now)
            after = replace(thread, acknowledged_by=by, next_at=None)
            if self._threads().acknowledge(thread, after, message):
                self._announce(message)
                return after
            thread = self.thread(thread.call_id)
        raise Ending(NO_AWS, f"NOT ACKNOWLEDGED: others changed {thread.id} at each try: run it again")

    def _announce(self, message: Announcement) -> None:
        """Announces at once; on failure it waits in the ledger, and the sweeper sends it within minutes."""
        try:
            human_bus(self.stack).announce(message)
            ledger = DynamoLedger(self.stack.reader("dynamodb"), self.stack.ledger_table)
            ledger.settle_announcement(message.waits_as, message.at)
        except AwsError:
            return

    def _threads(self) -> DynamoThreads:
        return DynamoThreads(self.stack.reader("dynamodb"), self.stack.ledger_table)


def as_json(before: Thread, after: Thread, stack: Stack) -> Mapping[str, object]:
    """The acknowledgement, as plain values."""
    return {
        "stack": stack.name,
        "page": after.id,
        "by": after.acknowledged_by,
        "before_by": before.acknowledged_by or None,
        "paged_since": after.opened_at.isoformat(),
        "about": after.latest.headline,
    }


def outcome_rows(before: Thread, after: Thread, stack: Stack, now: datetime) -> Iterator[tuple[str, str]]:
    """The rows about the acknowledgement, and the people who are notified of it."""
    yield "Acknowledged", f"{after.id}, {stack.place}"
    yield "By", after.acknowledged_by
    if before.acknowledged_by:
        yield "Before by", before.acknowledged_by
    yield "About", plain(after.latest.headline)
    yield "Paged since", when(after.opened_at, now)
    yield "Notified", ", ".join(sorted(after.notified)) or "nobody yet: its hours are not open"
    yield "Next", "nobody else is called; all of them are notified when it is over"
