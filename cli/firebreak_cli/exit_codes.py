"""The ways in which a command fails: one line on stderr, and an exit code that says what to change.

EXIT_CODES is the table of the help and of docs/operations.md.
"""

from collections.abc import Mapping

from firebreak.errors import (
    AwsError,
    Denied,
    FirebreakError,
    NotFound,
    OutcomeUnknown,
    PolicyError,
    Throttled,
    Unavailable,
)

BAD_POLICY = 1
BAD_INPUT = 2
NO_AWS = 3
DRILL_FAILED = 4
UNEXPECTED = 5
NOTHING_REPLAYED = 6
CHANGED = 7
WOULD_NOT_ACT = 8
OWNED = 9
PARTLY_DONE = 10
NOT_DONE = 11
NOT_KNOWN = 12
INTERRUPTED = 130
# The code of every command whose reader goes away, such as `head`.
READER_GONE = 141

EXIT_CODES: Mapping[int, str] = {
    BAD_POLICY: "the policy does not load; of `local invoke`: the function raised; of `demo`: a scene failed",
    BAD_INPUT: "the command or its input is wrong: the event, the id, the option",
    NO_AWS: "AWS could not be asked, or refused: credentials, region, permissions, network",
    DRILL_FAILED: "a drill did not go as it should, or was interrupted",
    UNEXPECTED: "a decision is not the expected one, of `explain --expect`, `policy test` or `replay`",
    NOTHING_REPLAYED: "nothing of a history, or not all of an id, was replayed, which is not a pass",
    CHANGED: "`policy diff` found a change of `--fail-on`",
    WOULD_NOT_ACT: (
        "`doctor` found something in the way that no waiver accepts, or could not look; with `--on-aws` an "
        "answer is not the expected one"
    ),
    OWNED: "`adopt --apply` left a part of the plan to its owners, and printed the change for them",
    PARTLY_DONE: (
        "`adopt` left a part undone that changed or is gone, stopped for want of its undo file, or found "
        "that an alarm came back otherwise than it was put"
    ),
    NOT_DONE: (
        "`act` or `undo` changed nothing: a guard or AWS refused it; a test page was not delivered; "
        "`policy push`: another policy came between, or AppConfig took the new one back"
    ),
    NOT_KNOWN: (
        "`act`, `undo`, `policy push` or a test page was requested, and its result is not known yet: look"
        " first"
    ),
    INTERRUPTED: "interrupted (Ctrl-C); at a question Ctrl-C is a no, which exits with 2",
    READER_GONE: "the reader of the output, such as `head`, went away",
}

# The errors of botocore when there is nothing to sign a request with.
_NO_CREDENTIALS = frozenset(
    {
        "NoCredentialsError",
        "PartialCredentialsError",
        "CredentialRetrievalError",
        "NoAuthTokenError",
        "TokenRetrievalError",
        "UnauthorizedSSOTokenError",
        "SSOTokenLoadError",
        "ProfileNotFound",
    }
)


class Ending(Exception):  # it ends the command; it is not an error of the program
    """The command cannot go on; `lines` are for stderr."""

    def __init__(self, code: int, *lines: str) -> None:
        super().__init__("; ".join(lines))
        self.code = code
        self.lines = lines


def ending_of(error: FirebreakError) -> Ending:
    """The Ending for one of Firebreak's errors, as the person at the keyboard reads it."""
    match error:
        case PolicyError(source=source, problems=problems):
            return Ending(BAD_POLICY, *(f"{source}: {problem}" for problem in problems))
        case AwsError():
            return Ending(NO_AWS, _aws_line(error))
        case _:
            return Ending(BAD_INPUT, str(error))


def lasting(error: AwsError) -> bool:
    """Whether asking again answers the same until somebody signs in or is given the right."""
    return isinstance(error, Denied) or error.code in _NO_CREDENTIALS


def _aws_line(error: AwsError) -> str:
    if error.code in _NO_CREDENTIALS:
        return f"no usable AWS credentials ({error.code}): sign in, or set AWS_PROFILE"
    asked = f"{error.operation} ({error.code})"
    match error:
        case Denied():
            return f"AWS refused {asked}: these credentials have expired or may not do that"
        case NotFound():
            return f"AWS does not know what {asked} asked for: is this the right region and account?"
        case Throttled():
            return f"AWS has too many calls to answer {asked}: try again"
        case OutcomeUnknown():
            return f"the reply to {asked} was lost: look before you repeat it"
        case Unavailable():
            return f"AWS could not be reached for {asked}"
        case _:
            return f"AWS did not accept {asked}"


def print_ending(ending: Ending) -> None:
    """Each of its lines on stderr, as one harmless line."""
    import typer

    from firebreak.paging.rendering import plain

    for line in ending.lines:
        typer.echo(f"firebreak: {plain(line)}", err=True)
