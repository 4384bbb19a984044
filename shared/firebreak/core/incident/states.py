"""The incident: one target's open trouble, and the moves its state machine allows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from firebreak.core.alarm_readings import WatchedAlarm
from firebreak.core.limits.budgets import ACT_TIMEOUT, CLOCK_SKEW
from firebreak.core.model import Alarm, Plan, Receipt, RequestKind, Target


class IncidentState(StrEnum):
    """Where an incident stands. Stored in the ledger: members are never renamed."""

    OPEN = "open"
    CLAIMED = "claimed"
    ACTED = "acted"
    UNCERTAIN = "uncertain"
    NOT_EXECUTED = "not_executed"
    VERIFYING = "verifying"
    HOLDING = "holding"
    RESTING = "resting"
    CLIMBING = "climbing"
    UNDOING = "undoing"
    PAGED = "paged"
    CLOSED = "closed"
    AWAITING_APPROVAL = "awaiting_approval"
    DEFERRED = "deferred"
    REFUSED = "refused"


_S = IncidentState

# A claim may be found dead (claimed -> uncertain) by Verify once its act_by is past; only
# the claimant itself can know that nothing was sent (claimed -> not_executed).
MOVES: Mapping[IncidentState, frozenset[IncidentState]] = MappingProxyType(
    {
        _S.OPEN: frozenset({_S.CLAIMED, _S.CLIMBING, _S.AWAITING_APPROVAL, _S.DEFERRED, _S.REFUSED}),
        _S.CLAIMED: frozenset({_S.ACTED, _S.UNCERTAIN, _S.NOT_EXECUTED}),
        _S.ACTED: frozenset(
            {_S.VERIFYING, _S.HOLDING, _S.RESTING, _S.CLIMBING, _S.UNDOING, _S.PAGED, _S.CLOSED}
        ),
        _S.UNCERTAIN: frozenset(
            {_S.VERIFYING, _S.HOLDING, _S.RESTING, _S.CLIMBING, _S.UNDOING, _S.PAGED, _S.CLOSED}
        ),
        _S.NOT_EXECUTED: frozenset({_S.CLOSED}),
        _S.VERIFYING: frozenset(
            {_S.VERIFYING, _S.HOLDING, _S.RESTING, _S.CLIMBING, _S.UNDOING, _S.PAGED, _S.CLOSED}
        ),
        _S.HOLDING: frozenset(
            {_S.HOLDING, _S.RESTING, _S.VERIFYING, _S.CLIMBING, _S.UNDOING, _S.PAGED, _S.CLOSED}
        ),
        _S.RESTING: frozenset({_S.RESTING, _S.CLIMBING, _S.UNDOING, _S.PAGED, _S.CLOSED}),
        _S.CLIMBING: frozenset(
            {_S.CLIMBING, _S.CLAIMED, _S.DEFERRED, _S.AWAITING_APPROVAL, _S.PAGED, _S.CLOSED}
        ),
        _S.DEFERRED: frozenset(
            {_S.CLIMBING, _S.CLAIMED, _S.DEFERRED, _S.AWAITING_APPROVAL, _S.PAGED, _S.CLOSED}
        ),
        _S.AWAITING_APPROVAL: frozenset({_S.CLAIMED, _S.CLIMBING, _S.PAGED, _S.CLOSED}),
        _S.UNDOING: frozenset({_S.CLAIMED, _S.RESTING, _S.PAGED, _S.CLOSED}),
        _S.PAGED: frozenset({_S.CLOSED}),
        _S.REFUSED: frozenset(),
        _S.CLOSED: frozenset(),
    }
)

# In these states the target is free for another incident. Every other state holds it: an alarm
# that comes meanwhile joins (at most one open incident a target).
FREES_TARGET = frozenset({_S.PAGED, _S.CLOSED, _S.REFUSED, _S.NOT_EXECUTED})

# Nothing more comes after these; every other incident is open, and is never deleted.
ENDED = frozenset(state for state, after in MOVES.items() if not after)

WITH_HUMANS = frozenset({_S.PAGED, _S.NOT_EXECUTED})

_NEXT_RUNG = frozenset({_S.OPEN, _S.CLIMBING, _S.DEFERRED})

# Where an incident must stand for each kind of request; anywhere else the request came too late.
ASKED_IN: Mapping[RequestKind, frozenset[IncidentState]] = MappingProxyType(
    {
        RequestKind.ALARM: _NEXT_RUNG,
        RequestKind.CLIMB: _NEXT_RUNG,
        RequestKind.WAKE: _NEXT_RUNG,
        RequestKind.APPROVAL: frozenset({_S.AWAITING_APPROVAL}),
        RequestKind.UNDO: frozenset({_S.UNDOING}),
        RequestKind.RESTORE: frozenset({_S.UNDOING}),
        # It opens an incident of its own, and is never for one that is there.
        RequestKind.MANUAL: frozenset(),
    }
)

# In these an incident works on what it shares with others; a question or a rest does not.
IN_FLIGHT = frozenset({_S.CLAIMED, _S.ACTED, _S.UNCERTAIN, _S.VERIFYING, _S.CLIMBING, _S.UNDOING})

# In these all was well at the last look, and has to stay so.
WELL = frozenset({_S.HOLDING, _S.RESTING})

AWAITS_VERDICT = frozenset({_S.ACTED, _S.UNCERTAIN, _S.VERIFYING, _S.HOLDING})


# In these an act is in place and watched, so that a human may have it put back.
MAY_BE_UNDONE = AWAITS_VERDICT | {_S.RESTING}


class Purpose(StrEnum):
    """The purpose of an incident's claim. Stored in the ledger: members are never renamed.

    `undo` takes an act back that made things worse (or a restore after which the alarm came back);
    `restore` takes a temporary change back after a healthy hold.
    """

    ACT = "act"
    UNDO = "undo"
    RESTORE = "restore"


PURPOSE_OF: Mapping[RequestKind, Purpose] = MappingProxyType(
    {RequestKind.UNDO: Purpose.UNDO, RequestKind.RESTORE: Purpose.RESTORE}
)


@dataclass(frozen=True, slots=True)
class Member:
    """An alarm that belongs to an incident; `contributor` is empty unless it is one series.

    `since` is the time of the transition with which it joined; None where an older release stored it.
    """

    name: str
    arn: str
    contributor: str = ""
    since: datetime | None = None

    @classmethod
    def of(cls, alarm: Alarm) -> "Member":
        """The membership of this alarm."""
        return cls(alarm.name, alarm.arn, alarm.contributor.id if alarm.contributor else "", alarm.since)

    @property
    def watched(self) -> WatchedAlarm:
        """The alarm, or its one series, to read for the state of this member."""
        return WatchedAlarm(self.name, self.contributor)

    @property
    def series(self) -> str:
        """The series as the alarm itself names it: a member is one however often it turns red."""
        return f"{self.arn}#{self.contributor}" if self.contributor else self.arn


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One target's open trouble.

    `rung` is the position on `ladder`, which was read from the policy when the incident opened
    and does not change with it. `attempt` counts the looks at the current rung, `blind_looks` those
    in a row that did not determine the state. `acted_at` is
    when the current rung was claimed, `healthy_since` when its recovery was first seen. `purpose`
    is that of the present plan, or, while it is undoing, of the one that was asked for. `left_out` counts
    how often an alarm joined for which there was no room: nobody looks at it, so it is never known to be
    over.
    `earlier` holds the result of each rung below. `approved_by` has the ARNs of those who approved the
    present plan, as AWS confirmed them: while more of them are needed, and afterwards. `override` is the
    freeze in spite of which it was asked for, by whom and why; empty where nobody overrode one.
    """

    id: str
    target: Target
    state: IncidentState
    rung: int
    action: str
    ladder: tuple[str, ...]
    alarm: Alarm
    members: tuple[Member, ...]
    opened_at: datetime
    version: int = 0
    attempt: int = 0
    blind_looks: int = 0
    claim_id: str = ""
    act_by: datetime | None = None
    acted_at: datetime | None = None
    healthy_since: datetime | None = None
    due_at: datetime | None = None
    plan: Plan | None = None
    receipt: Receipt | None = None
    note: str = ""
    purpose: Purpose = Purpose.ACT
    left_out: int = 0
    earlier: tuple[str, ...] = ()
    approved_by: tuple[str, ...] = ()
    override: str = ""

    @property
    def holds_target(self) -> bool:
        """Whether another incident must wait for this one."""
        return self.state not in FREES_TARGET

    @property
    def has_no_alarm(self) -> bool:
        """Whether it is an act by hand to which no alarm belongs: its target alone is looked at."""
        return self.alarm.manual and not self.members and not self.left_out


def may_move(before: IncidentState, after: IncidentState) -> bool:
    """Whether the state machine allows this move (staying put is allowed for joins and notes)."""
    return before is after or after in MOVES[before]


def claim_is_dead(incident: Incident, now: datetime) -> bool:
    """Whether the function that claimed can no longer be about to act, by any clock within the skew."""
    return incident.act_by is not None and now > incident.act_by + ACT_TIMEOUT + CLOCK_SKEW
