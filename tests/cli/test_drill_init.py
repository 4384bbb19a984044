"""`firebreak drill init` makes a test alarm for a target that opted in, and touches no other alarm."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from tests.cli.running import Calls, cli_environment, error_lines, run
from tests.cli.test_pause_scopes import moto_service
from tests.support import builders as a

INIT = ("drill", "init", "--alarm", "drill-api", "--target", "ecs:prod/api", "--yes")


@pytest.fixture
def aws() -> Iterator[Any]:
    with mock_aws():
        yield boto3.session.Session(region_name=a.REGION).client("cloudwatch")


def alarms(cloudwatch: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = cloudwatch.describe_alarms()["MetricAlarms"]
    return found


def tags_of(cloudwatch: Any, arn: str) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"]}


def test_the_alarm_is_ok_carries_its_tags_and_watches_what_nobody_writes(aws: Any) -> None:
    moto_service("api", **{"firebreak:enabled": "true"})
    done = run(*INIT)
    assert (done.exit_code, done.stderr) == (0, "")
    (alarm,) = alarms(aws)
    assert (alarm["StateValue"], alarm["TreatMissingData"]) == ("OK", "ignore")
    assert (alarm["Namespace"], alarm["MetricName"]) == ("Firebreak/Drill", "Drilled")
    assert tags_of(aws, alarm["AlarmArn"]) == {
        "firebreak:drill": "true",
        "firebreak:action": "restart-service",
        "firebreak:target": "ecs:prod/api",
    }
    assert f"firebreak drill observe --alarm drill-api {a.ON_STACK}" in " ".join(done.stdout.split())


def test_the_json_says_the_same_in_one_object(aws: Any) -> None:
    moto_service("api", **{"firebreak:enabled": "true"})
    done = run(*INIT, "--json")
    assert (done.exit_code, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {
        "stack": "firebreak",
        "alarm": "drill-api",
        "state": "OK",
        "target": "ecs:prod/api",
        "tags": {
            "firebreak:drill": "true",
            "firebreak:action": "restart-service",
            "firebreak:target": "ecs:prod/api",
        },
        "next": f"firebreak drill observe --alarm drill-api {a.ON_STACK}",
    }


def test_it_may_be_run_again_and_changes_its_own_alarm(aws: Any) -> None:
    moto_service("api", **{"firebreak:enabled": "true"})
    run(*INIT)
    assert run(*INIT, "--action", "scale-service").exit_code == 0
    (alarm,) = alarms(aws)
    assert tags_of(aws, alarm["AlarmArn"])["firebreak:action"] == "scale-service"


def test_an_alarm_that_is_no_test_alarm_is_never_changed(aws: Any) -> None:
    moto_service("api", **{"firebreak:enabled": "true"})
    aws.put_metric_alarm(
        AlarmName="drill-api",
        Namespace="AWS/ECS",
        MetricName="CPUUtilization",
        ComparisonOperator="GreaterThanThreshold",
        EvaluationPeriods=1,
        Period=60,
        Statistic="Average",
        Threshold=80,
    )
    before = alarms(aws)
    refused = run(*INIT)
    assert (refused.exit_code, alarms(aws)) == (2, before)
    assert "is not tagged firebreak:drill=true" in error_lines(refused)[0]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        pytest.param(("--target", "ecs:prod/nobody"), "ecs:prod/nobody does not exist", id="no such target"),
        pytest.param(("--target", "ecs:prod/api"), "not tagged firebreak:enabled=true", id="not opted in"),
    ],
)
def test_a_target_that_may_not_be_drilled_is_refused(aws: Any, options: tuple[str, ...], said: str) -> None:
    moto_service("api")
    refused = run(*INIT, *options)
    assert (refused.exit_code, alarms(aws)) == (2, [])
    assert said in error_lines(refused)[0]


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(("--target", ""), id="no target"),
        pytest.param(("--target", "ecs:prod"), id="a cluster"),
        pytest.param(("--action", "reboot"), id="no such action"),
        pytest.param(("--action", "restart-function"), id="an action for another service"),
    ],
)
def test_options_that_exclude_each_other_are_refused_before_aws_is_asked(
    aws: Any, options: tuple[str, ...]
) -> None:
    calls = Calls()
    refused = run(*INIT, *options, environment=cli_environment(calls=calls))
    assert (refused.exit_code, len(error_lines(refused)), calls.made) == (2, 1, [])


def test_without_a_yes_nothing_is_made(aws: Any) -> None:
    moto_service("api", **{"firebreak:enabled": "true"})
    refused = run(*INIT[:-1], stdin="n\n")
    assert (refused.exit_code, alarms(aws)) == (2, [])
