"""The events the local driver builds are AWS's: Firebreak's parser, which reads AWS's, takes them."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from firebreak.core.model import Alarm
from firebreak.intake import alarm_events
from firebreak_cli.queries.state_change import PROPAGATION_TAG, Transition, state_change_event

AT = datetime(2026, 11, 21, 3, 4, 5, tzinfo=UTC)
ARN = "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:api-memory"
RED = Transition("api-memory", AT, "OK", "ALARM", "Threshold Crossed")
METRIC: dict[str, Any] = {
    "AlarmName": "api-memory",
    "AlarmArn": ARN,
    "Namespace": "AWS/ECS",
    "MetricName": "MemoryUtilization",
    "Dimensions": [{"Name": "ClusterName", "Value": "prod"}, {"Name": "ServiceName", "Value": "api"}],
    "Statistic": "Maximum",
    "Period": 60,
}
MATH: dict[str, Any] = {
    "AlarmName": "api-memory",
    "AlarmArn": ARN,
    "Metrics": [
        {"Id": "e1", "Expression": "m1 * 2", "Label": "twice"},
        {
            "Id": "m1",
            "ReturnData": False,
            "MetricStat": {
                "Metric": {"Namespace": "AWS/ECS", "MetricName": "CPUUtilization", "Dimensions": []},
                "Period": 60,
                "Stat": "Average",
            },
        },
    ],
}
COMPOSITE: dict[str, Any] = {"AlarmName": "api-memory", "AlarmArn": ARN, "AlarmRule": 'ALARM("a")'}


@pytest.mark.parametrize("alarm", [METRIC, MATH, COMPOSITE], ids=["metric", "math", "composite"])
def test_every_kind_of_alarm_is_read_back_as_what_it_was(alarm: dict[str, Any]) -> None:
    parsed = alarm_events.parse(state_change_event(RED, alarm, {}))
    assert isinstance(parsed, Alarm)
    assert (parsed.name, parsed.arn, parsed.state) == ("api-memory", ARN, "ALARM")


def test_tags_ride_in_the_event_only_if_the_alarm_propagates_them() -> None:
    tags = {"firebreak:action": "page"}
    riding = state_change_event(RED, METRIC, tags)["detail"]
    staying = state_change_event(RED, METRIC, tags | {PROPAGATION_TAG: "off"})["detail"]
    assert (riding["alarmTags"], riding["alarmTagsStatus"]) == (tags, "SUCCESS")
    assert {"alarmTags", "alarmTagsStatus"}.isdisjoint(staying)


def test_the_times_are_written_as_aws_writes_them() -> None:
    event = state_change_event(RED, METRIC, {})
    assert event["time"] == "2026-11-21T03:04:05Z"
    assert event["detail"]["state"]["timestamp"] == "2026-11-21T03:04:05.000+0000"


def test_one_transition_is_one_event_and_another_is_another() -> None:
    green = Transition("api-memory", AT, "ALARM", "OK", "Threshold Crossed")
    ids = Counter(state_change_event(one, METRIC, {})["id"] for one in (RED, RED, green))
    assert sorted(ids.values()) == [1, 2]
