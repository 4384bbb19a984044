"""Incidents, in every ledger: moved only from where they were read, joined or closed but never both."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from firebreak.core.incident.states import ENDED, FREES_TARGET, Incident, IncidentState, Member
from firebreak.core.incident.transitions import climbing, opened, over
from firebreak.core.ledger import ClaimResult, IncidentChange, delivery_key
from firebreak.core.limits.history import Decided, Judged, ScopeHistory, Transition
from firebreak.core.limits.scopes import Level
from firebreak.core.messages import incident_messages
from firebreak.core.messages.decision_messages import of_decision
from firebreak.core.model import AlarmState, OwnEvent, Receipt, RequestKind, Verdict
from firebreak.core.readings import ABSENT
from firebreak.core.reasons import Reason
from firebreak.core.watchdog import Overdue
from firebreak.ledger.ports import Ledger
from tests.ledger.claiming import (
    acted,
    change,
    claim_of,
    open_another,
    other_request,
    record_of,
    waiting_to_climb,
    well,
    won,
)
from tests.ledger.conftest import LedgerPorts, ReadableLedger
from tests.support import builders as a

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
S = IncidentState


def ledger_incident(ledger: Ledger, incident_id: str) -> Incident:
    found = ledger.incident(incident_id)
    assert isinstance(found, Incident)
    return found


def test_an_incident_reads_back_as_it_was_written(ledger: Ledger) -> None:
    claimed = won(ledger).after
    receipt = Receipt(summary="deployment 7 began", after={"deployment": "7"})
    after = replace(claimed, state=S.ACTED, version=9, receipt=receipt, blind_looks=2)
    moved = replace(change(claimed), after=after)
    assert ledger.move(moved) is True
    assert ledger.incident(claimed.id) == moved.after


def test_no_incident_is_absent(ledger: Ledger) -> None:
    assert ledger.incident("i-9876543210") == ABSENT


@pytest.mark.parametrize(
    "stale",
    [
        pytest.param({"version": 0}, id="version"),
        pytest.param({"state": S.ACTED}, id="state"),
        pytest.param({"rung": 1}, id="rung"),
    ],
)
def test_an_incident_moves_only_from_where_it_was_read(ledger: Ledger, stale: dict[str, Any]) -> None:
    claimed = won(ledger).after
    assert ledger.move(change(replace(claimed, **stale))) is False
    assert ledger.incident(claimed.id) == claimed


def test_of_two_movers_one_moves(ledger: Ledger) -> None:
    claimed = won(ledger).after
    assert ledger.move(change(claimed)) is True
    assert ledger.move(change(claimed, S.UNCERTAIN)) is False


def test_a_move_writes_history_decision_and_announcement_or_nothing(ports: LedgerPorts) -> None:
    ledger = ports.ledger
    claimed = won(ledger).after
    text = incident_messages.acted(claimed, a.NOW)
    record = record_of(other_request(), reason=Reason.BUDGET_FULL)
    assert ledger.move(change(claimed, record=record, message=text)) is True
    assert isinstance(ledger.look(other_request(), a.SCOPES).decided, Decided)
    assert ledger.unsettled_announcements(a.NOW, 10) == [text]
    before = ports.everything()
    again = change(ledger_incident(ledger, claimed.id), S.VERIFYING, record=record, message=text)
    assert ledger.move(again) is False
    assert ports.everything() == before


def test_history_lists_every_move_in_order_and_late_notes_where_they_came(ledger: ReadableLedger) -> None:
    claimed = won(ledger).after
    ledger.move(change(claimed, at=a.NOW + SECOND, what="acted"))
    ledger.note(claimed.id, a.NOW + 2 * SECOND, "superseded result: act")
    lines = [line.what for line in ledger.history(claimed.id)]
    assert lines == ["claimed rung 1: restart-service", "acted", "superseded result: act"]


def test_joining_adds_a_member_and_bumps_the_version(ledger: Ledger) -> None:
    claimed = won(ledger).after
    other = other_request()
    assert ledger.join(claimed, other.alarm, record_of(other, reason=Reason.IN_FLIGHT)) is True
    joined = ledger_incident(ledger, claimed.id)
    assert joined.members == (*claimed.members, Member.of(other.alarm))
    assert (joined.state, joined.version) == (claimed.state, claimed.version + 1)
    seen = ledger.look(other, a.SCOPES)
    assert isinstance(seen.transition, Transition)
    assert seen.transition.incident_id == claimed.id


def test_a_member_that_joins_again_is_one_member(ledger: Ledger) -> None:
    claimed = won(ledger).after
    again = a.request(alarm=a.alarm(since=a.NOW))
    assert ledger.join(claimed, again.alarm, record_of(again, reason=Reason.IN_FLIGHT)) is True
    assert ledger_incident(ledger, claimed.id).members == claimed.members


def test_a_close_with_the_old_members_loses_to_a_join(ledger: Ledger) -> None:
    claimed = acted(ledger)
    ledger.join(claimed, other_request().alarm, record_of(other_request(), reason=Reason.IN_FLIGHT))
    assert ledger.move(replace(change(claimed), after=over(claimed, S.CLOSED, "OK"))) is False


def test_a_join_to_a_closed_incident_loses_and_writes_nothing(ports: LedgerPorts) -> None:
    claimed = acted(ports.ledger)
    ports.ledger.move(replace(change(claimed), after=over(claimed, S.CLOSED, "OK")))
    record = record_of(other_request(), reason=Reason.IN_FLIGHT)
    before = ports.everything()
    assert ports.ledger.join(claimed, other_request().alarm, record) is False
    assert ports.everything() == before


def test_a_join_that_was_decided_before_or_comes_late_leaves_nothing(ports: LedgerPorts) -> None:
    claimed = acted(ports.ledger)
    other = other_request()
    record = record_of(other, reason=Reason.IN_FLIGHT)
    ports.ledger.record_transition(replace(other.alarm, state=AlarmState.OK, since=a.NOW), a.LATER)
    before = ports.everything()
    assert ports.ledger.join(claimed, other.alarm, record) is False
    assert ports.everything() == before
    third = other_request("third")
    decided = record_of(third, reason=Reason.IN_FLIGHT)
    assert ports.ledger.record(decided, None) is True
    assert ports.ledger.join(claimed, third.alarm, decided) is False


def test_opening_without_an_act_takes_the_target_and_no_slot(ledger: Ledger) -> None:
    incident = waiting_to_climb(ledger)
    view = ledger.look(other_request(), a.SCOPES)
    history = view.scopes[a.scope(Level.TARGET)]
    assert view.incident == incident
    assert isinstance(history, ScopeHistory)
    assert (history.acts, history.incident_id) == ((), incident.id)
    assert view.scopes[a.scope(Level.STACK)] == ABSENT


def test_opening_keeps_the_history_of_the_target(ledger: Ledger) -> None:
    before = acted(ledger)
    ledger.move(replace(change(before), after=over(before, S.PAGED, "why")))
    assert open_another(ledger) is True
    history = ledger.look(a.request(), a.SCOPES).scopes[a.scope(Level.TARGET)]
    assert isinstance(history, ScopeHistory)
    assert [act.incident_id for act in history.acts] == [before.id]


def test_opening_twice_opens_once(ledger: Ledger) -> None:
    waiting_to_climb(ledger)
    incident = climbing(opened(a.request(), a.rules(), a.NOW), 1, a.NOW + MINUTE, "no room")
    assert ledger.open(incident, record_of(a.request(), reason=Reason.CEILING_REACHED), None) is False


def test_a_claim_that_read_the_target_as_free_loses_to_an_opening(ledger: Ledger) -> None:
    claim = claim_of(ledger, other_request())
    waiting_to_climb(ledger)
    assert ledger.claim(claim).value == "lost"


def test_a_decision_is_kept_once(ports: LedgerPorts) -> None:
    record = record_of(a.request(), reason=Reason.BUDGET_FULL)
    message = of_decision(record, a.TARGET)
    assert message is not None
    assert ports.ledger.record(record, message) is True
    before = ports.everything()
    kept_as = ports.ledger.look(a.request(), a.SCOPES).decided
    assert kept_as == Decided(record.key, a.NOW, "refuse", Reason.BUDGET_FULL.value)
    assert ports.ledger.record(record, message) is False
    assert ports.everything() == before


def test_announcements_wait_until_they_are_settled(ledger: Ledger) -> None:
    text = incident_messages.acted(won(ledger).after, a.NOW)
    ledger.record(record_of(other_request(), reason=Reason.BUDGET_FULL), text)
    assert ledger.unsettled_announcements(a.NOW - SECOND, 10) == []
    assert ledger.unsettled_announcements(a.NOW, 10) == [text]
    assert ledger.announcement(text.waits_as) == text
    ledger.settle_announcement(text.key, text.at)
    assert ledger.unsettled_announcements(a.NOW, 10) == []
    assert ledger.announcement(text.waits_as) == text


def test_an_announcement_that_nobody_recorded_is_absent_even_if_it_is_settled(ledger: Ledger) -> None:
    ledger.settle_announcement("never", a.NOW)
    assert ledger.announcement("never") == ABSENT


def test_incidents_are_due_at_their_time_and_no_more_when_they_rest(ledger: Ledger) -> None:
    claimed = acted(ledger)
    due = a.NOW + 4 * MINUTE
    assert ledger.overdue(due - SECOND, 10) == []
    assert ledger.overdue(due, 10) == [Overdue(claimed.id, "acted", due)]
    ledger.move(replace(change(claimed), after=over(claimed, S.CLOSED, "OK")))
    assert ledger.overdue(due, 10) == []


@pytest.mark.parametrize("state", sorted(ENDED))
def test_an_incident_that_ended_is_never_due_whatever_its_due_time(
    ledger: Ledger, state: IncidentState
) -> None:
    claimed = acted(ledger)
    ended = replace(over(claimed, S.CLOSED, "OK"), due_at=a.NOW)
    moved = replace(change(claimed), after=ended)
    object.__setattr__(moved, "after", replace(ended, state=state))
    assert ledger.move(moved) is True
    assert ledger.overdue(a.NOW + 60 * MINUTE, 10) == []


def test_a_look_takes_no_more_than_was_asked_for(ledger: Ledger) -> None:
    text = incident_messages.acted(a.incident(), a.NOW)
    for name in ("a", "b", "c"):
        ledger.record(record_of(other_request(name), reason=Reason.BUDGET_FULL), replace(text, key=name))
    assert len(ledger.unsettled_announcements(a.NOW, 2)) == 2


def test_an_ok_is_recorded_and_returns_the_incident_of_the_alarm(ledger: Ledger) -> None:
    claimed = won(ledger).after
    before = ledger.record_transition(well(since=a.NOW), a.LATER)
    assert before == Transition(a.alarm().since, AlarmState.ALARM, claimed.id)
    assert ledger.look(a.request(), a.SCOPES).transition == Transition(a.NOW, AlarmState.OK, claimed.id)


def test_an_ok_that_comes_late_does_not_hide_a_newer_alarm(ledger: Ledger) -> None:
    won(ledger)
    ledger.record_transition(well(since=a.alarm().since - SECOND), a.LATER)
    seen = ledger.look(a.request(), a.SCOPES).transition
    assert isinstance(seen, Transition)
    assert seen.state is AlarmState.ALARM


def test_an_alarm_never_seen_before_has_no_transition_before(ledger: Ledger) -> None:
    assert ledger.record_transition(well(), a.LATER) == ABSENT
    assert ledger.look(a.request(), a.SCOPES).transition == Transition(well().since, AlarmState.OK, "")


JUDGED = Judged(Verdict.RECOVERED, a.NOW + 5 * MINUTE)
JUDGED_LEVELS = {Level.TARGET, Level.GROUP, Level.ACTION}


def test_a_verdict_is_remembered_where_breakers_and_shares_count(ledger: Ledger) -> None:
    incident = acted(ledger)
    before = ledger.look(a.request(), a.SCOPES).scopes
    assert ledger.move(replace(change(incident, S.VERIFYING), judged=JUDGED)) is True
    for scope, seen in ledger.look(a.request(), a.SCOPES).scopes.items():
        was = before[scope]
        assert isinstance(seen, ScopeHistory)
        assert isinstance(was, ScopeHistory)
        text = scope.level in JUDGED_LEVELS
        assert [act.judged for act in seen.acts] == [JUDGED if text else None]
        assert seen.version == was.version + text


def test_a_verdict_makes_claims_that_did_not_know_it_look_again(ledger: Ledger) -> None:
    incident = acted(ledger)
    unaware = claim_of(ledger, other_request())
    assert ledger.move(replace(change(incident, S.PAGED), judged=JUDGED)) is True
    assert ledger.claim(unaware) is ClaimResult.LOST


def test_an_incident_whose_slots_are_gone_moves_on_without_a_verdict(ledger: Ledger) -> None:
    claim = won(ledger)
    moved = change(claim.after)
    assert ledger.move(moved) is True
    ledger.give_back(claim)
    before = ledger.look(a.request(), a.SCOPES).scopes
    assert ledger.move(replace(change(moved.after, S.PAGED), judged=JUDGED)) is True
    assert ledger_incident(ledger, claim.after.id).state is S.PAGED
    assert ledger.look(a.request(), a.SCOPES).scopes == before


def test_a_stale_move_leaves_no_verdict(ledger: Ledger) -> None:
    incident = acted(ledger)
    stale = replace(incident, version=incident.version - 1)
    assert ledger.move(replace(change(stale, S.PAGED), judged=JUDGED)) is False
    seen = ledger.look(a.request(), a.SCOPES).scopes[a.scope(Level.TARGET)]
    assert isinstance(seen, ScopeHistory)
    assert [act.judged for act in seen.acts] == [None]


def wake(attempt: int = 1) -> OwnEvent:
    return OwnEvent(
        kind=RequestKind.WAKE,
        action="restart-service",
        incident_id="",
        rung=0,
        attempt=attempt,
        at=a.NOW + MINUTE,
        alarm=a.alarm(),
    )


def test_a_kept_request_is_due_at_its_time_until_it_is_settled(ledger: Ledger) -> None:
    key = delivery_key(wake())
    record = record_of(a.request(), reason=Reason.MUTED)
    assert ledger.record(record, None, wake()) is True
    assert ledger.overdue_requests(a.NOW, 10) == []
    assert ledger.overdue_requests(a.NOW + MINUTE, 10) == [(key, wake())]
    ledger.settle_request(key)
    assert ledger.overdue_requests(a.NOW + MINUTE, 10) == []


def test_a_duplicate_keeps_no_request(ledger: Ledger) -> None:
    record = record_of(a.request(), reason=Reason.MUTED)
    ledger.record(record, None)
    assert ledger.record(record, None, wake()) is False
    assert ledger.overdue_requests(a.NOW + MINUTE, 10) == []


@pytest.mark.parametrize("state", sorted(FREES_TARGET - {S.REFUSED}))
def test_incidents_with_humans_are_listed_until_they_are_over(ledger: Ledger, state: IncidentState) -> None:
    claimed = acted(ledger) if state is not S.NOT_EXECUTED else won(ledger).after
    assert ledger.move(replace(change(claimed), after=over(claimed, state, "why"))) is True
    handed = [claimed.id] if state in {S.PAGED, S.NOT_EXECUTED} else []
    assert ledger.incidents_with_humans(a.NOW, 10) == handed
    assert ledger.incidents_with_humans(a.NOW - SECOND, 10) == []
    assert ledger.overdue(a.NOW + 60 * MINUTE, 10) == []


@pytest.mark.parametrize("state", sorted(set(IncidentState)))
def test_opening_gives_way_exactly_to_what_holds_the_target(ledger: Ledger, state: IncidentState) -> None:
    first = won(ledger).after
    odd = replace(IncidentChange(before=first, after=first, at=a.NOW, what="as it stands"))
    object.__setattr__(odd, "after", replace(first, state=state, version=first.version + 1))
    assert ledger.move(odd) is True
    assert open_another(ledger) is (state in FREES_TARGET)
