"""An alarm as DescribeAlarms answers, as a plain value; needs no AWS SDK."""

from collections.abc import Iterator, Mapping
from typing import Any

from firebreak.core.composites import children_in_rule
from firebreak.core.model import AlarmState, Metric
from firebreak.core.observed import DescribedAlarm
from firebreak.wire.reason_data import evaluation_of


def described_alarm(alarm: Mapping[str, Any]) -> DescribedAlarm:
    """The alarm; raises KeyError where a field is missing that AWS always answers."""
    # StateUpdatedTimestamp also moves when only the reason text changes, so it comes second.
    return DescribedAlarm(
        name=alarm["AlarmName"],
        arn=alarm["AlarmArn"],
        state=AlarmState(alarm["StateValue"]),
        since=alarm.get("StateTransitionedTimestamp") or alarm["StateUpdatedTimestamp"],
        actions_enabled=alarm["ActionsEnabled"],
        comparison=alarm.get("ComparisonOperator", ""),
        metrics=tuple(_metrics(alarm)),
        children=children_in_rule(alarm.get("AlarmRule", "")),
        description=alarm.get("AlarmDescription", ""),
        evaluation=evaluation_of(alarm.get("StateReasonData")),
        reason=alarm.get("StateReason", ""),
        threshold=alarm.get("Threshold"),
        period=_period(alarm),
        periods=alarm.get("EvaluationPeriods"),
        datapoints_to_alarm=alarm.get("DatapointsToAlarm"),
        statistic=_statistic(alarm),
        treat_missing_data=alarm.get("TreatMissingData", ""),
        low_samples=alarm.get("EvaluateLowSampleCountPercentile", ""),
        actions=tuple(alarm.get("AlarmActions", ())),
        ok_actions=tuple(alarm.get("OKActions", ())),
    )


def _period(alarm: Mapping[str, Any]) -> int | None:
    """The period in seconds; for metric math the longest, at which the expression has its points."""
    stats = [query.get("MetricStat", query) for query in alarm.get("Metrics", ())]
    periods = [stat["Period"] for stat in (alarm, *stats) if "Period" in stat]
    return max(periods, default=None)


def _statistic(alarm: Mapping[str, Any]) -> str:
    """The statistic, a percentile included; for metric math none, unless all its metrics share it."""
    named = {query["MetricStat"]["Stat"] for query in alarm.get("Metrics", ()) if "MetricStat" in query}
    return (
        alarm.get("Statistic") or alarm.get("ExtendedStatistic") or (named.pop() if len(named) == 1 else "")
    )


def _metrics(alarm: Mapping[str, Any]) -> Iterator[Metric]:
    if "MetricName" in alarm:
        yield _metric(alarm)
    for query in alarm.get("Metrics", ()):
        if "MetricStat" in query:
            yield _metric(query["MetricStat"]["Metric"], query.get("AccountId", ""))


def _metric(metric: Mapping[str, Any], account: str = "") -> Metric:
    dimensions = {pair["Name"]: pair["Value"] for pair in metric.get("Dimensions", ())}
    return Metric(metric["Namespace"], metric["MetricName"], dimensions, account)
