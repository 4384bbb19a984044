"""The errors of Firebreak.

    FirebreakError
    ├── UnusableEvent          the event can be read neither as an alarm nor as one of Firebreak's own
    ├── PolicyError            the policy does not load; carries every problem at once
    ├── SettingsError          an environment variable is missing or wrong; names it
    ├── NobodyNotified         no human could be notified; the invocation must fail loudly
    ├── Undelivered            one channel did not take a page; `retryable`: another try may help
    └── AwsError               an AWS call failed; `retryable`: another try may help
        ├── NotFound           the requested resource does not exist
        ├── Denied             the role does not allow the call
        ├── Throttled          too many calls; retryable
        ├── Conflict           somebody else changed it at the same time
        ├── Rejected           AWS refused the request as wrong; nothing was changed
        ├── Unavailable        AWS failed or could not be reached before it took the request; retryable
        └── OutcomeUnknown     the request may or may not have been carried out

SDK errors are translated once, in aws/translate.py.
"""

from collections.abc import Sequence


class FirebreakError(Exception):
    """The root of every error Firebreak raises on purpose."""


class UnusableEvent(FirebreakError):
    """An event that is not an alarm: `found` describes it, `expected` names a usable one."""

    def __init__(self, found: str, expected: str) -> None:
        super().__init__(f"found {found}; expected {expected}")
        self.found = found
        self.expected = expected


# Begins the part of a mistake that quotes the policy file.
FOUND = " (found "


class PolicyError(FirebreakError):
    """A policy that does not load; `problems` holds one line for each mistake.

    `cause` says it in one line for a page; by default it only counts the mistakes.
    """

    def __init__(self, source: str, problems: Sequence[str], cause: str = "") -> None:
        super().__init__("; ".join(f"{source}: {problem}" for problem in problems))
        self.source = source
        self.problems = tuple(problems)
        self.cause = cause or f"{len(self.problems)} problems in the policy"

    @property
    def without_values(self) -> "PolicyError":
        """The same without what was found in the file, which may be a secret in a wrong place."""
        return PolicyError(self.source, [one.partition(FOUND)[0] for one in self.problems], self.cause)

    @property
    def first(self) -> str:
        """The first mistake without what was found there, and how many more there are."""
        more = len(self.problems) - 1
        return self.without_values.problems[0] + (f" (and {more} more)" if more else "")


class SettingsError(FirebreakError):
    """An environment variable is missing or wrong."""

    def __init__(self, variable: str, problem: str) -> None:
        super().__init__(f"{variable}: {problem}")
        self.variable = variable


class NobodyNotified(FirebreakError):
    """Neither ledger nor bus took an announcement; the failure destination is the last way to a human."""


class Undelivered(FirebreakError):
    """A channel did not take a page. `code` is the service's own code or status, never a secret."""

    def __init__(self, channel: str, code: str, *, retryable: bool) -> None:
        super().__init__(f"{channel}: {code}")
        self.channel = channel
        self.code = code
        self.retryable = retryable


class AwsError(FirebreakError):
    """An AWS call failed. `operation` and `code` are AWS's own names, never request values."""

    retryable = False

    def __init__(self, operation: str, code: str) -> None:
        super().__init__(f"{operation}: {code}")
        self.operation = operation
        self.code = code


class NotFound(AwsError):
    """The requested resource does not exist."""


class Denied(AwsError):
    """Firebreak's role does not allow the call."""


class Throttled(AwsError):
    """AWS asks Firebreak to slow down; nothing was changed."""

    retryable = True


class Conflict(AwsError):
    """Somebody else changed it at the same time, or it is in a state that forbids the call."""


class Rejected(AwsError):
    """AWS refused the request as wrong; nothing was changed."""


class Unavailable(AwsError):
    """AWS failed on its side or could not be reached, before it took the request."""

    retryable = True


class OutcomeUnknown(AwsError):
    """The reply was lost: the request may or may not have been carried out."""


# The errors that code raises on a stored value of an unexpected shape. Caught only where one item of many is
# looked at, so that the others are looked at all the same; it is announced, and never retried.
UNEXPECTED_SHAPE = (
    ArithmeticError,
    AttributeError,
    LookupError,
    OSError,
    RecursionError,
    TypeError,
    ValueError,
)
