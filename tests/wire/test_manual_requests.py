"""A manual request on the bus: its form, and everything that is refused before it is looked at."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firebreak.core.manual import MOST_RED, manual_request
from firebreak.core.model import OwnEvent, RequestKind
from firebreak.errors import UnusableEvent
from firebreak.intake.alarm_events import parse
from firebreak.wire.requests import MANUAL_REQUEST, request_event
from tests.support import builders as a

ASKED = replace(
    manual_request(
        "restart-service", a.TARGET, by="ana", why="stuck", at=a.NOW, red=[a.alarm(tags={"team": "x"})]
    ),
    plan_seen="0" * 32,
)


def event(detail: Mapping[str, Any] = {}, **changes: Any) -> dict[str, Any]:
    sent: Any = json.loads(json.dumps(request_event(ASKED)))
    return {**sent, "detail": {**sent["detail"], **detail}} | changes


def renamed(name: str) -> dict[str, Any]:
    return {**event()["detail"]["alarm"], "name": name}


TEXT = st.text(min_size=1, max_size=40)


@given(TEXT, TEXT, st.lists(st.just(a.alarm()), max_size=3))
@settings(deadline=None)
def test_a_manual_request_survives_the_round_trip_through_the_bus(by: str, why: str, red: list[Any]) -> None:
    asked = replace(
        manual_request("restart-service", a.TARGET, by=by, why=why, at=a.NOW, red=red), plan_seen="x"
    )
    assert parse(json.loads(json.dumps(request_event(asked)))) == asked


def test_it_has_a_type_of_its_own_on_the_bus_so_that_its_right_is_given_by_itself() -> None:
    assert request_event(ASKED)["detail-type"] == "Firebreak Manual Request"
    assert request_event(ASKED, by_human=True)["detail-type"] == "Firebreak Manual Request"


@pytest.mark.parametrize("sent_as", ["Firebreak Request", "Firebreak Human Request"])
def test_who_may_only_approve_may_not_act(sent_as: str) -> None:
    with pytest.raises(UnusableEvent, match="Firebreak Manual Request"):
        parse(event() | {"detail-type": sent_as})


@pytest.mark.parametrize("kind", sorted(set(RequestKind) - {RequestKind.ALARM, RequestKind.MANUAL}))
def test_no_other_request_comes_as_a_manual_one(kind: RequestKind) -> None:
    other = OwnEvent(
        kind=kind,
        action="restart-service",
        incident_id="i-0",
        rung=0,
        attempt=0,
        at=a.NOW,
        alarm=a.alarm(),
        by="x",
    )
    with pytest.raises(UnusableEvent, match="Firebreak Manual Request"):
        parse(request_event(other) | {"detail-type": MANUAL_REQUEST})


@pytest.mark.parametrize(
    ("part", "found"),
    [
        ({"target": ""}, "target: an empty string"),
        ({"by": ""}, "by: an empty string"),
        ({"plan_seen": ""}, "plan_seen: an empty string"),
        ({"incident": "i-0123456789"}, "incident"),
        ({"at": "2026-11-20T11:00:30+00:00"}, "not that of a manual request"),
        ({"alarm": renamed("firebreak-heartbeat")}, "not that of a manual request"),
        ({"red": "api-memory-high"}, "red"),
        ({"red": [event()["detail"]["alarm"]] * (MOST_RED + 1)}, "red: a list of 21 alarms"),
        ({"red": [{"v": 2}]}, "schema version 2"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_part_that_is_missing_or_does_not_fit_is_named(part: dict[str, Any], found: str) -> None:
    with pytest.raises(UnusableEvent, match=found):
        parse(event(part))


def test_an_alarm_is_no_manual_request() -> None:
    alarm = request_event(replace(ASKED, alarm=replace(a.alarm(), since=a.NOW)))
    with pytest.raises(UnusableEvent, match="not that of a manual request"):
        parse(alarm)
