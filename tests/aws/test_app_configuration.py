"""AppConfig's data plane through Powertools' provider: what is served, and how each failure ends."""

import pytest
from boto3.session import Session
from botocore import exceptions as sdk

from firebreak.aws.app_configuration import AppConfiguration
from firebreak.aws.clients import fail_fast
from firebreak.errors import AwsError, Denied, NotFound, Rejected, Throttled, Unavailable
from tests.support import builders as a
from tests.support.app_config import PLACE, FakeAppConfig, Refused


def reading(fake: FakeAppConfig) -> AppConfiguration:
    session = Session(region_name=a.REGION)
    return AppConfiguration(lambda: fake.attach(fail_fast(session, "appconfigdata")), *PLACE)


def test_it_reads_what_is_deployed_and_what_is_deployed_later() -> None:
    fake = FakeAppConfig()
    one = reading(fake)
    fake.serve(b"first")
    assert one.read() == b"first"
    assert one.read() == b"first"  # AppConfig says nothing where nothing is new
    fake.serve(b"second")
    assert one.read() == b"second"
    assert fake.calls.count("StartConfigurationSession") == 1


def test_a_deployment_that_is_taken_back_brings_the_one_before_it() -> None:
    fake = FakeAppConfig()
    one = reading(fake)
    fake.serve(b"first")
    fake.serve(b"second")
    assert one.read() == b"second"
    fake.take_back()
    assert one.read() == b"first"


def test_nothing_is_empty_before_the_first_deployment() -> None:
    fake = FakeAppConfig()
    one = reading(fake)
    assert one.read() == b""
    fake.serve(b"first")
    assert one.read() == b"first"


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        (Refused("AccessDeniedException", 403), Denied),
        (Refused("ThrottlingException", 429), Throttled),
        (Refused("ResourceNotFoundException", 404), NotFound),
        (Refused("InternalServerException", 500), Unavailable),
        (Refused("BadRequestException"), Rejected),
        (sdk.ReadTimeoutError(endpoint_url="x"), Unavailable),
        (sdk.EndpointConnectionError(endpoint_url="x"), Unavailable),
        (sdk.NoCredentialsError(), Unavailable),
        (OSError("odd"), Unavailable),
    ],
    ids=lambda one: getattr(one, "code", getattr(one, "__name__", type(one).__name__)),
)
@pytest.mark.parametrize("call", ["StartConfigurationSession", "GetLatestConfiguration"])
def test_each_failure_is_an_error_of_firebreak_and_the_next_read_begins_a_session(
    error: Exception, meaning: type[AwsError], call: str
) -> None:
    fake = FakeAppConfig(fails={call: error})
    one = reading(fake)
    fake.serve(b"first")
    with pytest.raises(meaning) as raised:
        one.read()
    assert raised.value.operation in {"StartConfigurationSession", "GetLatestConfiguration"}
    fake.fails.clear()
    assert one.read() == b"first"


def test_a_token_that_has_expired_costs_one_failed_read_and_not_the_process() -> None:
    fake = FakeAppConfig()
    one = reading(fake)
    fake.serve(b"first")
    one.read()
    fake._sessions.clear()
    with pytest.raises(Rejected):
        one.read()
    assert one.read() == b"first"
