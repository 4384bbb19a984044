"""Translates botocore's errors into Firebreak's: once, here, never by message text.

    what botocore raises                        a read raises    a mutation raises
    ------------------------------------------  ---------------  -----------------
    ClientError with a code of `_CODES`         the row's error  the row's error
    ClientError 401, 403 / 409 / 429            Denied / Conflict / Throttled
    ClientError with any other 3xx or 4xx       Rejected         Rejected
    ClientError with 5xx, or in doubt by code   Unavailable      OutcomeUnknown
    no connection, no credentials, no endpoint  Unavailable      Unavailable
    arguments that botocore itself refuses      Rejected         Rejected
    everything else (reply lost, not readable)  Unavailable      OutcomeUnknown

The last row is the default on purpose: an unknown error class may have been raised after
the request had left, and a mutation that may have happened is never repeated.

The column for mutations holds only for clients that send once (`clients.mutator`): on one that
retries, "no connection" may refer to the second attempt, after the first was carried out.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from http import HTTPStatus

from botocore import exceptions as sdk
from botocore.parsers import ResponseParserError

from firebreak.core.readings import ABSENT, Absent, Unknown
from firebreak.errors import (
    AwsError,
    Conflict,
    Denied,
    NotFound,
    OutcomeUnknown,
    Rejected,
    Throttled,
    Unavailable,
)

# The first pattern that matches the error code wins, whatever the HTTP status: services disagree
# about statuses (DynamoDB throttles with 400), and emulators more so.
_CODES: tuple[tuple[str, type[AwsError]], ...] = (
    ("*AccessDenied*", Denied),
    ("AuthFailure", Denied),
    ("Unauthorized*", Denied),
    ("NotAuthorized*", Denied),
    ("ExpiredToken*", Denied),
    ("InvalidClientTokenId", Denied),
    ("UnrecognizedClient*", Denied),
    ("InvalidSignature*", Denied),
    ("SignatureDoesNotMatch", Denied),
    ("IncompleteSignature*", Denied),
    ("MissingAuthenticationToken*", Denied),
    ("OptInRequired", Denied),
    ("*Throttl*", Throttled),
    ("TooManyRequests*", Throttled),
    ("RequestLimitExceeded", Throttled),
    ("ProvisionedThroughputExceeded*", Throttled),
    ("BandwidthLimitExceeded", Throttled),
    ("SlowDown", Throttled),
    ("TransactionInProgress*", OutcomeUnknown),  # the first of two equal transactions is still being decided
    ("PriorRequestNotComplete", OutcomeUnknown),
    ("RequestTimeout*", OutcomeUnknown),
    ("Internal*", OutcomeUnknown),
    ("ServerException", OutcomeUnknown),
    ("ServiceUnavailable*", OutcomeUnknown),
    ("*Conflict*", Conflict),
    ("Concurrent*", Conflict),
    ("ResourceInUse*", Conflict),
    ("ConditionalCheckFailed*", Conflict),
    ("PreconditionFailed*", Conflict),
    ("TransactionCanceled*", Conflict),
    ("ServiceNotActiveException", Conflict),
    ("*NotFound*", NotFound),
    # SSM's codes for a document, a version or a tagged resource that does not exist.
    ("InvalidDocument", NotFound),
    ("InvalidDocumentVersion", NotFound),
    ("InvalidResourceId", NotFound),
)

_STATUSES: dict[int, type[AwsError]] = {
    HTTPStatus.UNAUTHORIZED: Denied,
    HTTPStatus.FORBIDDEN: Denied,
    HTTPStatus.REQUEST_TIMEOUT: OutcomeUnknown,
    HTTPStatus.CONFLICT: Conflict,
    HTTPStatus.TOO_MANY_REQUESTS: Throttled,
}

# Raised before a single byte of the request has left. SSLError and ProxyConnectionError are not
# here: botocore raises them for failures in the middle of an exchange as well.
_BEFORE_SENDING: dict[type[Exception], type[AwsError]] = {
    sdk.EndpointConnectionError: Unavailable,
    sdk.ConnectTimeoutError: Unavailable,
    sdk.NoCredentialsError: Unavailable,
    sdk.PartialCredentialsError: Unavailable,
    sdk.CredentialRetrievalError: Unavailable,
    sdk.MetadataRetrievalError: Unavailable,
    sdk.NoAuthTokenError: Unavailable,
    sdk.TokenRetrievalError: Unavailable,
    sdk.SSOError: Unavailable,
    sdk.LoginError: Unavailable,
    sdk.BaseEndpointResolverError: Unavailable,
    sdk.EndpointProviderError: Unavailable,
    sdk.ParamValidationError: Rejected,
    sdk.ValidationError: Rejected,
    sdk.MissingParametersError: Rejected,
}

type SdkError = sdk.ClientError | sdk.BotoCoreError | ResponseParserError


def translate(error: SdkError, operation: str, *, mutates: bool) -> AwsError:
    """The Firebreak error for botocore's error; its text holds AWS's names and no values."""
    if isinstance(error, sdk.ClientError):
        code, meaning = _answered(error)
    else:
        code, meaning = type(error).__name__, _unanswered(error)
    if meaning is OutcomeUnknown and not mutates:
        meaning = Unavailable  # a read has no outcome that could be in doubt
    return meaning(operation, code)


def _answered(error: sdk.ClientError) -> tuple[str, type[AwsError]]:
    code = str(error.response.get("Error", {}).get("Code", "NoCode"))
    for pattern, meaning in _CODES:
        if fnmatchcase(code, pattern):
            return code, meaning
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if known := _STATUSES.get(status):
        return code, known
    refused = HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    return code, Rejected if refused else OutcomeUnknown


def _unanswered(error: Exception) -> type[AwsError]:
    for kind, meaning in _BEFORE_SENDING.items():
        if isinstance(error, kind):
            return meaning
    return OutcomeUnknown


@contextmanager
def translated(operation: str, *, mutates: bool) -> Iterator[None]:
    """Turns botocore's errors into AwsError; `operation` is the API's name for the call."""
    try:
        yield
    except (sdk.ClientError, sdk.BotoCoreError, ResponseParserError) as error:
        raise translate(error, operation, mutates=mutates) from error


def look[T](operation: str, read: Callable[[], T]) -> T | Absent | Unknown:
    """Makes a reading of a call: Absent when AWS says that the resource does not exist, Unknown on failure.

    `read` makes the call and takes the answer apart; an answer without a required field
    (KeyError, ValueError) is Unknown too.
    """
    try:
        with translated(operation, mutates=False):
            return read()
    except NotFound:
        return ABSENT
    except AwsError as error:
        return Unknown(str(error))
    except (KeyError, ValueError):
        return Unknown(f"{operation}: unexpected answer")


def send[T](operation: str, change: Callable[[], T]) -> T:
    """Makes the one call that changes something. Raises AwsError.

    An answer that cannot be taken apart is OutcomeUnknown: the change was sent.
    """
    try:
        with translated(operation, mutates=True):
            return change()
    except (KeyError, ValueError) as error:
        raise OutcomeUnknown(operation, "UnexpectedAnswer") from error
