"""The limits of every call to a channel: a time limit, at most one retry, and no secret in an error."""

import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPException
from ssl import SSLCertVerificationError

from firebreak.core.paging.addresses import problem_with
from firebreak.core.paging.rules import ChannelRules
from firebreak.core.readings import Absent, NotRead, Unknown
from firebreak.errors import Undelivered
from firebreak.paging.ports import Secrets

# A channel that needs longer than this is in trouble, and the next one is a better choice.
SECONDS = 5.0
# The longest wait that a service may ask for before the retry; after a longer one the next channel is used.
LONGEST_WAIT = 2.0
# A pause in which a cut connection recovers, or another host of the service takes over.
PAUSE = 0.2

# The errors that the exchange itself may raise, in urllib and http.client.
EXCHANGE_FAILED = (OSError, HTTPException)
# The errors of clients that take any answer for one of the service's: JSON of another shape or of endless
# nesting, text in an unknown charset.
NOT_AS_EXPECTED = (AttributeError, LookupError, RecursionError, TypeError, ValueError)
# The statuses by which a service accepts a request.
SUCCESS = range(HTTPStatus.OK, HTTPStatus.MULTIPLE_CHOICES)

_SECONDS_TO_WAIT = re.compile(r"\d{1,6}", re.ASCII)


class NotTaken(Undelivered):
    """A channel did not take a page. `again_in`: seconds to wait before one more try; None means no retry."""

    def __init__(self, channel: str, code: str, *, retryable: bool, again_in: float | None = None) -> None:
        super().__init__(channel, code, retryable=retryable)
        self.again_in = again_in


@dataclass(frozen=True, slots=True)
class CallTimeout:
    """The time limit of a call, and the function that waits between two tries."""

    seconds: float = SECONDS
    sleep: Callable[[float], None] = time.sleep

    def send[T](self, channel: str, call: Callable[[], T]) -> T:
        """Returns the answer to the call, made once more where a retry may help. Raises NotTaken."""
        try:
            return self.once(channel, call)
        except NotTaken as error:
            if error.again_in is None:
                raise
            self.sleep(error.again_in)
        return self.once(channel, call)

    def once[T](self, channel: str, call: Callable[[], T]) -> T:
        """Returns the answer to the call. Raises NotTaken when it has not ended after `seconds`.

        The HTTP clients limit each wait by itself: a server that sends a byte now and then never reaches
        such a limit. So the call runs in a thread of its own, and is abandoned when its time is over.
        """
        worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="channel")
        try:
            return worker.submit(call).result(self.seconds)
        except TimeoutError:
            raise NotTaken(channel, "timeout", retryable=True) from None
        finally:
            worker.shutdown(wait=False)


def refused(channel: str, status: int, retry_after: str = "") -> NotTaken:
    """The error for an answer with this HTTP status."""
    code = str(status)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        wait = float(retry_after) if _SECONDS_TO_WAIT.fullmatch(retry_after) else None
        again = wait if wait is not None and wait <= LONGEST_WAIT else None
        return NotTaken(channel, code, retryable=True, again_in=again)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return NotTaken(channel, code, retryable=True, again_in=PAUSE)
    return NotTaken(channel, code, retryable=status == HTTPStatus.REQUEST_TIMEOUT)


def trouble(channel: str, error: Exception) -> NotTaken:
    """The error for an exchange without an answer; after a time-out, which took its full wait, no retry."""
    causes = list(_causes(error))
    if any(isinstance(cause, SSLCertVerificationError) for cause in causes):
        return NotTaken(channel, "certificate not trusted", retryable=False)
    if any(isinstance(cause, TimeoutError) for cause in causes):
        return NotTaken(channel, "timeout", retryable=True)
    if isinstance(error, HTTPException) and not isinstance(error, OSError):
        return unreadable(channel)
    return NotTaken(channel, "no connection", retryable=True, again_in=PAUSE)


def unreadable(channel: str) -> NotTaken:
    """The error for an answer that the service itself does not give."""
    return NotTaken(channel, "unreadable answer", retryable=True)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and its causes; urllib keeps the cause in `reason`, others chain it."""
    seen: set[int] = set()
    left: list[object] = [error]
    while left:
        one = left.pop()
        if isinstance(one, BaseException) and id(one) not in seen:
            seen.add(id(one))
            yield one
            left += [one.__cause__, one.__context__, getattr(one, "reason", None)]


def secret_of(rules: ChannelRules, secrets: Secrets) -> str:
    """The channel's secret. Raises Undelivered with the reason why there is none, never with its value."""
    match secrets.value(rules.secret):
        case str() as value:
            return value
        case Absent():
            raise Undelivered(rules.name, "its secret does not exist", retryable=False)
        case Unknown(why) | NotRead(why):
            raise Undelivered(rules.name, f"its secret could not be read: {why}", retryable=True)


def checked_address(channel: str, address: str, *, this_machine: bool) -> str:
    """The address, if it is one for pages by the policy's own check. Raises Undelivered."""
    if problem := problem_with(address, this_machine=this_machine):
        raise Undelivered(channel, f"its address is not {problem}", retryable=False)
    return address
