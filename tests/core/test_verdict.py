"""Verdicts and next steps: only an observed recovery is a success."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from firebreak.core.incident.states import Incident, IncidentState, Purpose, claim_is_dead
from firebreak.core.incident.verdict import (
    Climb,
    Close,
    Evidence,
    GiveToHumans,
    Hold,
    Judgement,
    LookAgain,
    Step,
    judge,
    next_rung,
    next_step,
)
from firebreak.core.model import AlarmState, Failed, Settled, Verdict
from firebreak.core.readings import ABSENT, NotRead, Reading, Unknown
from tests.support import builders as a

MINUTE = timedelta(minutes=1)
RULES = a.rules().verification
LONG = timedelta(hours=6)
LATER = LookAgain(a.NOW + 7 * MINUTE)
DARK = Unknown("ThrottlingException")
OK, RED, NO_DATA = AlarmState.OK, AlarmState.ALARM, AlarmState.INSUFFICIENT_DATA


def evidence(*alarms: Reading[AlarmState], after: timedelta = 5 * MINUTE, **changes: Any) -> Evidence:
    base = Evidence(
        now=a.NOW + after,
        alarms=[(a.member(f"alarm-{n}"), state) for n, state in enumerate(alarms)],
        happened=True,
        settled=Settled.YES,
        worse=False,
    )
    return replace(base, **changes)


def judged(seen: Evidence, **changes: Any) -> Judgement:
    return judge(a.incident(**changes), seen, RULES)


@pytest.mark.parametrize(
    "unclear",
    [
        pytest.param(NO_DATA, id="no data"),
        pytest.param(ABSENT, id="gone"),
        pytest.param(DARK, id="unknown"),
        pytest.param(NotRead("offline"), id="not read"),
    ],
)
def test_one_unclear_alarm_is_no_recovery_and_hides_no_red_one(unclear: Reading[AlarmState]) -> None:
    assert judged(evidence(OK, unclear)).verdict is Verdict.UNKNOWN
    assert judged(evidence(unclear, RED)).verdict is Verdict.NOT_RECOVERED


@pytest.mark.parametrize(
    ("changes", "alarm", "verdict"),
    [
        pytest.param({"worse": True}, OK, Verdict.WORSE, id="worse beats a green alarm"),
        pytest.param({"worse": True, "happened": DARK}, RED, Verdict.WORSE, id="worse beats not knowing"),
        pytest.param({"settled": Settled.NOT_YET}, OK, Verdict.TOO_EARLY, id="still settling"),
        pytest.param({"happened": False}, OK, Verdict.RECOVERED, id="never reached AWS, well all the same"),
        pytest.param({"happened": False}, DARK, Verdict.UNKNOWN, id="never reached AWS, alarm unknown"),
    ],
)
def test_the_verdict_on_the_target(
    changes: dict[str, Any], alarm: Reading[AlarmState], verdict: Verdict
) -> None:
    assert judged(evidence(alarm, **changes)).verdict is verdict


@pytest.mark.parametrize("unseen", ["happened", "worse", "settled"])
@pytest.mark.parametrize("alarm", [OK, RED])
def test_not_knowing_how_the_target_fares_is_not_knowing(unseen: str, alarm: AlarmState) -> None:
    seen: dict[str, Any] = {unseen: DARK}
    assert judged(evidence(alarm, **seen)) == Judgement(Verdict.UNKNOWN, DARK.why)


BEFORE, LATER_RED = a.member("before", since=a.NOW - MINUTE), a.member("sibling", since=a.NOW + MINUTE)
SUSPECTED = Judgement(Verdict.WORSE, "sibling turned red after the action")


def siblings(sibling: Reading[AlarmState] = RED, own: Reading[AlarmState] = OK, **changes: Any) -> Evidence:
    """One alarm that was red before the act, and one that turned red after it."""
    return replace(evidence(**changes), alarms=[(BEFORE, own), (LATER_RED, sibling)])


@pytest.mark.parametrize("own", [OK, RED, NO_DATA, DARK], ids=["ok", "red", "no data", "dark"])
def test_a_sibling_that_turned_red_after_the_act_is_its_fault_however_the_first_alarm_fares(
    own: Reading[AlarmState],
) -> None:
    assert judged(siblings(own=own)) == SUSPECTED


@pytest.mark.parametrize(
    ("sibling", "verdict"),
    [
        pytest.param(OK, Verdict.RECOVERED, id="green again"),
        pytest.param(NO_DATA, Verdict.UNKNOWN, id="no data"),
        pytest.param(DARK, Verdict.UNKNOWN, id="unknown"),
    ],
)
def test_only_a_sibling_that_is_red_now_is_held_against_the_act(
    sibling: Reading[AlarmState], verdict: Verdict
) -> None:
    assert judged(siblings(sibling)).verdict is verdict


@pytest.mark.parametrize(
    "since",
    [
        pytest.param(a.NOW - MINUTE, id="before"),
        pytest.param(a.NOW, id="at that very moment"),
        pytest.param(None, id="joined under an older release"),
    ],
)
def test_a_sibling_that_was_red_before_the_act_is_not_its_fault(since: datetime | None) -> None:
    seen = replace(evidence(), alarms=[(BEFORE, OK), (a.member("sibling", since=since), RED)])
    assert judged(seen).verdict is Verdict.NOT_RECOVERED


def test_an_alarm_that_turned_red_between_two_rungs_does_not_count_against_the_later_rung() -> None:
    later = siblings(after=12 * MINUTE)
    assert judged(later, rung=1, acted_at=a.NOW + 2 * MINUTE).verdict is Verdict.NOT_RECOVERED
    assert judged(later, rung=1, acted_at=a.NOW + 30 * timedelta(seconds=1)) == SUSPECTED


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        pytest.param({"happened": False}, Verdict.NOT_RECOVERED, id="an act that never was"),
        pytest.param({"happened": DARK}, Verdict.UNKNOWN, id="an act of which nobody knows whether it was"),
        pytest.param({"settled": DARK}, Verdict.UNKNOWN, id="nobody knows whether it settled"),
        pytest.param({"settled": Settled.NOT_YET}, Verdict.TOO_EARLY, id="not settled yet"),
        pytest.param({"after": 3 * MINUTE}, Verdict.TOO_EARLY, id="the alarms still have time"),
    ],
)
def test_a_red_alarm_does_not_count_against_the_act_too_early(
    changes: dict[str, Any], verdict: Verdict
) -> None:
    assert judged(siblings(**changes)).verdict is verdict


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"worse": DARK}, id="the target could not be read"),
        pytest.param({"settled": Settled.FAILED}, id="the effect failed"),
        pytest.param({"settled": Failed("run r-1 is Failed")}, id="the effect failed in AWS's words"),
        pytest.param({"settled": Settled.NOT_YET, "after": 10 * MINUTE}, id="the effect had its time"),
    ],
)
def test_nothing_else_hides_a_newly_red_sibling(changes: dict[str, Any]) -> None:
    assert judged(siblings(**changes)) == SUSPECTED


@pytest.mark.parametrize("unseen", ["happened", "settled"])
def test_an_unknown_verdict_names_the_newly_red_sibling(unseen: str) -> None:
    seen: dict[str, Any] = {unseen: DARK}
    assert judged(siblings(**seen)).why == f"{DARK.why}; sibling turned red after the action"


@pytest.mark.parametrize(
    ("purpose", "verdict"),
    [(Purpose.UNDO, Verdict.NOT_RECOVERED), (Purpose.RESTORE, Verdict.WORSE)],
    ids=["undo", "restore"],
)
def test_siblings_count_only_against_an_act(purpose: Purpose, verdict: Verdict) -> None:
    found = judged(siblings(), purpose=purpose)
    assert found.verdict is verdict
    assert "after the action" not in found.why


def test_without_the_moment_of_the_act_nothing_is_known_to_have_turned_red_after_it() -> None:
    assert judged(siblings(), acted_at=None).verdict is Verdict.NOT_RECOVERED


def step(verdict: Verdict, *, now: datetime = a.NOW + 5 * MINUTE, **changes: Any) -> Step:
    return next_step(a.incident(**changes), verdict, RULES, replace(evidence(), now=now), LONG)


def test_a_recovery_must_hold_before_it_counts() -> None:
    now = a.NOW + 5 * MINUTE
    assert step(Verdict.RECOVERED, now=now) == Hold(now + 5 * MINUTE, now)


@pytest.mark.parametrize(
    ("healthy_for", "expected"),
    [
        pytest.param(5 * MINUTE, Close(), id="long enough"),
        pytest.param(4 * MINUTE, Hold(a.NOW + 6 * MINUTE, a.NOW + MINUTE), id="not yet: the same end"),
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
        now + 5 * MINUTE, now
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
            Verdict.TOO_EARLY, {"opened_at": a.NOW - 2 * LONG}, GiveToHumans(), id="early, incident too old"
        ),
    ],
)
def test_the_step_that_follows_a_verdict(verdict: Verdict, changes: dict[str, Any], expected: Step) -> None:
    assert step(verdict, **changes) == expected


@pytest.mark.parametrize(
    ("ladder", "rung", "expected"),
    [
        pytest.param(("restart-service", "scale-service", "page"), 0, Climb(1), id="an acting rung above"),
        pytest.param(("restart-service", "page"), 0, GiveToHumans(), id="the page above"),
        pytest.param(("restart-service",), 0, GiveToHumans(), id="nothing above"),
        pytest.param(("restart-service", "scale-service"), 0, Climb(1), id="a ladder without a page"),
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
