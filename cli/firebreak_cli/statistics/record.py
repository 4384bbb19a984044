"""The record of a range of time: out of the ledger of a stack, or of a replay."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from firebreak.core.diagnostics import Diagnostics
from firebreak.core.incident.states import IncidentState
from firebreak.core.model import Verdict
from firebreak.core.readings import NotRead, Unknown
from firebreak_cli.statistics.cost import Cost
from firebreak_cli.statistics.coverage import Coverage

COST_NOT_ASKED = NotRead("--cost was not given")
NO_HEARTBEATS_ASKED = NotRead("nobody looked for heartbeats")

# An incident in one of these has made no change at its present rung, and may still make one.
WAITS_TO_ACT = frozenset(
    {
        IncidentState.OPEN,
        IncidentState.AWAITING_APPROVAL,
        IncidentState.CLIMBING,
        IncidentState.DEFERRED,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Red:
    """A time during which an alarm was red; `end` is None where it still was when somebody looked."""

    alarm: str
    begin: datetime
    end: datetime | None = None

    def covers(self, at: datetime) -> bool:
        """Whether the alarm was red then."""
        return self.begin <= at and (self.end is None or at <= self.end)


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One change by an action.

    `alarms` are those of its incident, `red_since` is when the first of them turned red. `verdict` is None
    while there is none. `acknowledged` says that a human had acknowledged its page: a recovery is then not
    known to be the act's.
    """

    at: datetime
    action: str
    target: str
    incident: str
    alarms: frozenset[str]
    red_since: datetime | None = None
    rung: int = 0
    verdict: Verdict | None = None
    judged_at: datetime | None = None
    acknowledged: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """One decision about an alarm, in the words of the ledger. Those that a newer release wrote stay.

    `overrode` says that a human overrode a freeze for it.
    """

    at: datetime
    outcome: str
    reason: str
    alarm: str = ""
    target: str = ""
    overrode: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call for somebody. `alarm` is empty where it is about none."""

    at: datetime
    severity: str
    alarm: str = ""
    acknowledged: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetUse:
    """The fullest window of one budget: so many acts of at most so many."""

    scope: str
    key: str
    window: timedelta
    most: int
    limit: int
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The state of a target that was read right before one act on it."""

    target: str
    act: Diagnostics


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Everything recorded from `first` until `until`, or a moment later where clocks differ.

    `waiting` are the beginnings of incidents in which Firebreak may still act. `reds` are the times red of
    the alarms that were decided about, `budgets` the use of limits, `cost` that of the functions, and
    `coverage` when Firebreak was watching at all: each may be not read, or unreadable.
    `replayed` says that nothing of it happened: a backtest decided what would have been done. `damaged`
    counts what could not be read; `notes` say what was assumed. `evidence` is that of the newest acts,
    newest first, where somebody asked for it.
    """

    source: str
    first: datetime
    until: datetime
    acts: tuple[Act, ...] = ()
    decisions: tuple[Decided, ...] = ()
    calls: tuple[Call, ...] = ()
    waiting: tuple[datetime, ...] = ()
    reds: tuple[Red, ...] | NotRead | Unknown = ()
    budgets: tuple[BudgetUse, ...] | NotRead | Unknown = ()
    cost: Cost | NotRead | Unknown = COST_NOT_ASKED
    coverage: Coverage | NotRead | Unknown = NO_HEARTBEATS_ASKED
    replayed: bool = False
    damaged: int = 0
    notes: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
