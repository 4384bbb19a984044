"""The effect of a decision that does not act on an incident, row by row, and the requests that follow."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from firebreak.core.decision import Act, AskApproval, Check, Decision, Defer, Outcome, Propose, Refuse, Result
from firebreak.core.incident.after_decision import RESTORE_RETRY, why_of
from firebreak.core.incident.events import (
    ClaimAbandoned,
    NotActedOn,
)
from firebreak.core.incident.lifecycle import advance
from firebreak.core.incident.moved import Moved
from firebreak.core.incident.own_requests import CLIMB_TIMEOUT, request_of, wake_of
from firebreak.core.incident.states import Incident, IncidentState, Purpose
from firebreak.core.ledger import DecisionRecord, delivery_key
from firebreak.core.messages import approval_messages, incident_messages, reversal_messages
from firebreak.core.messages.announcement import Announcement
from firebreak.core.model import AlarmState, Autonomy, RequestKind
from firebreak.core.reasons import MEANINGS, Reason
from firebreak.core.rules import Rules
from tests.support import builders as a

S = IncidentState
MINUTE = timedelta(minutes=1)
NOW = a.NOW + 5 * MINUTE
SOON, LATER = NOW + 3 * MINUTE, NOW + 30 * MINUTE


def message(moved: Moved) -> Announcement:
    assert moved.change.message is not None
    return moved.change.message


RULES = a.rules()
SEEN_RED = Check("stale", Result.PASSED, "red since 03:00")


def decision(
    outcome: Outcome,
    reason: Reason,
    detail: str = "3 of 3",
    until: datetime | None = None,
    looked: Check | None = SEEN_RED,
) -> Decision:
    check = Check("budgets", Result.OBJECTED, detail, reason, until)
    opted_in = Check("opt-in", Result.PASSED, "tagged")
    return Decision(outcome, reason, tuple(filter(None, (opted_in, looked, check))), "abc")


def decided(
    made: Decision,
    kind: RequestKind = RequestKind.CLIMB,
    incident: Incident | None = None,
    rules: Rules = RULES,
) -> Moved:
    asked = a.request(kind, incident_id="i-0123456789", attempt=2, by="ana", refused="page-1")
    record = DecisionRecord(
        key=delivery_key(asked),
        at=NOW,
        kind=kind,
        action=asked.action,
        incident_id=asked.incident_id,
        target=asked.target.key,
        alarm=asked.alarm,
        decision=made,
    )
    moved = advance(incident or a.incident(S.CLIMBING), NotActedOn(asked, rules, record), a.NOW)
    assert (moved.change.record, moved.change.at, moved.change.judged) == (record, NOW, None)
    return moved


def test_a_deferred_action_is_requested_later() -> None:
    before = a.incident(S.CLIMBING)
    moved = decided(decision(Defer(LATER), Reason.RUNG_GAP))
    due = LATER + CLIMB_TIMEOUT
    assert moved.after == replace(before, state=S.DEFERRED, version=3, attempt=3, due_at=due)
    assert (moved.change.what, moved.change.message) == ("deferred: budgets: 3 of 3", None)
    assert (moved.wake_at, moved.request) == (None, None)
    assert moved.later == wake_of(
        a.request(RequestKind.CLIMB, incident_id="i-0123456789", attempt=2, by="ana", refused="page-1"), LATER
    )


def test_a_request_for_later_is_the_same_request_at_its_time() -> None:
    asked = a.request(RequestKind.CLIMB, incident_id="i-1", rung=2, attempt=2, by="ana", refused="page-1")
    wake = wake_of(asked, LATER)
    assert (wake.kind, wake.at, wake.attempt) == (RequestKind.WAKE, LATER, 3)
    assert (wake.action, wake.incident_id, wake.rung) == (asked.action, "i-1", 2)
    assert (wake.alarm, wake.by, wake.refused) == (asked.alarm, "ana", "page-1")


def test_a_plan_that_needs_a_yes_waits_for_it() -> None:
    moved = decided(decision(AskApproval(a.PLAN), Reason.NEEDS_APPROVAL))
    until = NOW + RULES.approve_within
    assert (moved.after.state, moved.after.plan, moved.after.due_at) == (S.AWAITING_APPROVAL, a.PLAN, until)
    assert moved.wake_at == until
    assert moved.change.what == "asks for approval: restart ecs:prod/api"
    assert moved.change.record
    assert message(moved) == approval_messages.approval(moved.after, moved.change.record, 1)
    assert (moved.later, moved.request) == (None, None)


def to_humans(moved: Moved, reason: Reason, state: AlarmState | None = AlarmState.ALARM) -> None:
    why = f"{MEANINGS[reason].sentence} budgets: 3 of 3"
    assert (moved.after.state, moved.after.note) == (S.PAGED, why)
    assert moved.change.what == "given to humans: budgets: 3 of 3"
    said = incident_messages.given_to_humans(moved.after, NOW, why, state)
    assert message(moved) == replace(said, opted_in=True)
    assert (moved.wake_at, moved.later, moved.request) == (None, None, None)


@pytest.mark.parametrize(
    ("made", "kind", "changes"),
    [
        pytest.param(decision(Refuse(), Reason.SWITCHED_OFF), RequestKind.CLIMB, {}, id="refused for good"),
        pytest.param(
            decision(Refuse(), Reason.CEILING_REACHED),
            RequestKind.UNDO,
            {"purpose": Purpose.UNDO},
            id="no undo",
        ),
        pytest.param(
            decision(Refuse(), Reason.CEILING_REACHED), RequestKind.APPROVAL, {}, id="not what was approved"
        ),
        pytest.param(
            decision(Refuse(), Reason.CEILING_REACHED), RequestKind.CLIMB, {"rung": 1}, id="the last rung"
        ),
        pytest.param(decision(Act(a.PLAN), Reason.CLEAR_TO_ACT), RequestKind.CLIMB, {}, id="not claimed"),
        pytest.param(
            decision(Propose(a.PLAN), Reason.OBSERVE_ONLY), RequestKind.CLIMB, {}, id="only observes"
        ),
        pytest.param(
            decision(AskApproval(None), Reason.NEEDS_APPROVAL), RequestKind.CLIMB, {}, id="nothing to approve"
        ),
    ],
)
def test_a_decision_that_leads_nowhere_leads_to_humans(
    made: Decision, kind: RequestKind, changes: dict[str, Any]
) -> None:
    to_humans(decided(made, kind, a.incident(S.CLIMBING, **changes)), made.reason)


NOT_SEEN = Check("stale", Result.NOT_LOOKED_AT, "another guard objected")
OBJECTS = Check("stale", Result.OBJECTED, "the alarm does not exist")


@pytest.mark.parametrize(
    ("looked", "state"),
    [
        pytest.param(SEEN_RED, AlarmState.ALARM, id="seen red"),
        pytest.param(NOT_SEEN, None, id="not looked at"),
        pytest.param(None, None, id="not asked"),
        pytest.param(OBJECTS, None, id="not there"),
    ],
)
@pytest.mark.parametrize("reason", [Reason.SWITCHED_OFF, Reason.CEILING_REACHED])
def test_an_alarm_is_red_for_humans_where_this_decision_read_it_red(
    reason: Reason, looked: Check | None, state: AlarmState | None
) -> None:
    """On the last rung as well: the look that led there may be hours old."""
    refused = decision(Refuse(), reason, looked=looked)
    to_humans(decided(refused, incident=a.incident(S.CLIMBING, rung=1)), reason, state)


def test_a_policy_that_only_watches_by_now_climbs_no_further() -> None:
    observes = replace(RULES, autonomy=Autonomy.OBSERVE)
    to_humans(decided(decision(Refuse(), Reason.CEILING_REACHED), rules=observes), Reason.CEILING_REACHED)


def test_an_action_that_cannot_be_done_gives_way_to_the_next_rung() -> None:
    moved = decided(decision(Refuse(), Reason.CEILING_REACHED))
    assert (moved.after.state, moved.after.rung) == (S.CLIMBING, 1)
    assert moved.after.note == "budgets: 3 of 3"
    assert (moved.change.what, moved.change.message) == ("climbing: budgets: 3 of 3", None)
    assert moved.request == request_of(moved.after, NOW)


def test_an_incident_that_is_not_red_any_more_needs_no_act() -> None:
    moved = decided(decision(Refuse(), Reason.NO_LONGER_RED))
    assert (moved.after.state, moved.after.note) == (S.CLOSED, "budgets: 3 of 3")
    why = "every alarm of the incident is OK before restart-service was needed"
    assert message(moved) == incident_messages.recovered(moved.after, NOW, why)
    assert moved.change.what == message(moved).headline
    assert (moved.wake_at, moved.later, moved.request) == (None, None, None)


def restore(made: Decision, **changes: Any) -> Moved:
    before = a.incident(S.UNDOING, purpose=Purpose.RESTORE, healthy_since=a.NOW, **changes)
    return decided(made, RequestKind.RESTORE, before)


@pytest.mark.parametrize("reason", [Reason.CHANGED_SINCE, Reason.NOT_REVERSIBLE, Reason.TARGET_MISSING])
def test_a_value_that_somebody_changed_since_is_left_to_them(reason: Reason) -> None:
    moved = restore(decision(Refuse(), reason))
    note = "the temporary change stays: budgets: 3 of 3"
    assert (moved.after.state, moved.change.what) == (S.CLOSED, note)
    assert message(moved) == reversal_messages.change_stays(moved.after, NOW, "budgets: 3 of 3")
    assert (moved.wake_at, moved.request) == (None, None)


@pytest.mark.parametrize(
    ("until", "again_at"),
    [(None, NOW + RESTORE_RETRY), (SOON, NOW + RESTORE_RETRY), (LATER, LATER)],
)
def test_a_restore_that_is_held_back_is_asked_for_again(until: datetime | None, again_at: datetime) -> None:
    moved = restore(decision(Refuse(), Reason.FROZEN, until=until))
    assert (moved.after.state, moved.after.due_at, moved.after.purpose) == (S.RESTING, again_at, Purpose.ACT)
    assert moved.wake_at == again_at
    assert moved.change.what == "the restore waits: budgets: 3 of 3"
    sentence = f"{MEANINGS[Reason.FROZEN].sentence} budgets: 3 of 3"
    assert message(moved) == reversal_messages.restore_waits(moved.after, NOW, sentence, again_at)
    assert moved.request is None


def test_a_restore_that_lost_a_race_is_asked_for_again() -> None:
    moved = restore(Decision(Refuse(), Reason.LOST_RACE, (), "abc"))
    assert (moved.after.state, moved.wake_at) == (S.RESTING, NOW + RESTORE_RETRY)


def test_a_restore_that_waits_for_a_relapse_is_not_announced() -> None:
    moved = restore(decision(Refuse(), Reason.RED_AGAIN))
    assert (moved.change.message, moved.wake_at) == (None, NOW + RESTORE_RETRY)


@pytest.mark.parametrize(("late", "state"), [(timedelta(), S.RESTING), (timedelta(seconds=1), S.PAGED)])
def test_a_restore_is_held_back_no_longer_than_an_incident_may_last(late: timedelta, state: S) -> None:
    limit = RULES.verification.restore_after + RULES.max_incident_age
    before = a.incident(S.UNDOING, purpose=Purpose.RESTORE, healthy_since=NOW - limit - late)
    assert decided(decision(Refuse(), Reason.FROZEN), RequestKind.RESTORE, before).after.state is state


def test_without_a_time_at_which_all_was_well_a_restore_waits_from_now() -> None:
    before = a.incident(S.UNDOING, purpose=Purpose.RESTORE, healthy_since=None)
    assert decided(decision(Refuse(), Reason.FROZEN), RequestKind.RESTORE, before).after.state is S.RESTING


# The requests that follow.


@pytest.mark.parametrize(
    ("state", "purpose", "kind"),
    [
        (S.UNDOING, Purpose.RESTORE, RequestKind.RESTORE),
        (S.UNDOING, Purpose.UNDO, RequestKind.UNDO),
        (S.DEFERRED, Purpose.ACT, RequestKind.WAKE),
        (S.CLIMBING, Purpose.ACT, RequestKind.CLIMB),
    ],
)
def test_the_request_is_the_one_that_the_incident_waits_for(
    state: S, purpose: Purpose, kind: RequestKind
) -> None:
    incident = a.incident(state, purpose=purpose, rung=1, attempt=7)
    request = request_of(incident, NOW)
    assert (request.kind, request.action, request.incident_id) == (kind, incident.action, incident.id)
    assert (request.rung, request.attempt, request.at) == (1, 7, NOW)
    assert request.alarm == incident.alarm


def test_a_decision_without_a_finding_is_explained_by_its_reason() -> None:
    assert why_of(Decision(Refuse(), Reason.LOST_RACE, (), "")) == "lost_race"


def test_a_move_that_the_state_machine_does_not_know_is_no_change() -> None:
    with pytest.raises(ValueError, match="cannot go from closed"):
        advance(a.incident(S.CLOSED), ClaimAbandoned(), NOW)
