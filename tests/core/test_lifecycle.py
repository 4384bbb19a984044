"""The effect of each event on an incident, row by row: its state, line, message and next request."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from firebreak.core.incident.events import (
    Acted,
    ApprovalExpired,
    ClaimAbandoned,
    Denied,
    Event,
    GivenUp,
    Judged,
    NotSent,
    NotTakenUp,
    OutcomeLost,
    Recovered,
    TooOld,
    UndoRequested,
)
from firebreak.core.incident.lifecycle import (
    CLIMB_PATIENCE,
    Moved,
    advance,
    request_of,
)
from firebreak.core.incident.states import MAY_BE_UNDONE, Incident, IncidentState, Purpose
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
from firebreak.core.messages import approval_messages, incident_messages, reversal_messages
from firebreak.core.messages.announcement import Announcement
from firebreak.core.model import AlarmState, Receipt, RequestKind, Settled, Verdict
from tests.support import builders as a

S = IncidentState
MINUTE = timedelta(minutes=1)
NOW = a.NOW + 5 * MINUTE
SOON, LATER = NOW + 3 * MINUTE, NOW + 30 * MINUTE
RECEIPT = Receipt(summary="started deployment ecs-svc/2")
WHY = "api-memory-high is still red"


def message(moved: Moved) -> Announcement:
    assert moved.change.message is not None
    return moved.change.message


@pytest.mark.parametrize(
    ("before", "event"),
    [
        (S.CLAIMED, Acted(RECEIPT)),
        (S.CLAIMED, OutcomeLost("x")),
        (S.CLAIMED, NotSent("x")),
        (S.CLAIMED, ClaimAbandoned()),
        (S.PAGED, TooOld("x")),
        (S.PAGED, Recovered()),
        (S.AWAITING_APPROVAL, Recovered()),
        (S.AWAITING_APPROVAL, Denied("ana", "x")),
        (S.AWAITING_APPROVAL, ApprovalExpired(None)),
        (S.CLIMBING, GivenUp("x", None)),
        (S.CLIMBING, NotTakenUp()),
        (S.HOLDING, UndoRequested("ana", "x")),
    ],
)
def test_each_change_has_the_time_of_its_event_and_its_reason_stays_with_the_incident(
    before: S, event: Event
) -> None:
    incident = a.incident(before, note="before")
    moved = advance(incident, event, NOW)
    assert moved.change.at == NOW
    assert moved.change.before is incident
    if isinstance(event, Recovered):
        assert moved.change.what == f"closed: {moved.after.note}"


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


def nothing_follows(moved: Moved) -> bool:
    return (moved.wake_at, moved.later, moved.request, moved.change.judged) == (None, None, None, None)


def test_an_act_keeps_its_receipt_and_the_owner_that_will_reset_it() -> None:
    claimed = a.incident(S.CLAIMED, plan=replace(a.PLAN, reset_by="your next deploy resets it"))
    moved = advance(claimed, Acted(RECEIPT, "ana"), NOW)

    receipt = replace(RECEIPT, summary="started deployment ecs-svc/2; your next deploy resets it")
    assert moved.after == replace(claimed, state=S.ACTED, version=3, receipt=receipt)
    assert (moved.change.before, moved.change.at, moved.change.what) == (claimed, NOW, RECEIPT.summary)
    assert message(moved) == incident_messages.acted(moved.after, NOW, "ana")
    assert nothing_follows(moved)


def test_without_a_plan_the_receipt_stands_alone() -> None:
    moved = advance(a.incident(S.CLAIMED, plan=None), Acted(RECEIPT), NOW)
    assert moved.after.receipt == RECEIPT
    assert message(moved) == incident_messages.acted(moved.after, NOW)


@pytest.mark.parametrize("purpose", [Purpose.UNDO, Purpose.RESTORE])
def test_an_undo_or_restore_that_was_sent_is_announced_as_such(purpose: Purpose) -> None:
    moved = advance(a.incident(S.CLAIMED, purpose=purpose), Acted(RECEIPT), NOW)
    assert message(moved) == reversal_messages.put_back(moved.after, NOW)


def test_a_lost_reply_is_uncertain_and_keeps_its_time() -> None:
    claimed = a.incident(S.CLAIMED)
    moved = advance(claimed, OutcomeLost("the reply was lost"), NOW)
    assert moved.after == replace(claimed, state=S.UNCERTAIN, version=3, note="the reply was lost")
    assert moved.change.what == "uncertain: the reply was lost"
    assert message(moved) == incident_messages.uncertain(moved.after, NOW, "the reply was lost")
    assert nothing_follows(moved)


def test_an_abandoned_claim_is_uncertain_and_due_at_once() -> None:
    claimed = a.incident(S.CLAIMED)
    moved = advance(claimed, ClaimAbandoned(), NOW)
    why = "the function that claimed it never reported back"
    assert moved.after == replace(claimed, state=S.UNCERTAIN, version=3, note=why, due_at=NOW)
    assert moved.change.what == why
    assert message(moved) == incident_messages.uncertain(moved.after, NOW, why)
    assert nothing_follows(moved)


@pytest.mark.parametrize(
    ("event", "before", "state", "line"),
    [
        pytest.param(NotSent("denied"), S.CLAIMED, S.NOT_EXECUTED, "not executed: denied", id="not sent"),
        pytest.param(TooOld("old"), S.PAGED, S.CLOSED, "closed: old", id="too old"),
        pytest.param(
            Denied("ana", "we migrate"),
            S.AWAITING_APPROVAL,
            S.PAGED,
            "denied by ana: we migrate",
            id="denied",
        ),
        pytest.param(
            GivenUp("nothing came", AlarmState.ALARM),
            S.CLIMBING,
            S.PAGED,
            "given to humans: nothing came",
            id="given up",
        ),
    ],
)
def test_the_events_that_end_the_work_on_an_incident(event: Event, before: S, state: S, line: str) -> None:
    incident = a.incident(before)
    moved = advance(incident, event, NOW)
    note = line if isinstance(event, Denied) else line.split(": ", 1)[1]
    assert moved.after == replace(incident, state=state, version=3, due_at=None, note=note)
    assert (moved.change.what, moved.change.at) == (line, NOW)
    assert nothing_follows(moved)


@pytest.mark.parametrize(
    ("before", "purpose", "kind"),
    [
        (S.ACTED, Purpose.UNDO, RequestKind.UNDO),
        (S.UNCERTAIN, Purpose.UNDO, RequestKind.UNDO),
        (S.VERIFYING, Purpose.UNDO, RequestKind.UNDO),
        (S.HOLDING, Purpose.UNDO, RequestKind.UNDO),
        (S.RESTING, Purpose.RESTORE, RequestKind.RESTORE),
    ],
)
def test_an_undo_that_a_human_requests_goes_the_way_of_one_by_itself(
    before: S, purpose: Purpose, kind: RequestKind
) -> None:
    incident = a.incident(before, attempt=1)
    moved = advance(incident, UndoRequested("arn:aws:iam::111122223333:user/ana", "too many"), NOW)
    assert (moved.after.state, moved.after.purpose, moved.after.attempt) == (S.UNDOING, purpose, 2)
    assert moved.change.what == f"to {purpose}: requested by ana: too many"
    assert moved.request
    assert (moved.request.kind, moved.request.attempt) == (kind, 2)
    assert (moved.change.message, moved.change.judged) == (None, None)


@pytest.mark.parametrize("before", sorted(set(S) - MAY_BE_UNDONE - {S.UNDOING}))
def test_an_incident_without_a_watched_act_has_nothing_to_undo(before: S) -> None:
    with pytest.raises(ValueError, match="cannot go from"):
        advance(a.incident(before), UndoRequested("ana", "x"), NOW)


def test_the_messages_of_the_events_that_end_the_work_on_an_incident() -> None:
    lost = advance(a.incident(S.CLAIMED), NotSent("denied"), NOW)
    assert message(lost) == incident_messages.not_executed(lost.after, NOW, "denied")
    old = advance(a.incident(S.PAGED), TooOld("old"), NOW)
    assert message(old) == incident_messages.expired(old.after, NOW, "old")
    no = advance(a.incident(S.AWAITING_APPROVAL), Denied("ana", "we migrate"), NOW)
    assert message(no) == approval_messages.denied(no.after, "ana", "we migrate", NOW)


@pytest.mark.parametrize("state", [None, AlarmState.OK, AlarmState.ALARM])
def test_an_incident_given_to_humans_has_the_state_of_its_first_alarm(state: AlarmState | None) -> None:
    moved = advance(a.incident(S.CLIMBING), GivenUp("nothing came", state), NOW)
    assert message(moved) == incident_messages.given_to_humans(moved.after, NOW, "nothing came", state)


@pytest.mark.parametrize("state", [None, AlarmState.OK, AlarmState.ALARM])
def test_an_approval_that_expired_pages_humans_with_the_request_that_nobody_answered(
    state: AlarmState | None,
) -> None:
    asked = a.incident(S.AWAITING_APPROVAL)
    moved = advance(asked, ApprovalExpired(state), NOW)
    why = approval_messages.unanswered(asked)
    assert moved.after == replace(asked, state=S.PAGED, version=3, due_at=None, note=why)
    assert (moved.change.what, moved.change.at) == (f"given to humans: {why}", NOW)
    assert message(moved) == incident_messages.given_to_humans(moved.after, NOW, why, state)
    assert nothing_follows(moved)


def test_a_recovery_of_a_paged_incident_is_announced() -> None:
    moved = advance(a.incident(S.PAGED), Recovered(), NOW)
    why = "every alarm of the incident is OK after it was given to humans"
    assert (moved.after.state, moved.change.what) == (S.CLOSED, f"closed: {why}")
    assert message(moved) == incident_messages.recovered_after_humans(moved.after, NOW, why)
    assert nothing_follows(moved)


def test_a_question_is_over_with_its_trouble() -> None:
    moved = advance(a.incident(S.AWAITING_APPROVAL), Recovered(), NOW)
    why = "every alarm of the incident is OK before anybody approved restart-service"
    assert (moved.after.state, moved.change.what) == (S.CLOSED, f"closed: {why}")
    assert message(moved) == incident_messages.recovered(moved.after, NOW, why)
    assert nothing_follows(moved)


def test_a_request_that_nobody_took_up_is_made_again_in_the_same_state() -> None:
    climbing = a.incident(S.CLIMBING)
    moved = advance(climbing, NotTakenUp(), NOW)
    assert moved.after == replace(climbing, version=3, due_at=NOW + CLIMB_PATIENCE)
    assert (moved.change.what, moved.change.message) == ("asked again: restart-service", None)
    assert moved.request == request_of(moved.after, NOW)
    assert (moved.wake_at, moved.later, moved.change.judged) == (None, None, None)


# After a verdict.


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
    assert (moved.after.due_at, moved.after.note) == (NOW + CLIMB_PATIENCE, WHY)
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
    assert moved.after.due_at == NOW + CLIMB_PATIENCE
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
