"""An alarm as SNS mails it, turned into the event that EventBridge sends for the same transition.

The functions refuse these messages: no rule and no subscription brings one to them. `explain` takes
them, since a mail is often all that an operator has, and says what they lack.
"""

import json
from collections.abc import Iterator, Mapping, Sequence

from firebreak.errors import UnusableEvent
from firebreak.intake.alarm_events import ALARM_SOURCE, STATE_CHANGE
from firebreak.wire.lenient_json import items, mapping, text

NO_TAGS = (
    "An SNS message carries no tags of the alarm: a firebreak:action or firebreak:target tag is not seen"
)
NO_SERIES = "An SNS message names no contributor and no datapoints"

_EXPECTED = "one alarm message of CloudWatch as SNS delivers it"


def event_in(value: object) -> Mapping[str, object] | None:
    """The state change in an SNS message, in its notification or in a batch of one; None if it is neither.

    Raises UnusableEvent where the notification carries anything else than one alarm message.
    """
    found = mapping(value)
    if isinstance(records := found.get("Records"), list):
        found = _only_notification(records)
    if "Message" in found and ("TopicArn" in found or found.get("Type") == "Notification"):
        found = _message(text(found["Message"]))
    return _event(found) if "NewStateValue" in found else None


def _only_notification(records: Sequence[object]) -> Mapping[str, object]:
    if len(records) != 1:
        return {}
    return mapping(mapping(records[0]).get("Sns"))


def _message(written: str) -> Mapping[str, object]:
    try:
        found = json.loads(written)
    except (ValueError, RecursionError) as error:
        raise UnusableEvent("an SNS notification whose Message is not JSON", _EXPECTED) from error
    if "NewStateValue" not in mapping(found):
        raise UnusableEvent("an SNS notification about something else than an alarm", _EXPECTED)
    return mapping(found)


def _event(message: Mapping[str, object]) -> Mapping[str, object]:
    state = {"value": message.get("NewStateValue"), "reason": message.get("NewStateReason")}
    changed_at = message.get("StateChangeTime")
    return {
        "source": ALARM_SOURCE,
        "detail-type": STATE_CHANGE,
        "account": message.get("AWSAccountId"),
        "time": changed_at,
        "resources": [message.get("AlarmArn")],
        "detail": {
            "alarmName": message.get("AlarmName"),
            "state": state | {"timestamp": changed_at},
            "previousState": {"value": message.get("OldStateValue")},
            "configuration": _configuration(message),
        },
    }


def _configuration(message: Mapping[str, object]) -> Mapping[str, object]:
    described = {"description": message.get("AlarmDescription")}
    if rule := text(message.get("AlarmRule")):
        return described | {"alarmRule": rule}
    trigger = mapping(message.get("Trigger"))
    queries = list(_queries(items(trigger.get("Metrics"))))
    if not queries and "MetricName" in trigger:
        queries = [{"id": "m1", "metricStat": {"metric": _metric(trigger)}, "returnData": True}]
    return described | {"metrics": queries}


def _queries(queries: Sequence[object]) -> Iterator[Mapping[str, object]]:
    for query in map(mapping, queries):
        shared = {"id": query.get("Id"), "accountId": query.get("AccountId")}
        if "Expression" in query:
            yield shared | {"expression": query["Expression"]}
        else:
            yield shared | {
                "metricStat": {"metric": _metric(mapping(mapping(query.get("MetricStat")).get("Metric")))}
            }


def _metric(metric: Mapping[str, object]) -> Mapping[str, object]:
    named = map(mapping, items(metric.get("Dimensions")))
    dimensions = {text(one.get("name")): one.get("value") for one in named}
    return {"namespace": metric.get("Namespace"), "name": metric.get("MetricName"), "dimensions": dimensions}
