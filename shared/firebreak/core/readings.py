"""The results of a look: the thing, nothing, blindness, or no look at all.

The four are different values on purpose. A guard that mistook "could not look" for
"nothing there" would act on an outage of the very API it asks.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Absent:
    """The look found that it does not exist."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """The look failed; `why` is one line for a human."""

    why: str


@dataclass(frozen=True, slots=True)
class NotRead:
    """No look was made; `why` says what made it needless or impossible."""

    why: str


ABSENT = Absent()

type Reading[T] = T | Absent | Unknown | NotRead


def unseen(what: str, reading: Absent | Unknown | NotRead) -> Unknown:
    """The blindness that follows for a reader from a missing part, which `what` names."""
    match reading:
        case Absent():
            return Unknown(f"{what} does not exist")
        case Unknown(why):
            return Unknown(f"{what} could not be read: {why}")
        case NotRead(why):
            return Unknown(f"{what} was not read: {why}")
