"""The last points of the metric that an alarm watches, as numbers."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import partial
from math import isfinite
from typing import TYPE_CHECKING, Any

from firebreak.aws.metric_data import series_of
from firebreak.aws.translate import look
from firebreak.core.diagnostics import MOST_POINTS, MetricPicture, Point
from firebreak.core.readings import NotRead, Unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from firebreak.core.readings import Reading

type Raw = Mapping[str, Any]

NO_METRIC = NotRead("there is no alarm on metrics of that name: it may be a composite, or watch a log")
ONE_OF_MANY = NotRead("a query of Metrics Insights has a series for each of its groups")

# Metrics Insights, whose series have no ids of their own.
_QUERY = re.compile(r"\s*SELECT\b", re.IGNORECASE)


class AlarmMetrics:
    """Reads metrics as the alarm's own definition names them: a metric, or metric math by its own ids.

    `connect` returns a client that gives up early, the same one for the same service.
    """

    def __init__(self, connect: Callable[[str], Any], now: Callable[[], datetime]) -> None:
        self._connect = connect
        self._now = now

    def picture(self, alarm: str) -> Reading[MetricPicture]:
        """The last periods of the alarm of that name, in two calls; periods without data have no point."""
        found = look("DescribeAlarms", partial(self._described, alarm))
        if not isinstance(found, dict):
            return found
        queries = _queries(found)
        if not queries:
            return NO_METRIC
        if any(_QUERY.match(query.get("Expression", "")) for query in queries):
            return ONE_OF_MANY
        return look("GetMetricData", partial(self._picture, found, queries))

    def _described(self, alarm: str) -> dict[str, Any] | NotRead:
        """The alarm as it is defined; without further types DescribeAlarms knows alarms on metrics alone."""
        answer = self._connect("cloudwatch").describe_alarms(AlarmNames=[alarm], AlarmTypes=["MetricAlarm"])
        found: dict[str, Any] | None = next(iter(answer["MetricAlarms"]), None)
        return found or NO_METRIC

    def _picture(self, alarm: Raw, queries: Sequence[Raw]) -> MetricPicture | Unknown:
        now = self._now()
        period = _longest_period(queries)
        answer = self._connect("cloudwatch").get_metric_data(
            MetricDataQueries=queries,
            StartTime=now - MOST_POINTS * timedelta(seconds=period),
            EndTime=now,
            ScanBy="TimestampDescending",
        )
        watched = _watched(alarm, queries)
        found = series_of([answer], {watched["Id"]})
        if isinstance(found, Unknown):
            return found
        series = found[watched["Id"]]
        pairs = zip(series.at, series.values, strict=True)
        points = sorted((at, value) for at, value in pairs if isfinite(value))
        stat = watched.get("MetricStat", {})
        return MetricPicture(
            name=watched.get("Label") or stat.get("Metric", {}).get("MetricName", "") or watched["Id"],
            statistic=stat.get("Stat", ""),
            period=timedelta(seconds=period),
            threshold=alarm.get("Threshold"),
            points=tuple(Point(at, value) for at, value in points[-MOST_POINTS:]),
        )


def _queries(alarm: Raw) -> Sequence[Raw]:
    """The queries of the alarm: its metric, or those of metric math as it holds them; none of any other."""
    if "MetricName" not in alarm:
        return [*alarm.get("Metrics", ())]
    metric = {name: alarm[name] for name in ("Namespace", "MetricName", "Dimensions") if name in alarm}
    unit = {"Unit": alarm["Unit"]} if "Unit" in alarm else {}
    statistic = alarm.get("Statistic") or alarm["ExtendedStatistic"]
    stat = {"Metric": metric, "Period": alarm["Period"], "Stat": statistic} | unit
    return [{"Id": "watched", "MetricStat": stat, "ReturnData": True}]


def _longest_period(queries: Sequence[Raw]) -> int:
    """In seconds: at this period an expression over several metrics has its points."""
    stats = [query.get("MetricStat", query) for query in queries]
    return max(int(stat["Period"]) for stat in stats if "Period" in stat)


def _watched(alarm: Raw, queries: Sequence[Raw]) -> Raw:
    """The query whose values are compared: the one that returns data and is not the band to compare with."""
    band = alarm.get("ThresholdMetricId", "")
    return next(one for one in queries if one.get("ReturnData", True) and one["Id"] != band)
