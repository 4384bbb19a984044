"""The dependencies of paging, as small protocols: channels, logs, pictures, secrets."""

from datetime import datetime
from typing import Protocol

from firebreak.core.paging.channel_breaker import Health
from firebreak.core.paging.page import Page
from firebreak.core.paging.rules import ChannelRules
from firebreak.core.readings import Reading


class Channel(Protocol):
    """A way to humans. Raises Undelivered."""

    def send(self, page: Page, ref: str) -> str:
        """Sends one page; `ref` is the channel's answer to an earlier page of the thread, or empty.

        Returns the reference for the next page of the thread.
        """

    def show(self, ref: str, picture: bytes) -> None:
        """Adds a picture (PNG) to the page that was sent; does nothing where the channel carries none."""


class Carrier(Protocol):
    """All channels by their rules."""

    def deliver(self, channel: ChannelRules, page: Page, ref: str, now: datetime) -> str:
        """Sends a page on one channel, as Channel.send does. Raises Undelivered."""

    def show(self, channel: ChannelRules, ref: str, picture: bytes) -> bool:
        """Adds a picture (PNG) to the page that was sent; False when the channel did not take it."""


class ErrorLines(Protocol):
    """Reads logs. Nothing here raises: a failed read is an Unknown."""

    def last(self, group: str, since: datetime, until: datetime) -> Reading[tuple[str, ...]]:
        """The last lines of that time that look like errors, oldest first; Absent without such a group."""


class Pictures(Protocol):
    """Pictures of metrics. Nothing here raises: a failed read is an Unknown."""

    def of(self, alarm_arn: str) -> Reading[bytes]:
        """The metrics of an alarm over the last hours with its threshold, as PNG."""


class Secrets(Protocol):
    """Reads secrets. Nothing here raises: a failed read is an Unknown; a value is never part of it."""

    def value(self, arn: str) -> Reading[str]:
        """The secret of that ARN (Secrets Manager, or a SecureString parameter)."""


class ChannelHealth(Protocol):
    """The memory of the health of channels. Raises AwsError when it is unreachable."""

    def look(self, channel: str) -> Reading[Health]:
        """The health of the channel of that name; Absent when nothing is remembered."""

    def keep(self, channel: str, health: Health, at: datetime) -> bool:
        """Stores it for a channel whose version is still as in `health`; False when it is not."""
