"""Incidents in the ledger: moved only from where they were read, joined or closed but never both."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from firebreak.aws.ledger import DynamoLedger
from firebreak.core import telling
from firebreak.core.announcement import AnnouncementKind
from firebreak.core.history import ScopeHistory
from firebreak.core.incident import FREES_TARGET, Incident, IncidentState
from firebreak.core.ledger import IncidentChange
from firebreak.core.model import AlarmState
from firebreak.core.opening import climbing, opened
from firebreak.core.readings import Unknown
from firebreak.core.reasons import Reason
from firebreak.core.scopes import Level
from tests import builders as a
from tests.aws.claiming import record_of, won
from tests.aws.conftest import Table

MINUTE = timedelta(minutes=1)
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


def test_an_incident_of_a_later_version_is_not_overwritten(ledger: DynamoLedger, table: Table) -> None:
    claimed = won(ledger).after
    table.change(f"INC#{claimed.id}", "META", v={"N": "2"})
    assert ledger.move(change(claimed)) is False


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
    named = ledger.look(a.request(), a.SCOPES).scopes[a.scope(Level.TARGET)]
    assert isinstance(named, ScopeHistory)
    assert (named.incident_id == claim.after.id) is (state not in FREES_TARGET)


def test_opening_gives_way_when_the_first_incident_cannot_be_read(ledger: DynamoLedger, table: Table) -> None:
    claim = won(ledger)
    table.change(f"INC#{claim.after.id}", "META", state={"S": "odd"})
    assert open_another(ledger) is False


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


def well(**changes: Any) -> Any:
    return a.alarm(state=AlarmState.OK, **changes)


def test_a_damaged_transition_is_left_as_it_is(ledger: DynamoLedger, table: Table) -> None:
    table.change(f"ALARM#{a.alarm().arn}", last_transition={"N": "1"}, state={"S": "odd"})
    before = table.all()
    assert isinstance(ledger.saw(well()), Unknown)
    assert table.all() == before
