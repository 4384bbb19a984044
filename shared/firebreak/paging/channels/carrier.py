"""Pages on their channels, and the rest of those that keep failing: who cannot carry one says so at once."""

from collections.abc import Callable
from datetime import datetime, timedelta

from firebreak.core.paging.channel_breaker import (
    Circuit,
    Health,
    answered,
    circuit,
    failed,
    rests_until,
    trying,
)
from firebreak.core.paging.page import Page
from firebreak.core.paging.rules import TOPIC, ChannelRules
from firebreak.core.ports import Log
from firebreak.core.readings import Absent, NotRead, Reading, Unknown
from firebreak.errors import AwsError, Undelivered
from firebreak.paging.ports import Channel, ChannelHealth

CIRCUIT_OPEN = "circuit open"
# Functions that fail at the same time write the same item; a failure that is not counted delays a rest.
TRIES = 3
# Asking a table that does not answer takes seconds, and every channel of a page would wait for it again.
BLIND = timedelta(seconds=60)


class Carrier:
    """Sends pages over the channels that `build` makes, and remembers how each fared.

    Without its memory every channel counts as well, and the last resort never rests: pages fail open.
    """

    def __init__(self, build: Callable[[ChannelRules], Channel], health: ChannelHealth, log: Log) -> None:
        self._build = build
        self._health = health
        self._log = log
        self._built: dict[ChannelRules, Channel] = {}
        self._blind_until: datetime | None = None

    def deliver(self, rules: ChannelRules, page: Page, ref: str, now: datetime) -> str:
        """Send one page, as Channel.send does. Raises Undelivered, at once while the channel rests.

        `retryable` says of it that the same page may get through later.
        """
        health = self._before(rules.name, now) if _may_rest(rules) else None
        try:
            ref = self._channel(rules).send(page, ref)
        except Undelivered as error:
            self._after(rules.name, health, now, unwell=error.retryable)
            raise
        self._after(rules.name, health, now, unwell=False)
        return ref

    def show(self, rules: ChannelRules, ref: str, picture: bytes) -> bool:
        """Add a picture; False when the channel did not take it, which stops nothing."""
        try:
            self._channel(rules).show(ref, picture)
        except Undelivered as error:
            self._log.event("channel.no_picture", channel=rules.name, error=error.code)
            return False
        return True

    def _channel(self, rules: ChannelRules) -> Channel:
        if rules not in self._built:
            self._built[rules] = self._build(rules)
        return self._built[rules]

    def _before(self, name: str, now: datetime) -> Health | None:
        """How the channel fared, None when that is not known. Raises Undelivered while it rests."""
        health = self._look(name, now)
        if health is None:
            return None
        state = circuit(health, now)
        if state is Circuit.CLOSED:
            return health
        if state is Circuit.HALF_OPEN and self._takes_its_turn(name, health, now):
            return health
        raise Undelivered(name, CIRCUIT_OPEN, retryable=True)

    def _look(self, name: str, now: datetime) -> Health | None:
        if self._blind_until and now < self._blind_until:
            return None
        match self._looked_at(name, now):
            case Health() as health:
                return health
            case Absent():
                return Health()
            case Unknown(why) | NotRead(why):
                self._log.event("channel.health_unknown", channel=name, why=why)
                return None

    def _looked_at(self, name: str, now: datetime) -> Reading[Health]:
        try:
            return self._health.look(name)
        except AwsError as error:
            self._blind_until = now + BLIND
            return Unknown(str(error))

    def _takes_its_turn(self, name: str, health: Health, now: datetime) -> bool:
        """Whether this page is the one that tries; when the memory cannot say, it is."""
        try:
            return self._health.keep(name, trying(health, now), now)
        except AwsError as error:
            self._log.event("channel.health_unknown", channel=name, why=str(error))
            return True

    def _after(self, name: str, before: Health | None, now: datetime, *, unwell: bool) -> None:
        """Remember how it went. A channel that is well and was well costs no write."""
        if before is None or (not unwell and not before.failures):
            return
        for _ in range(TRIES):
            # Looked at again: the send took seconds, and its own turn may have been written.
            health = self._look(name, now)
            if health is None or self._kept(name, failed(health, now) if unwell else answered(health), now):
                return

    def _kept(self, name: str, health: Health, now: datetime) -> bool:
        """Whether nothing is left to be written."""
        try:
            kept = self._health.keep(name, health, now)
        except AwsError as error:
            self._log.event("channel.health_unknown", channel=name, why=str(error))
            return True
        if kept and (until := rests_until(health, now)):
            self._log.event("channel.rests", channel=name, failures=health.failures, until=until.isoformat())
        return kept


def _may_rest(rules: ChannelRules) -> bool:
    """Whether another channel takes over; who rests the last resort loses pages."""
    return rules.name not in {TOPIC, rules.otherwise}
