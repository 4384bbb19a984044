"""The events of an incident, as `core/incident/lifecycle.py` takes them."""

from dataclasses import dataclass

from firebreak.core.incident.verdict import (
    Evidence,
    Judgement,
    Step,
)
from firebreak.core.ledger import DecisionRecord
from firebreak.core.model import AlarmState, Receipt, Request
from firebreak.core.rules import Rules


@dataclass(frozen=True, slots=True)
class Acted:
    """AWS took the change; `people` says in words who requested it or approved it, if anybody did.

    `override` is a freeze that they overrode.
    """

    receipt: Receipt
    people: str = ""
    override: str = ""


@dataclass(frozen=True, slots=True)
class OutcomeLost:
    """The change was sent, and no reply came; `override` is that of `Acted`."""

    why: str
    override: str = ""


@dataclass(frozen=True, slots=True)
class NotSent:
    """Nothing was sent, or AWS refused it."""

    why: str


@dataclass(frozen=True, slots=True)
class ClaimAbandoned:
    """The function that claimed never reported back."""


@dataclass(frozen=True, slots=True)
class Judged:
    """Verify reached a verdict on its evidence, and the verdict led to a step."""

    judgement: Judgement
    step: Step
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class NotActedOn:
    """The request for the next act did not act: it was refused, deferred, or left to a human's approval."""

    request: Request
    rules: Rules
    record: DecisionRecord


@dataclass(frozen=True, slots=True)
class Denied:
    """A human denied the request."""

    by: str
    why: str


@dataclass(frozen=True, slots=True)
class ApprovalExpired:
    """Nobody answered its question in time; `state` as in `GivenUp`."""

    state: AlarmState | None


@dataclass(frozen=True, slots=True)
class UndoRequested:
    """A human requested that its last act is put back."""

    by: str
    why: str


@dataclass(frozen=True, slots=True)
class GivenUp:
    """Firebreak has nothing to try; `state` is that of the first alarm, None where it is not known."""

    why: str
    state: AlarmState | None


@dataclass(frozen=True, slots=True)
class Recovered:
    """Every alarm of it is OK, although nothing was done just now."""


@dataclass(frozen=True, slots=True)
class TooOld:
    """It is with humans for longer than an incident may last, and is not known to be over."""

    why: str


@dataclass(frozen=True, slots=True)
class NotTakenUp:
    """Its request was made, and no function took it up."""


type Event = (
    Acted
    | OutcomeLost
    | NotSent
    | ClaimAbandoned
    | Judged
    | NotActedOn
    | Denied
    | ApprovalExpired
    | UndoRequested
    | GivenUp
    | Recovered
    | TooOld
    | NotTakenUp
)
