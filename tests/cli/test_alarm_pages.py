"""Answers about alarms of every type, in regions that do not know all of them."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from firebreak.aws.alarm_types import AlarmTypes
from firebreak.errors import AwsError, Denied, Rejected, Throttled
from firebreak_cli.queries.alarm_pages import alarm_pages

EVERY, OLDER = ["MetricAlarm", "CompositeAlarm", "LogAlarm"], ["MetricAlarm", "CompositeAlarm"]


class Region:
    """CloudWatch in a region: which types it knows, and the calls that it got."""

    def __init__(self, *knows: str, code: str = "ValidationError", status: int = 400) -> None:
        self.knows, self.code, self.status = knows, code, status
        self.asked: list[dict[str, Any]] = []

    def describe_alarms(self, **asked: Any) -> dict[str, Any]:
        self.asked.append(asked)
        if not set(asked["AlarmTypes"]) <= set(self.knows):
            error = {"Error": {"Code": self.code}, "ResponseMetadata": {"HTTPStatusCode": self.status}}
            raise ClientError(error, "DescribeAlarms")  # type: ignore[arg-type]  # less than botocore gives
        more = {} if asked.get("NextToken") else {"NextToken": "more"}
        return {"MetricAlarms": [{"AlarmName": f"alarm-{len(self.asked)}"}], **more}


def test_every_page_is_of_every_type_where_the_region_knows_it() -> None:
    region = Region(*EVERY)
    assert len([*alarm_pages(region.describe_alarms, "DescribeAlarms", MaxRecords=100)]) == 2
    assert region.asked == [
        {"AlarmTypes": EVERY, "MaxRecords": 100},
        {"AlarmTypes": EVERY, "MaxRecords": 100, "NextToken": "more"},
    ]


def test_a_region_without_log_alarms_is_asked_again_once_for_all_calls() -> None:
    region, types = Region(*OLDER), AlarmTypes()
    for _ in range(2):
        assert len([*alarm_pages(region.describe_alarms, "DescribeAlarms", types)]) == 2
    assert [one["AlarmTypes"] for one in region.asked] == [EVERY, OLDER, OLDER, OLDER, OLDER]


def test_a_call_that_is_refused_with_any_type_ends_as_refused() -> None:
    with pytest.raises(Rejected):
        next(alarm_pages(Region().describe_alarms, "DescribeAlarms"))


@pytest.mark.parametrize(
    "code", ["ValidationError", "ValidationException", "InvalidParameterValue", "InvalidParameterCombination"]
)
def test_a_value_that_the_region_does_not_know_is_left_out(code: str) -> None:
    region = Region(*OLDER, code=code)
    next(alarm_pages(region.describe_alarms, "DescribeAlarms"))
    assert [one["AlarmTypes"] for one in region.asked] == [EVERY, OLDER]


@pytest.mark.parametrize(
    ("code", "status", "error"),
    [
        ("AccessDenied", 403, Denied),
        ("Throttling", 400, Throttled),
        ("LimitExceeded", 400, Rejected),
        ("InvalidNextToken", 400, Rejected),
    ],
)
def test_another_refusal_is_not_taken_for_a_type_that_is_not_known(
    code: str, status: int, error: type[AwsError]
) -> None:
    """The answer without log alarms would look as if none was red."""
    region, types = Region(*OLDER, code=code, status=status), AlarmTypes()
    with pytest.raises(error):
        next(alarm_pages(region.describe_alarms, "DescribeAlarms", types))
    region.knows = tuple(EVERY)
    next(alarm_pages(region.describe_alarms, "DescribeAlarms", types))
    assert [one["AlarmTypes"] for one in region.asked] == [EVERY, EVERY]
