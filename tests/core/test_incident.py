"""The incident's state machine, and the values made of decisions."""

from datetime import timedelta
from typing import Any

import pytest

from firebreak.core.incident.states import (
    AWAITS_VERDICT,
    FREES_TARGET,
    MOVES,
    WITH_HUMANS,
    IncidentState,
    Member,
    may_move,
)
from firebreak.core.incident.transitions import claimed, climbing, opened, over
from firebreak.core.ledger import IncidentChange, alarm_key, delivery_key, incident_name
from firebreak.core.limits.scopes import Level, Scope, scopes_of
from firebreak.core.model import AlarmState, Contributor, OwnEvent, RequestKind, Target
from tests.support import builders as a

S = IncidentState
MINUTE = timedelta(minutes=1)


def test_every_state_lists_its_moves() -> None:
    assert set(MOVES) == set(S)


@pytest.mark.parametrize("state", sorted(FREES_TARGET - WITH_HUMANS))
def test_a_state_that_freed_the_target_for_good_has_no_moves(state: IncidentState) -> None:
    assert MOVES[state] == frozenset()


@pytest.mark.parametrize("state", sorted(WITH_HUMANS))
def test_a_paged_incident_can_only_be_closed(state: IncidentState) -> None:
    assert MOVES[state] == {S.CLOSED}


@pytest.mark.parametrize("state", sorted(set(S) - FREES_TARGET))
def test_from_every_state_that_holds_the_target_there_is_a_way_to_free_it(state: IncidentState) -> None:
    reached, ahead = {state}, [state]
    while ahead:
        fresh = MOVES[ahead.pop()] - reached
        reached |= fresh
        ahead += fresh
    assert reached & FREES_TARGET


def test_only_a_claim_can_become_an_act() -> None:
    assert {state for state, after in MOVES.items() if S.ACTED in after} == {S.CLAIMED}


def test_only_a_waiting_incident_can_be_claimed() -> None:
    claimable = {S.OPEN, S.CLIMBING, S.DEFERRED, S.AWAITING_APPROVAL, S.UNDOING}
    assert {state for state, after in MOVES.items() if S.CLAIMED in after} == claimable


def test_an_uncertain_act_is_never_claimed_or_called_an_act_again() -> None:
    assert not MOVES[S.UNCERTAIN] & {S.CLAIMED, S.ACTED, S.NOT_EXECUTED}


@pytest.mark.parametrize(
    ("before", "after", "allowed"),
    [
        pytest.param(S.CLAIMED, S.CLAIMED, True, id="a join stays put"),
        pytest.param(S.CLAIMED, S.ACTED, True, id="forward"),
        pytest.param(S.ACTED, S.CLAIMED, False, id="back"),
        pytest.param(S.CLOSED, S.OPEN, False, id="out of the end"),
    ],
)
def test_moves(before: IncidentState, after: IncidentState, *, allowed: bool) -> None:
    assert may_move(before, after) is allowed


@pytest.mark.parametrize("state", sorted(AWAITS_VERDICT))
def test_an_incident_that_awaits_a_verdict_holds_its_target(state: IncidentState) -> None:
    assert a.incident(state).holds_target


def test_a_claimed_incident_forgets_its_last_rung() -> None:
    before = a.incident(S.CLIMBING, rung=1, attempt=4, healthy_since=a.NOW, note="why")
    after = claimed(before, a.PLAN, "mine", a.NOW, a.NOW + 4 * MINUTE, request=a.request(RequestKind.ALARM))
    assert (after.state, after.version, after.claim_id, after.plan) == (S.CLAIMED, 3, "mine", a.PLAN)
    assert (after.acted_at, after.act_by, after.due_at) == (
        a.NOW,
        a.NOW + timedelta(seconds=10),
        a.NOW + 4 * MINUTE,
    )
    # The note stays: it says why this rung was climbed to.
    assert (after.attempt, after.healthy_since, after.receipt, after.note) == (0, None, None, "why")


def test_a_climbing_incident_carries_nothing_of_the_rung_below() -> None:
    after = climbing(a.incident(attempt=3, healthy_since=a.NOW), 1, a.NOW + MINUTE, "still red")
    assert (after.state, after.rung, after.action, after.version) == (S.CLIMBING, 1, "scale-service", 3)
    assert (after.claim_id, after.act_by, after.plan, after.receipt, after.attempt) == (
        "",
        None,
        None,
        None,
        0,
    )


def test_an_incident_at_rest_is_due_no_more() -> None:
    after = over(a.incident(), S.PAGED, "worse")
    assert (after.state, after.due_at, after.note, after.version) == (S.PAGED, None, "worse", 3)


def test_a_new_incident_takes_the_ladder_of_the_policy_and_its_first_member() -> None:
    incident = opened(a.request(), a.rules(), a.NOW)
    assert incident.ladder == ("restart-service", "scale-service", "page")
    assert incident.members == (a.member("api-memory-high", since=a.alarm().since),)
    assert incident.id == incident_name(a.request())


def test_a_contributor_is_a_member_of_its_own() -> None:
    series = a.alarm(contributor=Contributor("5d3e1f0a", {}))
    assert Member.of(series).contributor == "5d3e1f0a"
    assert series.series == f"{series.arn}#5d3e1f0a"


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"arn": a.arn_of("other")}, id="another alarm"),
        pytest.param({"state": AlarmState.OK}, id="another state"),
        pytest.param({"since": a.NOW}, id="another transition"),
        pytest.param({"contributor": Contributor("5d3e1f0a", {})}, id="another series"),
    ],
)
def test_another_transition_is_another_delivery(change: dict[str, Any]) -> None:
    assert delivery_key(a.request(alarm=a.alarm(**change))) != delivery_key(a.request())


def test_the_same_transition_is_the_same_delivery_even_if_its_events_differ() -> None:
    again = a.alarm(event_id="other", sent_at=a.NOW, reason="other", description="other")
    assert delivery_key(a.request(alarm=again)) == delivery_key(a.request())


def test_each_action_decides_a_transition_for_itself() -> None:
    assert alarm_key(a.alarm(), "restart-service") != alarm_key(a.alarm(), "scale-service")


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"kind": RequestKind.WAKE}, id="kind"),
        pytest.param({"rung": 2}, id="rung"),
        pytest.param({"attempt": 1}, id="attempt"),
        pytest.param({"incident_id": "i-9876543210"}, id="incident"),
        pytest.param({"action": "scale-service"}, id="action"),
    ],
)
def test_requests_of_an_incident_differ_by_kind_rung_attempt_and_action(change: dict[str, Any]) -> None:
    climb: dict[str, Any] = {"kind": RequestKind.CLIMB, "incident_id": "i-0123456789", "rung": 1}
    assert delivery_key(a.request(**(climb | change))) != delivery_key(a.request(**climb))


def test_an_own_event_and_the_request_made_of_it_are_one_delivery() -> None:
    event = OwnEvent(
        kind=RequestKind.CLIMB,
        action="restart-service",
        incident_id="i-0123456789",
        rung=1,
        attempt=2,
        at=a.NOW,
        alarm=a.alarm(),
    )
    request = a.request(RequestKind.CLIMB, incident_id="i-0123456789", rung=1, attempt=2)
    assert delivery_key(event) == delivery_key(request)


def test_scopes_are_named_by_account_and_region_so_that_equal_names_share_nothing() -> None:
    elsewhere = Target("444455556666", a.REGION, "ecs", "prod", "api")
    here, there = a.SCOPES, scopes_of(elsewhere, "restart-service")
    assert Scope(Level.TARGET, "111122223333/eu-west-1/ecs/prod/api") in here
    assert Scope(Level.GROUP, "111122223333/eu-west-1/ecs/prod") in here
    assert set(here) & set(there) == {Scope(Level.STACK, "all")}


def test_a_move_the_machine_does_not_know_cannot_even_be_asked_for() -> None:
    closed = a.incident(S.CLOSED)
    with pytest.raises(ValueError, match="from closed to acted"):
        IncidentChange(before=closed, after=a.incident(S.ACTED), at=a.NOW, what="never")
