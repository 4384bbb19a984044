"""Stored items are a wire format: version 1 still reads, the unknown is ignored, damage is Unknown."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from firebreak.core.decide import decide, refuse
from firebreak.core.decision import Check, Decision, Refuse, Result
from firebreak.core.incident.states import IncidentState, Member
from firebreak.core.ledger import ClaimResult, DecisionRecord, delivery_key, untargeted
from firebreak.core.limits.history import Act, Decided, GroupSize, Hold, Judged, ScopeHistory, Transition
from firebreak.core.limits.scopes import Level
from firebreak.core.limits.storm import RedAlarm, Storm
from firebreak.core.messages.announcement import Announcement, AnnouncementKind
from firebreak.core.model import AlarmState, Receipt, RequestKind, Verdict
from firebreak.core.readings import Unknown
from firebreak.core.reasons import Reason
from firebreak.errors import UnusableEvent
from firebreak.ledger.dynamodb import DynamoLedger
from firebreak.ledger.incident_items import incident_item, read_incident
from firebreak.ledger.items import (
    DamagedItem,
    Fields,
    decision_item,
    read_decided,
    read_holds,
    read_red,
    read_renewed,
    read_scope,
    read_transition,
    read_tripped,
)
from firebreak.ledger.outbox_items import outbox_item
from firebreak.ledger.switches import Switches
from firebreak.wire.announcements import announcement_from_wire
from firebreak.wire.epoch import at_ms, ms
from tests.ledger.claiming import claim_of
from tests.ledger.tables import Table
from tests.support import builders as a

MINUTE = timedelta(minutes=1)
GOLDEN: Mapping[str, Any] = json.loads(
    (Path(__file__).parent.parent / "wire" / "v1" / "items.json").read_text(encoding="utf-8")
)
INCIDENT = a.incident(
    IncidentState.HOLDING,
    rung=1,
    attempt=2,
    action="scale-service",
    healthy_since=a.NOW + MINUTE,
    members=(Member("api-memory-high", a.arn_of("api-memory-high")), Member("fleet", "arn", "5d3e1f0a")),
    plan=replace(a.PLAN, warnings=("image api:latest is not pinned",)),
    receipt=Receipt(summary="deployment 7 began", after={"deployment": "7", "count": 3}),
    note="every alarm of the incident is OK",
)
JOINED = replace(
    INCIDENT, members=(INCIDENT.members[0], replace(INCIDENT.members[1], since=a.NOW + timedelta(seconds=30)))
)
HOLD = Hold("global", "ana", "migration", a.NOW, a.NOW + 60 * MINUTE)
ACT = Act(a.NOW, "i-0123456789", "restart-service", 0)
HISTORY = ScopeHistory(a.scope(Level.TARGET), (ACT,), 3, "i-0123456789")
MESSAGE = Announcement(
    key="63360dbec06a2e956b542e0aca6714c2",
    kind=AnnouncementKind.ACTED,
    at=a.NOW,
    incident_id="i-0123456789",
    action="scale-service",
    headline="desired count is 3",
    facts=("rung 2 of 2", "policy 0123456789ab"),
    next="Firebreak looks at 10:04:30Z whether it helped.",
    alarm_name="api-memory-high",
    alarm_since=a.NOW - MINUTE,
    alarm_description="Memory of the shop's API",
    target="ecs:prod/api",
    account=a.ACCOUNT,
    region=a.REGION,
    rung=1,
)
CHECKS = (
    Check("switch", Result.PASSED, "no kill switch is held"),
    Check("wrong direction", Result.NOT_APPLICABLE, "the alarm's tag names the action"),
    Check("cooldown", Result.OBJECTED, "rest 15m", Reason.COOLDOWN, a.NOW + MINUTE),
)
DECIDED = DecisionRecord(
    key="30c8e0a57c14a5f1cb1c49a4f4f2f1d3",
    at=a.NOW,
    kind=RequestKind.ALARM,
    action="restart-service",
    incident_id="i-0123456789",
    target=a.TARGET.key,
    alarm=a.alarm(),
    decision=Decision(Refuse(), Reason.COOLDOWN, CHECKS, "0123456789ab"),
)


def read_waiting(item: Mapping[str, Any]) -> object:
    return announcement_from_wire(Fields(item).unpack("told"))


JUDGED = replace(ACT, target=a.TARGET.key, judged=Judged(Verdict.NOT_RECOVERED, a.NOW + MINUTE))
SIZED = replace(HISTORY, acts=(JUDGED,), size=GroupSize(12, a.NOW))
FLEET = RedAlarm(a.NOW - MINUTE, f"{a.arn_of('fleet')}#5d3e1f0a", "fleet", "5d3e1f0a")

READERS: dict[str, tuple[Callable[[Any], object], object]] = {
    "scope": (partial(read_scope, a.scope(Level.TARGET)), HISTORY),
    "scope judged": (partial(read_scope, a.scope(Level.TARGET)), SIZED),
    "storm": (read_tripped, a.NOW),
    "red": (read_red, Storm(red=(FLEET,), version=3, last_red_at=a.NOW)),
    "switch": (partial(read_holds, "global"), (HOLD,)),
    "alarm": (read_transition, Transition(a.NOW, AlarmState.ALARM, "i-0123456789")),
    "decision": (
        read_decided,
        Decided("30c8e0a57c14a5f1cb1c49a4f4f2f1d3", a.NOW, "refuse", "cooldown"),
    ),
    "incident": (read_incident, INCIDENT),
    "incident joined": (read_incident, JOINED),
    "announcement": (read_waiting, MESSAGE),
}


# The attributes of the index by time; items of the releases before lack them.
OPENED = {"listed": {"S": "incident"}, "at": {"N": str(ms(INCIDENT.opened_at))}}
LISTED: dict[str, dict[str, Any]] = {
    "incident": OPENED,
    "incident joined": OPENED,
    "decision": {
        "listed": {"S": "decision"},
        "alarm_name": {"S": a.alarm().name},
        "inputs_left_out": {"S": "no snapshot was taken"},
    },
}


@pytest.mark.parametrize("name", READERS)
def test_an_item_of_version_1_still_reads(name: str) -> None:
    read, expected = READERS[name]
    assert read(GOLDEN[name]) == expected


def test_a_storm_that_an_earlier_release_wrote_was_never_renewed() -> None:
    assert read_renewed(GOLDEN["storm"]) is None
    assert read_renewed({**GOLDEN["storm"], "renewed_at": {"N": str(ms(a.NOW))}}) == a.NOW


@pytest.mark.parametrize("name", READERS)
def test_fields_of_a_later_version_are_ignored(name: str) -> None:
    read, expected = READERS[name]
    later = {**GOLDEN[name], "v": {"N": "2"}, "mood": {"S": "good"}, "more": {"M": {"x": {"N": "1"}}}}
    assert read(later) == expected


@pytest.mark.parametrize(
    ("name", "written"),
    [
        pytest.param("incident", incident_item(INCIDENT), id="incident"),
        pytest.param("incident joined", incident_item(JOINED), id="incident joined"),
        pytest.param("announcement", outbox_item(MESSAGE), id="announcement"),
        pytest.param("decision", decision_item(DECIDED), id="decision"),
    ],
)
def test_items_are_still_written_as_version_1(name: str, written: object) -> None:
    """A change of this format raises the version, and keeps a copy of the old one here."""
    assert written == {**GOLDEN[name], **LISTED.get(name, {})}


DAMAGE: list[Any] = [
    pytest.param(name, field, value, id=f"{name} {field} {what}")
    for name, fields in {
        "scope": ("version", "acts", "incident"),
        "scope judged": ("size", "counted_at"),
        "storm": ("tripped_at",),
        "red": ("version", "last_red_at"),
        "switch": ("held_until", "holders"),
        "alarm": ("last_transition", "state", "incident"),
        "decision": ("at", "outcome", "reason"),
        "incident": (
            "version",
            "state",
            "rung",
            "attempt",
            "action",
            "target",
            "ladder",
            "alarm",
            "members",
            "opened_at",
            "plan",
            "receipt",
            "act_by",
            "due_at",
        ),
        "incident joined": ("members_since",),
        "announcement": ("told",),
    }.items()
    for field in fields
    for what, value in {
        "of another type": {"BOOL": True},
        "that is no value": {"S": "\\odd"},
        "out of all bounds": {"N": "9" * 30},
        "that is JSON of another shape": {"S": '[{"x":1}]'},
        "that is JSON null": {"S": "null"},
        "that is a list of another length": {"S": "[1795168860000]"},
        "that is out of all bounds in JSON": {"S": f"[null,{'9' * 400}]"},
    }.items()
]


@pytest.mark.parametrize(("name", "field", "value"), DAMAGE)
def test_damage_is_an_error_or_reads_as_what_it_says_but_never_crashes_or_reads_as_nothing(
    name: str, field: str, value: dict[str, Any]
) -> None:
    read, expected = READERS[name]
    try:
        found = read({**GOLDEN[name], field: value})
    except (DamagedItem, UnusableEvent):
        return
    stored = {"S", "N"} & GOLDEN[name][field].keys() & value.keys()
    assert stored, "a field of another type was read as if it were there"
    assert found != expected


@pytest.mark.parametrize(
    ("name", "field"),
    [
        pytest.param(name, field, id=f"{name} {field}")
        for name, fields in {
            "scope": ("version", "acts"),
            "switch": ("held_until", "holders"),
            "alarm": ("last_transition", "state"),
            "decision": ("at", "outcome", "reason"),
            "incident": (
                "version",
                "state",
                "rung",
                "attempt",
                "action",
                "target",
                "ladder",
                "alarm",
                "members",
            ),
            "announcement": ("told",),
        }.items()
        for field in fields
    ],
)
def test_a_field_that_is_needed_and_missing_is_damage(name: str, field: str) -> None:
    read, _ = READERS[name]
    item = {key: value for key, value in GOLDEN[name].items() if key != field}
    with pytest.raises((DamagedItem, UnusableEvent)):
        read(item)


@pytest.mark.parametrize(
    "entry", [{"S": "x"}, {"M": {}}, {"M": {"at": {"N": "x"}}}], ids=["text", "empty", "at"]
)
def test_a_damaged_slot_is_not_a_free_one(entry: dict[str, Any]) -> None:
    item = {**GOLDEN["scope"], "acts": {"M": {"i-1:0": entry}}}
    with pytest.raises(DamagedItem):
        read_scope(a.scope(Level.TARGET), item)


@pytest.mark.parametrize(
    "entry", [{"S": "x"}, {"M": {}}, {"M": {"until": {"N": "x"}}}], ids=["text", "empty", "until"]
)
def test_a_damaged_holder_is_not_nobody(entry: dict[str, Any]) -> None:
    item = {**GOLDEN["switch"], "holders": {"M": {"ana": entry}}}
    with pytest.raises(DamagedItem):
        read_holds("global", item)


PLACES = {
    "scope": (f"SCOPE#target#{a.TARGET.key}", "-"),
    "group scope": (f"SCOPE#group#{a.TARGET.group_key}", "-"),
    "action scope": (f"SCOPE#action#{a.scope(Level.ACTION).key}", "-"),
    "stack scope": ("SCOPE#stack#all", "-"),
    "switch": ("SWITCH#global", "-"),
    "target switch": (f"SWITCH#target#{a.TARGET.key}", "-"),
    "alarm": (f"ALARM#{a.alarm().arn}", "-"),
    "decision": (f"DECISION#{delivery_key(a.request())}", "-"),
    "storm": ("STORM", "-"),
    "red alarms": ("STORM", "RED"),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_damaged_item_is_unknown_to_the_decision_and_stops_a_claim(table: Table, place: str) -> None:
    pk, sk = PLACES[place]
    table.change(pk, sk, odd={"S": "nothing that belongs here"})
    ledger = DynamoLedger(table.client, table.name)
    claim = claim_of(ledger)
    seen = claim.seen
    readings = [seen.holds, seen.decided, seen.transition, seen.incident, seen.storm, *seen.scopes.values()]
    assert any(isinstance(reading, Unknown) for reading in readings)
    if place not in {
        "alarm",
        "storm",
        "red alarms",
    }:  # nothing there to compare with but the guard, which could not look
        assert ledger.claim(claim) is ClaimResult.LOST
    live = a.snapshot(
        holds=seen.holds,
        decided=seen.decided,
        transition=seen.transition,
        incident=seen.incident,
        dependency_incidents=seen.dependency_incidents,
        scopes=seen.scopes,
        storm=seen.storm,
    )
    assert decide(a.request(), a.rules(), live).word == "refuse"


def test_a_damaged_incident_is_unknown(table: Table) -> None:
    table.put({**GOLDEN["incident"], "alarm": {"S": "{}"}})
    found = DynamoLedger(table.client, table.name).incident("i-0123456789")
    assert isinstance(found, Unknown)
    assert "damaged" in found.why


def test_the_golden_items_are_read_through_the_ledger_as_well(table: Table) -> None:
    for name, item in GOLDEN.items():
        if name not in {"scope judged", "incident joined"}:  # the same places, in their later form
            table.put(item)
    view = DynamoLedger(table.client, table.name).look(a.request(), a.SCOPES)
    assert (view.incident, view.holds, view.scopes[a.scope(Level.TARGET)]) == (INCIDENT, (HOLD,), HISTORY)
    assert view.storm == Storm(red=(FLEET,), version=3, tripped_at=a.NOW, last_red_at=a.NOW)
    assert Switches(table.client, table.name).held() == [HOLD]


@pytest.mark.parametrize("milliseconds", [0, 1, 1795168830001, 1795168830999, 253402300799000])
def test_times_survive_to_the_millisecond(milliseconds: int) -> None:
    assert ms(at_ms(milliseconds)) == milliseconds


def test_a_decision_keeps_the_name_of_the_human_who_asked() -> None:
    assert decision_item(replace(DECIDED, by="ana"))["by"] == {"S": "ana"}
    assert "by" not in decision_item(DECIDED)


@pytest.mark.parametrize(
    ("reason", "days"),
    [(Reason.HEARTBEAT, 1), (Reason.HEARTBEAT_BLIND, 1), (Reason.NOT_IN_ALARM, 90), (Reason.BUDGET_FULL, 90)],
)
def test_a_decision_is_kept_for_90_days_and_a_heartbeat_for_one(reason: Reason, days: int) -> None:
    item = decision_item(untargeted("k", a.alarm(), "restart-service", refuse(reason, "why"), a.NOW))
    assert item["expires_at"] == {"N": str(int(a.NOW.timestamp()) + days * 86_400)}
