"""The last points of an alarm's own metric, in the shapes of CloudWatch."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from math import nan
from typing import Any

import pytest
from botocore.stub import Stubber

from firebreak.aws.alarm_metrics import NO_METRIC, ONE_OF_MANY, AlarmMetrics
from firebreak.aws.clients import fail_fast
from firebreak.core.diagnostics import MetricPicture, Point
from firebreak.core.readings import Reading, Unknown
from tests.support import builders as a
from tests.support.builders_ecs import session

DIMENSIONS = [{"Name": "ServiceName", "Value": "api"}]
METRIC = {"Namespace": "AWS/ECS", "MetricName": "CPUUtilization", "Dimensions": DIMENSIONS}
PLAIN = METRIC | {"AlarmName": "red", "Period": 60, "Statistic": "Average", "Threshold": 80.0}
AS_QUERY = {"Metric": METRIC, "Period": 60, "Stat": "Average"}
MATH: list[dict[str, Any]] = [
    {"Id": "rate", "Label": "errors in percent", "Expression": "100 * m1 / m2", "ReturnData": True},
    {"Id": "m1", "MetricStat": AS_QUERY, "ReturnData": False},
    {"Id": "m2", "MetricStat": AS_QUERY | {"Period": 300}, "ReturnData": False},
]
BAND: list[dict[str, Any]] = [
    {"Id": "ad1", "Expression": "ANOMALY_DETECTION_BAND(m1, 2)", "ReturnData": True},
    {"Id": "m1", "MetricStat": AS_QUERY, "ReturnData": True},
]


@pytest.fixture
def stub() -> Iterator[Stubber]:
    client: Any = fail_fast(session(), "cloudwatch")
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def picture(stub: Stubber) -> Reading[MetricPicture]:
    return AlarmMetrics(lambda _: stub.client, lambda: a.NOW).picture("red")


def described(stub: Stubber, *alarms: dict[str, Any]) -> None:
    asked = {"AlarmNames": ["red"], "AlarmTypes": ["MetricAlarm"]}
    stub.add_response("describe_alarms", {"MetricAlarms": list(alarms)}, asked)


def ago(minutes: int) -> datetime:
    return a.NOW - timedelta(minutes=minutes)


def data(
    stub: Stubber,
    queries: list[dict[str, Any]],
    minutes: int,
    state: str = "Complete",
    **results: list[float],
) -> None:
    """The newest first, as it is asked for."""
    found = [
        {
            "Id": name,
            "Timestamps": [ago(n) for n in range(len(values))],
            "Values": values,
            "StatusCode": state,
        }
        for name, values in results.items()
    ]
    asked = {
        "MetricDataQueries": queries,
        "StartTime": ago(minutes),
        "EndTime": a.NOW,
        "ScanBy": "TimestampDescending",
    }
    stub.add_response("get_metric_data", {"MetricDataResults": found}, asked)


@pytest.mark.parametrize(
    ("alarm", "query"),
    [
        (PLAIN, AS_QUERY),
        ({**PLAIN, "Unit": "Percent"}, AS_QUERY | {"Unit": "Percent"}),
        (
            {key: value for key, value in PLAIN.items() if key != "Statistic"} | {"ExtendedStatistic": "p99"},
            AS_QUERY | {"Stat": "p99"},
        ),
    ],
    ids=["a statistic", "a unit", "a percentile"],
)
def test_the_last_half_hour_of_a_plain_metric_comes_oldest_first(
    stub: Stubber, alarm: dict[str, Any], query: dict[str, Any]
) -> None:
    described(stub, alarm)
    data(stub, [{"Id": "watched", "MetricStat": query, "ReturnData": True}], 30, watched=[99.0, nan, 42.5])
    assert picture(stub) == MetricPicture(
        name="CPUUtilization",
        statistic=query["Stat"],
        period=timedelta(minutes=1),
        threshold=80.0,
        points=(Point(ago(2), 42.5), Point(ago(0), 99.0)),
    )


def test_metric_math_is_asked_by_its_own_ids_at_its_longest_period(stub: Stubber) -> None:
    described(stub, {"AlarmName": "red", "Metrics": MATH, "Threshold": 5.0})
    data(stub, MATH, 150, rate=[7.0])
    assert picture(stub) == MetricPicture(
        name="errors in percent",
        statistic="",
        period=timedelta(minutes=5),
        threshold=5.0,
        points=(Point(ago(0), 7.0),),
    )


def test_of_an_anomaly_band_the_metric_is_kept_and_no_threshold(stub: Stubber) -> None:
    described(stub, {"AlarmName": "red", "Metrics": BAND, "ThresholdMetricId": "ad1"})
    data(stub, BAND, 30, ad1=[1.0], m1=[7.0])
    found = picture(stub)
    assert isinstance(found, MetricPicture)
    assert (found.name, found.threshold, found.points) == ("CPUUtilization", None, (Point(ago(0), 7.0),))


def test_no_more_points_are_kept_than_were_asked_for(stub: Stubber) -> None:
    described(stub, PLAIN)
    query = {"Id": "watched", "MetricStat": AS_QUERY, "ReturnData": True}
    data(stub, [query], 30, watched=[float(n) for n in range(100)])
    found = picture(stub)
    assert isinstance(found, MetricPicture)
    assert (len(found.points), found.points[-1].value) == (30, 0.0)


def test_a_metric_without_data_has_no_points_and_is_not_unknown(stub: Stubber) -> None:
    described(stub, PLAIN)
    data(stub, [{"Id": "watched", "MetricStat": AS_QUERY, "ReturnData": True}], 30, watched=[])
    found = picture(stub)
    assert isinstance(found, MetricPicture)
    assert found.points == ()


@pytest.mark.parametrize("state", ["PartialData", "InternalError"])
def test_a_part_of_a_metric_is_unknown_and_not_one_without_data(stub: Stubber, state: str) -> None:
    described(stub, PLAIN)
    data(stub, [{"Id": "watched", "MetricStat": AS_QUERY, "ReturnData": True}], 30, state, watched=[])
    assert picture(stub) == Unknown(f"GetMetricData: CloudWatch gave only a part ({state})")


def test_an_alarm_on_no_metric_is_not_read(stub: Stubber) -> None:
    described(stub)
    assert picture(stub) == NO_METRIC


def test_a_query_of_metrics_insights_is_not_read(stub: Stubber) -> None:
    insights = [{"Id": "q", "Expression": " select AVG(CPUUtilization) FROM x GROUP BY y", "Period": 60}]
    described(stub, {"AlarmName": "red", "Metrics": insights})
    assert picture(stub) == ONE_OF_MANY


@pytest.mark.parametrize("operation", ["describe_alarms", "get_metric_data"])
def test_a_refused_look_is_unknown(stub: Stubber, operation: str) -> None:
    if operation == "get_metric_data":
        described(stub, PLAIN)
    stub.add_client_error(operation, "AccessDeniedException")
    found = picture(stub)
    assert isinstance(found, Unknown)
    assert found.why.endswith("AccessDeniedException")
