"""Publishes announcements on the bus: at least once, never instead of the ledger's record."""

from dataclasses import dataclass

from firebreak.core.messages.announcement import Announcement
from firebreak.core.model import OwnEvent
from firebreak.core.ports import Bus, Log
from firebreak.errors import AwsError, NobodyNotified
from firebreak.ledger.ports import Ledger


@dataclass(frozen=True, slots=True)
class Announcer:
    """Publishes announcements that the ledger already holds; the sweeper repeats failed ones."""

    bus: Bus
    ledger: Ledger
    log: Log

    def publish(self, message: Announcement | None) -> bool:
        """Publishes it, then marks it as published; returns whether that was done.

        May fail without harm: the ledger still holds it as unsettled.
        """
        if message is None:
            return True
        try:
            self.bus.announce(message)
            self.ledger.settle_announcement(message.waits_as, message.at)
        except AwsError as error:
            self.log.event("announcement.waits", key=message.key, kind=message.kind.value, error=str(error))
            return False
        return True

    def ask(self, request: OwnEvent) -> None:
        """Requests the next rung. May fail without harm: the incident is due, and the sweeper asks again."""
        try:
            self.bus.ask(request)
        except AwsError as error:
            self.log.event("request.waits", incident=request.incident_id, error=str(error))

    def announce_without_ledger(self, message: Announcement | None) -> None:
        """Publishes an announcement that could not be recorded. Raises NobodyNotified if that fails."""
        if message is None:
            return
        try:
            self.bus.announce(message)
        except AwsError as error:
            raise NobodyNotified(f"{message.kind}: {error}") from error
