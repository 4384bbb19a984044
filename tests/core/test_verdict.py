"""Did it help, and what comes next? Nothing but a seen recovery is a success."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from firebreak.core.incident import Incident, IncidentState
from firebreak.core.model import AlarmState, Settled, Verdict
from firebreak.core.readings import ABSENT, NotRead, Reading, Unknown
from firebreak.core.verdict import (
    Climb,
    Close,
    Evidence,
    GiveToHumans,
    Hold,
    Judgement,
    LookAgain,
    Step,
    claim_is_dead,
    judge,
    next_rung,
    next_step,
)
from tests import builders as a

MINUTE = timedelta(minutes=1)
RULES = a.rules().verification
LONG = timedelta(hours=6)
LATER = LookAgain(a.NOW + 7 * MINUTE)
DARK = Unknown("ThrottlingException")
OK, RED, NO_DATA = AlarmState.OK, AlarmState.ALARM, AlarmState.INSUFFICIENT_DATA


def evidence(*alarms: Reading[AlarmState], after: timedelta = 5 * MINUTE, **changes: Any) -> Evidence:
    base = Evidence(
        now=a.NOW + after,
        alarms=[(f"alarm-{n}", state) for n, state in enumerate(alarms)],
        happened=True,
        settled=Settled.YES,
        worse=False,
    )
    return replace(base, **changes)


def judged(seen: Evidence, **changes: Any) -> Judgement:
    return judge(a.incident(**changes), seen, RULES)


@pytest.mark.parametrize(
    ("alarms", "verdict", "why"),
    [
        pytest.param((OK,), Verdict.RECOVERED, "every alarm", id="ok"),
        pytest.param((OK, OK), Verdict.RECOVERED, "every alarm", id="both ok"),
        pytest.param((RED,), Verdict.NOT_RECOVERED, "alarm-0 is still red", id="red"),
        pytest.param((OK, RED), Verdict.NOT_RECOVERED, "alarm-1 is still red", id="one of two is red"),
        pytest.param((DARK, RED), Verdict.NOT_RECOVERED, "alarm-1 is still red", id="red beside unknown"),
        pytest.param((NO_DATA,), Verdict.UNKNOWN, "no data", id="no data"),
        pytest.param((OK, NO_DATA), Verdict.UNKNOWN, "alarm-1 has no data", id="no data beside ok"),
        pytest.param((ABSENT,), Verdict.UNKNOWN, "does not exist any more", id="gone"),
        pytest.param((OK, DARK), Verdict.UNKNOWN, "ThrottlingException", id="unknown beside ok"),
        pytest.param((NotRead("offline"),), Verdict.UNKNOWN, "offline", id="not read"),
        pytest.param((), Verdict.UNKNOWN, "no alarm to look at", id="no alarm at all"),
    ],
)
def test_the_verdict_on_the_alarms(
    alarms: tuple[Reading[AlarmState], ...], verdict: Verdict, why: str
) -> None:
    found = judged(evidence(*alarms))
    assert found.verdict is verdict
    assert why in found.why


@pytest.mark.parametrize(
    ("changes", "alarm", "verdict"),
    [
        pytest.param({"worse": True}, OK, Verdict.WORSE, id="worse beats a green alarm"),
        pytest.param({"worse": True, "happened": DARK}, RED, Verdict.WORSE, id="worse beats not knowing"),
        pytest.param({"worse": DARK}, OK, Verdict.UNKNOWN, id="cannot tell whether worse"),
        pytest.param({"happened": DARK}, OK, Verdict.UNKNOWN, id="cannot tell whether it happened"),
        pytest.param({"settled": DARK}, OK, Verdict.UNKNOWN, id="cannot tell whether settled"),
        pytest.param({"settled": Settled.FAILED}, OK, Verdict.UNKNOWN, id="the effect failed, alarm OK"),
        pytest.param({"settled": Settled.FAILED}, RED, Verdict.NOT_RECOVERED, id="the effect failed"),
        pytest.param({"settled": Settled.NOT_YET}, OK, Verdict.TOO_EARLY, id="still settling"),
        pytest.param({"happened": False}, RED, Verdict.NOT_RECOVERED, id="never reached AWS, still red"),
        pytest.param({"happened": False}, OK, Verdict.RECOVERED, id="never reached AWS, well all the same"),
        pytest.param({"happened": False}, DARK, Verdict.UNKNOWN, id="never reached AWS, alarm unknown"),
    ],
)
def test_the_verdict_on_the_target(changes: dict[str, Any], alarm: AlarmState, verdict: Verdict) -> None:
    assert judged(evidence(alarm, **changes)).verdict is verdict


@pytest.mark.parametrize(
    ("changes", "after", "verdict"),
    [
        pytest.param({}, 4 * MINUTE - timedelta(seconds=1), Verdict.TOO_EARLY, id="red before its time"),
        pytest.param({}, 4 * MINUTE, Verdict.NOT_RECOVERED, id="red after it"),
        pytest.param({"happened": False}, MINUTE, Verdict.TOO_EARLY, id="a lost request may still arrive"),
        pytest.param(
            {"settled": Settled.NOT_YET}, 10 * MINUTE - timedelta(seconds=1), Verdict.TOO_EARLY, id="patience"
        ),
        pytest.param({"settled": Settled.NOT_YET}, 10 * MINUTE, Verdict.NOT_RECOVERED, id="patience is over"),
    ],
)
def test_a_verdict_waits_for_the_effect(changes: dict[str, Any], after: timedelta, verdict: Verdict) -> None:
    assert judged(evidence(RED, after=after, **changes)).verdict is verdict


def test_without_a_plan_the_effect_gets_the_time_of_the_policy() -> None:
    seen = evidence(OK, after=4 * MINUTE, settled=Settled.NOT_YET)
    assert judged(seen, plan=None).verdict is Verdict.UNKNOWN


def step(verdict: Verdict, *, now: datetime = a.NOW + 5 * MINUTE, **changes: Any) -> Step:
    return next_step(a.incident(**changes), verdict, RULES, now, LONG)


def test_a_recovery_must_hold_before_it_counts() -> None:
    now = a.NOW + 5 * MINUTE
    assert step(Verdict.RECOVERED, now=now) == Hold(now + 5 * MINUTE)


@pytest.mark.parametrize(
    ("healthy_for", "expected"),
    [
        pytest.param(5 * MINUTE, Close(), id="long enough"),
        pytest.param(4 * MINUTE, Hold(a.NOW + 6 * MINUTE), id="not yet: the same end"),
    ],
)
def test_a_held_recovery_closes(healthy_for: timedelta, expected: Step) -> None:
    now = a.NOW + 5 * MINUTE
    assert (
        step(Verdict.RECOVERED, now=now, state=IncidentState.HOLDING, healthy_since=now - healthy_for)
        == expected
    )


def test_a_recovery_from_before_a_relapse_does_not_count() -> None:
    now = a.NOW + 5 * MINUTE
    assert step(Verdict.RECOVERED, now=now, state=IncidentState.VERIFYING, healthy_since=a.NOW) == Hold(
        now + 5 * MINUTE
    )


@pytest.mark.parametrize(
    ("verdict", "changes", "expected"),
    [
        pytest.param(Verdict.NOT_RECOVERED, {}, Climb(1), id="climb"),
        pytest.param(Verdict.NOT_RECOVERED, {"rung": 1}, GiveToHumans(), id="the next rung is the page"),
        pytest.param(Verdict.WORSE, {}, GiveToHumans(), id="worse"),
        pytest.param(Verdict.TOO_EARLY, {}, LATER, id="too early"),
        pytest.param(Verdict.TOO_EARLY, {"attempt": 19, "blind_looks": 2}, LATER, id="early for long"),
        pytest.param(Verdict.UNKNOWN, {"blind_looks": 1, "attempt": 9}, LATER, id="unknown, a try left"),
        pytest.param(Verdict.UNKNOWN, {"blind_looks": 2}, GiveToHumans(), id="unknown, no try left"),
        pytest.param(
            Verdict.UNKNOWN, {"opened_at": a.NOW - 2 * LONG}, GiveToHumans(), id="unknown, incident too old"
        ),
        pytest.param(
            Verdict.TOO_EARLY, {"opened_at": a.NOW - 2 * LONG}, GiveToHumans(), id="early, incident too old"
        ),
    ],
)
def test_what_follows_from_a_verdict(verdict: Verdict, changes: dict[str, Any], expected: Step) -> None:
    assert step(verdict, **changes) == expected


@pytest.mark.parametrize(
    ("ladder", "rung", "expected"),
    [
        pytest.param(("restart-service", "scale-service", "page"), 0, Climb(1), id="an acting rung above"),
        pytest.param(("restart-service", "page"), 0, GiveToHumans(), id="the page above"),
        pytest.param(("restart-service",), 0, GiveToHumans(), id="nothing above"),
        pytest.param((), 0, GiveToHumans(), id="no ladder"),
        pytest.param(("restart-service", "page", "scale-service"), 0, GiveToHumans(), id="never past a page"),
    ],
)
def test_the_next_rung(ladder: tuple[str, ...], rung: int, expected: Step) -> None:
    assert next_rung(ladder, rung) == expected


@pytest.mark.parametrize(
    ("incident", "after_act_by", "dead"),
    [
        pytest.param(a.incident(IncidentState.CLAIMED), timedelta(seconds=70), False, id="may act"),
        pytest.param(a.incident(IncidentState.CLAIMED), timedelta(seconds=71), True, id="by no clock"),
        pytest.param(a.incident(IncidentState.OPEN, act_by=None), LONG, False, id="never claimed"),
    ],
)
def test_a_claim_is_dead_only_when_no_clock_could_let_it_act(
    incident: Incident, after_act_by: timedelta, *, dead: bool
) -> None:
    assert claim_is_dead(incident, a.NOW + timedelta(seconds=10) + after_act_by) is dead
