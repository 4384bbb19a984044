"""Faults of outside calls: a wrapper around a client or a fake that fails on demand."""

import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)

type Disturb = Callable[[str], None]

URL = "https://dynamodb.eu-west-1.amazonaws.com/"
READ_TIMEOUT = ReadTimeoutError(endpoint_url=URL)
NO_CONNECTION = EndpointConnectionError(endpoint_url=URL)
CONNECT_TIMEOUT = ConnectTimeoutError(endpoint_url=URL)


def answer(code: str, status: int = 400, operation: str = "TransactWriteItems", **more: Any) -> ClientError:
    """The exception that botocore raises for an error answer."""
    body: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}, **more}
    return ClientError(body, operation)


def nothing(_: str) -> None:
    """No disturbance."""


@dataclass
class Wrapped:
    """Passes every call on; `before` and `after` see the call's name and may raise or move a clock."""

    inner: Any
    before: Disturb = nothing
    after: Disturb = nothing
    calls: list[str] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.inner, name)
        return self._disturbed(name, found) if callable(found) else found

    def _disturbed(self, name: str, found: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            self.calls.append(name)
            self.before(name)
            result = found(*args, **kwargs)
            self.after(name)
            return result

        return call


def fail(error: BaseException, *, on: Collection[str] = (), times: int = 1_000_000) -> Disturb:
    """Raise on calls of these names (all, if none is given), at most so many times."""
    left = [times]

    def disturb(name: str) -> None:
        if left[0] and (not on or name in on):
            left[0] -= 1
            raise error

    return disturb


class Killed(BaseException):
    """The function was killed here: only the caller that stands for Lambda may catch it."""


@dataclass
class Death:
    """Kills at the nth outside call of all that share it; `called` lists the calls."""

    at: int
    called: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, name: str) -> None:
        with self._lock:
            self.called.append(name)
            if len(self.called) == self.at:
                raise Killed(name)
