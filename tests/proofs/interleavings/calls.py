"""A process is the real code, asked again and again how it goes on from the replies it got so far.

    replies so far ──► the code runs from its beginning, is handed these replies ──► its next call

The code is a deterministic function of its replies, so no thread has to be held in the middle of
it: an outside call that has no reply yet ends the run and names the call.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

type Ask = Callable[["Call"], object]


@dataclass(frozen=True, slots=True)
class Call:
    """One outside call: the port, the method, and its arguments."""

    port: str
    name: str
    args: tuple[object, ...] = ()
    more: tuple[tuple[str, object], ...] = ()

    def __str__(self) -> str:
        return f"{self.port}.{self.name}"

    def made_on(self, port: object) -> Any:
        """The real port's answer."""
        return getattr(port, self.name)(*self.args, **dict(self.more))


@dataclass(frozen=True, slots=True)
class Returned:
    """A reply."""

    value: object


@dataclass(frozen=True, slots=True)
class Raised:
    """An error instead of a reply."""

    error: Exception


type Reply = Returned | Raised


def given(reply: Reply) -> object:
    """The reply as the caller sees it."""
    if isinstance(reply, Raised):
        raise reply.error
    return reply.value


class Asked(BaseException):
    """The code made a call that has no reply yet. Nothing of the code's may catch it."""

    def __init__(self, call: Call) -> None:
        super().__init__(str(call))
        self.call = call


class Script:
    """Hands out the replies so far, in order; after the last one `beyond` is asked."""

    def __init__(self, replies: Sequence[Reply], beyond: Ask) -> None:
        self._replies = replies
        self._beyond = beyond
        self._next = 0

    def __call__(self, call: Call) -> object:
        if self._next == len(self._replies):
            return self._beyond(call)
        self._next += 1
        return given(self._replies[self._next - 1])


class Port:
    """Any port: every call on it is asked."""

    def __init__(self, name: str, ask: Ask) -> None:
        self._name = name
        self._ask = ask

    def __getattr__(self, method: str) -> Callable[..., Any]:
        def call(*args: object, **more: object) -> object:
            return self._ask(Call(self._name, method, args, tuple(sorted(more.items()))))

        return call


@dataclass(frozen=True, slots=True)
class AskingClock:
    """The clock of one function, which may be wrong by `skew`."""

    ask: Ask
    skew: timedelta

    def now(self) -> datetime:
        now = self.ask(Call("clock", "now", (self.skew,)))
        assert isinstance(now, datetime)
        return now

    def monotonic(self) -> float:
        seconds = self.ask(Call("clock", "monotonic"))
        assert isinstance(seconds, float)
        return seconds

    def sleep(self, seconds: float) -> None:
        """Does nothing: that others overtake a waiting function is explored anyway."""


class Silent:
    """A log that nobody reads."""

    def event(self, name: str, **fields: object) -> None:
        """Forget it."""

    def about(self, correlation_id: str) -> AbstractContextManager[None]:
        """Forget it."""
        return nullcontext()

    def came_in(self) -> None:
        """Forget it."""

    def count(self, name: str, by: int = 1) -> None:
        """Forget it."""

    def gauge(self, name: str, value: float) -> None:
        """Forget it."""
