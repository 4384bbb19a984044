"""Stand-ins for the channels of pages and their dependencies; each passes the contract of the real ones."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from firebreak.core.paging.channel_breaker import Health
from firebreak.core.paging.page import Page
from firebreak.core.readings import ABSENT, Reading


@dataclass
class FakeChannel:
    """Keeps every page with the reference it came with, and every picture.

    `before` runs ahead of each page and may raise Undelivered or move a clock.
    """

    name: str = "fake"
    sent: list[tuple[Page, str]] = field(default_factory=list)
    pictures: list[tuple[str, bytes]] = field(default_factory=list)
    before: Callable[[Page], None] = lambda _: None

    def send(self, page: Page, ref: str) -> str:
        self.before(page)
        self.sent.append((page, ref))
        return ref or f"{self.name}:{len(self.sent)}"

    def show(self, ref: str, picture: bytes) -> None:
        self.pictures.append((ref, picture))


@dataclass
class FakeChannelHealth:
    """How channels fared, in memory."""

    kept: dict[str, Health] = field(default_factory=dict)

    def look(self, channel: str) -> Reading[Health]:
        return self.kept.get(channel, ABSENT)

    def keep(self, channel: str, health: Health, at: datetime) -> bool:
        if health.version != self.kept.get(channel, Health()).version:
            return False
        self.kept[channel] = replace(health, version=health.version + 1)
        return True


@dataclass
class FakeSecrets:
    """Secrets by their ARN."""

    values: dict[str, Reading[str]] = field(default_factory=dict)

    def value(self, arn: str) -> Reading[str]:
        return self.values.get(arn, ABSENT)
