"""`firebreak pause`, `resume` and `switches`: stopping Firebreak, and seeing who did."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from itertools import chain

from firebreak.aws.translate import translated
from firebreak.core.limits.budgets import CLOCK_SKEW
from firebreak.core.limits.history import Hold
from firebreak.core.limits.scopes import switch_scope_words
from firebreak.core.readings import NotRead, Unknown
from firebreak.errors import AwsError, OutcomeUnknown
from firebreak.ledger.items import LISTED_SWITCH, DamagedItem
from firebreak.ledger.switches import Switches
from firebreak.paging.rendering import plain
from firebreak.policy.units import read_duration
from firebreak.services.registry import CATALOG
from firebreak_cli.environment import Environment
from firebreak_cli.exit_codes import BAD_INPUT, NO_AWS, Ending, ending_of
from firebreak_cli.operations.pause_scopes import Scope
from firebreak_cli.queries import by_time
from firebreak_cli.queries.by_time import NoIndex
from firebreak_cli.stack import Stack, client

# A switch that nobody remembers is an outage of Firebreak: a longer pause must be renewed.
LONGEST = timedelta(days=30)
# Shorter than the clocks of the functions may differ, a pause might be over before it began.
SHORTEST = timedelta(seconds=60)
# Lines of the index by time are so short that a page holds thousands of switches.
MAX_PAGES = 5
MAX_REASON = 500
MAX_HOLDER = 128
NOBODY = "unknown"
NOT_NAMED = "a caller whom AWS did not name"


def length_of(written: str, option: str = "--for") -> timedelta:
    """The time to hold, or another one that `option` asks for, as policies write durations. Raises Ending."""
    try:
        length = read_duration(written)
    except ValueError as error:
        raise Ending(BAD_INPUT, f"{option} {written}: expected {error}") from error
    return _allowed(length, f"{option} {written}")


def until_of(written: str, now: datetime) -> timedelta:
    """The time left until `written`: ISO 8601 with its zone, or HH:MM (UTC, the next one). Raises Ending."""
    expected = 'a time like "2026-11-30T08:00Z", or "08:00" for the next 08:00 UTC'
    try:
        hour = time.fromisoformat(written)
        at = datetime.combine(now.astimezone(hour.tzinfo or UTC), hour.replace(tzinfo=hour.tzinfo or UTC))
        at += timedelta(days=1) if at <= now else timedelta()
    except ValueError:
        try:
            at = datetime.fromisoformat(written)
        except ValueError as error:
            raise Ending(BAD_INPUT, f"--until {written}: expected {expected}") from error
    if at.tzinfo is None:
        raise Ending(BAD_INPUT, f"--until {written}: expected {expected}: this one has no zone")
    return _allowed(at - now, f"--until {written}")


def _allowed(length: timedelta, option: str) -> timedelta:
    if not SHORTEST <= length <= LONGEST:
        raise Ending(
            BAD_INPUT, f"{option}: expected at least {SHORTEST.seconds}s and at most {LONGEST.days}d from now"
        )
    return length


def reason_of(written: str) -> str:
    """The reason, in one line. Raises Ending when it says nothing."""
    if not (reason := plain(written, MAX_REASON)):
        raise Ending(BAD_INPUT, "--reason: say why, for the person who reads it at 3 a.m.")
    return reason


@dataclass(frozen=True, slots=True)
class Holder:
    """The person who holds or releases: `name` is their label or AWS's name, `caller` AWS's name for them."""

    name: str
    caller: str = ""

    @property
    def claimed_by(self) -> str:
        """The person who gave the label; empty where the name is no label but AWS's own."""
        return "" if self.caller == self.name else self.caller or NOT_NAMED

    @property
    def display_name(self) -> str:
        """The holder for people: a label is never shown without the person who gave it."""
        return f"{self.name} (claimed by {self.claimed_by})" if self.claimed_by else self.name


def holder_of(written: str, stack: Stack, environment: Environment) -> Holder:
    """The holder: the caller by AWS's name, by a label if one is given, else the local user's name.

    AWS's name is the same from every machine, so that a pause made here is resumed there. It never
    keeps anybody from pausing: STS is asked once, for two seconds.
    """
    try:
        arn = _caller(stack)
    except AwsError:
        arn = ""
    caller = plain(arn.rpartition(":")[2].rpartition("/")[2], MAX_HOLDER)
    name = plain(written or caller or environment.environ.get("USER", ""), MAX_HOLDER)
    return Holder(name or NOBODY, caller)


def _caller(stack: Stack) -> str:
    sts = client(stack.session, "sts", once=True)
    with translated("GetCallerIdentity", mutates=False):
        return str(sts.get_caller_identity()["Arn"])


@dataclass(frozen=True, slots=True)
class Paused:
    """The result of a pause: the hold, the end that was asked for, and when it took hold by AWS's clock."""

    hold: Hold
    asked_until: datetime
    written_at: datetime


@dataclass(frozen=True, slots=True)
class SeenSwitches:
    """The switches that stop anything, by scope, then by end; `unread` says why, by scope, of the others."""

    holds: Sequence[Hold] = ()
    unread: Mapping[str, str] = field(default_factory=dict)

    @property
    def unread_lines(self) -> tuple[str, ...]:
        """A line for each switch that could not be read."""
        return tuple(
            f"the switch {switch_scope_words(scope)} could not be read: {why};"
            " what it is about is refused until it can be"
            for scope, why in sorted(self.unread.items())
        )


@dataclass(frozen=True, slots=True)
class SwitchBoard:
    """The switches of one stack. `clock` is this machine's, read again once a pause is in force."""

    stack: Stack
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    def pause(self, scope: Scope, holder: Holder, why: str, now: datetime, length: timedelta) -> Paused:
        """Holds; returns once the ledger holds it. Raises Ending or AwsError when it may not."""
        try:
            with _undamaged():
                switches = self._switches()
                offset = switches.clock_offset()
                since = now + offset
                until, by = since + length, holder.claimed_by
                hold = switches.pause(Hold(scope.key, holder.name, why, since, until, by))
        except OutcomeUnknown as error:
            line = f"the reply to {error.operation} was lost: NOT KNOWN TO BE PAUSED; run it again"
            raise Ending(NO_AWS, line) from error
        return Paused(hold, since + length, self.clock() + offset)

    def resume(self, scope: Scope, holder: str, now: datetime) -> Sequence[Hold]:
        """Release one holder's switch; returns who still holds it. Raises Ending when it was not held."""
        with _undamaged():
            switches = self._switches()
            # Holds that ended long ago are dropped with it: a wrong clock must not drop what is still held.
            released = switches.resume(scope.key, holder, now + switches.clock_offset())
            left = self._active(switches.held_at([scope.pk]), now)
        if not released:
            others = ", ".join(hold.shown_holder for hold in left) or "nobody"
            raise Ending(BAD_INPUT, f"{holder} does not hold {scope.words}; held by {others}")
        return left

    def resume_all(self, holder: str, now: datetime) -> Sequence[Hold]:
        """Release every switch of one holder; returns what was released. Raises Ending when there is none."""
        mine = [hold for hold in self.held(now) if hold.holder == holder]
        if not mine:
            raise Ending(BAD_INPUT, f"{holder} holds no switch in {self.stack.place}")
        for hold in mine:
            self.resume(Scope(hold.scope, switch_scope_words(hold.scope)), holder, now)
        return mine

    def held(self, now: datetime) -> Sequence[Hold]:
        """Every switch that still stops anything, by scope, then by end. Raises Ending if one is unread."""
        seen = self.look(now)
        if seen.unread:
            raise Ending(NO_AWS, *seen.unread_lines)
        return seen.holds

    def look(self, now: datetime) -> SeenSwitches:
        """Every switch, each read by itself: one that cannot be read hides no other. Raises AwsError."""
        found = self._switches().each(self._listed(now))
        unread = {scope: seen.why for scope, seen in found.items() if isinstance(seen, Unknown | NotRead)}
        holds = chain.from_iterable(seen for seen in found.values() if isinstance(seen, tuple))
        return SeenSwitches(self._active(holds, now), unread)

    def _listed(self, now: datetime) -> Sequence[str] | None:
        """The keys of all switches that may be held; None where only a scan of the table can find them.

        That is so until the index by time is older than the longest pause: a release that listed no switches
        may have written one. Those over everything and over actions are always looked at themselves, for the
        index is a moment behind the table.
        """
        client, table = self.stack.reader("dynamodb"), self.stack.ledger_table
        try:
            if not by_time.reaches_back(client, table, now - LONGEST - CLOCK_SKEW):
                return None
            found = by_time.newest(client, table, LISTED_SWITCH, now - CLOCK_SKEW, pages=MAX_PAGES)
        except NoIndex:
            return None
        if found.cut:
            return None
        always = [Scope(name, name).pk for name in ("global", *(f"action {one}" for one in CATALOG))]
        return list(dict.fromkeys((*always, *(line.place[0] for line in found.lines))))

    def _active(self, holds: Iterable[Hold], now: datetime) -> Sequence[Hold]:
        active = [hold for hold in holds if hold.until + CLOCK_SKEW > now]
        return sorted(active, key=lambda hold: (hold.scope, hold.until))

    def _switches(self) -> Switches:
        return Switches(self.stack.reader("dynamodb"), self.stack.ledger_table)


@contextmanager
def not_paused() -> Iterator[None]:
    """Turns an AwsError into an Ending: the operator must not believe that Firebreak is paused."""
    try:
        yield
    except AwsError as error:
        message = ending_of(error).lines[0]
        ways = "set FIREBREAK_LEDGER_TABLE to do without CloudFormation, or deploy with ReservedConcurrency=0"
        raise Ending(NO_AWS, f"NOT PAUSED: {message}; {ways}") from error


@contextmanager
def _undamaged() -> Iterator[None]:
    try:
        yield
    except DamagedItem as error:
        line = f"a switch in the ledger is damaged at {error}: its scope is refused until it is repaired"
        raise Ending(NO_AWS, line) from error


def as_json(hold: Hold) -> Mapping[str, object]:
    """A hold as plain values."""
    return {
        "scope": switch_scope_words(hold.scope),
        "key": hold.scope,
        "holder": hold.holder,
        "claimed_by": hold.claimed_by or None,
        "reason": hold.why,
        "since": hold.since.isoformat(),
        "until": hold.until.isoformat(),
    }
