"""Reads metrics of CloudWatch for as long as their answer has further pages."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from firebreak.aws.metric_data import MetricSeries, series_of
from firebreak.aws.translate import translated
from firebreak.core.readings import Unknown


def metric_data(
    client: Any, queries: Mapping[str, Mapping[str, Any]], first: datetime, until: datetime
) -> Mapping[str, MetricSeries] | Unknown:
    """The series of each statistic of a metric, by its id; Unknown for a part of them. Raises AwsError."""
    asked = [{"Id": name, "MetricStat": stat} for name, stat in queries.items()]
    with translated("GetMetricData", mutates=False):
        pages = client.get_paginator("get_metric_data").paginate(
            MetricDataQueries=asked, StartTime=first, EndTime=until
        )
        return series_of(pages, queries)
