"""`firebreak pause`, `resume` and `switches`: stopping Firebreak, and seeing who did."""

import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pydantic import TypeAdapter, ValidationError

from firebreak.aws.items import DamagedItem
from firebreak.aws.switches import Switches
from firebreak.aws.translate import translated
from firebreak.core.budgets import ACT_TIMEOUT, ACT_WITHIN, CLOCK_SKEW, spell
from firebreak.core.history import Hold
from firebreak.core.model import Target
from firebreak.core.routing import KNOWN_ACTIONS
from firebreak.core.scopes import application_in, application_scope
from firebreak.errors import AwsError, OutcomeUnknown
from firebreak.page_text import plain
from firebreak.policy_text import Duration
from firebreak.targets import read_target
from firebreak_cli import kept
from firebreak_cli.endings import BAD_INPUT, NO_AWS, Ending, ending_of
from firebreak_cli.outside import Outside
from firebreak_cli.stack import Stack, client

GLOBAL = "global"
# A switch that nobody remembers is an outage of Firebreak: a longer pause must be renewed.
LONGEST = timedelta(days=30)
# Shorter than the clocks of the functions may differ, a pause might be over before it began.
SHORTEST = timedelta(seconds=60)
MAX_REASON = 500
MAX_HOLDER = 128
NOBODY = "unknown"

_SCOPES = "global, action NAME, group ecs:CLUSTER, application NAME or target ecs:CLUSTER/SERVICE"


@dataclass(frozen=True, slots=True)
class Scope:
    """What a switch stops: the ledger's name for it, and the words that gave it."""

    key: str
    words: str


def scope_of(written: str, name: str, stack: Stack) -> Scope:
    """The scope that `--scope WRITTEN [NAME]` means, by the keys that a claim checks. Raises Ending."""
    kind, _, rest = " ".join(f"{written} {name}".split()).partition(" ")
    match kind, rest:
        case ("global", ""):
            return Scope(GLOBAL, GLOBAL)
        case ("action", action) if action in KNOWN_ACTIONS:
            return Scope(f"action {action}", f"action {action}")
        case ("action", _):
            raise Ending(BAD_INPUT, f"--scope action: expected one of {', '.join(KNOWN_ACTIONS)}")
        case ("group", group) if group:
            found = _read(f"{group}/any", stack, f"group {group}: expected ecs:CLUSTER")
            return Scope(f"group {found.group_key}", f"group {group}")
        case ("application", application) if application:
            anywhere = Target(stack.account, stack.region, "", "", "")
            found_scope = application_scope(anywhere, application)
            return Scope(f"{found_scope.level} {found_scope.key}", f"application {application}")
        case ("target", target) if target:
            found = _read(target, stack, f"target {target}: expected ecs:CLUSTER/SERVICE")
            return Scope(f"target {found.key}", f"target {target}")
        case _:
            raise Ending(BAD_INPUT, f"--scope {written}: expected {_SCOPES}")


def _read(written: str, stack: Stack, problem: str) -> Target:
    found = read_target(written, stack.account, stack.region)
    if not isinstance(found, Target):
        raise Ending(BAD_INPUT, f"--scope {problem}")
    return found


def length_of(written: str, option: str = "--for") -> timedelta:
    """How long to hold, or what else `option` asks for, as policies write durations. Raises Ending."""
    try:
        length: timedelta = TypeAdapter[timedelta](Duration).validate_python(written)
    except ValidationError as error:
        raise Ending(
            BAD_INPUT, f'{option} {written}: expected a duration like "90s", "15m", "24h"'
        ) from error
    if not SHORTEST <= length <= LONGEST:
        raise Ending(
            BAD_INPUT,
            f"{option} {written}: expected at least {SHORTEST.seconds}s and at most {LONGEST.days}d",
        )
    return length


def reason_of(written: str) -> str:
    """Why, in one line. Raises Ending when it says nothing."""
    if not (reason := plain(written, MAX_REASON)):
        raise Ending(BAD_INPUT, "--reason: say why, for whoever reads it at 3 a.m.")
    return reason


def holder_of(written: str, stack: Stack, outside: Outside) -> str:
    """Who holds: the name given, else who AWS says is calling, else the local user.

    AWS's name comes first because it is the same from every machine, so that a pause thrown here
    is resumed there. It never keeps anybody from pausing: STS is asked once, for two seconds.
    """
    if written:
        return plain(written, MAX_HOLDER) or NOBODY
    try:
        arn = _caller(stack)
    except AwsError:
        arn = ""
    name = arn.rpartition(":")[2].rpartition("/")[2] or outside.environ.get("USER", "")
    return plain(name, MAX_HOLDER) or NOBODY


def _caller(stack: Stack) -> str:
    sts = client(stack.session, "sts", once=True)
    with translated("GetCallerIdentity", mutates=False):
        return str(sts.get_caller_identity()["Arn"])


@dataclass(frozen=True, slots=True)
class Paused:
    """What a pause did: what is held now, the end that was asked for, and when it was in, by AWS's clock."""

    hold: Hold
    asked_until: datetime
    written_at: datetime


@dataclass(frozen=True, slots=True)
class SwitchBoard:
    """The switches of one stack. `clock` is this machine's, read again once a pause is in."""

    stack: Stack
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    def pause(self, scope: Scope, holder: str, why: str, now: datetime, length: timedelta) -> Paused:
        """Hold; returns once the ledger has it. Raises Ending or AwsError when it may not have it."""
        try:
            with _undamaged():
                switches = self._switches()
                offset = switches.clock_offset()
                since = now + offset
                hold = switches.pause(Hold(scope.key, holder, why, since, since + length))
        except OutcomeUnknown as error:
            line = f"the reply to {error.operation} was lost: NOT KNOWN TO BE PAUSED; run it again"
            raise Ending(NO_AWS, line) from error
        return Paused(hold, since + length, self.clock() + offset)

    def resume(self, scope: Scope, holder: str, now: datetime) -> Sequence[Hold]:
        """Release one holder's switch; returns who still holds it. Raises Ending when it was not held."""
        with _undamaged():
            switches = self._switches()
            # What ended long ago is dropped with it: a wrong clock must not drop what is still held.
            released = switches.resume(scope.key, holder, now + switches.clock_offset())
        left = [hold for hold in self.held(now) if hold.scope == scope.key]
        if not released:
            others = ", ".join(hold.holder for hold in left) or "nobody"
            raise Ending(BAD_INPUT, f"{holder} does not hold {scope.words}; held by {others}")
        return left

    def held(self, now: datetime) -> Sequence[Hold]:
        """Every switch that still stops anything, by scope, then by end."""
        with _undamaged():
            holds = self._switches().held()
        active = [hold for hold in holds if hold.until + CLOCK_SKEW > now]
        return sorted(active, key=lambda hold: (hold.scope, hold.until))

    def _switches(self) -> Switches:
        return Switches(self.stack.reader("dynamodb"), self.stack.ledger_table)


@contextmanager
def not_paused() -> Iterator[None]:
    """Whatever keeps AWS from being asked, the operator must not believe that it is paused."""
    try:
        yield
    except AwsError as error:
        told = ending_of(error).lines[0]
        ways = "set FIREBREAK_LEDGER_TABLE to do without CloudFormation, or deploy with ActionConcurrency=0"
        raise Ending(NO_AWS, f"NOT PAUSED: {told}; {ways}") from error


@contextmanager
def _undamaged() -> Iterator[None]:
    try:
        yield
    except DamagedItem as error:
        line = f"a switch in the ledger is damaged at {error}: what it is for is refused until it is mended"
        raise Ending(NO_AWS, line) from error


def words_of(scope: str) -> str:
    """A switch's scope as people write it."""
    kind, _, key = scope.partition(" ")
    match kind:
        case "group" if application := application_in(key):
            return f"application {application}"
        case "group" | "target":
            return f"{kind} {kept.short(key)}"
        case _:
            return scope


def resume_command(hold: Hold, stack: Stack) -> str:
    """The exact command that releases this hold."""
    scope = [] if hold.scope == GLOBAL else ["--scope", words_of(hold.scope)]
    return shlex.join(["firebreak", "resume", *scope, "--holder", hold.holder, "--stack", stack.name])


def told(paused: Paused, stack: Stack) -> Iterator[tuple[str, str]]:
    """What a pause did, for whoever threw it; `resume_command` undoes it."""
    hold = paused.hold
    # A part of a second counts as a whole one: it must not be said to be over before it is.
    last = paused.written_at + ACT_WITHIN + ACT_TIMEOUT + timedelta(microseconds=999_999)
    yield "Paused", f"{words_of(hold.scope)}, {stack.place}"
    yield "Holder", hold.holder
    yield "Reason", hold.why
    yield "Until", f"{hold.until:%Y-%m-%d %H:%M:%SZ} ({spell(hold.until - hold.since)}); it ends by itself"
    if hold.until > paused.asked_until:
        asked = f"{paused.asked_until:%Y-%m-%d %H:%M:%SZ}"
        yield "Kept", f"kept the longer pause of this holder, asked was {asked}; to shorten it, resume first"
    yield "Note", f"an action claimed before this may still reach AWS until {last:%H:%M:%SZ}"


def as_json(hold: Hold) -> Mapping[str, object]:
    """A hold as plain values."""
    return {
        "scope": words_of(hold.scope),
        "key": hold.scope,
        "holder": hold.holder,
        "reason": hold.why,
        "since": hold.since.isoformat(),
        "until": hold.until.isoformat(),
    }
