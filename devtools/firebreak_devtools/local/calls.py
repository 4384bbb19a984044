"""Counts the AWS calls that were made, from the emulator's own record of them (CloudTrail)."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from boto3.session import Session


@dataclass(frozen=True, slots=True)
class Call:
    """One API call; `caller` is its access key, which with enforced IAM is one of a function's own."""

    operation: str
    at: datetime
    caller: str
    parameters: dict[str, Any]


def calls(session: Session, operation: str) -> list[Call]:
    """The newest calls of an operation such as `UpdateService`, oldest first, 50 at most."""
    trail: Any = session.client("cloudtrail")
    found = trail.lookup_events(
        LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": operation}]
    )["Events"]
    return [_call(event) for event in reversed(found)]


def _call(event: dict[str, Any]) -> Call:
    parameters = json.loads(event["CloudTrailEvent"]).get("requestParameters") or {}
    return Call(event["EventName"], event["EventTime"], event["AccessKeyId"], parameters)
