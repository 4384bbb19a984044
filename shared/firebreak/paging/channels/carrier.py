"""Pages on their channels; a channel that keeps failing rests, and says at once that it carries nothing."""

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
    """Sends pages over the channels that `build` makes, and remembers whether each one worked.

    Without its memory every channel counts as well, and the last resort never rests: pages fail open.
    """

    def __init__(self, build: Callable[[ChannelRules], Channel], health: ChannelHealth, log: Log) -> None:
        self._build = build
        self._health = health
        self._log = log
        self._built: dict[ChannelRules, Channel] = {}
        self._blind_until: datetime | None = None

    def deliver(self, rules: ChannelRules, page: Page, ref: str, now: datetime) -> str:
        """Sends one page, as Channel.send does. Raises Undelivered, at once while the channel rests.

        `retryable` of the error means that the same page may get through later.
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
        """Adds a picture; False when the channel did not take it, which stops nothing."""
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
        """The channel's health; None when it is not known. Raises Undelivered while the channel rests."""
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
        """Whether this page is the one that tries the channel; True when the memory cannot be read."""
        try:
            return self._health.keep(name, trying(health, now), now)
        except AwsError as error:
            self._log.event("channel.health_unknown", channel=name, why=str(error))
            return True

    def _after(self, name: str, before: Health | None, now: datetime, *, unwell: bool) -> None:
        """Records the result. A channel that is well and was well costs no write."""
        if before is None or (not unwell and not before.failures):
            return
        for _ in range(TRIES):
            # Looked at again: the send took seconds, and its own turn may have been written.
            health = self._look(name, now)
            if health is None or self._saved(name, failed(health, now) if unwell else answered(health), now):
                return

    def _saved(self, name: str, health: Health, now: datetime) -> bool:
        """Whether nothing is left to write."""
        try:
            saved = self._health.keep(name, health, now)
        except AwsError as error:
            self._log.event("channel.health_unknown", channel=name, why=str(error))
            return True
        if saved and (until := rests_until(health, now)):
            self._log.event("channel.rests", channel=name, failures=health.failures, until=until.isoformat())
        return saved


def _may_rest(rules: ChannelRules) -> bool:
    """Whether the channel may rest: another one takes over. A resting last resort would lose pages."""
    return rules.name not in {TOPIC, rules.otherwise}
