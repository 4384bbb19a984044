"""Slack by its Web API and its official SDK: one message a thread of pages, and its thread.

The first page is posted. Each later one renews that message, so that it always shows the present
state, and is also posted in the thread below it; a page that calls a human again is shown in the channel
too. If Slack does not renew a message (deleted, or another app's), the page is posted as a new one.
"""

import logging
import re
from collections.abc import Callable
from functools import partial
from ssl import SSLContext
from typing import Any
from urllib.error import HTTPError

from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.client import WebClient
from slack_sdk.web.slack_response import SlackResponse

from firebreak.core.paging.page import Page, Phase
from firebreak.paging.channels.sending import (
    EXCHANGE_FAILED,
    NOT_AS_EXPECTED,
    PAUSE,
    SUCCESS,
    CallTimeout,
    NotTaken,
    checked_address,
    refused,
    trouble,
    unreadable,
)
from firebreak.paging.channels.slack_message import message_of

# Slack's errors about itself and not about the request (docs.slack.dev/reference/methods/chat.postMessage).
ITS_OWN_TROUBLE = frozenset({"fatal_error", "internal_error", "request_timeout", "service_unavailable"})
RATE_LIMITED = frozenset({"rate_limited", "ratelimited"})

_WORD = re.compile(r"[a-z][a-z0-9_]{0,63}")
_REFERENCE = re.compile(r"(?P<channel>[A-Z0-9]{1,64}):(?P<ts>\d{1,20}\.\d{1,20})", re.ASCII)

# The SDK writes whole requests to its log at level DEBUG, and an unset level counts as DEBUG.
_SILENT = logging.Logger("firebreak.slack", level=logging.CRITICAL)


class SlackChannel:
    """ports.Channel on one Slack channel (`to` is its id). `secret` reads the bot's token."""

    def __init__(
        self,
        name: str,
        to: str,
        secret: Callable[[], str],
        *,
        call_timeout: CallTimeout,
        address: str,
        tls: SSLContext | None = None,
    ) -> None:
        self._name = name
        self._to = to
        self._secret = secret
        self._call_timeout = call_timeout
        # The policy does not choose this address, so a receiver under test may be on this machine.
        self._address = checked_address(name, address, this_machine=True)
        self._tls = tls

    def send(self, page: Page, ref: str) -> str:
        """Posts the page, or renews its thread's message and replies below it; returns `channel:ts`."""
        client, message = self._client(), message_of(page)
        if (place := _REFERENCE.fullmatch(ref)) and self._renewed(client, place, message):
            self._call(
                client.chat_postMessage,
                channel=place["channel"],
                thread_ts=place["ts"],
                reply_broadcast=page.phase is Phase.TRIGGER,
                **_QUIET,
                **message,
            )
            return ref
        return _reference(self._call(client.chat_postMessage, channel=self._to, **_QUIET, **message))

    def show(self, ref: str, picture: bytes) -> None:
        """Adds the picture to the thread. One try, and no more time for it than for one call of a page."""
        if not (place := _REFERENCE.fullmatch(ref)):
            return
        upload = partial(
            self._client().files_upload_v2,
            channel=place["channel"],
            thread_ts=place["ts"],
            file=picture,
            filename="metric.png",
            title="Metric",
            alt_txt="The alarm's metric over time",
        )
        self._call_timeout.once(self._name, partial(self._once, upload))

    def _client(self) -> WebClient:
        return WebClient(
            token=self._secret(),
            base_url=self._address,
            timeout=self._call_timeout.seconds,  # type: ignore[arg-type]  # urllib takes fractions as well
            ssl=self._tls,
            logger=_SILENT,
            retry_handlers=[],
        )

    def _renewed(self, client: WebClient, place: re.Match[str], message: dict[str, Any]) -> bool:
        try:
            self._call(client.chat_update, channel=place["channel"], ts=place["ts"], **message)
        except NotTaken as error:
            if error.retryable:
                raise
            return False
        return True

    def _call(self, method: Callable[..., SlackResponse], **arguments: Any) -> SlackResponse:
        return self._call_timeout.send(self._name, partial(self._once, partial(method, **arguments)))

    def _once(self, call: Callable[[], SlackResponse]) -> SlackResponse:
        try:
            return call()
        except SlackApiError as error:
            raise self._refused(error.response) from None
        except SlackClientError:
            raise NotTaken(self._name, "the SDK refused the request", retryable=False) from None
        except HTTPError as error:  # from the upload address that Slack gave
            error.close()
            raise refused(self._name, error.code) from None
        except EXCHANGE_FAILED as error:
            raise trouble(self._name, error) from None
        except NOT_AS_EXPECTED:
            raise unreadable(self._name) from None

    def _refused(self, response: SlackResponse) -> NotTaken:
        if response.status_code not in SUCCESS:
            headers = {name.lower(): str(value) for name, value in response.headers.items()}
            return refused(self._name, response.status_code, headers.get("retry-after", ""))
        word = response.data.get("error") if isinstance(response.data, dict) else None
        # The SDK puts an answer that is not JSON into the field of the error code.
        if not isinstance(word, str) or not _WORD.fullmatch(word):
            return unreadable(self._name)
        if word in ITS_OWN_TROUBLE:
            return NotTaken(self._name, word, retryable=True, again_in=PAUSE)
        return NotTaken(self._name, word, retryable=word in RATE_LIMITED)


# Slack fetches and shows nothing that a page links to.
_QUIET = {"unfurl_links": False, "unfurl_media": False}


def _reference(taken: SlackResponse) -> str:
    """The message's reference; empty when Slack gives none, and then the next page is a new message."""
    ref = f"{taken.get('channel')}:{taken.get('ts')}"
    return ref if _REFERENCE.fullmatch(ref) else ""
