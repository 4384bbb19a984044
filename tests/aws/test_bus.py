"""The bus: a published event can be read at the other end, and a failed entry is a failure."""

import json
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from firebreak.aws.bus import EventBus
from firebreak.aws.clients import reader
from firebreak.core.incident.own_requests import request_of
from firebreak.core.incident.states import IncidentState
from firebreak.core.messages import incident_messages
from firebreak.errors import AwsError, Denied, Throttled, Unavailable
from firebreak.intake import alarm_events
from firebreak.wire.announcements import announcement_from_wire
from firebreak.wire.requests import request_from_event
from tests.support import builders as a
from tests.support.faults import CONNECT_TIMEOUT, READ_TIMEOUT, answer

MESSAGE = incident_messages.acted(a.incident(), a.NOW)
CLIMB = request_of(a.incident(IncidentState.CLIMBING), a.NOW)


class Recorder:
    """A bus that keeps its entries, and may fail them one by one or all at once."""

    def __init__(self, code: str = "", error: Exception | None = None) -> None:
        self.entries: list[dict[str, Any]] = []
        self.code, self.error = code, error

    def put_events(self, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 - AWS's name
        self.entries += Entries
        if self.error:
            raise self.error
        entry = {"ErrorCode": self.code} if self.code else {"EventId": "1"}
        return {"FailedEntryCount": 1 if self.code else 0, "Entries": [entry]}


def bus(client: Any) -> EventBus:
    return EventBus(client, "firebreak")


def test_an_announcement_arrives_as_it_was() -> None:
    client = Recorder()
    bus(client).announce(MESSAGE)
    (entry,) = client.entries
    assert announcement_from_wire(json.loads(entry["Detail"])) == MESSAGE
    assert (entry["EventBusName"], entry["Source"]) == ("firebreak", "firebreak")
    assert entry["DetailType"] == "Firebreak Announcement"


def test_a_request_arrives_as_it_was_made() -> None:
    client = Recorder()
    bus(client).ask(CLIMB)
    (entry,) = client.entries
    event = {
        "source": entry["Source"],
        "detail-type": entry["DetailType"],
        "detail": json.loads(entry["Detail"]),
    }
    assert request_from_event(event) == CLIMB
    assert alarm_events.parse(event) == replace(CLIMB, alarm=replace(CLIMB.alarm, tags={}))


def test_events_that_the_command_puts_on_the_bus_have_types_of_their_own() -> None:
    client = Recorder()
    humans = EventBus(client, "firebreak", by_human=True)  # type: ignore[arg-type]  # records what is put
    humans.announce(MESSAGE)
    humans.ask(replace(CLIMB, by="ana"))
    found = [entry["DetailType"] for entry in client.entries]
    assert found == ["Firebreak Human Announcement", "Firebreak Human Request"]


def test_a_failed_entry_inside_a_good_answer_is_a_failure() -> None:
    with pytest.raises(Unavailable, match="InternalFailure"):
        bus(Recorder(code="InternalFailure")).announce(MESSAGE)


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        pytest.param(answer("AccessDeniedException", 400, "PutEvents"), Denied, id="denied"),
        pytest.param(answer("ThrottlingException", 400, "PutEvents"), Throttled, id="throttled"),
        pytest.param(answer("InternalException", 500, "PutEvents"), Unavailable, id="500"),
        pytest.param(CONNECT_TIMEOUT, Unavailable, id="no connection"),
        pytest.param(READ_TIMEOUT, Unavailable, id="reply lost: handing it over again does no harm"),
    ],
)
@pytest.mark.parametrize(
    "call", [lambda b: b.announce(MESSAGE), lambda b: b.ask(CLIMB)], ids=["announce", "ask"]
)
def test_a_bus_that_does_not_take_it_raises(call: Any, error: Exception, meaning: type[AwsError]) -> None:
    with pytest.raises(meaning):
        call(bus(Recorder(error=error)))


def test_botocore_accepts_the_request() -> None:
    client = reader(boto3.session.Session(region_name=a.REGION), "events")
    with Stubber(client) as stub:
        stub.add_response("put_events", {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]})
        bus(client).announce(MESSAGE)
        stub.assert_no_pending_responses()
