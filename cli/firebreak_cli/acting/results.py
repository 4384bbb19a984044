"""The results of `firebreak act` and `firebreak undo`: their words, their headlines and their exit codes."""

from collections.abc import Mapping
from enum import StrEnum
from typing import assert_never

from firebreak_cli.exit_codes import NOT_DONE, NOT_KNOWN


class Result(StrEnum):
    """The result of a request, as `--json` says it."""

    ACTED = "acted"
    UNDONE = "undone"
    REFUSED = "refused"
    NOT_EXECUTED = "not_executed"
    UNKNOWN = "unknown"
    REQUESTED = "requested"
    WOULD_ACT = "would_act"
    WOULD_UNDO = "would_undo"
    WOULD_REFUSE = "would_refuse"


ONLY_ASKED = frozenset({Result.WOULD_ACT, Result.WOULD_UNDO, Result.WOULD_REFUSE})

_GOOD, _BAD, _UNSURE = "bold green", "bold red", "bold yellow"

# The text and its style; a request that came to nothing ends with how things stand.
_HEADLINES: Mapping[Result, tuple[str, str]] = {
    Result.ACTED: ("ACTED", _GOOD),
    Result.UNDONE: ("UNDONE", _GOOD),
    Result.REFUSED: ("REFUSED: {stands}", _BAD),
    Result.NOT_EXECUTED: ("NOT CARRIED OUT: {stands}", _BAD),
    Result.UNKNOWN: ("NOT KNOWN: it was requested, and its result is not known yet", _UNSURE),
    Result.REQUESTED: ("REQUESTED: nobody waits for the result here", _UNSURE),
    Result.WOULD_ACT: ("WOULD ACT: nothing was requested", _GOOD),
    Result.WOULD_UNDO: ("WOULD UNDO: nothing was requested", _GOOD),
    Result.WOULD_REFUSE: ("WOULD BE REFUSED: nothing was requested", _BAD),
}


def headline(result: Result, stands: str) -> tuple[str, str]:
    """The first line and its style; `stands` says how things are where nothing came of it."""
    text, style = _HEADLINES[result]
    return text.format(stands=stands), style


def exit_code(result: Result) -> int:
    """The exit code of the command (docs/acting.md)."""
    match result:
        case Result.ACTED | Result.UNDONE | Result.REQUESTED | Result.WOULD_ACT | Result.WOULD_UNDO:
            return 0
        case Result.UNKNOWN:
            return NOT_KNOWN
        case Result.REFUSED | Result.NOT_EXECUTED | Result.WOULD_REFUSE:
            return NOT_DONE
        case never:
            assert_never(never)
