"""CloudWatch alarms as `ports.AlarmReads`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from firebreak.aws.alarm_types import AlarmTypes
from firebreak.aws.described_alarms import described_alarm
from firebreak.aws.translate import look, translated
from firebreak.core.observed import Series
from firebreak.core.readings import ABSENT, Absent, Reading, Unknown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from types_boto3_cloudwatch import CloudWatchClient
    from types_boto3_cloudwatch.literals import AlarmTypeType
    from types_boto3_cloudwatch.type_defs import DescribeAlarmsOutputTypeDef

    from firebreak.core.observed import DescribedAlarm

# DescribeAlarms takes 100 names, and answers with 50 alarms unless asked for 100 as well
# (docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html).
MOST_AT_ONCE = 100

# An alarm has at most 500 contributors (log alarms; 100 for Metrics Insights). A page's size is
# not documented; this many pages of 50 would hold twice that.
MAX_CONTRIBUTOR_PAGES = 20


class CloudWatchAlarms:
    """Reads alarms with a client that only reads; `types` are remembered by all that are given the same."""

    def __init__(self, client: CloudWatchClient, types: AlarmTypes | None = None) -> None:
        self._client = client
        self._types = types or AlarmTypes()

    def describe(self, name: str) -> Reading[DescribedAlarm]:
        """The alarm of that name, of any type; Absent when there is none."""
        return look("DescribeAlarms", lambda: self._describe(name))

    def describe_all(self, names: Sequence[str]) -> Reading[Mapping[str, DescribedAlarm]]:
        """The existing ones of these alarms, by name; Unknown as a whole where one of them cannot be read."""
        return look("DescribeAlarms", lambda: self._describe_in_batches(names))

    def tags(self, arn: str) -> Reading[Mapping[str, str]]:
        """All tags of the alarm; Absent when there is no such alarm."""
        return look("ListTagsForResource", lambda: self._tags(arn))

    def series_in_alarm(self, name: str) -> Reading[Mapping[str, Series]]:
        """The contributors in ALARM by their ids; Unknown when there are too many to list."""
        return look("DescribeAlarmContributors", lambda: self._series(name))

    def _describe(self, name: str) -> DescribedAlarm | Absent:
        return self._describe_all([name]).get(name, ABSENT)

    def _describe_in_batches(self, names: Sequence[str]) -> Mapping[str, DescribedAlarm]:
        starts = range(0, len(names), MOST_AT_ONCE)
        batches = [self._describe_all(names[n : n + MOST_AT_ONCE]) for n in starts]
        return {name: alarm for batch in batches for name, alarm in batch.items()}

    def _describe_all(self, names: Sequence[str]) -> Mapping[str, DescribedAlarm]:
        page = self._types.ask(partial(self._page, names))
        found: list[Mapping[str, Any]] = [
            *page.get("MetricAlarms", ()),
            *page.get("CompositeAlarms", ()),
            *page.get("LogAlarms", ()),
        ]
        return {alarm["AlarmName"]: described_alarm(alarm) for alarm in found if alarm["AlarmName"] in names}

    def _page(self, names: Sequence[str], types: list[AlarmTypeType]) -> DescribeAlarmsOutputTypeDef:
        with translated("DescribeAlarms", mutates=False):
            return self._client.describe_alarms(
                AlarmNames=[*names], AlarmTypes=types, MaxRecords=MOST_AT_ONCE
            )

    def _tags(self, arn: str) -> Mapping[str, str]:
        page = self._client.list_tags_for_resource(ResourceARN=arn)
        return {tag["Key"]: tag["Value"] for tag in page["Tags"]}

    def _series(self, name: str) -> Mapping[str, Series] | Unknown:
        # The operation lists contributors that are in ALARM, and no others.
        page = self._client.describe_alarm_contributors(AlarmName=name)
        found = _series(page)
        for _ in range(MAX_CONTRIBUTOR_PAGES - 1):
            if not (token := page.get("NextToken")):
                break
            page = self._client.describe_alarm_contributors(AlarmName=name, NextToken=token)
            found |= _series(page)
        if page.get("NextToken"):
            return Unknown(f"DescribeAlarmContributors: more than {MAX_CONTRIBUTOR_PAGES} pages")
        return found


def _series(page: Mapping[str, Any]) -> dict[str, Series]:
    return {one["ContributorId"]: Series(one.get("StateReason", "")) for one in page["AlarmContributors"]}
