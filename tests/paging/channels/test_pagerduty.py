"""PagerDuty: one key a thread, one event a phase, and no incident for mere news."""

from dataclasses import replace

import pytest

from firebreak.core.paging.page import Phase, Severity
from firebreak.core.paging.rules import ChannelKind, ChannelRules
from firebreak.errors import Undelivered
from firebreak.paging.channels.pagerduty import PagerDutyChannel
from tests.paging.channels.conftest import PAGE, SECRET, Bench
from tests.paging.channels.local_server import answer


def test_a_trigger_carries_the_page_under_the_threads_key(tls_bench: Bench) -> None:
    assert tls_bench.channel(ChannelKind.PAGERDUTY).send(PAGE, "") == PAGE.thread
    (arrived,) = tls_bench.server.arrived
    assert arrived.path == "/v2/enqueue"
    assert arrived.json == {
        "routing_key": SECRET,
        "event_action": "trigger",
        "dedup_key": PAGE.thread,
        "payload": {
            "summary": PAGE.subject,
            "source": "ecs:prod/api",
            "severity": "critical",
            "timestamp": "2026-11-21T03:00:00+00:00",
            "custom_details": {"body": PAGE.body},
        },
        "links": [{"href": "https://wiki.example.com/api", "text": "runbook"}],
    }


@pytest.mark.parametrize(
    ("phase", "action"), [(Phase.ACKNOWLEDGE, "acknowledge"), (Phase.RESOLVE, "resolve")]
)
@pytest.mark.parametrize("ref", ["", PAGE.thread])
def test_a_thread_is_acknowledged_and_resolved_by_its_key(
    tls_bench: Bench, phase: Phase, action: str, ref: str
) -> None:
    tls_bench.channel(ChannelKind.PAGERDUTY).send(replace(PAGE, phase=phase), ref)
    (arrived,) = tls_bench.server.arrived
    expected = {"routing_key": SECRET, "event_action": action, "dedup_key": PAGE.thread}
    assert (arrived.path, arrived.json) == ("/v2/enqueue", expected)


@pytest.mark.parametrize("severity", list(Severity))
@pytest.mark.parametrize("ref", ["", PAGE.thread])
def test_news_never_opens_an_incident_again(tls_bench: Bench, severity: Severity, ref: str) -> None:
    """A change event has neither key nor severity: it can neither page nor re-open."""
    page = replace(PAGE, phase=Phase.UPDATE, severity=severity)
    tls_bench.channel(ChannelKind.PAGERDUTY).send(page, ref)
    (arrived,) = tls_bench.server.arrived
    assert arrived.path == "/v2/change/enqueue"
    assert sorted(arrived.json) == ["links", "payload", "routing_key"]
    assert sorted(arrived.json["payload"]) == ["custom_details", "source", "summary", "timestamp"]


def test_a_long_summary_is_cut_where_pagerduty_would_refuse_it(tls_bench: Bench) -> None:
    tls_bench.channel(ChannelKind.PAGERDUTY).send(replace(PAGE, subject="x" * 2000, source="", links=()), "")
    (arrived,) = tls_bench.server.arrived
    assert len(arrived.json["payload"]["summary"]) == 1024
    assert arrived.json["payload"]["source"] == "firebreak"
    assert "links" not in arrived.json or arrived.json["links"] == []


@pytest.mark.parametrize("body", ["", "accepted", "[]", {"status": "success"}, b"\xff"])
def test_an_answer_without_the_key_is_no_delivery(tls_bench: Bench, body: object) -> None:
    tls_bench.server.usually = answer(202, body)
    with pytest.raises(Undelivered) as caught:
        tls_bench.channel(ChannelKind.PAGERDUTY).send(PAGE, "")
    assert (caught.value.code, caught.value.retryable) == ("unreadable answer", True)


def test_a_redirect_is_not_followed(tls_bench: Bench) -> None:
    tls_bench.server.usually = answer(307, "", Location=f"{tls_bench.server.address}/elsewhere")
    with pytest.raises(Undelivered, match="307"):
        tls_bench.channel(ChannelKind.PAGERDUTY).send(PAGE, "")
    assert [arrived.path for arrived in tls_bench.server.arrived] == ["/v2/enqueue"]


def test_an_address_without_tls_is_refused(bench: Bench) -> None:
    with pytest.raises(Undelivered, match="not an https address"):
        bench.channel(ChannelKind.PAGERDUTY).send(PAGE, "")
    assert bench.server.arrived == []


@pytest.mark.parametrize("address", ["https://a b/", "https://x@pd.example", "pd.example", "https://\n"])
def test_an_address_that_is_none_is_refused_when_it_is_built(tls_bench: Bench, address: str) -> None:
    rules = ChannelRules(name="pd", kind=ChannelKind.PAGERDUTY, to=address)
    with pytest.raises(Undelivered, match="not an https address"):
        tls_bench.channel(ChannelKind.PAGERDUTY, rules=rules)


def test_without_a_region_pagerdutys_usual_address_is_used(tls_bench: Bench) -> None:
    rules = ChannelRules(name="pd", kind=ChannelKind.PAGERDUTY, secret="")
    channel = tls_bench.channel(ChannelKind.PAGERDUTY, rules=rules)
    assert isinstance(channel, PagerDutyChannel)
    assert channel._address == "https://events.pagerduty.com"
