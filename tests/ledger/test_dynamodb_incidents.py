"""Incidents in the ledger: moved only from where they were read, joined or closed but never both."""

from dataclasses import replace
from typing import Any

import pytest

from firebreak.core.incident.states import FREES_TARGET, IncidentState
from firebreak.core.limits.history import ScopeHistory
from firebreak.core.limits.scopes import Level
from firebreak.core.messages import incident_messages
from firebreak.core.messages.announcement import AnnouncementKind
from firebreak.core.readings import Unknown
from firebreak.core.reasons import Reason
from firebreak.ledger.dynamodb import DynamoLedger
from tests.ledger.claiming import change, open_another, other_request, record_of, well, won
from tests.ledger.tables import Table
from tests.support import builders as a


@pytest.fixture
def ledger(table: Table) -> DynamoLedger:
    return DynamoLedger(table.client, table.name)


def test_an_incident_of_a_later_version_is_not_overwritten(ledger: DynamoLedger, table: Table) -> None:
    claimed = won(ledger).after
    table.change(f"INC#{claimed.id}", "META", v={"N": "2"})
    assert ledger.move(change(claimed)) is False


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
def test_a_damaged_announcement_is_reported_as_such_and_blocks_no_other(
    ledger: DynamoLedger, table: Table, stored: dict[str, str]
) -> None:
    text = incident_messages.acted(won(ledger).after, a.NOW)
    ledger.record(record_of(other_request(), reason=Reason.BUDGET_FULL), text)
    ledger.record(record_of(other_request("b"), reason=Reason.BUDGET_FULL), replace(text, key="broken"))
    damaged: dict[str, Any] = {"told": stored}
    table.change("OUT#broken", **damaged)
    found = {one.key: one for one in ledger.unsettled_announcements(a.NOW, 10)}
    assert found[text.key] == text
    assert found["broken"].kind is AnnouncementKind.CRASHED
    assert "OUT#broken" in found["broken"].headline


def test_a_damaged_transition_is_left_as_it_is(ledger: DynamoLedger, table: Table) -> None:
    table.change(f"ALARM#{a.alarm().arn}", last_transition={"N": "1"}, state={"S": "odd"})
    before = table.all()
    assert isinstance(ledger.record_transition(well(), a.LATER), Unknown)
    assert table.all() == before
