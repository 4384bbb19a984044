"""Diagnostics in the ledger: an item of their own, of version 1, that every later release reads."""

from datetime import timedelta

import pytest

from firebreak.core.diagnostics import Diagnostics, MetricPicture, Point, Section
from firebreak.core.readings import ABSENT, NotRead, Reading, Unknown
from firebreak.ledger.diagnostics import DynamoDiagnostics, diagnostics_item, read_diagnostics
from firebreak.ledger.dynamodb import DynamoLedger
from firebreak.ledger.items import DamagedItem, Item
from firebreak.ledger.retention import INCIDENT_KEPT
from tests.ledger.tables import Table
from tests.support import builders as a

FOUND = Diagnostics(
    incident_id="i-eb33ec2735",
    rung=1,
    at=a.NOW,
    sections=(
        Section("last log lines", ("api 1a2b3c4d:", "out of memory")),
        Section("stopped tasks", ()),
        Section("deployments", ABSENT),
        Section("events", Unknown("DescribeServices: Throttled")),
        Section("picture", NotRead("the act had no time left for it")),
        Section(
            "metric of the alarm",
            MetricPicture(
                name="CPUUtilization",
                statistic="Average",
                period=timedelta(minutes=1),
                threshold=80.0,
                points=(Point(a.NOW - timedelta(minutes=1), 12.5), Point(a.NOW, 99.0)),
            ),
        ),
    ),
)
GOLDEN = (
    '[{"lines":["api 1a2b3c4d:","out of memory"],"source":"last log lines","state":"read"},'
    '{"lines":[],"source":"stopped tasks","state":"read"},'
    '{"source":"deployments","state":"absent"},'
    '{"source":"events","state":"unknown","why":"DescribeServices: Throttled"},'
    '{"source":"picture","state":"not_read","why":"the act had no time left for it"},'
    '{"metric":{"name":"CPUUtilization","period":60,"points":[[1795168770000,12.5],[1795168830000,99.0]],'
    '"statistic":"Average","threshold":80.0},"source":"metric of the alarm","state":"metric"}]'
)


@pytest.fixture
def store(table: Table) -> DynamoDiagnostics:
    return DynamoDiagnostics(table.client, table.name)


def test_they_are_read_as_they_were_kept_oldest_first(store: DynamoDiagnostics) -> None:
    earlier = Diagnostics(incident_id=FOUND.incident_id, rung=0, at=a.NOW - timedelta(minutes=9), sections=())
    store.keep(FOUND)
    store.keep(earlier)
    assert store.of(FOUND.incident_id) == (earlier, FOUND)


def test_an_incident_without_any_has_none(store: DynamoDiagnostics) -> None:
    store.keep(FOUND)
    assert store.of("i-0000000000") == ABSENT


def test_the_item_of_version_1_stays_as_it_is() -> None:
    at = int(a.NOW.timestamp() * 1000)
    item: Item = {
        "pk": {"S": "INC#i-eb33ec2735"},
        "sk": {"S": f"DIAGNOSTICS#01#{at}"},
        "v": {"N": "1"},
        "rung": {"N": "1"},
        "at": {"N": str(at)},
        "sections": {"S": GOLDEN},
        "expires_at": {"N": str(int((a.NOW + INCIDENT_KEPT).timestamp()))},
    }
    assert diagnostics_item(FOUND) == item
    assert read_diagnostics(item) == FOUND


def test_a_state_of_a_newer_release_is_unknown_and_never_empty() -> None:
    item = diagnostics_item(FOUND) | {"sections": {"S": '[{"source":"traces","state":"sampled","depth":3}]'}}
    assert read_diagnostics(item).sections == (Section("traces", Unknown("a newer release wrote it")),)


@pytest.mark.parametrize(
    "sections", ["{}", "[1]", '[{"state":"read"}]', "not json", '[{"source":1,"state":"read"}]']
)
def test_a_damaged_item_says_so(sections: str) -> None:
    with pytest.raises(DamagedItem):
        read_diagnostics(diagnostics_item(FOUND) | {"sections": {"S": sections}})


def test_one_damaged_item_is_unknown_and_no_answer(store: DynamoDiagnostics, table: Table) -> None:
    table.put(diagnostics_item(FOUND) | {"sections": {"S": "[1]"}})
    found: Reading[tuple[Diagnostics, ...]] = store.of(FOUND.incident_id)
    assert isinstance(found, Unknown)


def test_the_history_of_the_incident_does_not_hold_them(store: DynamoDiagnostics, table: Table) -> None:
    store.keep(FOUND)
    assert DynamoLedger(table.client, table.name).history(FOUND.incident_id) == []
