"""STS as AWS runs it: it answers with the caller whose key made the signature, over exactly what was sent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hmac import compare_digest
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSPreparedRequest, AWSRequest, AWSResponse
from botocore.credentials import Credentials

# docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
TAKEN_FOR = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Known:
    """The keys of a principal, as their command has them, and the principal's ARN."""

    arn: str
    key: str
    secret: str = "secret"
    token: str = ""

    @property
    def credentials(self) -> Credentials:
        return Credentials(self.key, self.secret, self.token or None)


@dataclass
class SimulatedSts:
    """Takes what a client would send (`before-send.sts`), and keeps it; `code` is an error for every call."""

    known: tuple[Known, ...]
    now: datetime
    code: str = ""
    status: int = 400
    sent: list[AWSPreparedRequest] = field(default_factory=list)

    def __call__(self, request: AWSPreparedRequest, **_: object) -> AWSResponse:
        self.sent.append(request)
        if self.code:
            return _refused(request, self.code, self.status)
        headers = {name.lower(): _text(value) for name, value in request.headers.items()}
        if not headers.get("authorization"):
            return _refused(request, "MissingAuthenticationToken", 403)
        return self._answer(request, headers)

    def _answer(self, request: AWSPreparedRequest, headers: Mapping[str, str]) -> AWSResponse:
        parts = dict(part.split("=", 1) for part in headers["authorization"].split(" ", 1)[1].split(", "))
        key, _, region, service, _ = parts["Credential"].split("/")
        caller = next((one for one in self.known if one.key == key), None)
        if caller is None or headers.get("x-amz-security-token", "") != caller.token:
            return _refused(request, "InvalidClientTokenId", 403)
        signed_at = datetime.strptime(headers["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        if abs(self.now - signed_at) > TAKEN_FOR or service != "sts":
            return _refused(request, "SignatureDoesNotMatch", 403)
        signed = {name: headers[name] for name in parts["SignedHeaders"].split(";") if name != "host"}
        made = _signature(caller, region, request, signed)
        if not {"host", "x-amz-date"} <= set(parts["SignedHeaders"].split(";")) or not compare_digest(
            made, parts["Signature"]
        ):
            return _refused(request, "SignatureDoesNotMatch", 403)
        return _reply(request, 200, _IDENTITY.format(arn=caller.arn, account=caller.arn.split(":")[4]))


def _signature(caller: Known, region: str, request: AWSPreparedRequest, headers: Mapping[str, str]) -> str:
    """The signature of what came, by the caller's own key: over its address, its headers and its body."""
    auth = SigV4Auth(caller.credentials, "sts", region)
    again = AWSRequest("POST", str(request.url), headers=dict(headers), data=request.body)
    again.context["timestamp"] = headers["x-amz-date"]
    return str(auth.signature(auth.string_to_sign(again, auth.canonical_request(again)), again))


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


_IDENTITY = (
    '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>'
    "<Arn>{arn}</Arn><UserId>AIDA</UserId><Account>{account}</Account></GetCallerIdentityResult>"
    "<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></GetCallerIdentityResponse>"
)
_ERROR = (
    '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>'
    "<Code>{code}</Code><Message>no</Message></Error><RequestId>r</RequestId></ErrorResponse>"
)


def _refused(request: AWSPreparedRequest, code: str, status: int) -> AWSResponse:
    return _reply(request, status, _ERROR.format(code=code))


class _Body:
    """The body of a reply, as urllib3 would hand it over."""

    def __init__(self, content: str) -> None:
        self._content = content.encode()

    def stream(self, **_: object) -> Any:
        yield self._content


def _reply(request: AWSPreparedRequest, status: int, content: str) -> AWSResponse:
    headers: Any = {"Content-Type": "text/xml"}
    return AWSResponse(str(request.url), status, headers, _Body(content))
