"""The id that an event names: its incident's, or its own until there is one."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firebreak.intake.correlation import correlation_id
from tests.docs.documents import ROOT

OWN = {"id": "bus-event", "source": "firebreak"}
ALARM = {"id": "alarm-event", "source": "aws.cloudwatch", "detail-type": "CloudWatch Alarm State Change"}


def own(kind: str, **detail: Any) -> dict[str, Any]:
    return {**OWN, "detail-type": kind, "detail": {"v": 1, **detail}}


def failed(payload: object) -> dict[str, Any]:
    return {"requestContext": {"condition": "RetriesExhausted"}, "requestPayload": payload}


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        pytest.param(ALARM, "alarm-event", id="an alarm"),
        pytest.param(own("Firebreak Check", incident="i-1"), "i-1", id="a wake-up of Verify"),
        pytest.param(own("Firebreak Request", incident="i-1"), "i-1", id="a request"),
        pytest.param(own("Firebreak Announcement", incident_id="i-1"), "i-1", id="an announcement"),
        pytest.param(own("Firebreak Announcement", incident_id=""), "bus-event", id="one of no incident"),
        pytest.param(own("Firebreak Routed Alarm", event=ALARM), "alarm-event", id="a routed alarm"),
        pytest.param(
            own("Firebreak Request", incident="", alarm={"event_id": "alarm-event"}),
            "alarm-event",
            id="a wake-up of an alarm that waited",
        ),
        pytest.param(failed(own("Firebreak Request", incident="i-1")), "i-1", id="a failed request"),
        pytest.param(
            failed(own("Firebreak Routed Alarm", event=ALARM)), "alarm-event", id="a failed routed alarm"
        ),
        pytest.param(
            {"source": "firebreak", "detail-type": "Firebreak Sweep", "detail": {"v": 1}}, "", id="a sweep"
        ),
        pytest.param(failed(failed(failed(ALARM))), "", id="failures in each other without an end"),
        pytest.param("a string", "", id="no object"),
        pytest.param(None, "", id="nothing"),
    ],
)
def test_the_id_of(event: object, expected: str) -> None:
    assert correlation_id(event) == expected


@pytest.mark.parametrize("name", ["i-1\nforged line", "x" * 65, '"', "", "a b", 7, None, ["i-1"]])
def test_what_is_no_id_is_not_logged_as_one(name: object) -> None:
    assert correlation_id(own("Firebreak Check", incident=name)) == "bus-event"


@given(st.recursive(st.none() | st.text() | st.integers(), lambda inner: st.dictionaries(st.text(), inner)))
def test_any_event_has_an_id_or_none(event: object) -> None:
    assert isinstance(correlation_id(event), str)


@pytest.mark.parametrize("path", sorted((ROOT / "events").glob("*.json")), ids=lambda path: path.stem)
def test_every_sample_event_can_be_followed_unless_it_has_no_id(path: Any) -> None:
    event = json.loads(path.read_text(encoding="utf-8"))
    assert bool(correlation_id(event)) is ("id" in event or event.get("source") == "firebreak")
