"""boto3 clients: readers, which may ask again, mutators, which send once, and fail-fast ones.

By default botocore re-sends a call such as UpdateService up to five times when the reply is
lost, so one act could reach AWS five times. A mutator never does: its error says that the
outcome is not known, and Verify finds out.

botocore resolves the endpoint itself (`AWS_ENDPOINT_URL`). The caller brings the session, so
that importing this module does not import boto3 (about 0.35 s of a cold start here, against
0.19 s for botocore's part of it); the wiring pays that once.
"""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Any

from botocore.config import Config

if TYPE_CHECKING:
    from collections.abc import Callable

    from boto3.session import Session

# core/limits/budgets.py relies on the sum of both: a slot is held that much longer than its window.
CONNECT_SECONDS = 5.0
READ_SECONDS = 5.0
READ_ATTEMPTS = 3
PATIENT_ATTEMPTS = 6
# About six calls come before a page is sent; if all of them hang, it is still within half of Page's 60 s.
FAIL_FAST_SECONDS = 2.0
# Both attempts and the wait between them fit into the 10 s of a plan (remediation/remediator.py).
BRIEF_CONNECT_SECONDS, BRIEF_READ_SECONDS, BRIEF_ATTEMPTS = 1.0, 2.0, 2


def reader(session: Session, service: str, *, read_seconds: float = READ_SECONDS) -> Any:
    """A client for calls that change nothing: up to three attempts, five seconds each at most."""
    return _client(session, service, attempts=READ_ATTEMPTS, read_seconds=read_seconds)


def unsigned_reader(session: Session, service: str) -> Any:
    """A reader that signs nothing, for a call that somebody else signed, at the region's usual address."""
    from botocore import UNSIGNED

    return _client(
        session,
        service,
        attempts=READ_ATTEMPTS,
        read_seconds=READ_SECONDS,
        signature_version=UNSIGNED,
        use_fips_endpoint=False,
        use_dualstack_endpoint=False,
    )


def brief(session: Session, service: str) -> Any:
    """A client for calls that change nothing and that an act waits for: two attempts, three seconds each."""
    return _client(
        session,
        service,
        attempts=BRIEF_ATTEMPTS,
        read_seconds=BRIEF_READ_SECONDS,
        connect_seconds=BRIEF_CONNECT_SECONDS,
    )


def patient(session: Session, service: str) -> Any:
    """A client for calls that may be repeated and that AWS throttles early: up to six attempts.

    The standard mode waits up to 1, 2, 4, 8 and 16 s between them, each by a random part: half of 31 s on
    average, which fits into the 60 s that a function has.
    """
    return _client(session, service, attempts=PATIENT_ATTEMPTS, read_seconds=READ_SECONDS)


def mutator(session: Session, service: str, *, read_seconds: float = READ_SECONDS) -> Any:
    """A client for calls that change something: each is sent once, even if it fails."""
    return _client(session, service, attempts=1, read_seconds=read_seconds)


def fail_fast(
    session: Session,
    service: str,
    *,
    connect_seconds: float = FAIL_FAST_SECONDS,
    read_seconds: float = FAIL_FAST_SECONDS,
    attempts: int = 1,
) -> Any:
    """A client for calls that a page waits for: one attempt, two seconds each for connection and reply.

    A service that hangs instead of refusing must not keep a page back, and pages can do without its
    answer. The caller treats a lost reply as "not known": nothing is sent twice because of it.
    """
    return _client(
        session, service, attempts=attempts, read_seconds=read_seconds, connect_seconds=connect_seconds
    )


def made_once(make: Callable[[str], Any]) -> Callable[[str], Any]:
    """`make` for many threads: each client is made when it is first asked for, one at a time.

    A session makes no two clients at once.
    """
    made: dict[str, Any] = {}
    lock = Lock()

    def client(service: str) -> Any:
        with lock:
            if service not in made:
                made[service] = make(service)
            return made[service]

    return client


def _client(
    session: Session,
    service: str,
    *,
    attempts: int,
    read_seconds: float,
    connect_seconds: float = CONNECT_SECONDS,
    **more: Any,
) -> Any:
    # The mode is set here so that AWS_RETRY_MODE cannot change the meaning of "attempts".
    config = Config(
        connect_timeout=connect_seconds,
        read_timeout=read_seconds,
        retries={"mode": "standard", "total_max_attempts": attempts},
        **more,
    )
    make: Callable[..., Any] = session.client
    return make(service, config=config)
