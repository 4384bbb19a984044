"""Alarms in memory, and clients with programmed answers, for the tests of alarms that are put as a whole."""

import json
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import boto3
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.stub import Stubber

from firebreak.core.readings import NotRead, Unknown
from firebreak.errors import AwsError
from firebreak_cli.adopt.alarm_configuration import OPERATIONS, Configuration, Kind, configuration
from firebreak_cli.adopt.alarm_store import UNPARSED, CloudWatchStore, Pace
from tests.cli.adopted import NOW, raw
from tests.support import builders as a

ON = {"AlarmTagsPropagation": {"Enabled": True}}
OFF = {"AlarmTagsPropagation": {"Enabled": False}}


def client() -> Any:
    """A client of CloudWatch that reaches nothing."""
    session = boto3.session.Session("x", "x", region_name=a.REGION)
    return session.client("cloudwatch")


MODEL = client().meta.service_model
TAKES = {kind: MODEL.operation_model(operation).input_shape for kind, operation in OPERATIONS.items()}


def shown(kind: Kind = Kind.METRIC, **changes: Any) -> Configuration:
    """An alarm as it is read; by default one on the memory of a service."""
    return configuration(kind, raw(**changes), TAKES[kind], ())


@dataclass
class Alarms:
    """An AlarmStore in memory; `on_put` may keep another configuration than the one that was put."""

    alarms: dict[str, Configuration] = field(default_factory=dict)
    puts: list[Configuration] = field(default_factory=list)
    errors: list[AwsError | None] = field(default_factory=list)
    on_put: Callable[[Configuration], Configuration] = lambda wanted: wanted
    before_read: Callable[["Alarms", int], object] = lambda *_: None
    blind: Callable[[int], bool] = lambda _: False
    reads: int = 0
    steps: list[str] = field(default_factory=list)

    def wait_for_turn(self) -> None:
        self.steps.append("turn")

    def read(self, names: Sequence[str]) -> Mapping[str, Configuration] | Unknown | NotRead:
        self.reads += 1
        self.steps.append("read")
        self.before_read(self, self.reads)
        if self.blind(self.reads):
            return Unknown("DescribeAlarms: Throttling")
        return {name: self.alarms[name] for name in names if name in self.alarms}

    def put(self, wanted: Configuration) -> None:
        self.steps.append("put")
        error = self.errors.pop(0) if self.errors else None
        if error:
            raise error
        self.puts.append(wanted)
        self.alarms[wanted.name] = replace(self.on_put(wanted), changed_at=NOW)


def alarms(*found: Configuration, **how: Any) -> Alarms:
    """These alarms."""
    return Alarms({one.name: one for one in found}, **how)


def stubbed(read: Callable[[Stubber], object], put: Callable[[Stubber], object]) -> CloudWatchStore:
    """The store on two clients with programmed answers, read as if every member of them was known."""
    reads, writes = client(), client()
    for made, program in ((reads, read), (writes, put)):
        stubber = Stubber(made)
        program(stubber)
        stubber.activate()
    reads.meta.events.register("after-call.cloudwatch.DescribeAlarms", _all_parsed)
    return CloudWatchStore(reads, writes, unhurried())


def _all_parsed(parsed: dict[str, Any], **_: object) -> None:
    parsed[UNPARSED] = {}


def unhurried() -> Pace:
    return Pace(lambda: NOW, lambda _: None)


def sending(answer: Mapping[str, Any], *, status: int = 200) -> Any:
    """A client to which CloudWatch sends this answer, in the encoding that botocore asks for."""
    made = client()
    body = json.dumps(answer, default=datetime.timestamp).encode()
    headers = HTTPHeaders()
    headers["Content-Type"] = "application/x-amz-json-1.0"

    def send(request: Any, **_: object) -> AWSResponse:
        assert b"json" in request.headers["Content-Type"]
        return AWSResponse(request.url, status, headers, _Raw(body))

    made.meta.events.register_last("before-send.cloudwatch.DescribeAlarms", send)
    return made


class _Raw:
    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, *_: object, **__: object) -> Any:
        yield self._body


def cbor(value: Any) -> bytes:
    """RFC 8949, as far as an alarm needs it."""
    match value:
        case str():
            return _head(3, len(value.encode())) + value.encode()
        case list():
            return _head(4, len(value)) + b"".join(map(cbor, value))
        case dict():
            pairs = (cbor(key) + cbor(one) for key, one in value.items())
            return _head(5, len(value)) + b"".join(pairs)
        case _:
            raise TypeError(type(value))


def _head(major: int, length: int) -> bytes:
    return bytes([major << 5 | 27]) + struct.pack(">Q", length)
