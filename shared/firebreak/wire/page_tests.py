"""The form of a request for a test page on the bus; schema version 1."""

import re
from datetime import UTC

from firebreak.core.paging.page_tests import PageTestRequest
from firebreak.errors import UnusableEvent
from firebreak.wire.codec import read, read_object, refuse_empty
from firebreak.wire.lenient_json import as_excerpt

PAGE_TEST = "Firebreak Page Test"
V = 1
_ID = re.compile(r"[0-9a-f]{32}")


def page_test_to_wire(request: PageTestRequest) -> dict[str, object]:
    """A request in its form on the bus."""
    return {
        "v": V,
        "id": request.id,
        "channel": request.channel,
        "by": request.by,
        "at": request.at.astimezone(UTC).isoformat(),
    }


def page_test_from_wire(wire: object) -> PageTestRequest:
    """Reads a request. Raises UnusableEvent when it is not one, or is of a later version."""
    data = read_object(wire, "page test")
    if data.get("v") != V:
        raise UnusableEvent(f"page test with schema version {as_excerpt(data.get('v'))}", f"version {V}")
    found = read(PageTestRequest, data, "page test")
    if not _ID.fullmatch(found.id):
        raise UnusableEvent(f"id: {as_excerpt(found.id)}", "32 hexadecimal digits")
    refuse_empty(found.by, "by")
    return found
