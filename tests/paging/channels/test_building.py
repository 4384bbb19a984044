"""A client is imported when a channel of its kind is used, and not before."""

import subprocess
import sys

import pytest

from firebreak.core.paging.rules import ChannelKind
from tests.docs.documents import ROOT

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
