"""The id under which an event is found in logs and traces: its incident's, or its own until there is one."""

import re

from firebreak.wire.lenient_json import mapping
from firebreak.wire.requests import OWN_SOURCE, ROUTED_ALARM

# An incident's id, an event's id, or the key of an announcement. It may come from an event of anybody who
# may put events on the bus, so nothing else is written under that name.
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)

# A report of a failure holds the event of a function, and that may hold the alarm's own event.
_EVENTS_IN_EACH_OTHER = 3


def correlation_id(event: object) -> str:
    """The id that an event names; empty where it names none, as the input of a schedule for many incidents.

    A routed alarm goes under the id of the alarm's own event, as in the function that passed it on, and so
    does a request that is made again without an incident. A failed function's event goes under its own id.
    """
    for _ in range(_EVENTS_IN_EACH_OTHER):
        match event:
            case {"requestContext": _, "requestPayload": failed}:
                event = failed
            case {"source": source, "detail-type": kind, "detail": {"event": routed}} if (
                source == OWN_SOURCE and kind == ROUTED_ALARM
            ):
                event = routed
            case {"source": source, "detail": dict(detail)} if source == OWN_SOURCE:
                alarm = mapping(detail.get("alarm"))
                return _first(detail.get("incident"), detail.get("incident_id"), alarm.get("event_id"), event)
            case _:
                return _first(event)
    return ""


def _first(*named: object) -> str:
    """The first of these that is an id; an event stands for its own."""
    ids = (one.get("id") if isinstance(one, dict) else one for one in named)
    return next((one for one in ids if isinstance(one, str) and _ID.fullmatch(one)), "")
