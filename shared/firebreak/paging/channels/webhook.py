"""Any HTTPS webhook: one signed POST a page (docs/pages.md says how a receiver checks it)."""

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
    """A page goes where the policy says, and nowhere that a receiver says."""

    def redirect_request(self, *_: Any) -> None:
        """No request for any redirect: it is raised as the refusal that it is."""


class WebhookChannel:
    """ports.Channel on one address. `secret` reads its signing key, `now` is when it is sent.

    `this_machine` allows an address on this machine.
    """

    def __init__(
        self,
        name: str,
        address: str,
        secret: Callable[[], str],
        *,
        now: Callable[[], datetime],
        patience: CallTimeout,
        tls: SSLContext | None = None,
        this_machine: bool = False,
    ) -> None:
        self._name = name
        self._address = checked_address(name, address, this_machine=this_machine)
        self._secret = secret
        self._now = now
        self._patience = patience
        self._opener = build_opener(_NoRedirects, HTTPSHandler(context=tls))

    def send(self, page: Page, ref: str) -> str:  # noqa: ARG002  # for channels with a thread of their own
        """Post one page; a webhook knows no thread but by its name in the page, so there is no reference."""
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
        self._patience.send(self._name, partial(self._post, request))
        return ""

    def show(self, ref: str, picture: bytes) -> None:
        """A webhook carries no picture."""

    def _post(self, request: Request) -> None:
        try:
            # Whatever a 2xx says, the page was taken.
            self._opener.open(request, timeout=self._patience.seconds).close()
        except HTTPError as error:
            error.close()
            raise refused(self._name, error.code, error.headers.get("Retry-After", "")) from None
        except EXCHANGE_FAILED as error:
            raise trouble(self._name, error) from None


def body_of(page: Page) -> bytes:
    """The page as it is posted."""
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
    """What proves that whoever knows the secret posted this body at that time (epoch seconds)."""
    signed = timestamp.encode() + b"." + body
    return f"v1={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}"
