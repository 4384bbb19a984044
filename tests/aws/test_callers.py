"""A caller's proof of a request: STS confirms who signed it, for this request and this stack alone."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSPreparedRequest, AWSRequest
from botocore.config import Config
from botocore.exceptions import EndpointConnectionError

from firebreak.aws.callers import BODY, CONTENT_TYPE, StsCallers, regional_sts, sign
from firebreak.aws.clients import unsigned_reader
from firebreak.core.model import CallerProof
from firebreak.core.paging.commands import StackAddress
from firebreak.core.people import Caller, Unconfirmed
from firebreak.core.readings import Unknown
from firebreak.errors import Unavailable
from tests.support.simulated_sts import Known, SimulatedSts

ANA = Known("arn:aws:sts::111122223333:assumed-role/oncall/ana", "ASIAANA", token="session/token+of=ana")
BO = Known("arn:aws:iam::111122223333:user/bo", "AKIABO")
FUNCTION = Known("arn:aws:sts::111122223333:assumed-role/firebreak-act/f", "ASIAFUNCTION")
STACK = StackAddress("firebreak", "eu-west-1", "111122223333")
REFUSED = (
    "AWS refused the signature (SignatureDoesNotMatch):"
    " look at the clock and the session of the machine that sent it"
)
HASH = "0123456789abcdef" * 4


def session_of(known: Known | None, region: str = "eu-west-1") -> boto3.Session:
    if known is None:
        return boto3.Session(region_name=region)
    return boto3.Session(known.key, known.secret, known.token or None, region_name=region)


def proof_of(known: Known, stack: StackAddress = STACK, request: str = HASH) -> CallerProof:
    """The proof that this person's command makes."""
    session = session_of(known, stack.region)
    return sign(session, regional_sts(session, stack.region), stack, request)


type MakeClient = Callable[[boto3.Session, str], Any]


def once(session: boto3.Session, service: str) -> Any:
    """A client that signs nothing and does not wait to ask again."""
    settings = Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1})
    make: Callable[..., Any] = session.client
    return make(service, config=settings)


def asking(
    sts: Callable[..., object], make: MakeClient = unsigned_reader, stack: StackAddress = STACK
) -> StsCallers:
    """The function's side, which has credentials of its own."""
    session = session_of(FUNCTION, stack.region)
    session.events.register("before-send.sts", sts)  # type: ignore[arg-type]  # an answer ends the sending
    return StsCallers(partial(make, session), stack)


@pytest.fixture
def sts() -> SimulatedSts:
    return SimulatedSts((ANA, BO), datetime.now(UTC))


@pytest.mark.parametrize("known", [ANA, BO], ids=["a session", "a user"])
@pytest.mark.parametrize(
    "region", ["eu-west-1", "us-east-1", "cn-north-1", "us-gov-west-1", "eusc-de-east-1"]
)
def test_the_signer_of_a_request_is_its_caller(sts: SimulatedSts, known: Known, region: str) -> None:
    stack = replace(STACK, region=region)

    found = asking(sts, stack=stack).caller_of(proof_of(known, stack))

    assert found == Caller(known.arn, "111122223333")
    assert len(sts.sent) == 1
    assert str(sts.sent[0].url).startswith(f"https://sts.{region}.amazonaws.")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AWS_STS_REGIONAL_ENDPOINTS", "legacy"),
        ("AWS_USE_FIPS_ENDPOINT", "true"),
        ("AWS_USE_DUALSTACK_ENDPOINT", "true"),
    ],
)
def test_settings_that_prefer_another_address_change_nothing(
    sts: SimulatedSts, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    with monkeypatch.context() as settings:
        settings.setenv(name, value)
        proof = proof_of(BO)

    assert asking(sts).caller_of(proof) == Caller(BO.arn, "111122223333")


@pytest.mark.parametrize(
    "made",
    [
        pytest.param(lambda: proof_of(ANA, request="f" * 64), id="of another request"),
        pytest.param(lambda: proof_of(ANA, replace(STACK, name="other")), id="for another stack"),
        pytest.param(lambda: proof_of(ANA, replace(STACK, account="444455556666")), id="for another account"),
        pytest.param(lambda: proof_of(ANA, replace(STACK, region="eu-west-2")), id="for another region"),
        pytest.param(
            lambda: replace(proof_of(ANA), authorization=proof_of(BO).authorization), id="of two people"
        ),
        pytest.param(lambda: replace(proof_of(ANA), token=""), id="without its token"),
        pytest.param(lambda: replace(proof_of(ANA), date="20261120T100000Z"), id="at another time"),
        pytest.param(lambda: proof_of(replace(BO, secret="guessed")), id="by a guessed key"),
        pytest.param(lambda: replace(proof_of(ANA), authorization="", token=""), id="unsigned"),
    ],
)
def test_a_proof_of_anything_else_names_nobody(sts: SimulatedSts, made: Callable[[], CallerProof]) -> None:
    found = asking(sts).caller_of(replace(made(), request=HASH))

    assert isinstance(found, Unconfirmed)
    assert found.why.startswith(("AWS refused the signature (", "the signature does not cover this request"))


@pytest.mark.parametrize("known", [ANA, BO], ids=["a session", "a user"])
@pytest.mark.parametrize("more", [(), ("x-another",)], ids=["no header of Firebreak", "another header"])
def test_a_call_that_somebody_signed_for_something_else_is_no_proof(
    sts: SimulatedSts, known: Known, more: tuple[str, ...]
) -> None:
    """AWS takes it: it lets a header that nobody signed pass."""
    headers = {"Content-Type": CONTENT_TYPE, **dict.fromkeys(more, "1")}
    call = AWSRequest("POST", "https://sts.eu-west-1.amazonaws.com/", headers=headers, data=BODY)
    SigV4Auth(known.credentials, "sts", "eu-west-1").add_auth(call)
    signed = CallerProof(
        request=HASH,
        authorization=call.headers["Authorization"],
        date=call.headers["X-Amz-Date"],
        token=known.token,
    )

    assert asking(sts).caller_of(signed) == Unconfirmed("the signature does not cover this request")
    assert sts.sent == []


@pytest.mark.parametrize(
    "written",
    [
        "{proof}, SignedHeaders=host;x-amz-date",
        "{proof}, Signature=" + "0" * 64,
        "AWS4-HMAC-SHA256 SignedHeaders=host;x-amz-date, {proof}",
        "{proof} ",
    ],
)
def test_a_header_that_could_be_read_in_two_ways_is_no_proof(sts: SimulatedSts, written: str) -> None:
    proof = proof_of(BO)
    odd = replace(proof, authorization=written.format(proof=proof.authorization))

    assert asking(sts).caller_of(odd) == Unconfirmed("the signature does not cover this request")
    assert sts.sent == []


def test_a_proof_is_taken_for_minutes_and_not_for_longer(sts: SimulatedSts) -> None:
    proof = proof_of(ANA)
    sts.now += timedelta(minutes=6)

    assert asking(sts).caller_of(proof) == Unconfirmed(REFUSED)


def test_the_function_adds_no_signature_of_its_own(sts: SimulatedSts) -> None:
    asking(sts).caller_of(proof_of(ANA))
    asking(sts).caller_of(replace(proof_of(ANA), authorization="", token=""))

    assert not [one for one in sts.sent if b"ASIAFUNCTION" in b"".join(map(_bytes, one.headers.values()))]


def _bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


@pytest.mark.parametrize(("code", "status"), [("Throttling", 400), ("InternalFailure", 500)])
def test_an_sts_that_cannot_answer_says_nothing_about_the_caller(
    sts: SimulatedSts, code: str, status: int
) -> None:
    sts.code, sts.status = code, status

    assert asking(sts, once).caller_of(proof_of(ANA)) == Unknown(f"AWS STS did not answer ({code})")


def test_an_sts_that_nobody_reaches_says_nothing_either() -> None:
    def gone(request: AWSPreparedRequest, **_: object) -> None:
        raise EndpointConnectionError(endpoint_url=str(request.url))

    found = asking(gone, once).caller_of(proof_of(ANA))

    assert found == Unknown("AWS STS did not answer (EndpointConnectionError)")


def test_without_credentials_nothing_is_signed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    with pytest.raises(Unavailable, match="NoCredentialsError"):
        sign(session_of(None), "https://sts.eu-west-1.amazonaws.com/", STACK, HASH)
