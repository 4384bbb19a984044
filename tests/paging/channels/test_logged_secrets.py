"""Nothing that a library logs holds a secret, however talkative Lambda or an operator makes the log.

The real clients talk to a server on loopback, with planted secrets in what they send and in what they are
answered. The root logger has a handler and a level, as Lambda's runtime gives it both before it imports us.
"""

import io
import json
import logging
from collections.abc import Callable, Iterator

import pytest
from boto3.session import Session

from firebreak.aws.clients import mutator, reader
from firebreak.core.paging.rules import ChannelKind
from firebreak.telemetry import PowertoolsLog
from tests.paging.channels.conftest import PAGE, SECRET, Bench, Tls, as_usual
from tests.paging.channels.local_server import LocalServer, answer, serving

LEVELS = ["NOTSET", "DEBUG", "INFO", "WARNING"]
PLANTED = "planted-4711-" + "z" * 24
LIBRARIES = ("boto3", "botocore", "urllib3", "slack_sdk", "pagerduty", "httpx2", "httpcore2", "aws_xray_sdk")

every_level = pytest.mark.parametrize("level", LEVELS)


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """The output of the root logger; levels and handlers are as before at the end."""
    root, found = logging.getLogger(), io.StringIO()
    before = root.level
    handler = logging.StreamHandler(found)
    root.addHandler(handler)
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "my-stack")
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "Firebreak")
    yield found
    root.removeHandler(handler)
    root.setLevel(before)


def as_lambda_starts(level: str, monkeypatch: pytest.MonkeyPatch) -> PowertoolsLog:
    """The part of the Lambda runtime, then that of Firebreak."""
    logging.getLogger().setLevel(level)
    monkeypatch.setenv("AWS_LAMBDA_LOG_LEVEL", level)
    monkeypatch.setenv("POWERTOOLS_LOG_LEVEL", level)
    return PowertoolsLog()


def session() -> Session:
    return Session(
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key="secret",
        aws_session_token=PLANTED,
        region_name="eu-west-1",
    )


def read_secret(server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.address)
    server.usually = answer(200, {"SecretString": PLANTED})
    reader(session(), "secretsmanager").get_secret_value(SecretId="firebreak/slack")


def read_parameter(server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.address)
    server.usually = answer(200, {"Parameter": {"Name": "x", "Value": PLANTED}})
    reader(session(), "ssm").get_parameter(Name="x", WithDecryption=True)


def read_environment_of_a_task(server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.address)
    environment = [{"name": "DB", "value": PLANTED}]
    server.usually = answer(200, {"taskDefinition": {"containerDefinitions": [{"environment": environment}]}})
    reader(session(), "ecs").describe_task_definition(taskDefinition="api:7")


def write_environment_of_a_function(server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.address)
    server.usually = answer(200, {"Environment": {"Variables": {"DB": PLANTED}}})
    variables = {"Variables": {"DB": PLANTED}}
    mutator(session(), "lambda").update_function_configuration(FunctionName="x", Environment=variables)


def refused(server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error is logged by other code than an answer."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.address)
    server.usually = answer(400, {"__type": "ValidationException", "message": PLANTED})
    client = mutator(session(), "secretsmanager")
    with pytest.raises(client.exceptions.ClientError):
        client.get_secret_value(SecretId=PLANTED)


@every_level
@pytest.mark.parametrize(
    "call",
    [read_secret, read_parameter, read_environment_of_a_task, write_environment_of_a_function, refused],
)
def test_calls_of_aws_are_not_logged(
    call: Callable[[LocalServer, pytest.MonkeyPatch], None],
    level: str,
    logged: io.StringIO,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    as_lambda_starts(level, monkeypatch)
    with serving(as_usual) as server:
        call(server, monkeypatch)
        assert server.arrived
        assert PLANTED in server.arrived[-1].headers["x-amz-security-token"]
    assert PLANTED not in logged.getvalue()


@every_level
@pytest.mark.parametrize("kind", [ChannelKind.SLACK, ChannelKind.PAGERDUTY, ChannelKind.WEBHOOK])
def test_pages_and_secrets_of_a_channel_are_not_logged(
    kind: ChannelKind, level: str, logged: io.StringIO, monkeypatch: pytest.MonkeyPatch, tls: Tls
) -> None:
    as_lambda_starts(level, monkeypatch)
    with serving(as_usual, tls.server) as server:
        Bench(server, tls.client).channel(kind).send(PAGE, "")
        assert server.arrived
    assert SECRET not in logged.getvalue()
    assert PAGE.body not in logged.getvalue()


@every_level
@pytest.mark.parametrize("library", LIBRARIES)
def test_a_librarys_logger_writes_nothing_below_a_warning(
    library: str, level: str, logged: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_lambda_starts(level, monkeypatch)
    talkative = logging.getLogger(f"{library}.inner")
    talkative.debug(PLANTED)
    talkative.info(PLANTED)
    talkative.warning("heard")
    assert logged.getvalue().splitlines() == ["heard"]


@every_level
def test_our_own_events_are_logged_whatever_the_level_of_others(
    level: str, logged: io.StringIO, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("POWERTOOLS_TRACE_DISABLED", "true")
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", f"own-{level}")  # a logger keeps the stream it began with
    as_lambda_starts(level, monkeypatch).event("remediation.decided", reason="cooldown")
    written = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["fields"] for line in written if line["message"] == "remediation.decided"] == [
        {"reason": "cooldown"}
    ]
