"""Additions to a page that AWS provides: the last errors of a log, a picture of an alarm's metrics.

Both are extras: a few seconds each, no second try, and any failure is an Unknown.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

from firebreak.aws.translate import look
from firebreak.core.readings import Unknown
from firebreak.wire.epoch import ms

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from types_boto3_cloudwatch import CloudWatchClient
    from types_boto3_logs import CloudWatchLogsClient

    from firebreak.core.readings import Reading

# Any of these words in a line (docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html).
ERRORS = "?ERROR ?Error ?error ?Exception ?exception ?FATAL ?Fatal ?panic ?Traceback"

# FilterLogEvents answers oldest first, in pages that may be empty; at most this many are followed. The newest
# minutes are asked for separately: in a busy log the first few hundred lines would be old.
MOST_PAGES, A_PAGE = 3, 100
NEWEST = timedelta(minutes=5)

# The page waits this long for its log lines, over all calls; one call may take at most this much of it.
LOG_SECONDS = 3.0
LOG_CONNECT_SECONDS, LOG_REPLY_SECONDS = 0.5, 1.5
LOG_CALL_SECONDS = LOG_CONNECT_SECONDS + LOG_REPLY_SECONDS

PARTLY = Unknown("only a part of it was, in the time there is, and held no error")

PICTURE_HOURS, WIDTH, HEIGHT = 3, 800, 300


class LogGroups:
    """ports.ErrorLines on CloudWatch Logs. `monotonic` counts seconds.

    `client` sends once and gives up after LOG_CALL_SECONDS.
    """

    def __init__(self, client: CloudWatchLogsClient, monotonic: Callable[[], float]) -> None:
        self._client = client
        self._monotonic = monotonic

    def last(
        self, group: str, since: datetime, until: datetime, streams: Sequence[str] = ()
    ) -> Reading[tuple[str, ...]]:
        """The last lines that look like errors, of the first few hundred of the newest minutes.

        If those hold none, of the time before. Empty only when all of it was read. `streams` are the
        only streams that are read, of which there may be a hundred; without any, the whole group is.
        """
        return look("FilterLogEvents", lambda: self._last(group, since, until, streams))

    def end_of(self, group: str, stream: str, most: int) -> Reading[tuple[str, ...]]:
        """The last lines of one stream, whatever they say, at most so many."""
        return look("GetLogEvents", lambda: self._end_of(group, stream, most))

    def _end_of(self, group: str, stream: str, most: int) -> tuple[str, ...]:
        answer = self._client.get_log_events(
            logGroupName=group, logStreamName=stream, limit=most, startFromHead=False
        )
        return tuple(event["message"] for event in answer["events"] if event.get("message", "").strip())

    def _last(
        self, group: str, since: datetime, until: datetime, streams: Sequence[str]
    ) -> tuple[str, ...] | Unknown:
        latest = self._monotonic() + LOG_SECONDS - LOG_CALL_SECONDS
        newest = max(since, until - NEWEST)
        spans = [(newest, until), (since, newest)] if since < newest else [(since, until)]
        everything = True
        for start, end in spans:
            lines, whole = self._within(group, start, end, latest, streams)
            if lines:
                return lines
            everything &= whole
        return () if everything else PARTLY

    def _within(
        self, group: str, since: datetime, until: datetime, latest: float, streams: Sequence[str]
    ) -> tuple[tuple[str, ...], bool]:
        """The lines that look like errors in that time, and whether all of it was read."""
        lines: list[str] = []
        token = ""
        of: dict[str, Sequence[str]] = {"logStreamNames": [*streams]} if streams else {}
        for _ in range(MOST_PAGES):
            if self._monotonic() > latest:
                return tuple(lines), False
            more: dict[str, str] = {"nextToken": token} if token else {}
            page = self._client.filter_log_events(
                logGroupName=group,
                startTime=ms(since),
                endTime=ms(until),
                filterPattern=ERRORS,
                limit=A_PAGE,
                **of,  # type: ignore[arg-type]  # both are left out where they say nothing
                **more,  # type: ignore[arg-type]
            )
            lines += [event["message"] for event in page["events"]]
            if not (token := page.get("nextToken", "")):
                return tuple(lines), True
        return tuple(lines), False


class AlarmPictures:
    """ports.Pictures on CloudWatch."""

    def __init__(self, client: CloudWatchClient) -> None:
        self._client = client

    def of(self, alarm_arn: str) -> Reading[bytes]:
        """The metrics of the alarm over the last three hours with its threshold, as PNG."""
        widget = {
            "annotations": {"alarms": [alarm_arn]},
            "view": "timeSeries",
            "start": f"-PT{PICTURE_HOURS}H",
            "width": WIDTH,
            "height": HEIGHT,
        }
        return look("GetMetricWidgetImage", lambda: self._picture(json.dumps(widget)))

    def _picture(self, widget: str) -> bytes:
        return self._client.get_metric_widget_image(MetricWidget=widget)["MetricWidgetImage"]
