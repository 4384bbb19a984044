"""Whether an act helped, and what comes next: pure functions of what was seen."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never

from firebreak.core.alarm_readings import AlarmReading, WatchedAlarm, all_ok, few_of, words_of
from firebreak.core.incident.states import WELL, Incident, IncidentState, Member, Purpose
from firebreak.core.limits.history import Judged
from firebreak.core.model import AlarmState, Failed, Obstacle, Plan, Settled, Verdict
from firebreak.core.readings import ABSENT, Absent, NotRead, Reading, Unknown
from firebreak.core.rules import PAGE_RUNG, Verification


@dataclass(frozen=True, slots=True, kw_only=True)
class Reversals:
    """How what was done could be put back: because it made things worse, or because it is over.

    `restore` is Absent for a change that is not temporary.
    """

    undo: Reading[Plan | Obstacle] = ABSENT
    restore: Reading[Plan | Obstacle] = ABSENT


NO_REVERSALS = Reversals()

NO_ALARM, ALL_OK = "no alarm belongs to the incident", "every alarm of the incident is OK"
AT_REST = f"the action's effect has settled, and {NO_ALARM}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The evidence of Verify: every member alarm, and the target as its action reads it.

    `happened` is False when a change whose reply was lost is known not to have been made.
    `changed` is the change that somebody else made to the target since the act, in words.
    `green_since` is when the last of the alarms that are OK turned so, as CloudWatch says.
    """

    now: datetime
    alarms: Sequence[tuple[Member, Reading[AlarmState]]]
    happened: bool | Unknown
    settled: Settled | Failed | Unknown
    worse: bool | Unknown
    ways: Reversals = NO_REVERSALS
    green_since: datetime | None = None
    changed: str = ""

    @property
    def first_state(self) -> AlarmState | None:
        """The state of the alarm that opened the incident, None where that is not known."""
        return first_state(reading for _, reading in self.alarms)


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict and the one line that explains it."""

    verdict: Verdict
    why: str


def judge(incident: Incident, evidence: Evidence, rules: Verification) -> Judgement:
    """Judges an act that was sent (or may have been). Missing telemetry is never a success.

    The first rule that applies decides:

    1. A change that was not made neither helped nor harmed.
    2. A red alarm after a restore, and a target that is seen to be worse off, are worse at once.
    3. An alarm that turned red after the act is worse as soon as the act may be at fault: once it is known to
       have been made, its effect has settled or had its time, and the alarms had theirs. It stands before 4,
       because evidence that is missing does not cancel a harm that was seen; and before a failed effect,
       because another rung on top of a harm is no help.
    4. Not to know whether it was made, or how the target fares, is unknown. Such a look is repeated, and the
       line names the alarms of 3, so that the human who is called in the end is notified of them.
    5. An effect that has not settled waits; one that failed did not help.
    6. Then the alarms decide; a red one still gets its time. Without any, an act that settled has helped.
    """
    elapsed = evidence.now - (incident.acted_at or incident.opened_at)
    alarms = judge_alarms(evidence.alarms, incident.left_out)
    if evidence.happened is False:
        return _judge_nothing_sent(incident, alarms, early=elapsed < rules.after)
    if incident.purpose is Purpose.RESTORE and alarms.verdict is Verdict.NOT_RECOVERED:
        return Judgement(Verdict.WORSE, f"{alarms.why}, since the temporary change was taken back")
    if evidence.worse is True:
        return Judgement(Verdict.WORSE, _worse_off(evidence))
    newly_red = _newly_red(incident, evidence)
    if newly_red and _may_be_at_fault(incident, evidence, rules, elapsed):
        return Judgement(Verdict.WORSE, "; ".join(few_of(newly_red)))
    for seen in (evidence.happened, evidence.worse):
        if isinstance(seen, Unknown):
            return Judgement(Verdict.UNKNOWN, "; ".join((seen.why, *few_of(newly_red))))
    if isinstance(evidence.settled, Unknown):
        return Judgement(Verdict.UNKNOWN, "; ".join((evidence.settled.why, *few_of(newly_red))))
    return _judge_settling(incident, evidence.settled, rules, alarms, elapsed)


def _judge_nothing_sent(incident: Incident, alarms: Judgement, *, early: bool) -> Judgement:
    """The verdict on a change that never arrived: it neither helped nor harmed, and only the alarms count.

    A change that should have been put back and was not stays with humans, even if every alarm is OK.
    """
    by_alarms = incident.purpose is Purpose.ACT and not incident.has_no_alarm
    if by_alarms and alarms.verdict is not Verdict.NOT_RECOVERED:
        return alarms
    if early:
        return Judgement(Verdict.TOO_EARLY, "the lost request may still be on its way")
    return Judgement(Verdict.NOT_RECOVERED, f"the action did not reach AWS; {alarms.why}")


def _worse_off(evidence: Evidence) -> str:
    """The line for a target that is worse off, with AWS's reason for a failed effect as a starting point."""
    why = f": {evidence.settled.why}" if isinstance(evidence.settled, Failed) else ""
    return f"the target is worse off than before the action{why}"


def _newly_red(incident: Incident, evidence: Evidence) -> list[str]:
    """The alarms that are red and turned so after the act: an alarm that was red before is not its fault.

    Only an act is suspected; a restore has a stricter rule, and after an undo humans have the incident.
    """
    acted_at = incident.acted_at
    if incident.purpose is not Purpose.ACT or acted_at is None:
        return []
    return [
        f"{member.name} turned red after the action"
        for member, reading in evidence.alarms
        if reading is AlarmState.ALARM and member.since and member.since > acted_at
    ]


def _may_be_at_fault(incident: Incident, evidence: Evidence, rules: Verification, elapsed: timedelta) -> bool:
    """Whether what is red by now is not what any deployment shakes for a while."""
    if evidence.happened is not True or isinstance(evidence.settled, Unknown):
        return False
    return elapsed >= (_patience(incident, rules) if evidence.settled is Settled.NOT_YET else rules.after)


def _patience(incident: Incident, rules: Verification) -> timedelta:
    """How long the effect may take to settle."""
    planned = timedelta(seconds=incident.plan.patience_seconds if incident.plan else 0)
    return max(planned, rules.after)


def _judge_settling(
    incident: Incident, settled: Settled | Failed, rules: Verification, alarms: Judgement, elapsed: timedelta
) -> Judgement:
    match settled:
        case Settled.NOT_YET if elapsed < _patience(incident, rules):
            return Judgement(Verdict.TOO_EARLY, "the action's effect has not settled yet")
        case Settled.NOT_YET:
            return _unsettled(alarms, "the action's effect did not settle in time")
        case Settled.FAILED:
            return _unsettled(alarms, "the action's effect failed")
        case Failed(why):
            return _unsettled(alarms, f"the action's effect failed: {why}")
        case Settled.YES if incident.has_no_alarm:
            return Judgement(Verdict.RECOVERED, AT_REST)
        case Settled.YES:
            pass
    if alarms.verdict is Verdict.NOT_RECOVERED and elapsed < rules.after:
        return Judgement(
            Verdict.TOO_EARLY, f"{alarms.why}; the alarm gets until {rules.after} after the action"
        )
    return alarms


def _unsettled(alarms: Judgement, why: str) -> Judgement:
    """The verdict on a target that never settled: OK alarms are then no success, and no reason to climb."""
    if alarms.verdict is Verdict.RECOVERED:
        return Judgement(Verdict.UNKNOWN, f"{why}, though {alarms.why}")
    return Judgement(Verdict.NOT_RECOVERED, why)


def judge_alarms(alarms: Sequence[tuple[Member, Reading[AlarmState]]], left_out: int = 0) -> Judgement:
    """The verdict of the alarms alone: one that is red is enough, and an unknown one is no recovery.

    `left_out` counts the alarms that joined and that nobody looks at.
    """
    if not left_out and all_ok([reading for _, reading in alarms]):
        return Judgement(Verdict.RECOVERED, ALL_OK)
    red = [f"{member.name} {words_of(one)}" for member, one in alarms if one is AlarmState.ALARM]
    if red:
        return Judgement(Verdict.NOT_RECOVERED, "; ".join(few_of(red)))
    unclear = [f"{member.name} {words_of(one)}" for member, one in alarms if one is not AlarmState.OK]
    unclear = few_of(unclear) + ([f"{left_out} more alarms joined than are looked at"] if left_out else [])
    return Judgement(Verdict.UNKNOWN, "; ".join(unclear) or "no alarm to look at")


def all_members_ok(incident: Incident, states: Mapping[WatchedAlarm, AlarmReading]) -> bool:
    """Whether every alarm that ever joined the incident is known to be OK; an act by hand may have none."""
    return incident.has_no_alarm or (not incident.left_out and all_ok(states.values()))


def judged_as(incident: Incident, judgement: Judgement, evidence: Evidence) -> Judged | None:
    """The verdict that the slots remember, once an act: none for an undo or a restore, nor during a rest.

    A change that never reached AWS did not help: it must not close a breaker.
    """
    if incident.purpose is not Purpose.ACT or incident.state is IncidentState.RESTING:
        return None
    return Judged(Verdict.UNKNOWN if evidence.happened is False else judgement.verdict, evidence.now)


def unknown_action(incident: Incident) -> str:
    """The reason why an incident of another release is left to humans."""
    return f"this release does not know the action {incident.action}"


def has_come_to_rest(seen: Evidence) -> bool:
    """Whether the target has settled after the change."""
    return seen.happened is False or (
        seen.worse is False
        and seen.settled not in (Settled.NOT_YET, Settled.FAILED)
        and not isinstance(seen.settled, Failed)
    )


def left_behind(incident: Incident, evidence: Evidence) -> str:
    """The note that a temporary change which did not help stays: only the last act can be undone."""
    lent = not isinstance(evidence.ways.restore, Absent) and evidence.happened is not False
    return f"; the change by {incident.action} stays" if lent else ""


def first_state(readings: Iterable[object]) -> AlarmState | None:
    """The state of the alarm that opened the incident, None where that is not known."""
    first = next(iter(readings), None)
    return first if isinstance(first, AlarmState) else None


def for_humans(incident: Incident, judgement: Judgement, evidence: Evidence) -> str:
    """The text for humans on a verdict that Firebreak has no next step for."""
    if incident.purpose is Purpose.UNDO:
        return f"the change by {incident.action} {_put_back(judgement, evidence)}: {judgement.why}"
    match judgement.verdict:
        case Verdict.WORSE:
            return f"{judgement.why}; check it first. {_why_not_undone(evidence.ways)}"
        case Verdict.NOT_RECOVERED if incident.purpose is Purpose.RESTORE:
            return f"the temporary change could not be taken back: {judgement.why}"
        case Verdict.UNKNOWN | Verdict.TOO_EARLY:
            return f"it is not known whether it helped: {judgement.why}"
        case Verdict.NOT_RECOVERED if evidence.changed:
            return f"{judgement.why}; {evidence.changed}, so nothing more is tried"
        case Verdict.NOT_RECOVERED:
            return f"nothing is left to try: {judgement.why}"
        case Verdict.RECOVERED:
            return judgement.why
        case never:
            assert_never(never)


def _put_back(judgement: Judgement, evidence: Evidence) -> str:
    if evidence.happened is False:
        return "could NOT be put back"
    if judgement.verdict in (Verdict.UNKNOWN, Verdict.TOO_EARLY):
        return "was to be put back, and it is not known whether it was"
    if evidence.settled is not Settled.YES:
        return "was to be put back, but the target did not settle"
    return "was put back; now"


def _why_not_undone(ways: Reversals) -> str:
    match ways.undo:
        case Obstacle(_, detail):
            return f"It was not undone: {detail}"
        case Unknown(why) | NotRead(why):
            return f"It was not undone: {why}"
        case Absent() | Plan():
            return "It was not undone."
        case never:
            assert_never(never)


@dataclass(frozen=True, slots=True)
class LookAgain:
    """Wait for the effect, or for telemetry, and look again then."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Hold:
    """Recovered `since`; it must stay so until then before it counts."""

    until: datetime
    since: datetime


@dataclass(frozen=True, slots=True)
class Rest:
    """The recovery held; a temporary change stays. Look again at `at`; it goes at `back_at`."""

    at: datetime
    since: datetime
    back_at: datetime


@dataclass(frozen=True, slots=True)
class Keep:
    """The recovery held, and the temporary change cannot or must not be taken back."""

    why: str


@dataclass(frozen=True, slots=True)
class TakeBack:
    """Put the earlier values back: to undo harm, or to end a temporary change."""

    purpose: Purpose


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


type Step = LookAgain | Hold | Rest | Keep | TakeBack | Close | Climb | GiveToHumans


def next_step(
    incident: Incident, verdict: Verdict, rules: Verification, evidence: Evidence, max_age: timedelta
) -> Step:
    """The next step after a verdict. Every path ends: in Close, in the last rung, or with humans."""
    now, ways = evidence.now, evidence.ways
    # An undo or a restore late in an incident's life gets an age limit of its own.
    began = incident.opened_at if incident.purpose is Purpose.ACT else incident.acted_at or incident.opened_at
    too_old = now - began > max_age
    match verdict:
        case Verdict.RECOVERED:
            return GiveToHumans() if _undone(incident) else _after_recovery(incident, rules, evidence)
        case Verdict.NOT_RECOVERED if incident.purpose is Purpose.ACT and not evidence.changed:
            return next_rung(incident.ladder, incident.rung)  # after others' changes it would fight them
        case Verdict.WORSE if isinstance(ways.undo, Plan) and not _undone(incident):
            return TakeBack(Purpose.UNDO)
        case Verdict.NOT_RECOVERED | Verdict.WORSE:
            return GiveToHumans()
        case Verdict.TOO_EARLY if not too_old:
            return LookAgain(now + rules.retry_every)
        case Verdict.UNKNOWN if not too_old and incident.blind_looks + 1 < rules.attempts:
            return LookAgain(now + rules.retry_every)
        case Verdict.TOO_EARLY | Verdict.UNKNOWN:
            return GiveToHumans()


def _undone(incident: Incident) -> bool:
    """Whether the judged change is an undo: it goes to humans, whatever its verdict."""
    return incident.purpose is Purpose.UNDO


def _after_recovery(incident: Incident, rules: Verification, evidence: Evidence) -> Step:
    now = evidence.now
    since = well_since(incident, evidence, now)
    until = since + rules.healthy_for
    if until > now:
        return Hold(until, since)
    if incident.purpose is not Purpose.ACT or isinstance(evidence.ways.restore, Absent | Obstacle):
        return Close()
    # Whether it can be taken back is asked again when it is time; that it is not known now decides nothing.
    back_at = since + max(rules.healthy_for, rules.restore_after)
    return Rest(next_look(back_at, rules, now), since, back_at)


def next_look(back_at: datetime, rules: Verification, now: datetime) -> datetime:
    """When to look at a resting incident: at its end, and before it often enough to see a relapse."""
    return min(max(back_at, now + rules.retry_every), now + LOOK_EVERY)


def well_since(incident: Incident, evidence: Evidence, now: datetime) -> datetime:
    """Since when every alarm has been OK: a relapse between looks shows in the alarms' own times."""
    known = incident.healthy_since if incident.state in WELL else None
    if known is None:
        return now
    return max(known, min(evidence.green_since or known, now))


# How long an alarm that comes back during a rest may go unseen where its own event got lost.
LOOK_EVERY = timedelta(minutes=5)


def next_rung(ladder: Sequence[str], rung: int) -> Climb | GiveToHumans:
    """The rung above, unless that is the page (or there is none)."""
    if rung + 1 >= len(ladder) or ladder[rung + 1] == PAGE_RUNG:
        return GiveToHumans()
    return Climb(rung + 1)
