"""`firebreak pause` and `firebreak resume`: reading a request, carrying it out, and its rows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from firebreak.core.limits.budgets import ACT_TIMEOUT, ACT_WITHIN, format_duration
from firebreak.core.limits.history import Hold
from firebreak.core.limits.scopes import switch_scope_words
from firebreak.core.readings import Unknown
from firebreak_cli.environment import Environment
from firebreak_cli.exit_codes import BAD_INPUT, Ending
from firebreak_cli.operations import switches
from firebreak_cli.operations.pause_scopes import GLOBAL, NamedScope, doubt_about, read_scope
from firebreak_cli.operations.switches import Paused, SwitchBoard
from firebreak_cli.screen import when
from firebreak_cli.stack import Stack, find

DEFAULT_LENGTH = "1h"


@dataclass(frozen=True, slots=True)
class Asked:
    """A pause as it was asked for, checked before anything is asked of AWS."""

    scope: NamedScope
    why: str
    lasts: timedelta


@dataclass(frozen=True, slots=True)
class Done:
    """A pause that is in force. `unchecked` says why it is not known whether the scope stops anything."""

    paused: Paused
    unchecked: str = ""


@dataclass(frozen=True, slots=True)
class Released:
    """The holds that a resume released, and the holders that still hold the same switches.

    `by` is the holder, `caller` the AWS identity that released them.
    """

    by: str
    caller: str
    scopes: Sequence[str]
    left: Sequence[Hold] = field(default_factory=tuple)


def length_of(length: str, until: str, now: datetime) -> timedelta:
    """The length of a pause that was given either a length or an end. Raises Ending."""
    if length and until:
        raise Ending(BAD_INPUT, "--for and --until: expected one of them")
    return switches.until_of(until, now) if until else switches.length_of(length or DEFAULT_LENGTH)


def read(scope: str, name: str, reason: str, lasts: timedelta) -> Asked:
    """A pause as it was asked for. Raises Ending."""
    return Asked(read_scope(scope, name), switches.reason_of(reason), lasts)


def pause(
    asked: Asked, environment: Environment, stack_name: str, holder: str, *, even_if_unknown: bool
) -> tuple[Done, Stack]:
    """Holds the switch. Raises Ending: also where the scope would stop nothing, unless `even_if_unknown`."""
    with switches.not_paused():
        stack = find(environment, stack_name)
        unchecked = "" if even_if_unknown else _checked(asked.scope, stack, environment.now())
        board, who = SwitchBoard(stack, environment.now), switches.holder_of(holder, stack, environment)
        paused = board.pause(asked.scope.on(stack), who, asked.why, environment.now(), asked.lasts)
    return Done(paused, unchecked), stack


def _checked(scope: NamedScope, stack: Stack, now: datetime) -> str:
    """Why it could not be checked, or nothing. Raises Ending where the switch would stop nothing."""
    match doubt_about(scope, stack, now):
        case Unknown(why):
            return why
        case "":
            return ""
        case doubt:
            raise Ending(
                BAD_INPUT, f"NOT PAUSED: {doubt}", "check the spelling, or pause it with --even-if-unknown"
            )


def resume(
    environment: Environment, stack_name: str, named: tuple[str, str], holder: str, *, everything: bool
) -> tuple[Released, Stack]:
    """Release one switch, or every switch of the holder. Raises Ending or AwsError."""
    scope, name = named
    if everything and (scope or name):
        raise Ending(BAD_INPUT, "--all releases all your switches: it takes no scope")
    wanted = read_scope(scope or GLOBAL, name)
    stack = find(environment, stack_name)
    board, who = SwitchBoard(stack), switches.holder_of(holder, stack, environment)
    if everything:
        mine = board.resume_all(who.name, environment.now())
        same = {hold.scope for hold in mine}
        left = tuple(hold for hold in board.held(environment.now()) if hold.scope in same)
        return Released(who.name, who.caller, [switch_scope_words(hold.scope) for hold in mine], left), stack
    left = tuple(board.resume(wanted.on(stack), who.name, environment.now()))
    return Released(who.name, who.caller, [wanted.words], left), stack


def resume_command(done: Done, stack: Stack) -> str:
    """The exact command that releases this hold."""
    hold = done.paused.hold
    scope = [] if hold.scope == GLOBAL else ["--scope", *switch_scope_words(hold.scope).split()]
    return stack.command("resume", *scope, "--holder", hold.holder)


def rows(done: Done, stack: Stack) -> Iterator[tuple[str, str]]:
    """The rows about a pause, for the person who asked for it; `resume_command` takes it back."""
    hold = done.paused.hold
    yield "Paused", f"{switch_scope_words(hold.scope)}, {stack.place}"
    yield "Holder", hold.shown_holder
    yield "Reason", hold.why
    yield (
        "Until",
        f"{hold.until:%Y-%m-%d %H:%M:%SZ} ({format_duration(hold.until - hold.since)}); it ends by itself",
    )
    if hold.until > done.paused.asked_until:
        asked = f"{done.paused.asked_until:%Y-%m-%d %H:%M:%SZ}"
        yield "Kept", f"the longer pause of this holder stays, asked was {asked}; to shorten it, resume first"
    if done.unchecked:
        yield "Unchecked", f"whether anything goes by that name could not be looked up: {done.unchecked}"
    yield "Note", f"an action claimed before this may still reach AWS until {_last_act(done):%H:%M:%SZ}"


def _last_act(done: Done) -> datetime:
    """A part of a second counts as a whole one: it must not be said to be over before it is."""
    return done.paused.written_at + ACT_WITHIN + ACT_TIMEOUT + timedelta(microseconds=999_999)


def as_json(done: Done, stack: Stack) -> Mapping[str, object]:
    """A pause as plain values."""
    return {
        "stack": stack.name,
        "switch": switches.as_json(done.paused.hold),
        "may_still_act_until": _last_act(done).isoformat(),
        "unchecked": done.unchecked or None,
        "resume": resume_command(done, stack),
    }


def resumed_rows(released: Released, stack: Stack, now: datetime) -> Iterator[tuple[str, str]]:
    """The rows about the released switches, and the holders that still hold them."""
    for scope in released.scopes:
        yield "Released", f"{scope}, {_whose(released)}, {stack.place}"
    yield (
        "STILL HELD by",
        "; ".join(f"{hold.shown_holder} until {when(hold.until, now)}" for hold in released.left),
    )


def _whose(released: Released) -> str:
    if released.by == released.caller:
        return f"held by {released.by}"
    return f"held by {released.by}, released by {released.caller or switches.NOT_NAMED}"


def resumed_as_json(released: Released, stack: Stack) -> Mapping[str, object]:
    """A resume as plain values."""
    return {
        "stack": stack.name,
        "by": released.by,
        "released_by": released.caller or None,
        "released": list(released.scopes),
        "still_held": [switches.as_json(hold) for hold in released.left],
    }
