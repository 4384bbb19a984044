"""Reading and replacing the configuration of alarms, at the pace that CloudWatch allows."""

import io
import json
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Protocol

from firebreak.aws.alarm_types import AlarmTypes
from firebreak.aws.alarms import MOST_AT_ONCE
from firebreak.aws.translate import look, send, translated
from firebreak.core.readings import ABSENT, Absent, NotRead, Reading, Unknown
from firebreak_cli.adopt.alarm_configuration import (
    LISTS,
    OPERATIONS,
    Configuration,
    Kind,
    beyond,
    configuration,
)

if TYPE_CHECKING:
    from botocore.model import OperationModel

# PutMetricAlarm of an account and region (AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html).
PUTS_A_SECOND = 3
BETWEEN_PUTS = timedelta(seconds=1) / PUTS_A_SECOND

# The key under which an answer holds what botocore itself leaves out of it, by the alarm's name.
UNPARSED = "FirebreakUnparsed"
_METHODS: Mapping[Kind, str] = {
    Kind.METRIC: "put_metric_alarm",
    Kind.COMPOSITE: "put_composite_alarm",
    Kind.LOG: "put_log_alarm",
}

type Configurations = Mapping[str, Configuration]


class AlarmStore(Protocol):
    """The configurations of alarms."""

    def read(self, names: Sequence[str]) -> Configurations | Unknown | NotRead:
        """Those of these alarms that exist, by name."""

    def wait_for_turn(self) -> None:
        """Waits until the next put may be sent: before the look that it rests on, not after it."""

    def put(self, wanted: Configuration) -> None:
        """Replaces one alarm as a whole, by one request. Raises AwsError."""


@dataclass(slots=True)
class Pace:
    """Keeps calls apart; `now` and `sleep` are the only clock."""

    now: Callable[[], datetime]
    sleep: Callable[[float], None]
    apart: timedelta = BETWEEN_PUTS
    _next: datetime | None = None

    def wait(self) -> None:
        """Sleep until the next call may be made."""
        # A clock that is set back must not make it wait longer.
        early = min(self._next - self.now(), self.apart) if self._next else timedelta()
        if early > timedelta():
            self.sleep(early.total_seconds())
        self._next = self.now() + self.apart


class CloudWatchStore:
    """The alarms of one account, by a client that reads and one that sends once."""

    def __init__(self, reads: Any, writes: Any, pace: Pace) -> None:
        self._reads, self._writes, self._pace = reads, writes, pace
        self._types = AlarmTypes()
        model = writes.meta.service_model
        self._takes = {kind: model.operation_model(name).input_shape for kind, name in OPERATIONS.items()}
        reads.meta.events.register(
            "before-parse.cloudwatch.DescribeAlarms", keep_unparsed, unique_id="firebreak-unparsed"
        )

    def read(self, names: Sequence[str]) -> Configurations | Unknown | NotRead:
        """DescribeAlarms, 100 names a call."""
        found: dict[str, Configuration] = {}
        for start in range(0, len(names), MOST_AT_ONCE):
            asked = names[start : start + MOST_AT_ONCE]
            page = look("DescribeAlarms", partial(self._read, asked))
            if isinstance(page, Unknown | NotRead):
                return page
            found |= {} if isinstance(page, Absent) else page
        return found

    def _page(self, names: Sequence[str], types: Sequence[str]) -> Any:
        with translated("DescribeAlarms", mutates=False):
            return self._reads.describe_alarms(
                AlarmNames=[*names], AlarmTypes=[*types], MaxRecords=MOST_AT_ONCE
            )

    def _read(self, names: Sequence[str]) -> Configurations | NotRead:
        page = self._types.ask(partial(self._page, names))
        if UNPARSED not in page:
            return NotRead("DescribeAlarms: botocore does not show its answer as it was sent")
        return {
            raw["AlarmName"]: configuration(
                kind, raw, self._takes[kind], page[UNPARSED].get(raw["AlarmName"], ())
            )
            for kind, listed in LISTS.items()
            for raw in page.get(listed, ())
            if raw["AlarmName"] in names
        }

    def wait_for_turn(self) -> None:
        """Three puts a second, over all alarms."""
        self._pace.wait()

    def put(self, wanted: Configuration) -> None:
        """PutMetricAlarm, PutCompositeAlarm or PutLogAlarm."""
        method = getattr(self._writes, _METHODS[wanted.kind])
        send(wanted.operation, lambda: method(**wanted.fields))


def read_one(store: AlarmStore, name: str) -> Reading[Configuration]:
    """The configuration of one alarm."""
    found = store.read([name])
    return found if isinstance(found, Unknown | NotRead) else found.get(name, ABSENT)


def keep_unparsed(
    operation_model: "OperationModel",
    response_dict: Mapping[str, Any],
    customized_response_dict: MutableMapping[str, Any],
    **_: object,
) -> None:
    """Add to an answer what of each alarm botocore would leave out, for it parses only what it knows.

    A botocore older than a field of CloudWatch would not show the field, and a put would take it away.
    """
    answer = _decoded(operation_model.service_model.resolved_protocol, response_dict)
    if answer is None:
        return
    known: Any = operation_model.output_shape
    customized_response_dict[UNPARSED] = {
        raw["AlarmName"]: tuple(dict.fromkeys(beyond(known.members[listed].member, raw)))
        for listed in LISTS.values()
        if listed in known.members
        for raw in answer.get(listed) or ()
    }


def _decoded(protocol: str, response: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The answer as it was sent; None for an error, or a protocol that is not read here."""
    if response["status_code"] >= HTTPStatus.MULTIPLE_CHOICES:
        return None
    match protocol:
        case "smithy-rpc-v2-cbor":
            from botocore.parsers import RpcV2CBORParser

            body = io.BufferedReader(io.BytesIO(response["body"]))
            found = RpcV2CBORParser().parse_data_item(body)
        case "json":
            found = json.loads(response["body"])
        case _:
            return None
    return found if isinstance(found, Mapping) else None
