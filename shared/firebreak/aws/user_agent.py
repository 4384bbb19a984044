"""The incident in the user agent of AWS calls, so that CloudTrail names the incident of each call.

The header is not signed, and every client of a session hears of the incident: none is made again for it.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boto3.session import Session
    from botocore.awsrequest import AWSRequest

# The id comes with a request: only these characters of it are written, which is all that Firebreak's have.
_NOT_ALLOWED = re.compile(r"[^A-Za-z0-9._-]")
LONGEST_ID = 64
HEADER = "User-Agent"


class IncidentUserAgent:
    """Adds `md/firebreak#INCIDENT` to the calls of one session's clients, during the work on an incident.

    The session must not have made its clients yet. Lambda gives a function one event at a time, and the
    threads that it starts belong to that event.
    """

    def __init__(self, session: Session) -> None:
        self._part = ""
        # A client writes the whole header for each attempt, in a handler of the same event.
        session.events.register_last("request-created", self._add)

    @contextmanager
    def naming(self, incident_id: str) -> Iterator[None]:
        """Names that incident in every call until the block ends."""
        self._part = f" md/firebreak#{_NOT_ALLOWED.sub('-', incident_id)[:LONGEST_ID]}"
        try:
            yield
        finally:
            self._part = ""

    def _add(self, request: AWSRequest, **_: object) -> None:
        headers = request.headers
        if self._part and (written := headers.get_all(HEADER)):
            # Powertools writes a second header behind botocore's, and botocore sends the last one.
            del headers[HEADER]
            headers[HEADER] = f"{written[-1]}{self._part}"
