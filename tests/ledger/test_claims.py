"""The claim, in every ledger: what was looked at is compared, what is taken is written, once."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from firebreak.core.incident.states import Incident, IncidentState
from firebreak.core.ledger import Claim, ClaimResult
from firebreak.core.limits.budgets import MOST_ACTS
from firebreak.core.limits.history import Decided, GroupSize, Hold, ScopeHistory, Transition
from firebreak.core.limits.scopes import Level, Scope, scopes_of
from firebreak.core.limits.storm import RedAlarm
from firebreak.core.messages import incident_messages
from firebreak.core.model import Alarm, AlarmState, RequestKind, Target
from firebreak.core.readings import ABSENT
from firebreak.errors import Conflict
from firebreak.ledger.ports import Ledger
from tests.ledger.claiming import claim_of, climb_of, waiting_to_climb, won
from tests.ledger.conftest import LedgerPorts
from tests.support import builders as a

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
WON, LOST = ClaimResult.WON, ClaimResult.LOST
WEB = Target(a.ACCOUNT, a.REGION, "ecs", "prod", "web")
DATABASE = Scope(Level.DEPENDENCY, "orders-db")
SWITCHES = (
    "global",
    "action restart-service",
    f"group {a.TARGET.group_key}",
    f"target {a.TARGET.key}",
)


def other_alarm(name: str = "api-5xx", **changes: Any) -> Any:
    return a.request(alarm=a.alarm(name), **changes)


def hold(scope: str = "global", until: Any = a.NOW + HOUR) -> Hold:
    return Hold(scope, "ana", "migration", a.NOW - HOUR, until)


def test_an_empty_ledger_shows_that_nothing_is_there(ledger: Ledger) -> None:
    view = ledger.look(a.request(), a.SCOPES)
    assert (view.holds, view.decided, view.transition, view.incident) == ((), ABSENT, ABSENT, ABSENT)
    assert dict(view.scopes) == dict.fromkeys(a.SCOPES, ABSENT)


def test_a_claim_shows_in_every_scope_and_as_decision_transition_and_incident(ledger: Ledger) -> None:
    claim = won(ledger)
    view = ledger.look(a.request(), a.SCOPES)
    assert view.incident == claim.after
    assert isinstance(view.decided, Decided)
    assert view.transition == Transition(a.alarm().since, AlarmState.ALARM, claim.after.id)
    for scope in a.SCOPES:
        seen = view.scopes[scope]
        assert isinstance(seen, ScopeHistory)
        assert [(act.at, act.incident_id, act.rung) for act in seen.acts] == [(a.NOW, claim.after.id, 0)]
        assert seen.incident_id == (claim.after.id if scope.level is Level.TARGET else "")


def test_scopes_are_shared_as_their_names_say(ledger: Ledger) -> None:
    won(ledger)
    request = a.request(target=WEB, action="scale-service", alarm=a.alarm("web"))
    elsewhere = ledger.look(request, scopes_of(WEB, "scale-service"))
    found = {scope.level: seen for scope, seen in elsewhere.scopes.items()}
    assert found[Level.TARGET] == found[Level.ACTION] == ABSENT
    assert isinstance(found[Level.GROUP], ScopeHistory)
    assert isinstance(found[Level.STACK], ScopeHistory)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(a.request(), id="the same delivery"),
        pytest.param(other_alarm(), id="another alarm of the target"),
        pytest.param(other_alarm(action="scale-service"), id="another action on the target"),
        pytest.param(other_alarm(target=WEB), id="another target of the group"),
        pytest.param(
            other_alarm(target=Target(a.ACCOUNT, a.REGION, "ecs", "dev", "web")),
            id="another group of the stack",
        ),
    ],
)
def test_of_two_claims_on_the_same_view_one_wins(ledger: Ledger, other: Any) -> None:
    first, second = claim_of(ledger), claim_of(ledger, other, claim_id="claim-2")
    assert (ledger.claim(first), ledger.claim(second)) == (WON, LOST)


def test_the_loser_left_nothing_behind(ports: LedgerPorts) -> None:
    first, second = claim_of(ports.ledger), claim_of(ports.ledger, other_alarm(), claim_id="claim-2")
    ports.ledger.claim(first)
    before = ports.everything()
    ports.ledger.claim(second)
    assert ports.everything() == before


def test_many_claims_built_of_one_look_take_one_slot(ledger: Ledger) -> None:
    claims = [claim_of(ledger, other_alarm(f"alarm-{k}"), claim_id=f"claim-{k}") for k in range(10)]
    assert [ledger.claim(claim) for claim in claims].count(WON) == 1


@pytest.mark.parametrize("scope", SWITCHES)
@pytest.mark.parametrize(
    ("until", "result"),
    [
        pytest.param(a.NOW + MINUTE, LOST, id="held"),
        pytest.param(a.NOW - 59 * SECOND, LOST, id="ended within the clock skew"),
        pytest.param(a.NOW - MINUTE, WON, id="ended before it"),
    ],
)
def test_a_switch_thrown_after_the_look_stops_the_claim(
    ports: LedgerPorts, scope: str, until: Any, result: ClaimResult
) -> None:
    claim = claim_of(ports.ledger)
    ports.switches.pause(hold(scope, until))
    assert ports.ledger.claim(claim) is result


def test_a_switch_that_nobody_holds_any_more_is_free(ports: LedgerPorts) -> None:
    ports.switches.pause(hold())
    assert ports.switches.resume("global", "ana", a.NOW) is True
    assert ports.switches.resume("global", "ana", a.NOW) is False
    assert ports.ledger.look(a.request(), a.SCOPES).holds == ()
    assert ports.ledger.claim(claim_of(ports.ledger)) is WON


def test_a_switch_is_held_until_its_last_holder_lets_go(ports: LedgerPorts) -> None:
    ports.switches.pause(hold())
    ports.switches.pause(replace(hold(), holder="bo", until=a.NOW + 2 * HOUR))
    assert [held.holder for held in ports.switches.held()] == ["ana", "bo"]
    ports.switches.resume("global", "bo", a.NOW)
    assert ports.ledger.claim(claim_of(ports.ledger)) is LOST


def test_pausing_again_replaces_ones_own_hold(ports: LedgerPorts) -> None:
    ports.switches.pause(hold(until=a.NOW - HOUR))
    assert ports.switches.pause(hold()) == hold()
    assert ports.switches.held() == [hold()]
    assert ports.ledger.claim(claim_of(ports.ledger)) is LOST


def test_pausing_again_for_less_leaves_the_longer_hold(ports: LedgerPorts) -> None:
    ports.switches.pause(hold())
    assert ports.switches.pause(hold(until=a.NOW - HOUR)) == hold()
    assert ports.ledger.claim(claim_of(ports.ledger)) is LOST


@pytest.mark.parametrize("by", ["pause", "resume"])
def test_holds_that_ended_more_than_a_day_ago_go_with_the_next_write(ports: LedgerPorts, by: str) -> None:
    day = 24 * HOUR + MINUTE
    for holder, until in (("old", a.NOW - day), ("late", a.NOW - day + SECOND), ("bo", a.NOW + HOUR)):
        ports.switches.pause(replace(hold(until=until), holder=holder, since=a.NOW - 2 * day))
    if by == "pause":
        ports.switches.pause(replace(hold(), since=a.NOW))
    else:
        ports.switches.resume("global", "ana", a.NOW)
    assert {held.holder for held in ports.switches.held()} - {"ana"} == {"late", "bo"}


def storm_declared(ports: LedgerPorts, claim: Claim) -> None:
    ports.storms.remember(RedAlarm(a.NOW, "s", "s"), (), a.NOW)
    assert ports.storms.trip(a.NOW, incident_messages.acted(claim.after, a.NOW))


def decided_elsewhere(ports: LedgerPorts, claim: Claim) -> None:
    assert ports.ledger.record(claim.record, None)


def newer_transition(ports: LedgerPorts, claim: Claim) -> None:
    ports.ledger.record_transition(a.alarm(since=a.alarm().since + SECOND), a.LATER)


@pytest.mark.parametrize("change", [storm_declared, decided_elsewhere, newer_transition])
def test_a_change_since_the_look_makes_the_claim_lose(
    ports: LedgerPorts, change: Callable[[LedgerPorts, Claim], None]
) -> None:
    claim = claim_of(ports.ledger)
    change(ports, claim)
    before = ports.everything()
    assert ports.ledger.claim(claim) is LOST
    assert ports.everything() == before


@pytest.mark.parametrize("kind", [RequestKind.CLIMB, RequestKind.WAKE])
def test_an_alarm_that_spoke_since_the_look_stops_the_next_rung(ledger: Ledger, kind: RequestKind) -> None:
    incident = waiting_to_climb(ledger)
    claim = claim_of(ledger, replace(climb_of(incident), kind=kind))
    ledger.record_transition(a.alarm(state=AlarmState.OK, since=a.NOW), a.LATER)
    assert ledger.claim(claim) is LOST


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        pytest.param(None, (AlarmState.ALARM, a.alarm().since), id="never heard of"),
        pytest.param(a.alarm(), (AlarmState.ALARM, a.alarm().since), id="seen red"),
        pytest.param(
            a.alarm(state=AlarmState.OK, since=a.alarm().since - MINUTE),
            (AlarmState.ALARM, a.alarm().since),
            id="seen before",
        ),
        pytest.param(
            a.alarm(state=AlarmState.OK, since=a.alarm().since + SECOND),
            (AlarmState.OK, a.alarm().since + SECOND),
            id="seen since",
        ),
    ],
)
def test_an_incident_that_a_wake_opens_is_found_by_its_alarms_ok(
    ledger: Ledger, seen: Alarm | None, expected: tuple[AlarmState, datetime]
) -> None:
    """A newer transition that was seen is not forgotten: it only learns of the incident."""
    if seen:
        ledger.record_transition(seen, a.LATER)
    wake = a.request(RequestKind.WAKE, at=a.NOW, attempt=1)
    claim = won(ledger, wake)
    state, since = expected
    assert ledger.look(a.request(), a.SCOPES).transition == Transition(since, state, claim.after.id)


def test_an_alarm_that_spoke_since_the_look_stops_a_wake(ledger: Ledger) -> None:
    claim = claim_of(ledger, a.request(RequestKind.WAKE, at=a.NOW, attempt=1))
    ledger.record_transition(a.alarm(state=AlarmState.OK, since=a.NOW), a.LATER)
    assert ledger.claim(claim) is LOST


def test_a_storm_stops_a_first_and_a_next_rung_but_not_what_a_human_approved(ports: LedgerPorts) -> None:
    incident = waiting_to_climb(ports.ledger)
    climb = climb_of(incident)
    stopped, approved = claim_of(ports.ledger, climb), replace(climb, kind=RequestKind.APPROVAL)
    storm_declared(ports, stopped)
    assert ports.ledger.claim(stopped) is LOST
    assert ports.ledger.claim(claim_of(ports.ledger, approved)) is WON


def test_a_climb_claims_its_rung_and_keeps_the_slots_apart(ledger: Ledger) -> None:
    incident = waiting_to_climb(ledger)
    claim = won(ledger, climb_of(incident))
    assert (claim.after.state, claim.after.rung, claim.before) == (IncidentState.CLAIMED, 1, incident)
    history = ledger.look(a.request(), a.SCOPES).scopes[a.scope(Level.TARGET)]
    assert isinstance(history, ScopeHistory)
    assert [(act.incident_id, act.action, act.rung) for act in history.acts] == [
        (incident.id, "scale-service", 1)
    ]


def test_a_rung_is_claimed_once_even_by_a_request_of_another_kind(ledger: Ledger) -> None:
    incident = waiting_to_climb(ledger)
    climb = climb_of(incident)
    wake = replace(climb, kind=RequestKind.WAKE, attempt=1)
    view = ledger.look(climb, a.SCOPES)
    first = claim_of(ledger, climb, view=view)
    second = claim_of(ledger, wake, view=ledger.look(wake, a.SCOPES), claim_id="claim-2")
    assert (ledger.claim(first), ledger.claim(second)) == (WON, LOST)


def test_slots_older_than_any_window_are_forgotten_and_younger_ones_kept(ledger: Ledger) -> None:
    won(ledger, other_alarm("old", target=WEB), at=a.NOW - timedelta(days=32))
    won(ledger, other_alarm("young", target=WEB), at=a.NOW - timedelta(days=30), claim_id="claim-2")
    won(ledger, claim_id="claim-3")
    history = ledger.look(a.request(), a.SCOPES).scopes[a.scope(Level.STACK)]
    assert isinstance(history, ScopeHistory)
    assert [act.at for act in history.acts] == [a.NOW - timedelta(days=30), a.NOW]


def test_giving_back_frees_exactly_the_slots_of_that_claim(ledger: Ledger) -> None:
    earlier = won(ledger, other_alarm(target=WEB), at=a.NOW - MINUTE)
    claim = won(ledger, claim_id="claim-2")
    ledger.give_back(claim)
    view = ledger.look(a.request(), a.SCOPES)
    left = {scope.level: seen.acts for scope, seen in view.scopes.items() if isinstance(seen, ScopeHistory)}
    assert [act.incident_id for act in left[Level.STACK]] == [earlier.after.id]
    assert [act.incident_id for act in left[Level.GROUP]] == [earlier.after.id]
    assert left[Level.TARGET] == ()


def test_a_slot_that_is_gone_keeps_no_other_from_being_given_back(ledger: Ledger) -> None:
    claim = won(ledger)
    ledger.give_back(replace(claim, seen=replace(claim.seen, scopes=dict([*claim.seen.scopes.items()][:1]))))
    with pytest.raises(Conflict):
        ledger.give_back(claim)
    assert not any(getattr(seen, "acts", 0) for seen in ledger.look(a.request(), a.SCOPES).scopes.values())


def test_giving_back_a_slot_makes_claims_that_counted_it_lose(ledger: Ledger) -> None:
    claim = won(ledger)
    seen_before = claim_of(ledger, other_alarm(target=WEB), claim_id="claim-2")
    ledger.give_back(claim)
    assert ledger.claim(seen_before) is LOST


def test_the_incident_is_read_with_the_target_that_names_it(ledger: Ledger) -> None:
    claim = won(ledger)
    other = ledger.look(other_alarm(), a.SCOPES)
    assert isinstance(other.incident, Incident)
    assert other.incident.id == claim.after.id
    assert other.decided == ABSENT


def scopes_with_database(target: Target = a.TARGET) -> tuple[Scope, ...]:
    return scopes_of(target, "restart-service", [DATABASE.key])


def test_a_shared_dependency_names_the_incident_that_works_on_it(ledger: Ledger) -> None:
    view = ledger.look(a.request(), scopes_with_database())
    claim = won(ledger, view=view)
    dependency_incidents = ledger.look(
        other_alarm(target=WEB), scopes_with_database(WEB)
    ).dependency_incidents
    assert dependency_incidents == (ledger.incident(claim.after.id),)
    own = ledger.look(climb_of(claim.after), scopes_with_database())
    assert own.dependency_incidents == ()


def test_of_two_targets_that_read_one_dependency_as_free_one_wins(ledger: Ledger) -> None:
    first = claim_of(ledger, view=ledger.look(a.request(), scopes_with_database()))
    other = other_alarm(target=Target(a.ACCOUNT, a.REGION, "ecs", "dev", "web"))
    second = claim_of(ledger, other, view=ledger.look(other, scopes_with_database(other.target)))
    assert (ledger.claim(first), ledger.claim(second)) == (WON, LOST)


def test_further_scopes_are_compared_and_taken_like_the_others(ledger: Ledger) -> None:
    application = Scope(Level.GROUP, f"{a.ACCOUNT}/{a.REGION}/application/shop")
    view = ledger.read_more_scopes(ledger.look(a.request(), a.SCOPES), [application])
    assert view.scopes == {**dict.fromkeys(a.SCOPES, ABSENT), application: ABSENT}
    assert ledger.claim(claim_of(ledger, view=view)) is WON
    again = ledger.read_more_scopes(ledger.look(a.request(), a.SCOPES), [application])
    taken = again.scopes[application]
    assert isinstance(taken, ScopeHistory)
    assert (len(taken.acts), taken.incident_id) == (1, "")


def test_the_switch_of_a_further_scope_is_seen_and_stops_the_claim(ports: LedgerPorts) -> None:
    application = Scope(Level.GROUP, f"{a.ACCOUNT}/{a.REGION}/application/shop")
    view = ports.ledger.read_more_scopes(ports.ledger.look(a.request(), a.SCOPES), [application])
    claim = claim_of(ports.ledger, view=view)
    ports.switches.pause(hold(f"group {application.key}"))
    assert ports.ledger.claim(claim) is LOST
    again = ports.ledger.read_more_scopes(view, [application])
    assert again.holds == (hold(f"group {application.key}"),)


def test_a_counted_group_is_stored_with_its_size_until_it_is_counted_again(ledger: Ledger) -> None:
    won_with(ledger, a.request(), GroupSize(7, a.NOW))
    won_with(ledger, other_alarm(target=WEB), None)
    for scope, seen in ledger.look(a.request(), a.SCOPES).scopes.items():
        assert isinstance(seen, ScopeHistory)
        assert seen.size == (GroupSize(7, a.NOW) if scope.level is Level.GROUP else None)
    won_with(ledger, other_alarm("third", target=replace(WEB, name="worker")), GroupSize(9, a.NOW + MINUTE))
    seen = ledger.look(a.request(), a.SCOPES).scopes[a.scope(Level.GROUP)]
    assert isinstance(seen, ScopeHistory)
    assert seen.size == GroupSize(9, a.NOW + MINUTE)


def won_with(ledger: Ledger, request: Any, size: GroupSize | None) -> None:
    claim = replace(claim_of(ledger, request), group_size=size)
    assert ledger.claim(claim) is WON


def test_of_more_acts_than_can_be_kept_the_oldest_are_forgotten(ledger: Ledger) -> None:
    """One claim writes the acts that it read, so a look with many acts stands for as many claims."""
    stack = a.scope(Level.STACK)
    won(ledger, other_alarm(target=WEB))
    before = ledger.look(a.request(), a.SCOPES).scopes[stack]
    assert isinstance(before, ScopeHistory)
    crowded = a.history(Level.STACK, *(a.NOW - HOUR + k * SECOND for k in range(MOST_ACTS)))
    seen = ledger.look(a.request(), a.SCOPES)
    seen = replace(seen, scopes={**seen.scopes, stack: replace(crowded, version=before.version)})
    won(ledger, view=seen)
    left = ledger.look(a.request(), a.SCOPES).scopes[stack]
    assert isinstance(left, ScopeHistory)
    assert len(left.acts) == MOST_ACTS
    assert (left.acts[0].at, left.acts[-1].at) == (crowded.acts[1].at, a.NOW)


def test_giving_back_twice_changes_nothing_more(ports: LedgerPorts) -> None:
    claim = won(ports.ledger)
    ports.ledger.give_back(claim)
    before = ports.everything()
    with pytest.raises(Conflict):
        ports.ledger.give_back(claim)
    assert ports.everything() == before


def test_times_are_compared_by_the_millisecond(ledger: Ledger) -> None:
    micro = timedelta(microseconds=400)
    ledger.record_transition(a.alarm(state=AlarmState.OK, since=a.NOW + micro), a.LATER)
    late = a.request(alarm=a.alarm(since=a.NOW))
    assert ledger.claim(claim_of(ledger, late, at=a.NOW + micro)) is WON
    incident = ledger.look(other_alarm(), a.SCOPES).incident
    assert isinstance(incident, Incident)
    assert incident.opened_at == a.NOW
