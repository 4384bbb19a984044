"""Decisions are kept as long as the stack's parameter says, and everything that explains them longer."""

from dataclasses import replace
from datetime import timedelta

import pytest

from firebreak.core.incident.states import IncidentState
from firebreak.core.ledger import ClaimResult
from firebreak.core.reasons import Reason
from firebreak.ledger.dynamodb import DynamoLedger
from firebreak.ledger.incident_items import incident_item
from firebreak.ledger.items import decision_item, expires
from firebreak.ledger.retention import (
    DECISION_KEPT,
    HEARTBEAT_KEPT,
    INCIDENT_KEPT,
    RUNG_KEPT,
    USUAL,
    Retention,
)
from firebreak.settings import FEWEST_DAYS, MOST_DAYS
from tests.contracts.template import template
from tests.ledger.claiming import claim_of
from tests.ledger.tables import Table
from tests.ledger.test_items import DECIDED
from tests.support import builders as a

YEARS = Retention(decisions=timedelta(days=MOST_DAYS), build="0123456789ab")


def test_without_the_parameter_everything_is_kept_as_long_as_before() -> None:
    assert (USUAL.decisions, USUAL.incidents, USUAL.rungs) == (DECISION_KEPT, INCIDENT_KEPT, RUNG_KEPT)
    assert timedelta(days=FEWEST_DAYS) == DECISION_KEPT


@pytest.mark.parametrize("days", [FEWEST_DAYS, 365, MOST_DAYS])
def test_an_incident_outlives_its_decisions_and_a_rung_its_incident(days: int) -> None:
    kept = Retention(decisions=timedelta(days=days))
    assert kept.decisions < kept.incidents < kept.rungs


def test_the_parameter_has_the_bounds_of_the_functions() -> None:
    parameter = template()["Parameters"]["DecisionRetentionInDays"]
    assert (parameter["Default"], parameter["MinValue"], parameter["MaxValue"]) == (
        FEWEST_DAYS,
        FEWEST_DAYS,
        MOST_DAYS,
    )


def test_a_heartbeat_is_kept_for_a_day_however_long_decisions_are() -> None:
    beat = replace(DECIDED, decision=replace(DECIDED.decision, reason=Reason.HEARTBEAT))
    assert decision_item(beat, YEARS)["expires_at"] == expires(a.NOW + HEARTBEAT_KEPT)
    assert decision_item(DECIDED, YEARS)["expires_at"] == expires(a.NOW + YEARS.decisions)


def test_an_open_incident_has_no_end_and_an_ended_one_the_longer_one() -> None:
    ended = a.incident(IncidentState.CLOSED)
    assert "expires_at" not in incident_item(a.incident(IncidentState.VERIFYING), YEARS)
    assert incident_item(ended, YEARS)["expires_at"] == expires(ended.opened_at + YEARS.incidents)


def test_a_claim_writes_every_end_by_the_parameter_and_the_build_that_decided(table: Table) -> None:
    ledger = DynamoLedger(table.client, table.name, retention=YEARS)
    claim = claim_of(ledger)
    assert ledger.claim(claim) is ClaimResult.WON

    ends = {item["pk"]["S"].split("#")[0]: item["expires_at"] for item in table.all() if "expires_at" in item}
    assert ends["DECISION"] == expires(claim.record.at + YEARS.decisions)
    assert ends["RUNG"] == expires(claim.at + YEARS.rungs)
    assert ends["INC"] == expires(claim.at + YEARS.incidents), "of its history: it is open itself"
    stored = table.get(f"DECISION#{claim.record.key}")
    assert stored
    assert stored["build"] == {"S": YEARS.build}
