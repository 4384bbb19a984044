"""PagerDuty by its Events API v2 and its official client.

    phase         event                      what PagerDuty does
    ------------  -------------------------  -----------------------------------------------------
    trigger       trigger, key = thread      pages; while its incident is open, adds to it
    update        change event               shows it among the service's recent changes, pages nobody
    acknowledge   acknowledge, key = thread  stops the escalation; nothing when there is no incident
    resolve       resolve, key = thread      closes the incident; nothing when there is none

An update is not a trigger: a human may have resolved the incident in PagerDuty, which the Events API
does not report, and the next trigger with its key would open a new one and wake somebody for news.
"""

from collections.abc import Callable
from functools import partial
from ssl import SSLContext
from typing import Any, assert_never

from httpx2 import HTTPError
from pagerduty import Error, EventsApiV2Client, HttpError, UrlError

from firebreak.core.paging.page import Page, Phase
from firebreak.paging.channels.sending import (
    NOT_AS_EXPECTED,
    SUCCESS,
    CallTimeout,
    NotTaken,
    checked_address,
    refused,
    trouble,
    unreadable,
)

# developer.pagerduty.com/docs/events-api-v2/trigger-events: `payload.summary`.
SUMMARY_LENGTH = 1024


class _OneTry(EventsApiV2Client):
    """The client without its own retries, which sleep for seconds and never end on 429."""

    max_network_attempts = 0

    def postprocess(self, response: Any) -> None:
        """Called by the client after each answer, before the client decides whether to repeat."""
        if response.status_code not in SUCCESS:
            raise HttpError("refused", response)


class PagerDutyChannel:
    """ports.Channel on one service. `secret` reads its routing key, `address` is that of its region."""

    def __init__(
        self,
        name: str,
        secret: Callable[[], str],
        call_timeout: CallTimeout,
        *,
        address: str,
        tls: SSLContext | None = None,
    ) -> None:
        self._name = name
        self._secret = secret
        self._call_timeout = call_timeout
        # The policy does not choose this address, so a receiver under test may be on this machine.
        self._address = checked_address(name, address, this_machine=True)
        self._verify = True if tls is None else tls

    def send(self, page: Page, ref: str) -> str:  # noqa: ARG002  # for channels with a thread of their own
        """Sends the event of the page's phase; the thread itself is the key, so nothing has to be kept."""
        self._call_timeout.send(self._name, partial(self._event, page, self._secret()))
        return page.thread

    def show(self, ref: str, picture: bytes) -> None:
        """PagerDuty shows only pictures that anybody can fetch: none is sent."""

    def _event(self, page: Page, key: str) -> None:
        try:
            with self._client(key) as client:
                _say(client, page)
        except HttpError as error:
            raise self._refused(error) from None
        except Error as error:
            raise trouble(self._name, error) from None
        except UrlError:
            raise NotTaken(self._name, "its address is not an https address", retryable=False) from None
        except (HTTPError, *NOT_AS_EXPECTED):
            raise unreadable(self._name) from None

    def _client(self, key: str) -> EventsApiV2Client:
        client = _OneTry(key, base_url=self._address, verify=self._verify)
        client.timeout = self._call_timeout.seconds  # type: ignore[assignment]  # httpx2 takes fractions
        return client

    def _refused(self, error: HttpError) -> NotTaken:
        response = error.response
        if response is None or response.status_code in SUCCESS:
            return unreadable(self._name)
        return refused(self._name, response.status_code, response.headers.get("Retry-After", ""))


def _say(client: EventsApiV2Client, page: Page) -> None:
    match page.phase:
        case Phase.TRIGGER:
            client.send_event("trigger", dedup_key=page.thread, payload=_payload(page), links=_links(page))
        case Phase.UPDATE:
            payload = {key: value for key, value in _payload(page).items() if key != "severity"}
            client.send_change_event(payload, links=_links(page))
        case Phase.ACKNOWLEDGE:
            client.acknowledge(page.thread)
        case Phase.RESOLVE:
            client.resolve(page.thread)
        case phase:
            assert_never(phase)


def _payload(page: Page) -> dict[str, Any]:
    return {
        "summary": page.subject[:SUMMARY_LENGTH],
        "source": page.source or "firebreak",
        "severity": page.severity.value,
        "timestamp": page.at.isoformat(),
        "custom_details": {"body": page.body},
    }


def _links(page: Page) -> list[dict[str, str]]:
    return [{"href": address, "text": word} for word, address in page.links]
