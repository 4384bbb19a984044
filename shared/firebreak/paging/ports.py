"""What paging needs of the world, as small protocols: channels, logs, pictures, secrets."""

from datetime import datetime
from typing import Protocol

from firebreak.core.paging.channel_breaker import Health
from firebreak.core.paging.page import Page
from firebreak.core.paging.rules import ChannelRules
from firebreak.core.readings import Reading


class Channel(Protocol):
    """A way to humans. Raises Undelivered."""

    def send(self, page: Page, ref: str) -> str:
        """Send one page; `ref` is what the channel answered to an earlier page of the thread, or empty.

        Returns what to give it with the next page of the thread.
        """

    def show(self, ref: str, picture: bytes) -> None:
        """Add a picture (PNG) to what was sent; nothing where the channel carries none."""


class Carrier(Protocol):
    """All channels by their rules."""

    def deliver(self, channel: ChannelRules, page: Page, ref: str, now: datetime) -> str:
        """Send a page on one channel, as Channel.send does. Raises Undelivered."""

    def show(self, channel: ChannelRules, ref: str, picture: bytes) -> bool:
        """Add a picture (PNG) to what was sent; False when the channel did not take it."""


class ErrorLines(Protocol):
    """Looking at logs. Nothing here raises: blindness is an Unknown."""

    def last(self, group: str, since: datetime, until: datetime) -> Reading[tuple[str, ...]]:
        """The last lines of that time that look like errors, oldest first; Absent without such a group."""


class Pictures(Protocol):
    """Pictures of metrics. Nothing here raises: blindness is an Unknown."""

    def of(self, alarm_arn: str) -> Reading[bytes]:
        """The metrics of an alarm over the last hours with its threshold, as PNG."""


class Secrets(Protocol):
    """Reading secrets. Nothing here raises: blindness is an Unknown; a value is never told."""

    def value(self, arn: str) -> Reading[str]:
        """The secret of that ARN (Secrets Manager, or a SecureString parameter)."""


class ChannelHealth(Protocol):
    """The memory of how channels fared lately. Raises AwsError when it is unreachable."""

    def look(self, channel: str) -> Reading[Health]:
        """How the channel of that name fared; Absent when nothing is remembered."""

    def keep(self, channel: str, health: Health, at: datetime) -> bool:
        """Remember it for a channel whose version is still as in `health`; False when it is not."""
