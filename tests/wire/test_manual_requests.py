"""A manual request on the bus: its form, and everything that is refused before it is looked at."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firebreak.core.manual import MOST_DESPITE_FREEZE, MOST_RED, manual_request
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


# --- the override of a freeze

DESPITE = replace(ASKED, despite_freeze="VP on the phone")
RETRY = replace(a.wake(a.alarm(tags={"team": "x"}), by="ana"), despite_freeze="VP on the phone")


def sent(request: OwnEvent, **changes: Any) -> dict[str, Any]:
    return {**json.loads(json.dumps(request_event(request, by_human=True))), **changes}


def detail_of(request: OwnEvent, **changes: Any) -> dict[str, Any]:
    return {**sent(request)["detail"], **changes}


@pytest.mark.parametrize("request_", [DESPITE, RETRY], ids=["act", "retry"])
def test_an_override_survives_the_round_trip_through_the_bus(request_: OwnEvent) -> None:
    assert sent(request_)["detail"]["despite_freeze"] == "VP on the phone"
    assert parse(sent(request_)) == request_


def test_without_an_override_the_form_is_that_of_the_release_before() -> None:
    assert "despite_freeze" not in request_event(ASKED)["detail"]  # type: ignore[operator]  # it is an object


def test_no_request_of_firebreak_itself_overrides_a_freeze() -> None:
    with pytest.raises(UnusableEvent, match="despite_freeze"):
        parse(sent(RETRY, **{"detail-type": "Firebreak Request"}))


@pytest.mark.parametrize(
    ("why", "found"),
    [("   ", "a blank text"), ("x" * (MOST_DESPITE_FREEZE + 1), "501 characters"), (7, "despite_freeze")],
    ids=["blank", "long", "no text"],
)
def test_the_reason_of_an_override_says_something_and_fits_on_a_page(why: object, found: str) -> None:
    with pytest.raises(UnusableEvent, match=found):
        parse(sent(DESPITE, detail=detail_of(DESPITE, despite_freeze=why)))


def test_the_longest_reason_is_read() -> None:
    longest = "x" * MOST_DESPITE_FREEZE
    assert parse(sent(DESPITE, detail=detail_of(DESPITE, despite_freeze=longest))) == replace(
        DESPITE, despite_freeze=longest
    )


def test_the_form_of_an_override_stays_that_of_its_release() -> None:
    """A release before passes the field over, and refuses for the freeze."""
    written = (Path(__file__).parent / "v1" / "retry_despite_a_freeze.json").read_text(encoding="utf-8")
    assert json.loads(written) == sent(RETRY)
    assert parse(json.loads(written)) == RETRY
