"""Callers that AWS confirms: a human signs a call of STS for one request, and a function sends it.

EventBridge names no principal. GetCallerIdentity needs no permission and answers with the caller, and its
signature (Signature Version 4) covers every header that the caller adds: the one with the request's hash
makes it a proof of this request alone. Nobody can do anything else with it, and AWS takes it for minutes only
(docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from firebreak.aws.clients import unsigned_reader
from firebreak.aws.translate import translated
from firebreak.core.model import CallerProof
from firebreak.core.people import Caller, Unconfirmed
from firebreak.core.readings import Unknown
from firebreak.errors import AwsError, Denied, Rejected

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from boto3.session import Session

    from firebreak.core.paging.commands import StackAddress

HEADER = "X-Firebreak-Request"
# As botocore writes the call: both sides must send the same bytes.
BODY = "Action=GetCallerIdentity&Version=2011-06-15"
CONTENT_TYPE = "application/x-www-form-urlencoded; charset=utf-8"

_LOOK_AT = "look at the clock and the session of the machine that sent it"
# The whole header, as Signature Version 4 writes it: each part once, so that AWS reads what was looked at.
_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=[A-Za-z0-9_/-]+, SignedHeaders=([a-z0-9;-]+), Signature=[0-9a-f]{64}",
    re.ASCII,
)


def _covers_the_request(proof: CallerProof) -> bool:
    """Whether the signature covers the header that names the request, and none but those that are sent.

    AWS asks for `host` and `x-amz-*` to be signed and lets other headers pass unsigned: without this look any
    GetCallerIdentity that somebody signed would do, such as one of another tool's log-in.
    """
    found = _AUTHORIZATION.fullmatch(proof.authorization)
    token = {"x-amz-security-token"} if proof.token else set()
    needed = {"host", "x-amz-date", HEADER.lower(), *token}
    return found is not None and set(found[1].split(";")) - {"content-type"} == needed


def signed_for(stack: StackAddress, request: str) -> str:
    """The value of the header: the stack that a request is for, and the request's hash."""
    return f"{stack.account}/{stack.region}/{stack.name}/{request}"


def regional_sts(session: Session, region: str) -> str:
    """The address of STS to sign for: that of the stack's region, where its function sends the call.

    The caller's settings may prefer the old one for all regions (`sts_regional_endpoints = legacy`), in whose
    name there is none. Raises AwsError.
    """
    with translated("a client for sts", mutates=False):
        endpoint = urlsplit(str(unsigned_reader(session, "sts").meta.endpoint_url))
    host = endpoint.netloc
    if host.startswith("sts.") and region not in host:
        host = host.replace("sts.", f"sts.{region}.", 1)
    return urlunsplit((endpoint.scheme, host, "/", "", ""))


def sign(session: Session, endpoint: str, stack: StackAddress, request: str) -> CallerProof:
    """The caller's proof of a request for a stack; `endpoint` is the address of STS in the stack's region.

    Raises AwsError where the caller has no credentials.
    """
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.exceptions import NoCredentialsError

    with translated("GetCallerIdentity", mutates=False):
        credentials = session.get_credentials()
        if credentials is None:
            raise NoCredentialsError
        headers = {"Content-Type": CONTENT_TYPE, HEADER: signed_for(stack, request)}
        call = AWSRequest("POST", endpoint, headers=headers, data=BODY)
        SigV4Auth(credentials.get_frozen_credentials(), "sts", stack.region).add_auth(call)
    return CallerProof(
        request=request,
        authorization=str(call.headers["Authorization"]),
        date=str(call.headers["X-Amz-Date"]),
        token=str(call.headers.get("X-Amz-Security-Token", "")),
    )


class StsCallers:
    """The callers behind proofs; each is asked for once, by a client that signs nothing itself."""

    def __init__(self, unsigned: Callable[[str], Any], stack: StackAddress) -> None:
        self._unsigned = unsigned
        self._stack = stack

    def caller_of(self, proof: CallerProof) -> Caller | Unconfirmed | Unknown:
        """The caller that signed this request for this stack."""
        if not _covers_the_request(proof):
            return Unconfirmed("the signature does not cover this request")
        headers = self._headers(proof)

        def add(params: Mapping[str, Any], **_: object) -> None:
            params["headers"].update(headers)

        try:
            with translated("GetCallerIdentity", mutates=False):
                sts = self._unsigned("sts")
                sts.meta.events.register("before-call.sts.GetCallerIdentity", add)
                reply = sts.get_caller_identity()
        except (Denied, Rejected) as error:
            return Unconfirmed(f"AWS refused the signature ({error.code}): {_LOOK_AT}")
        except AwsError as error:
            return Unknown(f"AWS STS did not answer ({error.code})")
        return Caller(str(reply["Arn"]), str(reply["Account"]))

    def _headers(self, proof: CallerProof) -> Mapping[str, str]:
        token = {"X-Amz-Security-Token": proof.token} if proof.token else {}
        return {
            "Authorization": proof.authorization,
            "X-Amz-Date": proof.date,
            HEADER: signed_for(self._stack, proof.request),
            **token,
        }
