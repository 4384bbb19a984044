"""Any HTTPS webhook: one signed POST for each page (docs/pages.md describes the receiver's check)."""

import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import datetime
from functools import partial
from ssl import SSLContext
from typing import Any
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, HTTPSHandler, Request, build_opener

from firebreak.core.paging.page import Page
from firebreak.paging.channels.sending import EXCHANGE_FAILED, CallTimeout, checked_address, refused, trouble

V = 1


class _NoRedirects(HTTPRedirectHandler):
    """Refuses redirects: a page goes where the policy says, and nowhere that a receiver says."""

    def redirect_request(self, *_: Any) -> None:
        """Returns no request for any redirect: it is raised as a refusal."""


class WebhookChannel:
    """ports.Channel on one address. `secret` reads its signing key, `now` is the time of sending.

    `this_machine` allows an address on this machine.
    """

    def __init__(
        self,
        name: str,
        address: str,
        secret: Callable[[], str],
        *,
        now: Callable[[], datetime],
        call_timeout: CallTimeout,
        tls: SSLContext | None = None,
        this_machine: bool = False,
    ) -> None:
        self._name = name
        self._address = checked_address(name, address, this_machine=this_machine)
        self._secret = secret
        self._now = now
        self._call_timeout = call_timeout
        self._opener = build_opener(_NoRedirects, HTTPSHandler(context=tls))

    def send(self, page: Page, ref: str) -> str:  # noqa: ARG002  # for channels with a thread of their own
        """Posts one page; returns no reference, for a webhook knows a thread only by its name in the page."""
        body = body_of(page)
        timestamp = str(int(self._now().timestamp()))
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "firebreak",
            "Firebreak-Timestamp": timestamp,
            "Firebreak-Signature": signature(self._secret(), timestamp, body),
        }
        # The scheme was checked in the constructor.
        request = Request(self._address, data=body, headers=headers, method="POST")  # noqa: S310
        self._call_timeout.send(self._name, partial(self._post, request))
        return ""

    def show(self, ref: str, picture: bytes) -> None:
        """A webhook carries no picture."""

    def _post(self, request: Request) -> None:
        try:
            # With a 2xx the page was taken, with any body.
            self._opener.open(request, timeout=self._call_timeout.seconds).close()
        except HTTPError as error:
            error.close()
            raise refused(self._name, error.code, error.headers.get("Retry-After", "")) from None
        except EXCHANGE_FAILED as error:
            raise trouble(self._name, error) from None


def body_of(page: Page) -> bytes:
    """The page as the body of the POST."""
    wire = {
        "v": V,
        "thread": page.thread,
        "phase": page.phase.value,
        "severity": page.severity.value,
        "subject": page.subject,
        "body": page.body,
        "source": page.source,
        "at": page.at.isoformat(),
        "links": [{"text": word, "href": address} for word, address in page.links],
    }
    return json.dumps(wire, separators=(",", ":")).encode()


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """The signature over the body and the time (epoch seconds): proof that the sender knows the secret."""
    signed = timestamp.encode() + b"." + body
    return f"v1={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}"
