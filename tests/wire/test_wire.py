import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firebreak.core.evaluation import EvaluatedPoint, Evaluation
from firebreak.core.model import (
    Alarm,
    AlarmKind,
    AlarmState,
    CallerProof,
    Contributor,
    Metric,
    Mute,
    OwnEvent,
    RequestKind,
)
from firebreak.errors import UnusableEvent
from firebreak.intake.alarm_events import parse
from firebreak.wire.reason_data import MOST_POINTS
from firebreak.wire.requests import (
    alarm_from_wire,
    alarm_to_wire,
    request_detail,
    request_event,
    request_from_event,
    request_hash,
    with_proof,
)

V1 = Path(__file__).parent / "v1"

FULL = Alarm(
    arn="arn:aws:cloudwatch:eu-west-1:111122223333:alarm:fleet-memory-high",
    name="fleet-memory-high",
    account="111122223333",
    region="eu-west-1",
    kind=AlarmKind.CONTRIBUTOR,
    state=AlarmState.ALARM,
    since=datetime(2026, 11, 20, 10, 0, 0, 412_000, tzinfo=UTC),
    sent_at=datetime(2026, 11, 20, 10, 0, 1, tzinfo=UTC),
    previous=AlarmState.INSUFFICIENT_DATA,
    metrics=(Metric("AWS/ECS", "MemoryUtilization", {"ClusterName": "prod"}, "111122223333"),),
    contributor=Contributor("5d3e1f0a9c2b4e77", {"ClusterName": "prod", "ServiceName": "api"}),
    children=("prod-api-memory-high",),
    tags={"firebreak:action": "restart-service"},
    tags_lost=True,
    mute=Mute(
        "arn:aws:cloudwatch:eu-west-1:111122223333:alarm-mute-rule:friday",
        datetime(2026, 11, 20, 11, tzinfo=UTC),
    ),
    suppressed_by="WaitPeriod",
    description="Memory is high.",
    reason="Threshold Crossed.",
    event_id="0d3f3c2e-8a53-5e0b-9a0f-1c5f8c1b2a3d",
)
REQUEST = OwnEvent(
    kind=RequestKind.APPROVAL,
    action="restart-service",
    incident_id="inc-1",
    rung=1,
    attempt=2,
    at=datetime(2026, 11, 20, 10, 2, tzinfo=UTC),
    alarm=FULL,
    by="alex@example.com",
)

# Every golden payload and every request here is JSON of a known shape.
type Json = Any


def golden(name: str) -> Json:
    return json.loads((V1 / f"{name}.json").read_text(encoding="utf-8"))


TEXT = st.text(max_size=10)
TEXTS = st.dictionaries(TEXT, TEXT, max_size=3)
TIMES = st.datetimes(timezones=st.just(UTC))
ALARMS = st.builds(
    Alarm,
    arn=TEXT,
    name=st.text(min_size=1, max_size=10),
    account=TEXT,
    region=TEXT,
    kind=st.sampled_from(AlarmKind),
    state=st.sampled_from(AlarmState),
    since=TIMES,
    sent_at=TIMES,
    previous=st.none() | st.sampled_from(AlarmState),
    metrics=st.lists(st.builds(Metric, TEXT, TEXT, TEXTS, TEXT), max_size=3).map(tuple),
    contributor=st.none() | st.builds(Contributor, st.text(min_size=1, max_size=5), TEXTS),
    children=st.lists(TEXT, max_size=3).map(tuple),
    tags=TEXTS,
    tags_lost=st.booleans(),
    mute=st.none() | st.builds(Mute, TEXT, st.none() | TIMES),
    suppressed_by=TEXT,
    description=TEXT,
    reason=TEXT,
    event_id=TEXT,
)
REQUESTS = st.builds(
    OwnEvent,
    # tests/wire/test_manual_requests.py has the requests without an alarm.
    kind=st.sampled_from(
        [kind for kind in RequestKind if kind not in (RequestKind.ALARM, RequestKind.MANUAL)]
    ),
    action=st.text(min_size=1, max_size=10),
    incident_id=st.text(min_size=1, max_size=10),
    rung=st.integers(0, 50),
    attempt=st.integers(0, 50),
    at=TIMES,
    alarm=ALARMS,
    by=TEXT,
)


@given(ALARMS)
@settings(deadline=None)
def test_an_alarm_survives_the_round_trip_through_json(alarm: Alarm) -> None:
    assert alarm_from_wire(json.loads(json.dumps(alarm_to_wire(alarm)))) == alarm


@given(REQUESTS)
@settings(deadline=None)
def test_a_request_survives_the_round_trip_through_the_bus(request: OwnEvent) -> None:
    assert request_from_event(json.loads(json.dumps(request_event(request)))) == request


def leaves(value: object) -> list[object]:
    if isinstance(value, dict):
        return [*value, *leaves(list(value.values()))]
    if isinstance(value, list):
        return [leaf for inner in value for leaf in leaves(inner)]
    return [value]


@given(ALARMS)
@settings(deadline=None)
def test_the_wire_form_fits_dynamodb(alarm: Alarm) -> None:
    assert {type(leaf) for leaf in leaves(alarm_to_wire(alarm))} <= {str, int, bool}


def test_the_alarm_that_version_1_stored_is_read() -> None:
    assert alarm_from_wire(golden("alarm")) == FULL


def test_the_request_that_version_1_scheduled_is_read() -> None:
    assert request_from_event(golden("request")) == REQUEST


def test_version_1_is_still_what_is_written() -> None:
    written = request_event(REQUEST) | {"detail-type": "Firebreak Request"}  # since then a type of its own
    assert (alarm_to_wire(FULL), written) == (golden("alarm"), golden("request"))


def test_a_version_that_comes_back_from_dynamodb_is_read() -> None:
    assert alarm_from_wire({**golden("alarm"), "v": Decimal(1)}) == FULL


def test_fields_of_a_later_writer_are_ignored() -> None:
    event = golden("request")
    event["detail"]["more"] = {"x": 1}
    event["detail"]["alarm"]["more"] = [1]

    assert request_from_event(event) == REQUEST


def test_a_kind_of_a_later_writer_is_not_understood() -> None:
    assert alarm_from_wire({**golden("alarm"), "kind": "quantum"}) == replace(FULL, kind=AlarmKind.UNKNOWN)


def test_optional_fields_may_be_absent() -> None:
    needed = ("v", "arn", "name", "account", "region", "kind", "state", "since")
    stored = {key: value for key, value in golden("alarm").items() if key in needed}

    alarm = alarm_from_wire(stored)

    assert (alarm.sent_at, alarm.previous, alarm.contributor, alarm.mute) == (FULL.since, None, None, None)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"v": 2}, "alarm with schema version 2"),
        ({"v": 0}, "alarm with schema version 0"),
        ({"v": None}, "alarm with schema version null"),
        ({"v": True}, "alarm with schema version true"),
        ({"name": ""}, "name: an empty string"),
        ({"name": None}, "name: nothing"),
        ({"state": "BROKEN"}, 'state: "BROKEN"'),
        ({"since": "soon"}, 'since: "soon"'),
        ({"since": None}, "since: nothing"),
        ({"sent_at": 5}, "sent_at: a number"),
        ({"previous": "BROKEN"}, 'previous: "BROKEN"'),
        ({"tags": []}, "tags: a list of 0"),
        ({"tags": {"x" * 900: 5}}, "tags: a value of another type"),
        ({"metrics": {}}, "metrics: an object with 0 keys"),
        ({"metrics": ["m"]}, 'metrics[0]: "m"'),
        ({"children": [1]}, "children[0]: a number"),
        ({"contributor": {"attributes": {}}}, "contributor.id: nothing"),
        ({"mute": {"by": "x", "until": "later"}}, 'mute.until: "later"'),
        ({"tags_lost": "yes"}, 'tags_lost: "yes"'),
        # An odd value is never taken for none: the alarm may be muted, or one series of many.
        ({"mute": []}, "mute: a list of 0"),
        ({"mute": 0}, "mute: a number"),
        ({"mute": False}, "mute: false"),
        ({"mute": {"by": "x", "until": 0}}, "mute.until: a number"),
        ({"contributor": []}, "contributor: a list of 0"),
        ({"previous": 0}, "previous: a number"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else value,
)
def test_a_damaged_alarm_is_refused(change: dict[str, object], found: str) -> None:
    with pytest.raises(UnusableEvent) as refusal:
        alarm_from_wire({**golden("alarm"), **change})

    assert refusal.value.found == found


@pytest.mark.parametrize("stored", [None, "text", 5, []], ids=repr)
def test_a_value_that_is_no_object_is_no_alarm(stored: object) -> None:
    with pytest.raises(UnusableEvent, match="expected an object"):
        alarm_from_wire(stored)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"v": 2}, "request with schema version 2"),
        ({"kind": "alarm"}, 'a request of kind "alarm"'),
        ({"kind": "explode"}, 'kind: "explode"'),
        ({"action": None}, "action: nothing"),
        ({"incident": ""}, "incident: an empty string"),
        ({"rung": -1}, "rung: a number below 0"),
        ({"rung": True}, "rung: true"),
        ({"attempt": 1.5}, "attempt: a number"),
        ({"at": "now"}, 'at: "now"'),
        ({"by": 5}, "by: a number"),
        ({"alarm": "x"}, 'alarm: "x"'),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else value,
)
def test_a_damaged_request_is_refused(change: dict[str, object], found: str) -> None:
    event = golden("request")
    event["detail"].update(change)

    with pytest.raises(UnusableEvent) as refusal:
        parse(event)

    assert refusal.value.found == found


@pytest.mark.parametrize("missing", ["v", "kind", "action", "incident", "rung", "attempt", "at", "alarm"])
def test_a_request_needs_its_fields(missing: str) -> None:
    event = golden("request")
    del event["detail"][missing]

    with pytest.raises(UnusableEvent):
        parse(event)


def test_another_event_from_our_source_is_refused() -> None:
    with pytest.raises(UnusableEvent) as refusal:
        parse({"source": "firebreak", "detail-type": "Firebreak Announcement", "detail": {"v": 1}})

    assert refusal.value.found == 'detail-type "Firebreak Announcement" from source "firebreak"'


def test_the_envelope_is_the_agreed_one() -> None:
    event = cast("Json", request_event(REQUEST))

    assert (event["source"], event["detail-type"]) == ("firebreak", "Firebreak Human Request")
    assert sorted(event["detail"]) == sorted(
        ["v", "kind", "action", "incident", "rung", "attempt", "at", "by", "alarm"]
    )


def test_an_alarm_of_the_release_before_has_no_evaluation_which_is_not_known() -> None:
    assert alarm_from_wire(golden("alarm")).evaluation is None


def test_an_alarm_with_an_evaluation_survives_and_stays_small() -> None:
    points = tuple(EvaluatedPoint(FULL.since, 96.1, 85.0) for _ in range(MOST_POINTS))
    values = (96.1,) * MOST_POINTS
    evaluation = Evaluation(query_date=FULL.since, period=60, values=values, evaluated=points, present=30)
    alarm = replace(FULL, evaluation=evaluation)

    stored = json.dumps(alarm_to_wire(alarm))

    assert alarm_from_wire(json.loads(stored)) == alarm
    assert len(stored) < 6_000


@given(REQUESTS, st.data())
def test_every_part_of_a_request_is_part_of_its_hash(request: OwnEvent, data: st.DataObject) -> None:
    detail = request_detail(request)
    name = data.draw(st.sampled_from(sorted(detail)))
    changed = {**detail, name: f"{detail[name]}."}

    assert request_hash(detail) == request_hash(dict(reversed(detail.items())))
    assert request_hash({**detail, "new": "part"}) != request_hash(detail)
    assert request_hash(changed) != request_hash(detail)


@given(REQUESTS)
def test_a_proof_comes_with_the_hash_of_the_request_that_it_came_with(request: OwnEvent) -> None:
    proof = CallerProof(request="not sent", authorization="AWS4 ...", date="20261120T100000Z", token="t")
    detail = request_detail(request)
    event = {**request_event(request), "detail": json.loads(json.dumps(with_proof(detail, proof)))}

    read = request_from_event(event)

    assert read.proof == replace(proof, request=request_hash(detail))
    assert replace(read, proof=None) == request


@pytest.mark.parametrize("proof", [None, "text", [], {}, {"authorization": 1, "date": "", "token": ""}])
def test_a_proof_of_another_shape_is_refused_by_name(proof: object) -> None:
    event = request_event(REQUEST)
    with pytest.raises(UnusableEvent, match=r"proof|authorization"):
        request_from_event({**event, "detail": {**request_detail(REQUEST), "proof": proof}})


def test_an_event_cannot_say_of_itself_that_aws_confirmed_its_sender() -> None:
    event = request_event(REQUEST)
    read = request_from_event({**event, "detail": {**request_detail(REQUEST), "verified": True}})
    assert not read.verified
