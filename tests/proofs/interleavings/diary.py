"""A record of the acts, and whether they may happen: properties 1 to 4 of the design, judged on arrival."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from firebreak.core.incident.states import FREES_TARGET, Incident, IncidentState, Purpose
from firebreak.core.ledger import Claim, ClaimResult, DecisionRecord, IncidentChange
from firebreak.core.limits.budgets import ACT_TIMEOUT
from firebreak.core.limits.history import Hold
from firebreak.core.limits.scopes import Level, Scope
from firebreak.core.model import Alarm, AlarmState, RequestKind, Target
from firebreak.core.people import people
from firebreak.core.rules import Rules
from tests.proofs.interleavings.calls import Call

OVER = FREES_TARGET | {IncidentState.CLIMBING, IncidentState.UNDOING}


class Violation(Exception):
    """A property does not hold."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One act that reached ECS, at the true time."""

    at: datetime
    incident_id: str
    rung: int
    target: Target
    scopes: tuple[Scope, ...]
    purpose: Purpose = Purpose.ACT

    def __str__(self) -> str:
        what = f"rung {self.rung + 1} of {self.incident_id}"
        what = what if self.purpose is Purpose.ACT else f"the {self.purpose} of {what}"
        return f"{what} on {self.target.display} at {self.at:%H:%M:%S}"


@dataclass(frozen=True, slots=True)
class Pause:
    """A kill switch that is in, and the claims that were won before."""

    hold: Hold
    before: frozenset[str]


@dataclass(frozen=True, slots=True)
class Diary:
    """The acts, those in flight, the claims not yet used, the pauses, how often a decision was kept,
    the alarms that joined, and what the ledger recorded: alarms that are OK, and whether there is a storm.
    """

    sent: tuple[Sent, ...] = ()
    flying: frozenset[tuple[str, int]] = frozenset()
    won: frozenset[str] = frozenset()
    pauses: frozenset[Pause] = frozenset()
    decided: frozenset[tuple[str, int]] = frozenset()
    joined: frozenset[tuple[str, str]] = frozenset()
    well: frozenset[tuple[str, datetime]] = frozenset()
    storm: bool = False


NOTHING_YET = Diary()


def noted(diary: Diary, call: Call, result: object) -> Diary:
    """The diary after a call on the ledger with that result, whether or not the caller heard of it."""
    match call.name, call.args, result:
        case "pause", _, Hold() as hold:
            return replace(diary, pauses=diary.pauses | {Pause(hold, diary.won)})
        case "claim", (Claim() as claim, *_), ClaimResult.WON:
            _not_in_vain(diary, claim)
            return _kept(replace(diary, won=diary.won | {claim.after.claim_id}), claim.record)
        case "record_transition", (Alarm(state=AlarmState.OK) as alarm, *_), _:
            return replace(diary, well=diary.well | {(alarm.series, alarm.since)})
        case ("trip" | "calm") as name, _, True:
            return replace(diary, storm=name == "trip")
        case "move", (IncidentChange() as change, *_), True:
            return _moved(diary, change)
        case "join", (Incident() as incident, Alarm() as alarm, DecisionRecord() as record), True:
            joined = replace(diary, joined=diary.joined | {(incident.id, alarm.name)})
            return _kept(joined, record)
        case ("record", (DecisionRecord() as record, *_), True) | (
            "open",
            (_, DecisionRecord() as record, *_),
            True,
        ):
            return _kept(diary, record)
        case _:
            return diary


def _not_in_vain(diary: Diary, claim: Claim) -> None:
    """No claim is for an alarm that the ledger knows to be OK, or to be part of a storm."""
    alarm = claim.request.alarm
    if claim.request.kind is RequestKind.ALARM and any(
        series == alarm.series and since > alarm.since for series, since in diary.well
    ):
        raise Violation(f"{claim.after.id} was claimed although {alarm.name} was known to be OK")
    if diary.storm:
        raise Violation(f"{claim.after.id} was claimed during a storm")


def _kept(diary: Diary, record: DecisionRecord) -> Diary:
    times = dict(diary.decided)
    times[record.key] = times.get(record.key, 0) + 1
    return replace(diary, decided=frozenset(times.items()))


def _moved(diary: Diary, change: IncidentChange) -> Diary:
    if change.record:
        diary = _kept(diary, change.record)
    if change.after.state not in OVER:
        return diary
    over = (change.before.id, change.before.rung)
    return replace(diary, flying=diary.flying - {over})


def sent(diary: Diary, claim: Claim | None, at: datetime, skew: timedelta, rules: Rules) -> Diary:
    """The diary with the act that the winner of this claim sends now. Raises Violation when it must not."""
    if claim is None:
        raise Violation("an act without a claim")
    after = claim.after
    act = Sent(at, after.id, after.rung, after.target, claim.scopes, after.purpose)
    _once_a_rung(diary, act)
    _alone_on_its_target(diary, act)
    _in_time(act, claim, at + skew)
    _not_after_a_pause(diary, act, claim)
    _approved_by_enough(act, claim, rules)
    acts = (*diary.sent, act)
    if after.purpose is Purpose.ACT:
        within_budgets(acts, rules)
    flying = diary.flying | {(act.incident_id, act.rung)}
    return replace(diary, sent=acts, flying=flying, won=diary.won - {after.claim_id})


def _once_a_rung(diary: Diary, act: Sent) -> None:
    mine = (act.incident_id, act.rung, act.purpose)
    if any((one.incident_id, one.rung, one.purpose) == mine for one in diary.sent):
        raise Violation(f"property 3: {act} was executed before")


def _alone_on_its_target(diary: Diary, act: Sent) -> None:
    shared = {Level.TARGET, Level.DEPENDENCY}
    mine = {scope for scope in act.scopes if scope.level in shared}
    for one in diary.sent:
        if (one.incident_id, one.rung) in diary.flying and mine & set(one.scopes):
            raise Violation(f"property 2: {act} while {one} is in flight")


def _in_time(act: Sent, claim: Claim, by_its_clock: datetime) -> None:
    assert claim.after.act_by
    late = by_its_clock - claim.after.act_by - ACT_TIMEOUT
    if late > timedelta():
        raise Violation(f"property 4: {act} comes {late} after act_by and time-out")


def _not_after_a_pause(diary: Diary, act: Sent, claim: Claim) -> None:
    for pause in diary.pauses:
        if (
            _covers(pause.hold, claim)
            and claim.after.claim_id not in pause.before
            and pause.hold.until > act.at
        ):
            raise Violation(f"property 4: {act} was claimed after {pause.hold.scope} was paused")


def _approved_by_enough(act: Sent, claim: Claim, rules: Rules) -> None:
    human = claim.request.kind in (RequestKind.APPROVAL, RequestKind.MANUAL)
    approvers = people((*claim.after.approved_by, claim.request.by))
    if human and len(approvers) < rules.approvers:
        raise Violation(f"{act} was approved by {sorted(approvers)} alone")


def _covers(hold: Hold, claim: Claim) -> bool:
    places = (Level.GROUP, Level.TARGET)
    names = [f"{scope.level.value} {scope.key}" for scope in claim.scopes if scope.level in places]
    return hold.scope in {"global", f"action {claim.after.action}", *names}


def within_budgets(acts: Sequence[Sent], rules: Rules) -> None:
    """No window that ends with the last act holds more than its limit. Raises Violation."""
    last = acts[-1]
    for scope in last.scopes:
        times = [one.at for one in acts if scope in one.scopes and one.purpose is Purpose.ACT]
        for budget in rules.limits(scope):
            within = [at for at in times if last.at - budget.window < at <= last.at]
            if len(within) > budget.acts:
                raise Violation(f"property 1: {len(within)} acts in {scope} {budget}, the last is {last}")
