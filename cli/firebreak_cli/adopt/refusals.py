"""The effect of one refusal by AWS on the changes after it, and asking again where it throttles."""

from collections.abc import Callable
from fnmatch import fnmatchcase

from firebreak.errors import AwsError, Denied, OutcomeUnknown, Throttled, Unavailable

# A throttled change was not made. Half a minute in all, as a reader waits that is patient.
WAITS = (1.0, 2.0, 4.0, 8.0, 16.0)

# These are about who asks; a right that is missing may be missing on one resource only.
_OF_CREDENTIALS = (
    "AuthFailure",
    "ExpiredToken*",
    "IncompleteSignature*",
    "InvalidClientTokenId",
    "InvalidSignature*",
    "MissingAuthenticationToken*",
    "OptInRequired",
    "SignatureDoesNotMatch",
    "UnrecognizedClient*",
)
# The errors of botocore where the network lost a reply; an answer of AWS that leaves it open is none.
_OF_NETWORK = frozenset(
    {"ConnectionClosedError", "HTTPClientError", "ProxyConnectionError", "ReadTimeoutError", "SSLError"}
)


def ends_the_run(error: AwsError) -> bool:
    """Whether the next resource would fail like this one: no usable credentials, or no network."""
    match error:
        case Unavailable():
            return True
        case Denied():
            return any(fnmatchcase(error.code, pattern) for pattern in _OF_CREDENTIALS)
        case OutcomeUnknown():
            return error.code in _OF_NETWORK
        case _:
            return False


def patiently[T](attempt: Callable[[], T], wait: Callable[[float], None]) -> T:
    """Make a change, and make it again where AWS throttles it. Raises AwsError.

    Half a minute may pass between two tries: `attempt` looks at what it changes each time.
    """
    for seconds in WAITS:
        try:
            return attempt()
        except Throttled:
            wait(seconds)
    return attempt()
