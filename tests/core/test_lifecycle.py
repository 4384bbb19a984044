"""The effect of each event on an incident, row by row: its state, line, message and next request."""

from dataclasses import replace
from datetime import timedelta

import pytest

from firebreak.core.incident.events import (
    Acted,
    ApprovalExpired,
    ClaimAbandoned,
    Denied,
    Event,
    GivenUp,
    NotSent,
    NotTakenUp,
    OutcomeLost,
    Recovered,
    TooOld,
    UndoRequested,
)
from firebreak.core.incident.lifecycle import advance
from firebreak.core.incident.moved import Moved
from firebreak.core.incident.own_requests import CLIMB_TIMEOUT, request_of
from firebreak.core.incident.states import MAY_BE_UNDONE, IncidentState, Purpose
from firebreak.core.messages import approval_messages, incident_messages, reversal_messages
from firebreak.core.messages.announcement import Announcement
from firebreak.core.model import AlarmKind, AlarmState, Receipt, RequestKind
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


def test_a_freeze_that_was_overridden_for_the_act_is_on_its_page_whatever_came_of_it() -> None:
    claimed, override = a.incident(S.CLAIMED), "inside never-window sale; overridden by ana: VP"
    acted = advance(claimed, Acted(RECEIPT, "ana", override), NOW)
    assert message(acted) == incident_messages.acted(acted.after, NOW, "ana", override=override)
    lost = advance(claimed, OutcomeLost("no reply", override), NOW)
    assert message(lost) == incident_messages.uncertain(lost.after, NOW, "no reply", override=override)
    back = advance(a.incident(S.CLAIMED, purpose=Purpose.RESTORE), Acted(RECEIPT, "ana", override), NOW)
    assert message(back) == reversal_messages.put_back(back.after, NOW, override=override)


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
    assert (moved.after.due_at, moved.after.note) == (NOW + CLIMB_TIMEOUT, "requested by ana: too many")
    assert moved.change.what == f"to {purpose}: requested by ana: too many"
    assert moved.request == request_of(moved.after, NOW)
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


def test_a_paged_act_by_hand_without_an_alarm_is_over_when_its_target_is_at_rest() -> None:
    by_hand = a.incident(S.PAGED, members=(), alarm=a.alarm(kind=AlarmKind.MANUAL))
    moved = advance(by_hand, Recovered(), NOW)
    why = "the target is at rest, and no alarm belongs to the incident, after it was given to humans"
    assert (moved.after.note, moved.change.what) == (why, f"closed: {why}")


def test_a_question_is_over_with_its_trouble() -> None:
    moved = advance(a.incident(S.AWAITING_APPROVAL), Recovered(), NOW)
    why = "every alarm of the incident is OK before anybody approved restart-service"
    assert (moved.after.state, moved.change.what) == (S.CLOSED, f"closed: {why}")
    assert message(moved) == incident_messages.recovered(moved.after, NOW, why)
    assert nothing_follows(moved)


def test_a_request_that_nobody_took_up_is_made_again_in_the_same_state() -> None:
    climbing = a.incident(S.CLIMBING)
    moved = advance(climbing, NotTakenUp(), NOW)
    assert moved.after == replace(climbing, version=3, due_at=NOW + CLIMB_TIMEOUT)
    assert (moved.change.what, moved.change.message) == ("asked again: restart-service", None)
    assert moved.request == request_of(moved.after, NOW)
    assert (moved.wake_at, moved.later, moved.change.judged) == (None, None, None)
