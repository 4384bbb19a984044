"""Incidents in the ledger: moved only from where they were read, joined or closed but never both."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from firebreak.aws.ledger import DynamoLedger
from firebreak.core import telling
from firebreak.core.announcement import AnnouncementKind
from firebreak.core.history import ScopeHistory, Transition
from firebreak.core.incident import FREES_TARGET, Incident, IncidentState, Member
from firebreak.core.ledger import IncidentChange
from firebreak.core.model import AlarmState, Receipt
from firebreak.core.opening import climbing, opened, over
from firebreak.core.readings import ABSENT, Unknown
from firebreak.core.reasons import Reason
from firebreak.core.rules import Level
from tests import builders as a
from tests.aws.claiming import claim_of, record_of, waiting_to_climb, won
from tests.aws.conftest import Table

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
S = IncidentState


@pytest.fixture
def ledger(table: Table) -> DynamoLedger:
    return DynamoLedger(table.client, table.name)


def change(before: Incident, state: IncidentState = S.ACTED, **changes: Any) -> IncidentChange:
    after = replace(before, state=state, version=before.version + 1)
    return replace(IncidentChange(before=before, after=after, at=a.NOW, what="moved"), **changes)


def acted(ledger: DynamoLedger) -> Incident:
    """An incident whose rung was claimed and carried out."""
    moved = change(won(ledger).after)
    assert ledger.move(moved)
    return moved.after


def other_request(name: str = "api-5xx") -> Any:
    return a.request(alarm=a.alarm(name))


def test_an_incident_reads_back_as_it_was_written(ledger: DynamoLedger) -> None:
    claimed = won(ledger).after
    receipt = Receipt(summary="deployment 7 began", after={"deployment": "7"})
    after = replace(claimed, state=S.ACTED, version=9, receipt=receipt, blind_looks=2)
    moved = replace(change(claimed), after=after)
    assert ledger.move(moved) is True
    assert ledger.incident(claimed.id) == moved.after


def test_no_incident_is_absent(ledger: DynamoLedger) -> None:
    assert ledger.incident("i-9876543210") == ABSENT


@pytest.mark.parametrize(
    "stale",
    [
        pytest.param({"version": 0}, id="version"),
        pytest.param({"state": S.ACTED}, id="state"),
        pytest.param({"rung": 1}, id="rung"),
    ],
)
def test_an_incident_moves_only_from_where_it_was_read(ledger: DynamoLedger, stale: dict[str, Any]) -> None:
    claimed = won(ledger).after
    assert ledger.move(change(replace(claimed, **stale))) is False
    assert ledger.incident(claimed.id) == claimed


def test_an_incident_of_a_later_version_is_not_overwritten(ledger: DynamoLedger, table: Table) -> None:
    claimed = won(ledger).after
    table.change(f"INC#{claimed.id}", "META", v={"N": "2"})
    assert ledger.move(change(claimed)) is False


def test_of_two_movers_one_moves(ledger: DynamoLedger) -> None:
    claimed = won(ledger).after
    assert ledger.move(change(claimed)) is True
    assert ledger.move(change(claimed, S.UNCERTAIN)) is False


def test_a_move_writes_history_decision_and_announcement_or_nothing(
    ledger: DynamoLedger, table: Table
) -> None:
    claimed = won(ledger).after
    told = telling.acted(claimed, a.NOW, "abc")
    record = record_of(other_request(), reason=Reason.BUDGET_FULL)
    assert ledger.move(change(claimed, record=record, told=told)) is True
    assert table.get(f"DECISION#{record.key}") is not None
    assert table.get(f"OUT#{told.key}") is not None
    before = table.all()
    again = change(ledger_incident(ledger, claimed.id), S.VERIFYING, record=record, told=told)
    assert ledger.move(again) is False
    assert table.all() == before


def ledger_incident(ledger: DynamoLedger, incident_id: str) -> Incident:
    found = ledger.incident(incident_id)
    assert isinstance(found, Incident)
    return found


def test_history_tells_every_move_in_order_and_late_notes_where_they_came(ledger: DynamoLedger) -> None:
    claimed = won(ledger).after
    ledger.move(change(claimed, at=a.NOW + SECOND, what="acted"))
    ledger.note(claimed.id, a.NOW + 2 * SECOND, "superseded result: act")
    lines = [line.what for line in ledger.history(claimed.id)]
    assert lines == ["claimed rung 1: restart-service", "acted", "superseded result: act"]


def test_joining_adds_a_member_and_bumps_the_version(ledger: DynamoLedger) -> None:
    claimed = won(ledger).after
    other = other_request()
    assert ledger.join(claimed, other.alarm, record_of(other, reason=Reason.IN_FLIGHT)) is True
    joined = ledger_incident(ledger, claimed.id)
    assert joined.members == (*claimed.members, Member.of(other.alarm))
    assert (joined.state, joined.version) == (claimed.state, claimed.version + 1)
    seen = ledger.look(other)
    assert isinstance(seen.transition, Transition)
    assert seen.transition.incident_id == claimed.id


def test_a_member_that_joins_again_is_one_member(ledger: DynamoLedger) -> None:
    claimed = won(ledger).after
    again = a.request(alarm=a.alarm(since=a.NOW))
    assert ledger.join(claimed, again.alarm, record_of(again, reason=Reason.IN_FLIGHT)) is True
    assert ledger_incident(ledger, claimed.id).members == claimed.members


def test_who_closes_on_the_old_members_loses_to_a_join(ledger: DynamoLedger) -> None:
    claimed = acted(ledger)
    ledger.join(claimed, other_request().alarm, record_of(other_request(), reason=Reason.IN_FLIGHT))
    assert ledger.move(replace(change(claimed), after=over(claimed, S.CLOSED, "OK"))) is False


def test_who_joins_a_closed_incident_loses_and_leaves_no_decision(ledger: DynamoLedger, table: Table) -> None:
    claimed = acted(ledger)
    ledger.move(replace(change(claimed), after=over(claimed, S.CLOSED, "OK")))
    record = record_of(other_request(), reason=Reason.IN_FLIGHT)
    assert ledger.join(claimed, other_request().alarm, record) is False
    assert table.get(f"DECISION#{record.key}") is None


def test_opening_without_an_act_takes_the_target_and_no_slot(ledger: DynamoLedger) -> None:
    incident = waiting_to_climb(ledger)
    view = ledger.look(other_request())
    history = view.scopes[Level.TARGET]
    assert view.incident == incident
    assert isinstance(history, ScopeHistory)
    assert (history.acts, history.incident_id) == ((), incident.id)
    assert view.scopes[Level.STACK] == ABSENT


def test_opening_keeps_the_history_of_the_target(ledger: DynamoLedger) -> None:
    before = acted(ledger)
    ledger.move(replace(change(before), after=over(before, S.PAGED, "why")))
    assert open_another(ledger) is True
    history = ledger.look(a.request()).scopes[Level.TARGET]
    assert isinstance(history, ScopeHistory)
    assert [act.incident_id for act in history.acts] == [before.id]


def open_another(ledger: DynamoLedger) -> bool:
    request = other_request()
    incident = climbing(opened(request, a.rules(), a.NOW), 1, a.NOW + MINUTE, "no room")
    return ledger.open(incident, record_of(request, reason=Reason.CEILING_REACHED))


@pytest.mark.parametrize("state", list(IncidentState))
def test_opening_gives_way_to_an_incident_that_came_first(
    ledger: DynamoLedger, table: Table, state: IncidentState
) -> None:
    """Between the look and the opening somebody else may have claimed the target."""
    claim = won(ledger)
    table.change(f"INC#{claim.after.id}", "META", state={"S": state.value})
    assert open_another(ledger) is (state in FREES_TARGET)
    named = ledger.look(a.request()).scopes[Level.TARGET]
    assert isinstance(named, ScopeHistory)
    assert (named.incident_id == claim.after.id) is (state not in FREES_TARGET)


def test_opening_gives_way_when_the_first_incident_cannot_be_read(ledger: DynamoLedger, table: Table) -> None:
    claim = won(ledger)
    table.change(f"INC#{claim.after.id}", "META", state={"S": "odd"})
    assert open_another(ledger) is False


def test_opening_twice_opens_once(ledger: DynamoLedger) -> None:
    waiting_to_climb(ledger)
    incident = climbing(opened(a.request(), a.rules(), a.NOW), 1, a.NOW + MINUTE, "no room")
    assert ledger.open(incident, record_of(a.request(), reason=Reason.CEILING_REACHED)) is False


def test_a_claim_that_saw_the_target_free_loses_to_an_opening(ledger: DynamoLedger) -> None:
    claim = claim_of(ledger, other_request())
    waiting_to_climb(ledger)
    assert ledger.claim(claim).value == "lost"


def test_a_decision_is_kept_once(ledger: DynamoLedger, table: Table) -> None:
    record = record_of(a.request(), reason=Reason.BUDGET_FULL)
    told = telling.of_decision(record, a.TARGET)
    assert told is not None
    assert ledger.record(record, told) is True
    before = table.all()
    assert ledger.record(record, told) is False
    assert table.all() == before
    assert {item["pk"]["S"] for item in before} == {f"DECISION#{record.key}", f"OUT#{told.key}"}


def test_announcements_wait_until_they_are_settled(ledger: DynamoLedger) -> None:
    told = telling.acted(won(ledger).after, a.NOW, "abc")
    ledger.record(record_of(other_request(), reason=Reason.BUDGET_FULL), told)
    assert ledger.unsettled_announcements(a.NOW - SECOND, 10) == []
    assert ledger.unsettled_announcements(a.NOW, 10) == [told]
    ledger.settle_announcement(told.key)
    assert ledger.unsettled_announcements(a.NOW, 10) == []


@pytest.mark.parametrize(
    "stored",
    [
        pytest.param({"S": "{"}, id="no JSON"),
        pytest.param({"S": '{"v":1}'}, id="no announcement"),
        pytest.param({"N": "1"}, id="another type"),
    ],
)
def test_a_damaged_announcement_is_told_as_such_and_blocks_no_other(
    ledger: DynamoLedger, table: Table, stored: dict[str, str]
) -> None:
    told = telling.acted(won(ledger).after, a.NOW, "abc")
    ledger.record(record_of(other_request(), reason=Reason.BUDGET_FULL), told)
    ledger.record(record_of(other_request("b"), reason=Reason.BUDGET_FULL), replace(told, key="broken"))
    table.change("OUT#broken", told=stored)
    found = {one.key: one for one in ledger.unsettled_announcements(a.NOW, 10)}
    assert found[told.key] == told
    assert found["broken"].kind is AnnouncementKind.CRASHED
    assert "OUT#broken" in found["broken"].headline


def test_incidents_are_due_at_their_time_and_no_more_when_they_rest(ledger: DynamoLedger) -> None:
    claimed = acted(ledger)
    due = a.NOW + 4 * MINUTE
    assert ledger.due_incidents(due - SECOND, 10) == []
    assert ledger.due_incidents(due, 10) == [claimed.id]
    ledger.move(replace(change(claimed), after=over(claimed, S.CLOSED, "OK")))
    assert ledger.due_incidents(due, 10) == []


def test_a_look_takes_no_more_than_was_asked_for(ledger: DynamoLedger) -> None:
    told = telling.acted(a.incident(), a.NOW, "abc")
    for name in ("a", "b", "c"):
        ledger.record(record_of(other_request(name), reason=Reason.BUDGET_FULL), replace(told, key=name))
    assert len(ledger.unsettled_announcements(a.NOW, 2)) == 2


def well(**changes: Any) -> Any:
    return a.alarm(state=AlarmState.OK, **changes)


def test_an_ok_is_remembered_and_tells_whose_incident_it_was(ledger: DynamoLedger) -> None:
    claimed = won(ledger).after
    before = ledger.saw(well(since=a.NOW))
    assert before == Transition(a.alarm().since, AlarmState.ALARM, claimed.id)
    assert ledger.look(a.request()).transition == Transition(a.NOW, AlarmState.OK, claimed.id)


def test_an_ok_that_comes_late_does_not_hide_a_newer_alarm(ledger: DynamoLedger) -> None:
    won(ledger)
    ledger.saw(well(since=a.alarm().since - SECOND))
    seen = ledger.look(a.request()).transition
    assert isinstance(seen, Transition)
    assert seen.state is AlarmState.ALARM


def test_an_alarm_never_seen_before_has_no_transition_before(ledger: DynamoLedger) -> None:
    assert ledger.saw(well()) == ABSENT
    assert ledger.look(a.request()).transition == Transition(well().since, AlarmState.OK, "")


def test_a_damaged_transition_is_left_as_it_is(ledger: DynamoLedger, table: Table) -> None:
    table.change(f"ALARM#{a.alarm().arn}", last_transition={"N": "1"}, state={"S": "odd"})
    before = table.all()
    assert isinstance(ledger.saw(well()), Unknown)
    assert table.all() == before
