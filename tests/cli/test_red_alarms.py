"""The red alarms of a target, of every kind and in regions that do not know all of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from botocore.exceptions import ClientError

from firebreak.core.model import Alarm
from firebreak_cli.acting.red_alarms import RedAlarms, red_alarms_of
from firebreak_cli.explain.sources import OfflineSources, Sources
from tests.cli.adopted import raw
from tests.support import builders as a

LOG = {"ScheduledQueryConfiguration": {"QueryString": "stats count(*)"}}
PROMQL = {"EvaluationCriteria": {"PromQLCriteria": {"Query": "up == 0"}}}


@dataclass
class CloudWatch:
    """DescribeAlarms of a region that may not know alarms on logs."""

    pages: list[Mapping[str, Any]]
    knows_logs: bool = True
    asked: list[list[str]] = field(default_factory=list)

    def describe_alarms(self, **asked: Any) -> Mapping[str, Any]:
        self.asked.append(asked["AlarmTypes"])
        assert asked["StateValue"] == "ALARM"
        if "LogAlarm" in asked["AlarmTypes"] and not self.knows_logs:
            error = {"Error": {"Code": "ValidationError"}, "ResponseMetadata": {"HTTPStatusCode": 400}}
            raise ClientError(cast("Any", error), "DescribeAlarms")
        return self.pages.pop(0)


class Tagged(OfflineSources):
    """Every alarm has the tag that names the target."""

    def tags(self, alarm: Alarm) -> Mapping[str, str]:
        return {"firebreak:target": a.TARGET.display}


def red(name: str, **changes: Any) -> dict[str, Any]:
    found = raw(name=name, StateValue="ALARM", **changes)
    metric = {"Namespace", "MetricName", "Dimensions", "Period", "Statistic"} if changes else set()
    return {key: value for key, value in found.items() if key not in metric}


def looked(client: CloudWatch) -> RedAlarms:
    sources = cast("Sources", Tagged())
    return red_alarms_of(a.TARGET, "restart-service", client, sources, lambda _: None)


def test_a_red_alarm_on_logs_that_names_the_target_is_one_of_it() -> None:
    client = CloudWatch([{"MetricAlarms": [red("metric")], "LogAlarms": [red("errors", **LOG)]}])
    found = looked(client)
    assert ([one.name for one in found.found], found.unread) == (["metric", "errors"], "")


def test_in_a_region_without_them_the_others_are_found() -> None:
    client = CloudWatch([{"MetricAlarms": [red("metric")]}], knows_logs=False)
    found = looked(client)
    assert ([one.name for one in found.found], found.unread) == (["metric"], "")
    assert client.asked == [["MetricAlarm", "CompositeAlarm", "LogAlarm"], ["MetricAlarm", "CompositeAlarm"]]


def test_every_page_is_read() -> None:
    first: dict[str, Any] = {"MetricAlarms": [red("one")], "NextToken": "more"}
    pages = [first, {"MetricAlarms": [red("two")]}]
    assert [one.name for one in looked(CloudWatch([*pages])).found] == ["one", "two"]


def test_an_alarm_on_promql_is_left_to_its_contributors() -> None:
    """It has no metric that its event could name."""
    assert looked(CloudWatch([{"MetricAlarms": [red("up", **PROMQL)]}])) == RedAlarms(())
