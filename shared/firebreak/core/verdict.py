"""Whether an act helped, and what comes next: pure functions of what was seen."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never

from firebreak.core.budgets import ACT_TIMEOUT, CLOCK_SKEW
from firebreak.core.incident import Incident, IncidentState
from firebreak.core.model import AlarmState, Settled, Verdict
from firebreak.core.readings import Absent, NotRead, Reading, Unknown
from firebreak.core.rules import PAGE_RUNG, Verification


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What Verify saw: every member alarm, and the target through the action's eyes.

    `happened` is False when a change whose reply was lost is known not to have been made.
    """

    now: datetime
    alarms: Sequence[tuple[str, Reading[AlarmState]]]
    happened: bool | Unknown
    settled: Settled | Unknown
    worse: bool | Unknown


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict and the one line that explains it."""

    verdict: Verdict
    why: str


def judge(incident: Incident, evidence: Evidence, rules: Verification) -> Judgement:
    """Judge an act that was sent (or may have been). Missing telemetry is never a success."""
    elapsed = evidence.now - (incident.acted_at or incident.opened_at)
    alarms = _alarms(evidence)
    if evidence.happened is False:
        return _judge_nothing_sent(alarms, early=elapsed < rules.after)
    if evidence.worse is True:
        return Judgement(Verdict.WORSE, "the target is worse off than before the action")
    for seen in (evidence.happened, evidence.worse):
        if isinstance(seen, Unknown):
            return Judgement(Verdict.UNKNOWN, seen.why)
    return _judge_settling(incident, evidence, rules, alarms, elapsed)


def _judge_nothing_sent(alarms: Judgement, *, early: bool) -> Judgement:
    """A change that never arrived neither helped nor harmed; only the alarms speak."""
    if alarms.verdict is not Verdict.NOT_RECOVERED:
        return alarms
    if early:
        return Judgement(Verdict.TOO_EARLY, "the lost request may still be on its way")
    return Judgement(Verdict.NOT_RECOVERED, f"the action did not reach AWS; {alarms.why}")


def _judge_settling(
    incident: Incident, evidence: Evidence, rules: Verification, alarms: Judgement, elapsed: timedelta
) -> Judgement:
    patience = timedelta(seconds=incident.plan.patience_seconds if incident.plan else 0)
    match evidence.settled:
        case Unknown(why):
            return Judgement(Verdict.UNKNOWN, why)
        case Settled.NOT_YET if elapsed < max(patience, rules.after):
            return Judgement(Verdict.TOO_EARLY, "the action's effect has not settled yet")
        case Settled.NOT_YET:
            return _unsettled(alarms, "the action's effect did not settle in time")
        case Settled.FAILED:
            return _unsettled(alarms, "the action's effect failed")
        case Settled.YES:
            pass
    if alarms.verdict is Verdict.NOT_RECOVERED and elapsed < rules.after:
        return Judgement(
            Verdict.TOO_EARLY, f"{alarms.why}; the alarm gets until {rules.after} after the action"
        )
    return alarms


def _unsettled(alarms: Judgement, why: str) -> Judgement:
    """Green alarms over a target that never came to rest are no success, and no reason to climb."""
    if alarms.verdict is Verdict.RECOVERED:
        return Judgement(Verdict.UNKNOWN, f"{why}, though {alarms.why}")
    return Judgement(Verdict.NOT_RECOVERED, why)


def _alarms(evidence: Evidence) -> Judgement:
    red: list[str] = []
    unclear: list[str] = []
    for name, reading in evidence.alarms:
        match reading:
            case AlarmState.OK:
                continue
            case AlarmState.ALARM:
                red.append(f"{name} is still red")
            case AlarmState.INSUFFICIENT_DATA:
                unclear.append(f"{name} has no data")
            case Absent():
                unclear.append(f"{name} does not exist any more")
            case Unknown(why) | NotRead(why):
                unclear.append(f"{name} could not be read: {why}")
            case never:
                assert_never(never)
    if red:
        return Judgement(Verdict.NOT_RECOVERED, "; ".join(red))
    if unclear or not evidence.alarms:
        return Judgement(Verdict.UNKNOWN, "; ".join(unclear) or "no alarm to look at")
    return Judgement(Verdict.RECOVERED, "every alarm of the incident is OK")


@dataclass(frozen=True, slots=True)
class LookAgain:
    """Wait for the effect, or for telemetry, and look again then."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Hold:
    """Recovered; it must stay so until then before it counts."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Close:
    """The recovery held."""


@dataclass(frozen=True, slots=True)
class Climb:
    """Try the next rung of the ladder."""

    rung: int


@dataclass(frozen=True, slots=True)
class GiveToHumans:
    """Firebreak has nothing more to try by itself."""


type Step = LookAgain | Hold | Close | Climb | GiveToHumans


def next_step(
    incident: Incident, verdict: Verdict, rules: Verification, now: datetime, max_age: timedelta
) -> Step:
    """What follows from a verdict. Every path ends: in Close, in the last rung, or with humans."""
    too_old = now - incident.opened_at > max_age
    match verdict:
        case Verdict.RECOVERED:
            return _after_recovery(incident, rules, now)
        case Verdict.NOT_RECOVERED:
            return next_rung(incident.ladder, incident.rung)
        case Verdict.WORSE:
            return GiveToHumans()
        case Verdict.TOO_EARLY if not too_old:
            return LookAgain(now + rules.retry_every)
        case Verdict.UNKNOWN if not too_old and incident.blind_looks + 1 < rules.attempts:
            return LookAgain(now + rules.retry_every)
        case Verdict.TOO_EARLY | Verdict.UNKNOWN:
            return GiveToHumans()


def _after_recovery(incident: Incident, rules: Verification, now: datetime) -> Step:
    since = incident.healthy_since if incident.state is IncidentState.HOLDING else None
    until = (since or now) + rules.healthy_for
    return Close() if until <= now else Hold(until)


def next_rung(ladder: Sequence[str], rung: int) -> Climb | GiveToHumans:
    """The rung above, unless that is the page (or there is none)."""
    if rung + 1 >= len(ladder) or ladder[rung + 1] == PAGE_RUNG:
        return GiveToHumans()
    return Climb(rung + 1)


def claim_is_dead(incident: Incident, now: datetime) -> bool:
    """Whether the function that claimed can no longer be about to act, by any clock within the skew."""
    return incident.act_by is not None and now > incident.act_by + ACT_TIMEOUT + CLOCK_SKEW
