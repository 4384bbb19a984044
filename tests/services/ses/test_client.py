"""The SES adapter against botocore's own service model."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from botocore.stub import Stubber

from firebreak.core.readings import ABSENT, Unknown
from firebreak.errors import Denied, NotFound, Throttled
from firebreak.services.ses.client import SesReader, SesWriter
from firebreak.services.ses.sending import SendingLive
from tests.support.builders_ecs import session

SECRET = "User: arn:aws:iam::111122223333:role/x is not authorized, password=hunter2"
NAME = {"ConfigurationSetName": "newsletter"}


@cache
def client() -> Any:
    """Made once: loading a service model is most of the time of such a test."""
    make: Any = session().client
    return make("sesv2")


@pytest.fixture
def stub() -> Iterator[Stubber]:
    with Stubber(client()) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def raw_set(*, enabled: bool) -> dict[str, Any]:
    """A configuration set in the format of the API."""
    return {
        **NAME,
        "DeliveryOptions": {"TlsPolicy": "REQUIRE"},
        "ReputationOptions": {"ReputationMetricsEnabled": True},
        "SendingOptions": {"SendingEnabled": enabled},
        "Tags": [{"Key": "firebreak:enabled", "Value": "true"}],
        "SuppressionOptions": {"SuppressedReasons": ["BOUNCE", "COMPLAINT"]},
    }


def raw_account(**changes: Any) -> dict[str, Any]:
    """An account in the format of the API, with fields that must not be read."""
    return {
        "DedicatedIpAutoWarmupEnabled": False,
        "EnforcementStatus": "HEALTHY",
        "ProductionAccessEnabled": True,
        "SendQuota": {"Max24HourSend": 50000.0, "MaxSendRate": 14.0, "SentLast24Hours": 812.0},
        "SendingEnabled": True,
        "Details": {"MailType": "TRANSACTIONAL", "AdditionalContactEmailAddresses": ["ops@example.com"]},
    } | changes


@pytest.mark.parametrize("enabled", [True, False])
def test_a_configuration_sets_switch_and_tags_are_read(stub: Stubber, *, enabled: bool) -> None:
    stub.add_response("get_configuration_set", raw_set(enabled=enabled), NAME)
    expected = SendingLive(enabled=enabled, tags={"firebreak:enabled": "true"})
    assert expected == SesReader(client()).configuration_set("newsletter")


def test_a_set_without_tags_has_none(stub: Stubber) -> None:
    answer = {key: value for key, value in raw_set(enabled=True).items() if key != "Tags"}
    stub.add_response("get_configuration_set", answer, NAME)
    assert SesReader(client()).configuration_set("newsletter") == SendingLive(enabled=True)


@pytest.mark.parametrize("options", [{}, {"SendingOptions": {}}], ids=["no options", "no switch"])
def test_an_answer_without_the_switch_is_unknown(stub: Stubber, options: dict[str, Any]) -> None:
    stub.add_response("get_configuration_set", NAME | options, NAME)
    found = SesReader(client()).configuration_set("newsletter")
    assert found == Unknown("GetConfigurationSet: unexpected answer")


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        pytest.param("NotFoundException", 404, ABSENT, id="no such set"),
        pytest.param(
            "AccessDeniedException", 403, Unknown("GetConfigurationSet: AccessDeniedException"), id="denied"
        ),
        pytest.param(
            "TooManyRequestsException",
            429,
            Unknown("GetConfigurationSet: TooManyRequestsException"),
            id="throttled",
        ),
    ],
)
def test_absent_and_unknown_are_two_values(stub: Stubber, code: str, status: int, expected: object) -> None:
    stub.add_client_error("get_configuration_set", code, SECRET, status)
    assert expected == SesReader(client()).configuration_set("newsletter")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({}, SendingLive(enabled=True, enforcement="HEALTHY"), id="healthy"),
        pytest.param(
            {"SendingEnabled": False, "EnforcementStatus": "SHUTDOWN"},
            SendingLive(enabled=False, enforcement="SHUTDOWN"),
            id="stopped by AWS",
        ),
    ],
)
def test_of_the_account_only_switch_and_standing_are_taken(
    stub: Stubber, changes: dict[str, Any], expected: SendingLive
) -> None:
    stub.add_response("get_account", raw_account(**changes), {})
    assert expected == SesReader(client()).account()


@pytest.mark.parametrize("code", ["NotFoundException", "AccessDeniedException"])
def test_an_account_is_never_absent(stub: Stubber, code: str) -> None:
    stub.add_client_error("get_account", code, SECRET, 404 if code.startswith("Not") else 403)
    assert isinstance(SesReader(client()).account(), Unknown)


def test_an_account_without_its_switch_is_unknown(stub: Stubber) -> None:
    answer = {key: value for key, value in raw_account().items() if key != "SendingEnabled"}
    stub.add_response("get_account", answer, {})
    assert SesReader(client()).account() == Unknown("GetAccount: unexpected answer")


def test_pausing_a_set_switches_that_set_off(stub: Stubber) -> None:
    stub.add_response("put_configuration_set_sending_options", {}, NAME | {"SendingEnabled": False})
    SesWriter(client()).pause_configuration_set("newsletter")


def test_pausing_the_account_switches_it_off(stub: Stubber) -> None:
    stub.add_response("put_account_sending_attributes", {}, {"SendingEnabled": False})
    SesWriter(client()).pause_account()


@pytest.mark.parametrize(
    ("code", "status", "error"),
    [
        ("AccessDeniedException", 403, Denied),
        ("TooManyRequestsException", 429, Throttled),
        ("NotFoundException", 404, NotFound),
    ],
)
def test_a_refused_pause_is_known_not_to_have_happened(
    stub: Stubber, code: str, status: int, error: type[Exception]
) -> None:
    stub.add_client_error("put_configuration_set_sending_options", code, SECRET, status)
    with pytest.raises(error, match=rf"^PutConfigurationSetSendingOptions: {code}$"):
        SesWriter(client()).pause_configuration_set("newsletter")
    stub.add_client_error("put_account_sending_attributes", code, SECRET, status)
    with pytest.raises(error, match=rf"^PutAccountSendingAttributes: {code}$"):
        SesWriter(client()).pause_account()


def test_the_writer_has_no_way_to_let_mail_through_again() -> None:
    assert {name for name in vars(SesWriter) if not name.startswith("_")} == {
        "pause_configuration_set",
        "pause_account",
    }
