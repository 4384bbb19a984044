"""CloudWatch alarms: moto where it is faithful, botocore's Stubber for what it does not have."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from botocore.stub import Stubber
from moto import mock_aws

from firebreak.aws.alarm_types import ALARM_TYPES, IN_EVERY_REGION, AlarmTypes
from firebreak.aws.alarms import MAX_CONTRIBUTOR_PAGES, CloudWatchAlarms
from firebreak.core.evaluation import Evaluation
from firebreak.core.model import AlarmState, Metric
from firebreak.core.observed import DescribedAlarm, Series
from firebreak.core.readings import ABSENT, Unknown
from tests.support.builders_ecs import ACCOUNT, REGION, session

if TYPE_CHECKING:
    from types_boto3_cloudwatch import CloudWatchClient

NAME = "api-memory"
ARN = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{NAME}"
SINCE = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
LATER = datetime(2026, 11, 20, 3, 5, tzinfo=UTC)
ASKED = {"AlarmNames": [NAME], "AlarmTypes": list(ALARM_TYPES), "MaxRecords": 100}


@pytest.fixture(scope="module")
def client() -> CloudWatchClient:
    """Made once: loading the service model is most of the time of such a test."""
    return session().client("cloudwatch")


@pytest.fixture
def stubbed(client: CloudWatchClient) -> Iterator[tuple[CloudWatchAlarms, Stubber]]:
    with Stubber(client) as stubber:
        yield CloudWatchAlarms(client), stubber
        stubber.assert_no_pending_responses()


type Stubbed = tuple[CloudWatchAlarms, Stubber]


def raw(**changes: Any) -> dict[str, Any]:
    """A metric alarm in the format of the API."""
    return {
        "AlarmName": NAME,
        "AlarmArn": ARN,
        "StateValue": "ALARM",
        "StateUpdatedTimestamp": LATER,
        "StateTransitionedTimestamp": SINCE,
        "ActionsEnabled": True,
    } | changes


def described(stubbed: Stubbed, **page: Any) -> DescribedAlarm:
    alarms, stubber = stubbed
    stubber.add_response("describe_alarms", page, ASKED)
    found = alarms.describe(NAME)
    assert isinstance(found, DescribedAlarm), found
    return found


def test_a_metric_alarm_is_described_with_its_metric_and_direction(stubbed: Stubbed) -> None:
    alarm = raw(
        AlarmDescription="see the runbook",
        ComparisonOperator="GreaterThanThreshold",
        Namespace="AWS/ECS",
        MetricName="MemoryUtilization",
        Dimensions=[{"Name": "ClusterName", "Value": "prod"}, {"Name": "ServiceName", "Value": "api"}],
    )
    expected = DescribedAlarm(
        name=NAME,
        arn=ARN,
        state=AlarmState.ALARM,
        since=SINCE,
        actions_enabled=True,
        comparison="GreaterThanThreshold",
        metrics=(Metric("AWS/ECS", "MemoryUtilization", {"ClusterName": "prod", "ServiceName": "api"}),),
        description="see the runbook",
    )
    assert expected == described(stubbed, MetricAlarms=[alarm])


def test_a_math_alarm_lists_each_metric_with_the_account_it_lives_in(stubbed: Stubbed) -> None:
    def stat(name: str) -> dict[str, Any]:
        metric = {"Namespace": "AWS/ECS", "MetricName": name, "Dimensions": []}
        return {"Metric": metric, "Period": 60, "Stat": "Average"}

    queries = [
        {"Id": "e1", "Expression": "m1 / m2"},
        {"Id": "m1", "MetricStat": stat("CPUUtilization"), "AccountId": "444455556666"},
        {"Id": "m2", "MetricStat": stat("MemoryUtilization")},
    ]
    expected = (
        Metric("AWS/ECS", "CPUUtilization", {}, "444455556666"),
        Metric("AWS/ECS", "MemoryUtilization", {}),
    )
    assert expected == described(stubbed, MetricAlarms=[raw(Metrics=queries)]).metrics


def test_a_composite_is_described_with_the_children_it_waits_for(stubbed: Stubbed) -> None:
    composite = raw(AlarmRule=f'ALARM("{ARN}-1") OR ALARM(other)')
    found = described(stubbed, CompositeAlarms=[composite])
    assert ((f"{ARN}-1", "other"), "", ()) == (found.children, found.comparison, found.metrics)


def test_a_log_alarm_is_not_taken_for_a_missing_one(stubbed: Stubbed) -> None:
    found = described(stubbed, LogAlarms=[raw(ComparisonOperator="GreaterThanThreshold")])
    assert (found.name, found.state) == (NAME, AlarmState.ALARM)


def test_the_state_dates_from_its_last_change_of_value_and_not_of_reason(stubbed: Stubbed) -> None:
    assert described(stubbed, MetricAlarms=[raw()]).since == SINCE


def test_without_a_transition_time_the_update_time_stands_in(stubbed: Stubbed) -> None:
    alarm = raw()
    del alarm["StateTransitionedTimestamp"]
    assert described(stubbed, MetricAlarms=[alarm]).since == LATER


def test_every_type_of_alarm_there_is_is_asked_for(client: CloudWatchClient) -> None:
    asked = client.meta.service_model.operation_model("DescribeAlarms").input_shape
    assert asked is not None
    types: Any = asked.members["AlarmTypes"]
    assert set(ALARM_TYPES) == set(types.member.enum)


def test_no_alarm_of_that_name_is_absent(stubbed: Stubbed) -> None:
    alarms, stubber = stubbed
    stubber.add_response("describe_alarms", {"MetricAlarms": [], "CompositeAlarms": []}, ASKED)
    assert alarms.describe(NAME) == ABSENT


@pytest.mark.parametrize("missing", ["AlarmArn", "StateValue", "ActionsEnabled", "StateUpdatedTimestamp"])
def test_an_alarm_without_what_it_must_have_is_unknown(stubbed: Stubbed, missing: str) -> None:
    alarms, stubber = stubbed
    alarm = raw()
    del alarm["StateTransitionedTimestamp"]
    del alarm[missing]
    stubber.add_response("describe_alarms", {"MetricAlarms": [alarm]}, ASKED)
    assert alarms.describe(NAME) == Unknown("DescribeAlarms: unexpected answer")


FAILURES = [
    pytest.param("AccessDenied", 403, id="denied"),
    pytest.param("Throttling", 400, id="throttled"),
    pytest.param("InternalServiceError", 500, id="AWS failed"),
]


@pytest.mark.parametrize(("code", "status"), FAILURES)
def test_an_alarm_that_could_not_be_read_is_unknown(stubbed: Stubbed, code: str, status: int) -> None:
    alarms, stubber = stubbed
    stubber.add_client_error("describe_alarms", code, "hunter2", status)
    assert alarms.describe(NAME) == Unknown(f"DescribeAlarms: {code}")


def test_tags_are_a_mapping(stubbed: Stubbed) -> None:
    alarms, stubber = stubbed
    tags = [{"Key": "firebreak:action", "Value": "restart-service"}, {"Key": "team", "Value": ""}]
    stubber.add_response("list_tags_for_resource", {"Tags": tags}, {"ResourceARN": ARN})
    assert alarms.tags(ARN) == {"firebreak:action": "restart-service", "team": ""}


def test_tags_of_an_alarm_that_is_gone_are_absent(stubbed: Stubbed) -> None:
    alarms, stubber = stubbed
    stubber.add_client_error("list_tags_for_resource", "ResourceNotFoundException", "", 404)
    assert alarms.tags(ARN) == ABSENT


@pytest.mark.parametrize(("code", "status"), FAILURES)
def test_tags_that_could_not_be_read_are_unknown_and_never_empty(
    stubbed: Stubbed, code: str, status: int
) -> None:
    alarms, stubber = stubbed
    stubber.add_client_error("list_tags_for_resource", code, "", status)
    assert alarms.tags(ARN) == Unknown(f"ListTagsForResource: {code}")


def contributors(*ids: str, token: str = "") -> dict[str, Any]:
    page: dict[str, Any] = {
        "AlarmContributors": [
            {"ContributorId": one, "ContributorAttributes": {"ServiceName": one}, "StateReason": "r"}
            for one in ids
        ]
    }
    return page | ({"NextToken": token} if token else {})


def test_the_series_in_alarm_are_read_from_every_page(stubbed: Stubbed) -> None:
    alarms, stubber = stubbed
    stubber.add_response(
        "describe_alarm_contributors", contributors("a", "b", token="t"), {"AlarmName": NAME}
    )
    stubber.add_response(
        "describe_alarm_contributors", contributors("c"), {"AlarmName": NAME, "NextToken": "t"}
    )
    assert alarms.series_in_alarm(NAME) == dict.fromkeys("abc", Series("r"))


def test_no_series_in_alarm_is_an_empty_mapping(stubbed: Stubbed) -> None:
    alarms, stubber = stubbed
    stubber.add_response("describe_alarm_contributors", contributors(), {"AlarmName": NAME})
    assert alarms.series_in_alarm(NAME) == {}


def test_series_without_end_are_unknown_rather_than_incomplete(stubbed: Stubbed) -> None:
    alarms, stubber = stubbed
    for number in range(MAX_CONTRIBUTOR_PAGES):
        stubber.add_response("describe_alarm_contributors", contributors(f"{number}", token="more"))
    assert alarms.series_in_alarm(NAME) == Unknown(
        f"DescribeAlarmContributors: more than {MAX_CONTRIBUTOR_PAGES} pages"
    )


def test_the_series_of_an_alarm_that_is_gone_are_absent(stubbed: Stubbed) -> None:
    alarms, stubber = stubbed
    stubber.add_client_error("describe_alarm_contributors", "ResourceNotFoundException", "", 404)
    assert alarms.series_in_alarm(NAME) == ABSENT


@pytest.mark.parametrize(("code", "status"), FAILURES)
def test_series_that_could_not_be_read_are_unknown(stubbed: Stubbed, code: str, status: int) -> None:
    alarms, stubber = stubbed
    stubber.add_client_error("describe_alarm_contributors", code, "", status)
    assert alarms.series_in_alarm(NAME) == Unknown(f"DescribeAlarmContributors: {code}")


@mock_aws
def test_an_alarm_made_through_the_api_is_read_back() -> None:
    client = session().client("cloudwatch")
    client.put_metric_alarm(
        AlarmName=NAME,
        Namespace="AWS/ECS",
        MetricName="CPUUtilization",
        Dimensions=[{"Name": "ServiceName", "Value": "api"}],
        Statistic="Average",
        Period=60,
        EvaluationPeriods=1,
        Threshold=90,
        ComparisonOperator="LessThanThreshold",
        Tags=[{"Key": "firebreak:action", "Value": "none"}],
    )
    client.set_alarm_state(AlarmName=NAME, StateValue="ALARM", StateReason="a test")
    client.disable_alarm_actions(AlarmNames=[NAME])
    found = CloudWatchAlarms(client).describe(NAME)
    assert isinstance(found, DescribedAlarm)
    assert CloudWatchAlarms(client).tags(found.arn) == {"firebreak:action": "none"}
    assert (
        found.state,
        found.actions_enabled,
        found.comparison,
        found.metrics[0].name,
    ) == (AlarmState.ALARM, False, "LessThanThreshold", "CPUUtilization")


def test_several_alarms_of_any_type_are_described_in_one_look_and_the_missing_are_left_out(
    stubbed: Stubbed,
) -> None:
    alarms, stubber = stubbed
    names = ["fleet", NAME, "gone"]
    composite = {**raw(AlarmName="fleet", AlarmRule="ALARM(x)"), "StateValue": "OK"}
    stubber.add_response(
        "describe_alarms",
        {"MetricAlarms": [raw()], "CompositeAlarms": [composite]},
        {"AlarmNames": names, "AlarmTypes": list(ALARM_TYPES), "MaxRecords": 100},
    )
    found = alarms.describe_all(names)
    assert isinstance(found, dict)
    assert {name: alarm.state for name, alarm in found.items()} == {NAME: "ALARM", "fleet": "OK"}


def test_several_alarms_that_may_not_be_read_are_blindness(stubbed: Stubbed) -> None:
    alarms, stubber = stubbed
    stubber.add_client_error("describe_alarms", "AccessDenied", http_status_code=403)
    assert isinstance(alarms.describe_all([NAME]), Unknown)


def test_more_alarms_than_one_look_takes_are_described_in_several(stubbed: Stubbed) -> None:
    alarms, stubber = stubbed
    names = [f"alarm-{n:03}" for n in range(201)]
    for batch in (names[:100], names[100:200], names[200:]):
        stubber.add_response(
            "describe_alarms",
            {"MetricAlarms": [raw(AlarmName=name) for name in batch]},
            {"AlarmNames": batch, "AlarmTypes": list(ALARM_TYPES), "MaxRecords": 100},
        )
    found = alarms.describe_all(names)
    assert isinstance(found, dict)
    assert sorted(found) == names


def test_a_metric_alarm_is_described_with_its_evaluation_and_configuration(stubbed: Stubbed) -> None:
    alarm = raw(
        StateReason="Threshold Crossed: no datapoints were received for 2 periods.",
        StateReasonData='{"queryDate":"2026-11-20T03:00:00.000+0000","period":60,"recentDatapoints":[]}',
        Threshold=85.0,
        Period=60,
        EvaluationPeriods=3,
        DatapointsToAlarm=2,
        ExtendedStatistic="p99",
        TreatMissingData="breaching",
        EvaluateLowSampleCountPercentile="ignore",
        AlarmActions=["arn:aws:sns:eu-west-1:111122223333:pages"],
        OKActions=["arn:aws:sns:eu-west-1:111122223333:good-news"],
    )

    found = described(stubbed, MetricAlarms=[alarm])

    assert found.evaluation == Evaluation(query_date=SINCE, period=60)
    assert found.reason.startswith("Threshold Crossed")
    assert (found.threshold, found.period, found.periods, found.datapoints_to_alarm) == (85.0, 60, 3, 2)
    assert (found.statistic, found.treat_missing_data, found.low_samples) == ("p99", "breaching", "ignore")
    assert found.actions == ("arn:aws:sns:eu-west-1:111122223333:pages",)
    assert found.ok_actions == ("arn:aws:sns:eu-west-1:111122223333:good-news",)


def test_metric_math_has_the_longest_period_of_its_metrics_and_the_statistic_they_share(
    stubbed: Stubbed,
) -> None:
    def query(name: str, period: int) -> dict[str, Any]:
        metric = {"Namespace": "AWS/Lambda", "MetricName": name, "Dimensions": []}
        return {"Id": name.lower(), "MetricStat": {"Metric": metric, "Period": period, "Stat": "Sum"}}

    expression = {"Id": "e1", "Expression": "errors / invocations", "ReturnData": True}
    alarm = raw(Metrics=[expression, query("Errors", 60), query("Invocations", 300)])

    found = described(stubbed, MetricAlarms=[alarm])

    assert (found.period, found.statistic) == (300, "Sum")


def test_a_composite_has_no_evaluation_and_no_configuration_of_a_metric(stubbed: Stubbed) -> None:
    found = described(
        stubbed, CompositeAlarms=[raw(AlarmRule="ALARM(x)", StateReasonData='{"triggeringAlarms":[]}')]
    )

    assert (found.evaluation, found.period, found.periods, found.threshold) == (None, None, None, None)
    assert (found.statistic, found.treat_missing_data, found.actions) == ("", "", ())


# --- regions that do not know log alarms

REFUSED = ("describe_alarms", "ValidationError", "1 validation error detected", 400)
WITHOUT_LOG_ALARMS = {**ASKED, "AlarmTypes": list(IN_EVERY_REGION)}


def test_a_region_that_does_not_know_log_alarms_is_asked_again_without_them_once(stubbed: Stubbed) -> None:
    alarms, stubber = stubbed
    stubber.add_client_error(*REFUSED, expected_params=ASKED)
    stubber.add_response("describe_alarms", {"MetricAlarms": [raw()]}, WITHOUT_LOG_ALARMS)
    stubber.add_response("describe_alarms", {"MetricAlarms": []}, WITHOUT_LOG_ALARMS)
    assert isinstance(alarms.describe(NAME), DescribedAlarm)
    assert alarms.describe(NAME) == ABSENT


def test_all_reads_of_a_function_remember_what_its_region_knows(client: CloudWatchClient) -> None:
    types = AlarmTypes()
    with Stubber(client) as stubber:
        stubber.add_client_error(*REFUSED, expected_params=ASKED)
        for _ in range(2):
            stubber.add_response("describe_alarms", {"MetricAlarms": [raw()]}, WITHOUT_LOG_ALARMS)
        assert [CloudWatchAlarms(client, types).describe(NAME) != ABSENT for _ in range(2)] == [True, True]
        stubber.assert_no_pending_responses()


def test_a_call_that_is_refused_for_another_reason_is_unknown_and_remembers_nothing(stubbed: Stubbed) -> None:
    alarms, stubber = stubbed
    stubber.add_client_error(*REFUSED, expected_params=ASKED)
    stubber.add_client_error(*REFUSED, expected_params=WITHOUT_LOG_ALARMS)
    stubber.add_response("describe_alarms", {"LogAlarms": [raw()]}, ASKED)
    assert alarms.describe(NAME) == Unknown("DescribeAlarms: ValidationError")
    assert isinstance(alarms.describe(NAME), DescribedAlarm)


@pytest.mark.parametrize(
    ("code", "status"), [("AccessDenied", 403), ("Throttling", 400), ("InternalFailure", 500)]
)
def test_what_says_nothing_about_the_types_is_not_asked_again(
    stubbed: Stubbed, code: str, status: int
) -> None:
    alarms, stubber = stubbed
    stubber.add_client_error("describe_alarms", code, "", status, expected_params=ASKED)
    assert alarms.describe(NAME) == Unknown(f"DescribeAlarms: {code}")
