"""The behaviour of every channel; the HTTP ones against a real server with TLS."""

import logging
import time
import traceback
from dataclasses import replace

import pytest

from firebreak.core.paging.page import Phase
from firebreak.core.paging.rules import ChannelKind
from firebreak.core.readings import ABSENT, Unknown
from firebreak.errors import Undelivered
from firebreak.paging.ports import Channel
from tests.paging.channels.conftest import PAGE, SECRET, SECRET_ARN, Bench
from tests.paging.channels.local_server import Reply, answer, drip, echo, garbage, hang, hang_up
from tests.support.fakes_channels import FakeChannel, FakeSecrets

HTTP = (ChannelKind.SLACK, ChannelKind.PAGERDUTY, ChannelKind.WEBHOOK)
every_http_channel = pytest.mark.parametrize("kind", HTTP)


def refusal(bench: Bench, kind: ChannelKind, *, seconds: float = 5.0) -> Undelivered:
    """The error of a page that the channel does not take."""
    with pytest.raises(Undelivered) as caught:
        bench.channel(kind, seconds=seconds).send(PAGE, "")
    return caught.value


@pytest.fixture(params=[*ChannelKind, "fake"])
def channel(request: pytest.FixtureRequest, tls_bench: Bench) -> Channel:
    """Each real one, and the one that stands in for them elsewhere."""
    return FakeChannel() if request.param == "fake" else tls_bench.channel(ChannelKind(request.param))


@pytest.mark.parametrize("phase", list(Phase))
def test_every_phase_is_taken_with_and_without_a_reference(channel: Channel, phase: Phase) -> None:
    ref = channel.send(replace(PAGE, phase=phase), "")
    again = channel.send(replace(PAGE, phase=phase), ref)
    odd = channel.send(replace(PAGE, phase=phase), "what another release kept: \n")
    assert [type(one) for one in (ref, again, odd)] == [str, str, str]


def test_a_picture_without_a_place_stops_nothing(tls_bench: Bench, channel: Channel) -> None:
    channel.show("no reference of this channel", b"png")
    assert tls_bench.server.arrived == []
    assert tls_bench.published == []


@pytest.mark.parametrize("kind", [one for one in ChannelKind if one is not ChannelKind.SLACK])
def test_a_picture_is_not_sent_where_none_is_carried(tls_bench: Bench, kind: ChannelKind) -> None:
    channel = tls_bench.channel(kind)
    ref = channel.send(PAGE, "")
    sent = len(tls_bench.server.arrived) + len(tls_bench.published)
    channel.show(ref, b"png")
    assert len(tls_bench.server.arrived) + len(tls_bench.published) == sent == 1


@every_http_channel
def test_a_server_error_is_tried_once_more_and_may_be_over(tls_bench: Bench, kind: ChannelKind) -> None:
    tls_bench.server.next.append(answer(503))
    tls_bench.channel(kind).send(PAGE, "")
    assert len(tls_bench.server.arrived) == 2
    assert tls_bench.waits.seconds == [0.2]


@every_http_channel
def test_a_server_that_keeps_failing_is_asked_twice_and_no_more(tls_bench: Bench, kind: ChannelKind) -> None:
    tls_bench.server.usually = answer(500, "<html>oops</html>")
    error = refusal(tls_bench, kind)
    assert (error.channel, error.code, error.retryable) == (f"our-{kind}", "500", True)
    assert len(tls_bench.server.arrived) == 2


@every_http_channel
@pytest.mark.parametrize(
    ("wait", "requests", "waits"),
    [
        pytest.param("2", 2, [2.0], id="two seconds are waited"),
        pytest.param("3", 1, [], id="three are not"),
        pytest.param("Fri, 20 Nov 2026 03:00:00 GMT", 1, [], id="a date is not"),
        pytest.param("", 1, [], id="nothing is not"),
        pytest.param("-1", 1, [], id="less than nothing is not"),
    ],
)
def test_a_throttled_channel_waits_two_seconds_at_most(
    tls_bench: Bench, kind: ChannelKind, wait: str, requests: int, waits: list[float]
) -> None:
    tls_bench.server.usually = answer(429, {"ok": False, "error": "ratelimited"}, Retry_After=wait)
    error = refusal(tls_bench, kind)
    assert (error.code, error.retryable) == ("429", True)
    assert len(tls_bench.server.arrived) == requests
    assert tls_bench.waits.seconds == waits


@every_http_channel
@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_a_rejected_page_is_not_tried_again(tls_bench: Bench, kind: ChannelKind, status: int) -> None:
    tls_bench.server.usually = answer(status, {"status": "invalid event"})
    error = refusal(tls_bench, kind)
    assert (error.code, error.retryable) == (str(status), False)
    assert len(tls_bench.server.arrived) == 1


@every_http_channel
def test_a_connection_that_is_cut_is_tried_once_more(tls_bench: Bench, kind: ChannelKind) -> None:
    tls_bench.server.usually = hang_up
    error = refusal(tls_bench, kind)
    assert (error.code, error.retryable) == ("no connection", True)
    assert len(tls_bench.server.arrived) == 2


@every_http_channel
@pytest.mark.parametrize("never", [hang, drip], ids=["hanging", "dripping"])
def test_a_server_that_never_ends_its_answer_is_given_up_without_a_second_try(
    tls_bench: Bench, kind: ChannelKind, never: Reply
) -> None:
    tls_bench.server.usually = never
    started = time.monotonic()
    error = refusal(tls_bench, kind, seconds=0.3)
    assert (error.code, error.retryable) == ("timeout", True)
    assert time.monotonic() - started < 3
    assert len(tls_bench.server.arrived) <= 1


@every_http_channel
def test_an_answer_that_is_no_http_is_an_error(tls_bench: Bench, kind: ChannelKind) -> None:
    tls_bench.server.usually = garbage
    error = refusal(tls_bench, kind)
    assert error.retryable
    assert error.code in {"no connection", "unreadable answer"}


ODD_ANSWERS = [
    pytest.param(answer(200, b"\x1f\x8bno", Content_Encoding="gzip"), id="not what it is packed as"),
    pytest.param(answer(200, "{}", Content_Type="application/json; charset=x-none"), id="no such charset"),
    pytest.param(answer(200, "[" * 100_000), id="nested without end"),
    pytest.param(answer(500, b"\x1f\x8bno", Content_Encoding="gzip"), id="failing, badly packed"),
    pytest.param(
        answer(500, b"\xff", Content_Type="text/html; charset=x-none"), id="failing, no such charset"
    ),
]


@pytest.mark.parametrize("kind", [ChannelKind.SLACK, ChannelKind.PAGERDUTY])
@pytest.mark.parametrize("reply", ODD_ANSWERS)
def test_an_answer_that_cannot_be_read_is_no_delivery(
    tls_bench: Bench, kind: ChannelKind, reply: Reply
) -> None:
    tls_bench.server.usually = reply
    error = refusal(tls_bench, kind)
    assert (error.code in {"unreadable answer", "500"}, error.retryable) == (True, True)


@every_http_channel
def test_nobody_listening_is_no_connection(tls_bench: Bench, kind: ChannelKind) -> None:
    tls_bench.server.address = "https://127.0.0.1:9"  # the port of `discard`, where nothing listens
    error = refusal(tls_bench, kind)
    assert (error.code, error.retryable) == ("no connection", True)


@every_http_channel
def test_a_certificate_that_nobody_vouches_for_is_not_trusted(tls_bench: Bench, kind: ChannelKind) -> None:
    tls_bench.trusted = None
    error = refusal(tls_bench, kind)
    assert (error.code, error.retryable) == ("certificate not trusted", False)
    assert tls_bench.server.arrived == []


@every_http_channel
@pytest.mark.parametrize(
    ("found", "retryable"),
    [
        pytest.param(ABSENT, False, id="absent"),
        pytest.param(Unknown("GetSecretValue: ThrottlingException"), True, id="unreadable"),
    ],
)
def test_without_its_secret_nothing_is_sent(
    tls_bench: Bench, kind: ChannelKind, found: Unknown, retryable: bool
) -> None:
    tls_bench.secrets.values[SECRET_ARN] = found
    assert refusal(tls_bench, kind).retryable is retryable
    assert tls_bench.server.arrived == []


@every_http_channel
def test_a_secret_that_takes_too_long_to_read_is_given_up(tls_bench: Bench, kind: ChannelKind) -> None:
    class Slow(FakeSecrets):
        def value(self, arn: str) -> Unknown:
            tls_bench.server.over.wait(10)  # until the test is over
            return Unknown("too late")

    tls_bench.secrets = Slow()
    error = refusal(tls_bench, kind, seconds=0.2)
    assert (error.code, error.retryable) == ("timeout", True)


@every_http_channel
def test_a_changed_secret_counts_with_the_next_page(tls_bench: Bench, kind: ChannelKind) -> None:
    channel = tls_bench.channel(kind)
    channel.send(PAGE, "")
    tls_bench.secrets.values[SECRET_ARN] = "another"
    channel.send(PAGE, "")
    first, second = tls_bench.server.arrived
    assert (first.headers | {"body": str(first.body)}) != (second.headers | {"body": str(second.body)})


@every_http_channel
@pytest.mark.parametrize(
    "reply",
    [
        echo(200),
        echo(202),
        echo(400),
        echo(401),
        echo(500),
        answer(302, "", Location="https://example.com/"),
        hang,
        hang_up,
        garbage,
        answer(200, "[1]"),
    ],
    ids=["200", "202", "400", "401", "500", "302", "hang", "hang up", "garbage", "list"],
)
def test_a_secret_is_never_disclosed(
    tls_bench: Bench, kind: ChannelKind, reply: Reply, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither DEBUG logs, errors, their causes nor the repr of a channel contain it."""
    caplog.set_level(logging.DEBUG)
    for name in list(logging.root.manager.loggerDict):
        caplog.set_level(logging.DEBUG, logger=name)
    tls_bench.server.usually = reply
    channel = tls_bench.channel(kind, seconds=0.5)
    text = repr(channel)
    try:
        channel.send(PAGE, "")
    except Undelivered as error:
        text += repr(error) + "".join(traceback.format_exception(error))
    assert tls_bench.server.arrived
    assert SECRET not in text + caplog.text
    assert SECRET[-6:] not in text + caplog.text


@pytest.mark.parametrize("odd", [f"{SECRET}\nX-More: y", f"{SECRET}\x00", f"geheim-ü-鍵-{SECRET}"])
@every_http_channel
def test_a_secret_that_fits_in_no_header_is_never_disclosed_either(
    tls_bench: Bench, kind: ChannelKind, odd: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Python's own error for a header that cannot be sent quotes it."""
    caplog.set_level(logging.DEBUG)
    tls_bench.secrets.values[SECRET_ARN] = odd
    text = ""
    try:
        tls_bench.channel(kind).send(PAGE, "")
    except Undelivered as error:
        text = repr(error) + "".join(traceback.format_exception(error))
    assert SECRET not in text + caplog.text
