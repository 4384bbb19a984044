"""What goes along with a page, as AWS has it: the last errors of a log, a picture of an alarm's metrics.

Both are extras: one short try each, and whatever goes wrong is an Unknown.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from firebreak.aws.items import ms
from firebreak.aws.translate import look

if TYPE_CHECKING:
    from datetime import datetime

    from types_boto3_cloudwatch import CloudWatchClient
    from types_boto3_logs import CloudWatchLogsClient

    from firebreak.core.readings import Reading

# Any of these words in a line (docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html).
ERRORS = "?ERROR ?Error ?error ?Exception ?exception ?FATAL ?Fatal ?panic ?Traceback"

# FilterLogEvents answers from the oldest on, in pages that may be empty; so many are followed.
MOST_PAGES, A_PAGE = 3, 100

PICTURE_HOURS, WIDTH, HEIGHT = 3, 800, 300


class LogGroups:
    """ports.ErrorLines on CloudWatch Logs."""

    def __init__(self, client: CloudWatchLogsClient) -> None:
        self._client = client

    def last(self, group: str, since: datetime, until: datetime) -> Reading[tuple[str, ...]]:
        """The last lines that look like errors, of the first few hundred in that time."""
        return look("FilterLogEvents", lambda: self._last(group, since, until))

    def _last(self, group: str, since: datetime, until: datetime) -> tuple[str, ...]:
        lines: list[str] = []
        token = ""
        for _ in range(MOST_PAGES):
            more: dict[str, str] = {"nextToken": token} if token else {}
            page = self._client.filter_log_events(
                logGroupName=group,
                startTime=ms(since),
                endTime=ms(until),
                filterPattern=ERRORS,
                limit=A_PAGE,
                **more,  # type: ignore[arg-type]  # one optional text
            )
            lines += [event["message"] for event in page["events"]]
            if not (token := page.get("nextToken", "")):
                break
        return tuple(lines)


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
