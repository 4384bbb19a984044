"""Firebreak's own event bus."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from firebreak.aws.translate import translated
from firebreak.core.messages.announcement import Announcement
from firebreak.core.model import CallerProof, OwnEvent
from firebreak.core.paging.page_tests import PageTestRequest
from firebreak.errors import Unavailable
from firebreak.wire.announcements import announcement_to_wire
from firebreak.wire.page_tests import PAGE_TEST, page_test_to_wire
from firebreak.wire.requests import (
    ANNOUNCEMENT,
    HUMAN_ANNOUNCEMENT,
    OWN_SOURCE,
    ROUTED_ALARM,
    detail_type_of,
    request_detail,
    request_hash,
    routed_alarm,
    with_proof,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from types_boto3_events import EventBridgeClient


class EventBus:
    """ports.Bus on an EventBridge bus.

    `by_human` is True for the command, which has types of events of its own; `prove` makes the caller's proof
    of a request by its hash.
    """

    def __init__(
        self,
        client: "EventBridgeClient",
        bus_name: str,
        *,
        by_human: bool = False,
        prove: "Callable[[str], CallerProof] | None" = None,
    ) -> None:
        self._client = client
        self._bus_name = bus_name
        self._by_human = by_human
        self._prove = prove

    def announce(self, announcement: Announcement) -> None:
        """Puts an announcement on the bus."""
        detail_type = HUMAN_ANNOUNCEMENT if self._by_human else ANNOUNCEMENT
        self._put(detail_type, announcement_to_wire(announcement))

    def ask(self, request: OwnEvent) -> None:
        """Puts a request for its action's function on the bus."""
        detail = request_detail(request)
        if self._prove:
            detail = with_proof(detail, self._prove(request_hash(detail)))
        self._put(detail_type_of(request, by_human=self._by_human), detail)

    def route(self, function: str, event: Mapping[str, object], tags: Mapping[str, str]) -> None:
        """Puts an alarm's event on the bus for the function that its live tags name."""
        self._put(ROUTED_ALARM, routed_alarm(function, event, tags))

    def test_page(self, request: PageTestRequest) -> None:
        """Puts a request for a test page on the bus."""
        self._put(PAGE_TEST, page_test_to_wire(request))

    def _put(self, detail_type: str, detail: object) -> None:
        with translated("PutEvents", mutates=False):
            reply = self._client.put_events(
                Entries=[
                    {
                        "EventBusName": self._bus_name,
                        "Source": OWN_SOURCE,
                        "DetailType": detail_type,
                        "Detail": json.dumps(detail),
                    }
                ]
            )
        # PutEvents answers 200 even where single entries failed.
        if reply["FailedEntryCount"]:
            raise Unavailable("PutEvents", str(reply["Entries"][0].get("ErrorCode", "unknown")))
