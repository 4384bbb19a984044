"""A webhook: one signed POST, to the address of the policy and nowhere else."""

from dataclasses import replace

import pytest

from firebreak.core.paging.page import Phase
from firebreak.core.paging.rules import ChannelKind, ChannelRules
from firebreak.errors import Undelivered
from tests.docs.documents import document
from tests.paging.channels.conftest import NOW, PAGE, SECRET, Bench
from tests.paging.channels.local_server import answer


def test_a_page_is_posted_whole(bench: Bench) -> None:
    assert bench.channel(ChannelKind.WEBHOOK).send(PAGE, "") == ""
    (arrived,) = bench.server.arrived
    assert arrived.path == "/hook"
    assert arrived.headers["content-type"] == "application/json"
    assert arrived.json == {
        "v": 1,
        "thread": PAGE.thread,
        "phase": "trigger",
        "severity": "critical",
        "subject": PAGE.subject,
        "body": PAGE.body,
        "source": "ecs:prod/api",
        "at": "2026-11-21T03:00:00+00:00",
        "links": [{"text": "runbook", "href": "https://wiki.example.com/api"}],
    }


def the_documented_check() -> str:
    text = document("docs/pages.md").text.partition("## Webhook")[2]
    return text.partition("```python\n")[2].partition("```")[0]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        pytest.param({}, True, id="as sent"),
        pytest.param({"body": b"{}"}, False, id="another body"),
        pytest.param({"secret": "another"}, False, id="another secret"),
        pytest.param({"now": NOW.timestamp() + 301}, False, id="five minutes old"),
        pytest.param({"now": NOW.timestamp() - 301}, False, id="from the future"),
        pytest.param({"headers": {}}, False, id="not signed"),
        pytest.param({"timestamp": "x"}, False, id="no time"),
        pytest.param({"timestamp": str(int(NOW.timestamp()) + 1)}, False, id="another time"),
    ],
)
def test_the_documented_check_knows_our_pages_from_others(
    bench: Bench, changed: dict[str, object], expected: bool
) -> None:
    """The snippet of docs/pages.md, run on what really arrived."""
    bench.channel(ChannelKind.WEBHOOK).send(replace(PAGE, phase=Phase.RESOLVE, body="größer"), "")
    (arrived,) = bench.server.arrived
    names: dict[str, object] = {}
    exec(the_documented_check(), names)  # noqa: S102  # code in this repository's documents
    headers = dict(arrived.headers)
    if timestamp := changed.pop("timestamp", None):
        headers["firebreak-timestamp"] = str(timestamp)
    given = {"secret": SECRET, "headers": headers, "body": arrived.body, "now": NOW.timestamp()} | changed
    check = names["is_from_firebreak"]
    assert callable(check)
    assert check(**given) is expected


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(bench: Bench, status: int) -> None:
    bench.server.usually = answer(status, "", Location=f"{bench.server.address}/elsewhere")
    with pytest.raises(Undelivered) as caught:
        bench.channel(ChannelKind.WEBHOOK).send(PAGE, "")
    assert (caught.value.code, caught.value.retryable) == (str(status), False)
    assert [arrived.path for arrived in bench.server.arrived] == ["/hook"]


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_any_success_will_do_whatever_it_says(bench: Bench, status: int) -> None:
    bench.server.usually = answer(status, "" if status == 204 else b"\xff\x00")
    assert bench.channel(ChannelKind.WEBHOOK).send(PAGE, "") == ""


def built(bench: Bench, address: str, *, this_machine: bool = True) -> object:
    rules = ChannelRules(name="hook", kind=ChannelKind.WEBHOOK, to=address, this_machine=this_machine)
    return bench.channel(ChannelKind.WEBHOOK, rules=rules)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "hook",
        "http://hooks.example.com/page",
        "http://127.0.0.1.example.com/",
        "http://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
        "ftp://127.0.0.1/",
        "https://",
        "https:///page",
        "https://me:password@hooks.example.com/",
        "https://me@hooks.example.com/",
        "https://hooks.example.com:http/",
        "https://hooks.example.com:99999/",
        "https://[::1/",
        "https://hooks.example.com/a b",
        "https://hooks.example.com/\r\nX: y",
        "https://hooks.example.com/ü",
    ],
)
def test_an_address_that_is_no_https_address_is_refused(bench: Bench, address: str) -> None:
    with pytest.raises(Undelivered) as caught:
        built(bench, address)
    assert str(caught.value) == "hook: its address is not an https address"


@pytest.mark.parametrize(
    "address",
    [
        "https://hooks.example.com/page?to=team",
        "https://hooks.example.com:8443",
        "http://localhost:1/",
        "http://127.0.0.2/",
        "http://[::1]:80/",
    ],
)
def test_https_and_this_machine_will_do(bench: Bench, address: str) -> None:
    assert built(bench, address)


@pytest.mark.parametrize("address", ["http://127.0.0.1:9001/", "https://localhost/", "https://[::1]/"])
def test_this_machine_is_refused_where_the_policy_is_not_the_demos(bench: Bench, address: str) -> None:
    with pytest.raises(Undelivered, match="its address is not"):
        built(bench, address, this_machine=False)
