"""A client is imported when a channel of its kind is used, and not before."""

import subprocess
import sys
from dataclasses import replace

import pytest

from firebreak.core.paging.rules import ChannelKind
from firebreak.paging.channels.factory import slack_place
from tests.docs.documents import ROOT
from tests.paging.channels.conftest import PAGE, Bench

PROGRAM = """
import sys
from datetime import UTC, datetime
from firebreak.paging.channels.factory import build
from firebreak.paging.channels.carrier import Carrier
from firebreak.core.paging.rules import ChannelKind, ChannelRules
from tests.support.fakes_channels import FakeChannel, FakeSecrets
kind = sys.argv[1]
if kind:
    rules = ChannelRules(name="x", kind=ChannelKind(kind), to="https://x.example/")
    build(rules, FakeSecrets(), topic=lambda _: FakeChannel(), now=lambda: datetime.now(UTC))
print(sorted({"slack_sdk", "pagerduty", "httpx2"} & set(sys.modules)))
"""


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("", []),
        (ChannelKind.TOPIC, []),
        (ChannelKind.WEBHOOK, []),
        (ChannelKind.SLACK, ["slack_sdk"]),
        (ChannelKind.PAGERDUTY, ["httpx2", "pagerduty"]),
    ],
)
def test_only_the_client_that_is_needed_is_imported(kind: str, expected: list[str]) -> None:
    paths = {"PYTHONPATH": f"{ROOT / 'shared'}:{ROOT}"}
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, kind], env=paths, capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == str(expected)


@pytest.mark.parametrize(
    ("to", "expected"),
    [
        ("C0123ABCD", ("https://slack.com/api/", "C0123ABCD")),
        ("slack-gov.com/C0123ABCD", ("https://slack-gov.com/api/", "C0123ABCD")),
    ],
)
def test_a_channel_in_govslack_has_the_address_of_govslack(to: str, expected: tuple[str, str]) -> None:
    assert slack_place(to) == expected


def test_a_page_to_govslack_names_the_channel_without_the_host(bench: Bench) -> None:
    rules = replace(bench.rules(ChannelKind.SLACK), to="slack-gov.com/C0PAGES")
    bench.channel(ChannelKind.SLACK, rules=rules).send(PAGE, "")
    (posted,) = bench.server.arrived
    assert b"C0PAGES" in posted.body
    assert b"slack-gov.com" not in posted.body
