"""Secrets: read when needed, kept for minutes, unknown when they cannot be read, and never disclosed."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from firebreak.aws.clients import reader
from firebreak.aws.secrets import CachedSecrets
from firebreak.core.readings import ABSENT, Reading, Unknown
from tests.support import builders as a
from tests.support.fakes import FakeClock
from tests.support.faults import NO_CONNECTION, Wrapped, answer

VALUE = "xoxb-S3CRET-0123456789abcdef"
MINUTES = timedelta(minutes=1)
SECOND = timedelta(seconds=1)


@dataclass
class Account:
    """Both services on moto; `trouble` is raised by every read while it is set."""

    clock: FakeClock = field(default_factory=lambda: FakeClock(a.NOW))
    connected: list[str] = field(default_factory=list)
    reads: list[str] = field(default_factory=list)
    trouble: Exception | None = None

    def __post_init__(self) -> None:
        self.session = boto3.session.Session(region_name=a.REGION)
        self.secrets = CachedSecrets(self.connect, self.clock.now)

    def connect(self, service: str) -> Any:
        self.connected.append(service)
        return Wrapped(reader(self.session, service), before=self.before)

    def before(self, name: str) -> None:
        self.reads.append(name)
        if self.trouble:
            raise self.trouble

    def secret(self, value: str = VALUE, name: str = "pages", **other: Any) -> str:
        client = self.session.client("secretsmanager")
        made = client.create_secret(Name=name, **(other or {"SecretString": value}))
        return str(made["ARN"])

    def parameter(self, value: str = VALUE, kind: Any = "SecureString", name: str = "/pages/slack") -> str:
        client = self.session.client("ssm")
        client.put_parameter(Name=name, Value=value, Type=kind)
        return str(client.get_parameter(Name=name)["Parameter"]["ARN"])

    def changed(self, arn: str, value: str) -> None:
        self.session.client("secretsmanager").put_secret_value(SecretId=arn, SecretString=value)


@pytest.fixture
def account() -> Iterator[Account]:
    with mock_aws():
        yield Account()


def test_a_secret_is_read_by_its_arn(account: Account) -> None:
    assert account.secrets.value(account.secret()) == VALUE
    assert account.connected == ["secretsmanager"]


@pytest.mark.parametrize("name", ["/pages/slack", "pages"])
def test_a_parameter_is_read_decrypted_by_its_arn(account: Account, name: str) -> None:
    assert account.secrets.value(account.parameter(name=name)) == VALUE
    assert account.connected == ["ssm"]


def test_a_parameter_is_asked_for_by_its_whole_arn_and_decrypted() -> None:
    arn = f"arn:aws:ssm:{a.REGION}:{a.ACCOUNT}:parameter/pages/slack"
    client = reader(boto3.session.Session(region_name=a.REGION), "ssm")
    with Stubber(client) as stub:
        reply = {"Parameter": {"Type": "SecureString", "Value": VALUE}}
        stub.add_response("get_parameter", reply, {"Name": arn, "WithDecryption": True})
        assert CachedSecrets(lambda _: client, lambda: a.NOW).value(arn) == VALUE


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(f"{VALUE}\n", VALUE, id="with the newline of a file"),
        pytest.param(" \n", Unknown("the secret is empty"), id="blank"),
        pytest.param(
            f'{{"token": "{VALUE}"}}',
            Unknown("the secret holds a JSON document; store the value alone"),
            id="document",
        ),
    ],
)
def test_a_secret_is_the_value_alone(account: Account, value: str, expected: Reading[str]) -> None:
    assert account.secrets.value(account.secret(value)) == expected


def test_a_binary_secret_is_no_text(account: Account) -> None:
    found = account.secrets.value(account.secret(SecretBinary=b"\x00\x01"))
    assert found == Unknown("the secret is binary")


@pytest.mark.parametrize("kind", ["String", "StringList"])
def test_a_parameter_that_anybody_may_read_is_no_secret(account: Account, kind: str) -> None:
    found = account.secrets.value(account.parameter(kind=kind))
    assert found == Unknown("the parameter is not a SecureString")


@pytest.mark.parametrize(
    "arn",
    [
        "",
        "pages",
        VALUE,
        "arn:aws:s3:::bucket",
        "arn:aws:ssm:eu-west-1:111122223333:document/x",
        "arn:aws:ssm",
    ],
)
def test_an_address_that_is_no_arn_of_a_secret_is_not_read(account: Account, arn: str) -> None:
    assert account.secrets.value(arn) == Unknown("not the ARN of a secret or of a parameter")
    assert account.connected == []


@pytest.mark.parametrize(
    "arn",
    [
        f"arn:aws:secretsmanager:{a.REGION}:{a.ACCOUNT}:secret:gone-AbCdEf",
        f"arn:aws:ssm:{a.REGION}:{a.ACCOUNT}:parameter/gone",
    ],
)
def test_a_secret_that_is_not_there_is_absent(account: Account, arn: str) -> None:
    assert account.secrets.value(arn) == ABSENT


def test_it_is_kept_for_five_minutes_and_then_read_again(account: Account) -> None:
    arn = account.secret()
    account.secrets.value(arn)
    account.changed(arn, "another")
    account.clock.pass_time(5 * MINUTES - SECOND)
    assert account.secrets.value(arn) == VALUE
    account.clock.pass_time(SECOND)
    assert account.secrets.value(arn) == "another"
    assert len(account.reads) == 2
    assert account.connected == ["secretsmanager"]


def test_a_clock_that_was_set_back_keeps_nothing_for_longer(account: Account) -> None:
    arn = account.secret()
    account.secrets.value(arn)
    account.clock.pass_time(-60 * MINUTES)
    account.secrets.value(arn)
    assert len(account.reads) == 2


@pytest.mark.parametrize(
    ("trouble", "why"),
    [
        (NO_CONNECTION, "GetSecretValue: EndpointConnectionError"),
        (answer("AccessDeniedException", 400), "GetSecretValue: AccessDeniedException"),
        (answer("DecryptionFailure", 400), "GetSecretValue: DecryptionFailure"),
    ],
)
def test_a_secret_that_cannot_be_read_is_unknown_and_soon_read_again(
    account: Account, trouble: Exception, why: str
) -> None:
    arn = account.secret()
    account.trouble = trouble
    assert [account.secrets.value(arn) for _ in range(3)] == [Unknown(why)] * 3
    assert len(account.reads) == 1
    account.trouble = None
    account.clock.pass_time(15 * SECOND)
    assert account.secrets.value(arn) == VALUE


def test_the_last_value_serves_for_an_hour_while_it_cannot_be_read(account: Account) -> None:
    arn = account.secret()
    account.secrets.value(arn)
    account.trouble = NO_CONNECTION
    account.clock.pass_time(5 * MINUTES)
    assert [account.secrets.value(arn) for _ in range(2)] == [VALUE] * 2
    assert len(account.reads) == 2, "between two failed reads there is a pause"
    account.clock.pass_time(60 * MINUTES - SECOND)
    assert account.secrets.value(arn) == VALUE
    account.clock.pass_time(15 * SECOND)
    assert isinstance(account.secrets.value(arn), Unknown)


def test_a_value_that_can_be_read_again_is_the_new_one(account: Account) -> None:
    arn = account.secret()
    account.secrets.value(arn)
    account.trouble = NO_CONNECTION
    account.clock.pass_time(5 * MINUTES)
    account.secrets.value(arn)
    account.trouble = None
    account.changed(arn, "another")
    account.clock.pass_time(15 * SECOND)
    assert account.secrets.value(arn) == "another"


def test_a_secret_that_was_deleted_serves_no_longer(account: Account) -> None:
    arn = account.secret()
    account.secrets.value(arn)
    account.session.client("secretsmanager").delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)
    account.clock.pass_time(5 * MINUTES)
    assert account.secrets.value(arn) == ABSENT


def test_an_answer_without_a_value_is_blindness() -> None:
    class Odd:
        def get_parameter(self, **_: Any) -> dict[str, Any]:
            return {"Parameter": {}}

    arn = f"arn:aws:ssm:{a.REGION}:{a.ACCOUNT}:parameter/x"
    found = CachedSecrets(lambda _: Odd(), lambda: a.NOW).value(arn)
    assert found == Unknown("GetParameter: unexpected answer")


def test_a_value_is_seen_nowhere(account: Account, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    arns = [account.secret(), account.parameter(), account.secret(f'{{"token": "{VALUE}"}}', name="json")]
    found = [account.secrets.value(arn) for arn in arns]
    assert found[:2] == [VALUE, VALUE]
    lines = [repr(account.secrets), repr(account.secrets._cached), repr(found[2])]
    account.trouble = NO_CONNECTION
    account.clock.pass_time(120 * MINUTES)
    lines += [repr(account.secrets.value(arn)) for arn in arns]
    assert VALUE not in "".join([*lines, caplog.text])
