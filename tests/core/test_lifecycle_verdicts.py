"""The effect of a verdict on an incident, row by row: its state, line, message and next request."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from firebreak.core.incident.events import Judged
from firebreak.core.incident.lifecycle import advance
from firebreak.core.incident.moved import Moved
from firebreak.core.incident.own_requests import CLIMB_TIMEOUT, request_of
from firebreak.core.incident.states import Incident, IncidentState, Purpose
from firebreak.core.incident.verdict import (
    Climb,
    Close,
    Evidence,
    GiveToHumans,
    Hold,
    Judgement,
    Keep,
    LookAgain,
    Rest,
    Reversals,
    Step,
    TakeBack,
)
from firebreak.core.limits import history
from firebreak.core.messages import incident_messages, reversal_messages
from firebreak.core.messages.announcement import Announcement
from firebreak.core.model import AlarmState, RequestKind, Settled, Verdict
from tests.support import builders as a

S = IncidentState
MINUTE = timedelta(minutes=1)
NOW = a.NOW + 5 * MINUTE
SOON, LATER = NOW + 3 * MINUTE, NOW + 30 * MINUTE
WHY = "api-memory-high is still red"


def message(moved: Moved) -> Announcement:
    assert moved.change.message is not None
    return moved.change.message


def nothing_follows(moved: Moved) -> bool:
    return (moved.wake_at, moved.later, moved.request, moved.change.judged) == (None, None, None, None)


def evidence(**changes: Any) -> Evidence:
    base = Evidence(
        now=NOW,
        alarms=[(a.member("api-memory-high"), AlarmState.ALARM)],
        happened=True,
        settled=Settled.YES,
        worse=False,
    )
    return replace(base, **changes)


def judged(
    step: Step,
    verdict: Verdict = Verdict.NOT_RECOVERED,
    incident: Incident | None = None,
    seen: Evidence | None = None,
) -> Moved:
    event = Judged(Judgement(verdict, WHY), step, seen or evidence())
    return advance(incident or a.incident(), event, a.NOW)  # the time is that of the evidence


@pytest.mark.parametrize(
    "step",
    [
        LookAgain(SOON),
        Hold(LATER, SOON),
        Rest(SOON, NOW, LATER),
        Keep("x"),
        TakeBack(Purpose.UNDO),
        TakeBack(Purpose.RESTORE),
        Close(),
        Climb(1),
        GiveToHumans(),
    ],
    ids=repr,
)
def test_each_change_after_a_verdict_has_the_time_of_the_evidence(step: Step) -> None:
    before = S.RESTING if isinstance(step, Keep) else S.HOLDING if isinstance(step, Close) else S.ACTED
    assert judged(step, incident=a.incident(before)).change.at == NOW


def test_the_evidence_says_whether_an_undo_was_made() -> None:
    undo = a.incident(purpose=Purpose.UNDO)
    moved = judged(GiveToHumans(), Verdict.NOT_RECOVERED, undo, evidence(happened=False))
    said = f"the change by restart-service could NOT be put back: {WHY}"
    assert message(moved) == incident_messages.given_to_humans(moved.after, NOW, said, AlarmState.ALARM)


@pytest.mark.parametrize(("verdict", "blind"), [(Verdict.UNKNOWN, 3), (Verdict.TOO_EARLY, 0)])
def test_a_look_without_a_verdict_is_counted(verdict: Verdict, blind: int) -> None:
    before = a.incident(blind_looks=2, attempt=4)
    moved = judged(LookAgain(SOON), verdict, before)
    after = replace(before, state=S.VERIFYING, version=3, attempt=5, due_at=SOON, blind_looks=blind)
    assert moved.after == after
    assert moved.wake_at == SOON
    assert (moved.change.what, moved.change.at, moved.change.message) == (WHY, NOW, None)
    assert (moved.request, moved.later, moved.change.judged) == (None, None, None)


def test_a_recovery_is_held_before_it_counts() -> None:
    before = a.incident(blind_looks=2)
    moved = judged(Hold(LATER, SOON), Verdict.RECOVERED, before)
    held = replace(before, state=S.HOLDING, version=3, attempt=1, due_at=LATER, healthy_since=SOON)
    assert moved.after == replace(held, blind_looks=0)
    assert moved.wake_at == LATER
    assert (moved.change.what, moved.change.message, moved.change.judged) == (f"holding: {WHY}", None, None)
    assert moved.request is None


def test_a_temporary_change_rests_and_that_it_helped_is_announced_once() -> None:
    first = judged(Rest(SOON, NOW, LATER), Verdict.RECOVERED)
    assert (first.after.state, first.after.due_at, first.after.healthy_since) == (S.RESTING, SOON, NOW)
    assert first.wake_at == SOON
    assert first.change.what == f"resting: {WHY}"
    assert message(first) == incident_messages.recovered_for_now(first.after, NOW, WHY, LATER)
    assert first.change.judged == history.Judged(Verdict.RECOVERED, NOW)
    assert first.request is None

    again = judged(Rest(LATER, NOW, LATER), Verdict.RECOVERED, first.after)
    assert (again.change.message, again.change.judged, again.wake_at) == (None, None, LATER)


def test_a_temporary_change_that_cannot_be_taken_back_stays_and_that_is_announced() -> None:
    moved = judged(Keep("somebody scaled it since"), Verdict.RECOVERED, a.incident(S.RESTING))
    note = "the temporary change stays: somebody scaled it since"
    assert (moved.after.state, moved.after.note, moved.change.what) == (S.CLOSED, note, note)
    assert message(moved) == reversal_messages.change_stays(moved.after, NOW, "somebody scaled it since")
    assert nothing_follows(moved)
    assert judged(Keep("x"), Verdict.RECOVERED).change.judged is None


@pytest.mark.parametrize("purpose", [Purpose.UNDO, Purpose.RESTORE])
def test_taking_back_is_asked_for_and_somebody_is_called_where_it_did_harm(purpose: Purpose) -> None:
    moved = judged(TakeBack(purpose), Verdict.WORSE)
    assert (moved.after.state, moved.after.purpose) == (S.UNDOING, purpose)
    assert (moved.after.due_at, moved.after.note) == (NOW + CLIMB_TIMEOUT, WHY)
    assert moved.change.what == f"to {purpose}: {WHY}"
    harm = reversal_messages.made_worse(moved.after, NOW, WHY)
    assert moved.change.message == (harm if purpose is Purpose.UNDO else None)
    assert moved.request == request_of(moved.after, NOW)
    assert moved.request.kind is (RequestKind.UNDO if purpose is Purpose.UNDO else RequestKind.RESTORE)
    assert moved.change.judged == history.Judged(Verdict.WORSE, NOW)
    assert moved.wake_at is None


def test_a_recovery_that_held_closes() -> None:
    moved = judged(Close(), Verdict.RECOVERED, a.incident(S.HOLDING))
    assert (moved.after.state, moved.after.note, moved.change.what) == (S.CLOSED, WHY, f"closed: {WHY}")
    assert message(moved) == incident_messages.recovered(moved.after, NOW, WHY)
    assert moved.change.judged == history.Judged(Verdict.RECOVERED, NOW)
    assert (moved.wake_at, moved.request) == (None, None)


def test_closing_an_incident_after_its_restore_announces_nothing_more() -> None:
    moved = judged(Close(), Verdict.RECOVERED, a.incident(S.HOLDING, purpose=Purpose.RESTORE))
    assert (moved.change.message, moved.change.judged) == (None, None)


def test_the_next_rung_is_requested_and_the_change_of_the_last_one_is_kept() -> None:
    lent = evidence(ways=Reversals(restore=a.PLAN))
    moved = judged(Climb(1), seen=lent)
    assert (moved.after.state, moved.after.rung, moved.after.action) == (S.CLIMBING, 1, "scale-service")
    assert moved.after.note == f"{WHY}; the change by restart-service stays"
    assert moved.after.due_at == NOW + CLIMB_TIMEOUT
    assert (moved.change.what, moved.change.message) == (f"climbing to rung 2: {WHY}", None)
    assert moved.request == request_of(moved.after, NOW)
    assert moved.request.kind is RequestKind.CLIMB
    assert moved.change.judged == history.Judged(Verdict.NOT_RECOVERED, NOW)


def test_an_incident_with_nothing_left_to_try_is_given_to_humans() -> None:
    moved = judged(GiveToHumans())
    assert (moved.after.state, moved.after.note) == (S.PAGED, WHY)
    assert moved.change.what == f"given to humans: {WHY}"
    said = f"nothing is left to try: {WHY}"
    assert message(moved) == incident_messages.given_to_humans(moved.after, NOW, said, AlarmState.ALARM)
    assert moved.change.judged == history.Judged(Verdict.NOT_RECOVERED, NOW)
    assert (moved.wake_at, moved.request) == (None, None)
