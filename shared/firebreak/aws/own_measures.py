"""Counts of the stack itself, by AWS: its dead letters, and the events of its functions."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from firebreak.aws.metric_data import series_of
from firebreak.aws.translate import look
from firebreak.core.readings import ABSENT, NotRead, Unknown

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from firebreak.core.readings import Absent, Reading

# Waiting, and handed to somebody who has not deleted them yet.
_COUNTS = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")

# Report runs for a quarter of an hour at most, and a count takes a few minutes until it can be read.
SETTLED_AFTER = timedelta(minutes=20)
# Six sweeps see each loss, so that a sweep that fails loses none.
LOOKED_BACK = timedelta(minutes=30)
_PERIOD = timedelta(minutes=5)
_ENDS = ("Decisions", "Failures")
METRICS_READ = ("Events", *_ENDS)


class DeadLetters:
    """Counts the messages in the dead-letter queue. Asking also keeps SQS reporting on a quiet queue."""

    def __init__(self, connect: Callable[[str], Any], url: str) -> None:
        self._connect = connect
        self._url = url

    def count(self) -> Reading[int]:
        """How many wait, about."""
        return look("GetQueueAttributes", self._count) if self._url else NotRead("the queue is not named")

    def _count(self) -> int:
        reply = self._connect("sqs").get_queue_attributes(QueueUrl=self._url, AttributeNames=list(_COUNTS))
        return sum(int(reply["Attributes"][name]) for name in _COUNTS)


class OwnEvents:
    """Compares the events that functions took with those that they said the end of.

    Both are counted at the time of arrival, so the sums over a span that is over belong to the same events.
    """

    def __init__(self, connect: Callable[[str], Any], namespace: str, service: str) -> None:
        self._connect = connect
        self._namespace = namespace
        self._service = service

    def lost(self, now: datetime) -> Reading[int]:
        """How many events of the half hour that ended 20 minutes ago have no end; Absent without any event.

        There are always some, for sweeps are events as well: none means that nobody counted.
        """
        return look("GetMetricData", partial(self._lost, _whole_periods(now - SETTLED_AFTER)))

    def _lost(self, until: datetime) -> int | Absent | Unknown:
        asked = {name.lower(): self._query(name) for name in METRICS_READ}
        reply = self._connect("cloudwatch").get_metric_data(
            MetricDataQueries=[*asked.values()],
            StartTime=until - LOOKED_BACK,
            EndTime=until,
        )
        found = series_of([reply], asked)
        if isinstance(found, Unknown):
            return found
        if not found["events"].values:
            return ABSENT
        ended = sum(sum(found[name.lower()].values) for name in _ENDS)
        return max(round(sum(found["events"].values) - ended), 0)

    def _query(self, name: str) -> dict[str, Any]:
        metric = {
            "Namespace": self._namespace,
            "MetricName": name,
            "Dimensions": [{"Name": "service", "Value": self._service}],
        }
        return {
            "Id": name.lower(),
            "MetricStat": {"Metric": metric, "Period": int(_PERIOD.total_seconds()), "Stat": "Sum"},
        }


def _whole_periods(at: datetime) -> datetime:
    """The end of the last whole period: CloudWatch rounds times to periods by rules of its own."""
    seconds = int(_PERIOD.total_seconds())
    return at - timedelta(seconds=at.timestamp() % seconds)
