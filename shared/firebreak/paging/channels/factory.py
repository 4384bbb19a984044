"""Builds a channel from its section of the policy, and imports its client only then (ADR 23: the numbers)."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from ssl import SSLContext
from typing import assert_never

from firebreak.core.paging.rules import ChannelKind, ChannelRules
from firebreak.paging.channels.sending import CallTimeout, secret_of
from firebreak.paging.ports import Channel, Secrets

# The `to` of a channel in GovSlack begins with its host (policy/paging.py).
SLACK, GOVSLACK = "https://slack.com/api/", "https://slack-gov.com/api/"
_IN_GOVSLACK = "slack-gov.com/"
PAGERDUTY = "https://events.pagerduty.com"


def build(
    rules: ChannelRules,
    secrets: Secrets,
    *,
    topic: Callable[[ChannelRules], Channel],
    now: Callable[[], datetime],
    call_timeout: CallTimeout | None = None,
    slack_address: str = "",
    tls: SSLContext | None = None,
) -> Channel:
    """The channel; its secret is read when a page is sent. Raises Undelivered when its address is not usable.

    `topic` makes a channel of an SNS topic, which belongs to AWS. `tls` gives the authorities to trust
    instead of the usual ones. PagerDuty's `to` may name the address of its region, that of Slack the host of
    GovSlack; `slack_address` is used instead of either.
    """
    call_timeout = call_timeout or CallTimeout()
    # Reading a secret ends like any other call: AWS's own clients would retry for longer.
    secret = partial(call_timeout.once, rules.name, partial(secret_of, rules, secrets))
    match rules.kind:
        case ChannelKind.TOPIC:
            return topic(rules)
        case ChannelKind.SLACK:
            from firebreak.paging.channels.slack import SlackChannel

            address, channel = slack_place(rules.to)
            return SlackChannel(
                rules.name,
                channel,
                secret,
                call_timeout=call_timeout,
                address=slack_address or address,
                tls=tls,
            )
        case ChannelKind.PAGERDUTY:
            from firebreak.paging.channels.pagerduty import PagerDutyChannel

            return PagerDutyChannel(rules.name, secret, call_timeout, address=rules.to or PAGERDUTY, tls=tls)
        case ChannelKind.WEBHOOK:
            from firebreak.paging.channels.webhook import WebhookChannel

            return WebhookChannel(
                rules.name,
                rules.to,
                secret,
                now=now,
                call_timeout=call_timeout,
                tls=tls,
                this_machine=rules.this_machine,
            )
        case kind:
            assert_never(kind)


def slack_place(to: str) -> tuple[str, str]:
    """The address of the Web API and the id of the channel; GovSlack is another Slack, at its own host."""
    return (GOVSLACK if to.startswith(_IN_GOVSLACK) else SLACK), to.removeprefix(_IN_GOVSLACK)
