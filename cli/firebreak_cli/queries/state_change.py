"""An alarm's transition as the event that CloudWatch sends of it, made of what DescribeAlarms answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

Event = dict[str, Any]


Alarm = Mapping[str, Any]


# The emulator drops ActionConfiguration, so it cannot say whether an alarm's tags ride in its events.
# Here they do, unless the alarm carries this tag with the value "off".
PROPAGATION_TAG = "firebreak-local:propagation"


# The settings of alarms that watch no metrics, as DescribeAlarms names them and as an event does.
_WITHOUT_METRICS = {
    "EvaluationCriteria": "evaluationCriteria",
    "ScheduledQueryConfiguration": "scheduledQueryConfiguration",
}


@dataclass(frozen=True, slots=True)
class Transition:
    """One line of an alarm's history."""

    alarm: str
    at: datetime
    before: str
    after: str
    reason: str
    reason_data: str | None = None


def state_change_event(transition: Transition, alarm: Alarm, tags: Mapping[str, str]) -> Event:
    """The event CloudWatch sends for a transition of the alarm as DescribeAlarms returns it."""
    arn = alarm["AlarmArn"]
    _, _, _, region, account, *_ = arn.split(":")
    detail: Event = {
        "alarmName": transition.alarm,
        "state": _state(transition.after, transition) | {"timestamp": _inner_time(transition.at)},
        "previousState": {"value": transition.before},
        "configuration": _configuration(alarm),
    }
    if _propagates(tags):
        detail |= {"alarmTags": _own(tags), "alarmTagsStatus": "SUCCESS"}
    return {
        "version": "0",
        "id": str(uuid5(NAMESPACE_URL, f"{arn} {transition.at.isoformat()} {transition.after}")),
        "detail-type": "CloudWatch Alarm State Change",
        "source": "aws.cloudwatch",
        "account": account,
        "time": transition.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": region,
        "resources": [arn],
        "detail": detail,
    }


def _state(value: str, transition: Transition) -> Event:
    said: Event = {"value": value, "reason": transition.reason}
    return said | ({"reasonData": transition.reason_data} if transition.reason_data else {})


def _configuration(alarm: Alarm) -> Event:
    described = {"description": alarm["AlarmDescription"]} if alarm.get("AlarmDescription") else {}
    if "AlarmRule" in alarm:
        return described | {"alarmRule": alarm["AlarmRule"]}
    for key, named in _WITHOUT_METRICS.items():
        if alarm.get(key) is not None:
            return described | {named: alarm[key]}
    if alarm.get("Metrics"):
        return described | {"metrics": [_query(query) for query in alarm["Metrics"]]}
    stat = {
        "metric": _metric(alarm),
        "period": alarm["Period"],
        "stat": alarm.get("ExtendedStatistic") or alarm["Statistic"],
    }
    metric_id = str(uuid5(NAMESPACE_URL, alarm["AlarmArn"]))
    return described | {"metrics": [{"id": metric_id, "metricStat": stat, "returnData": True}]}


def _query(query: Mapping[str, Any]) -> Event:
    shared = {"id": query["Id"], "returnData": query.get("ReturnData", True)}
    if "AccountId" in query:
        shared["accountId"] = query["AccountId"]
    if "Expression" in query:
        return shared | {"expression": query["Expression"], "label": query.get("Label", "")}
    stat = query["MetricStat"]
    return shared | {
        "metricStat": {"metric": _metric(stat["Metric"]), "period": stat["Period"], "stat": stat["Stat"]}
    }


def _metric(metric: Mapping[str, Any]) -> Event:
    dimensions = {one["Name"]: one["Value"] for one in metric.get("Dimensions", [])}
    return {"namespace": metric["Namespace"], "name": metric["MetricName"], "dimensions": dimensions}


def _propagates(tags: Mapping[str, str]) -> bool:
    return bool(_own(tags)) and tags.get(PROPAGATION_TAG) != "off"


def _own(tags: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in tags.items() if key != PROPAGATION_TAG}


def _inner_time(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}+0000"
