"""Mutators send once, readers ask three times: counted by a server that misbehaves."""

import pytest

from firebreak.aws.clients import CONNECT_SECONDS, READ_SECONDS, brief, fail_fast, made_once, mutator, reader
from firebreak.aws.translate import send
from firebreak.core.limits.budgets import ACT_TIMEOUT
from firebreak.errors import AwsError, OutcomeUnknown, Throttled
from firebreak.remediation.remediator import PLAN_EXPIRES
from tests.support.builders_ecs import Loopback, session


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        pytest.param("hang", OutcomeUnknown, id="a server that never answers"),
        pytest.param("drop", OutcomeUnknown, id="a connection that closes"),
        pytest.param((500, b"{}"), OutcomeUnknown, id="an internal error"),
        pytest.param((503, b"<html>busy</html>"), OutcomeUnknown, id="a proxy's error page"),
        pytest.param((400, b'{"__type": "ThrottlingException"}'), Throttled, id="throttling"),
        pytest.param((200, b"<html>hello</html>"), OutcomeUnknown, id="an answer from somebody else"),
    ],
)
def test_a_mutator_sends_once_whatever_the_answer(
    monkeypatch: pytest.MonkeyPatch, answer: str | tuple[int, bytes], expected: type[AwsError]
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "5")
    monkeypatch.setenv("AWS_RETRY_MODE", "adaptive")
    with Loopback(answer) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        ecs = mutator(session(), "ecs", read_seconds=0.5)
        with pytest.raises(expected):
            send("UpdateService", lambda: ecs.update_service(service="api", desiredCount=1)["service"])
    assert server.requests == 1


def test_a_reader_asks_three_times(monkeypatch: pytest.MonkeyPatch) -> None:
    with Loopback("drop") as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        ecs = reader(session(), "ecs")
        with pytest.raises(Exception, match="Connection was closed"):
            ecs.describe_services(services=["api"])
    assert server.requests == 3


@pytest.mark.parametrize(("make", "attempts"), [(reader, 3), (mutator, 1)], ids=["reader", "mutator"])
def test_both_kinds_wait_five_seconds_at_most_for_connection_and_reply(make: object, attempts: int) -> None:
    assert callable(make)
    config = make(session(), "ecs").meta.config
    found = (config.connect_timeout, config.read_timeout, config.retries["total_max_attempts"])
    assert (5, 5, attempts) == found


@pytest.mark.parametrize(
    "answer", ["hang", "drop", (503, b"{}"), (400, b'{"__type": "ThrottlingException"}')]
)
def test_a_fail_fast_client_asks_once_whatever_the_answer(
    monkeypatch: pytest.MonkeyPatch, answer: str | tuple[int, bytes]
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "5")
    with Loopback(answer) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        dynamodb = fail_fast(session(), "dynamodb", read_seconds=0.5)
        with pytest.raises(AwsError):
            send("GetItem", lambda: dynamodb.get_item(TableName="ledger", Key={"pk": {"S": "x"}}))
    assert server.requests == 1


def test_a_fail_fast_client_waits_two_seconds_for_connection_and_reply() -> None:
    config = fail_fast(session(), "dynamodb").meta.config
    assert (config.connect_timeout, config.read_timeout) == (2, 2)


def test_a_brief_client_is_done_with_both_attempts_before_a_plan_expires() -> None:
    config = brief(session(), "ssm").meta.config
    times = (config.connect_timeout, config.read_timeout, config.retries["total_max_attempts"])
    assert times == (1, 2, 2)
    longest_wait_between = 1.0  # the standard mode: up to 1 s before the second attempt
    assert 2 * (1 + 2) + longest_wait_between < PLAN_EXPIRES.total_seconds()


def test_a_call_lasts_no_longer_than_the_budgets_pad_assumes() -> None:
    assert ACT_TIMEOUT.total_seconds() == CONNECT_SECONDS + READ_SECONDS


def test_a_client_is_made_once_and_only_when_it_is_asked_for() -> None:
    made: list[str] = []

    def make(service: str) -> object:
        made.append(service)
        return object()

    client = made_once(make)
    assert made == []
    assert client("logs") is client("logs")
    assert client("ecs") is not client("logs")
    assert made == ["logs", "ecs"]
