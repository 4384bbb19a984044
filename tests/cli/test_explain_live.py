"""`explain` with credentials, through the command, on moto."""

import json
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from firebreak.core.limits.history import Hold
from tests.cli.running import Calls, cli_environment, described, error_lines, run, run_in
from tests.support import builders as a
from tests.support.world import World, eventbridge


@pytest.fixture
def red(world: World) -> str:
    """A red memory alarm about a service that opted in, as moto's CloudWatch and ECS have them."""
    session = boto3.session.Session(region_name=a.REGION)
    ecs: Any = session.client("ecs")
    ecs.create_cluster(clusterName="prod")
    container = {"name": "api", "image": "api@sha256:" + "0" * 64, "memory": 512}
    ecs.register_task_definition(family="api", containerDefinitions=[container])
    ecs.create_service(
        cluster="prod",
        serviceName="api",
        taskDefinition="api",
        desiredCount=2,
        tags=[{"key": "firebreak:enabled", "value": "true"}],
    )
    cloudwatch: Any = session.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="api-memory-high",
        Namespace="AWS/ECS",
        MetricName="MemoryUtilization",
        ComparisonOperator="GreaterThanThreshold",
        EvaluationPeriods=1,
        Threshold=80,
        Period=60,
        Statistic="Average",
    )
    cloudwatch.set_alarm_state(AlarmName="api-memory-high", StateValue="ALARM", StateReason="test")
    return json.dumps(eventbridge(a.alarm()))


def test_everything_is_read_and_nothing_is_changed(world: World, red: str) -> None:
    calls = Calls()

    result = run("explain", "-", "--json", environment=cli_environment(calls=calls), stdin=red)

    answer = json.loads(result.stdout)
    # To moto the first deployment of a service runs for ever.
    objected = [check["reason"] for check in answer["checks"] if check["result"] == "objected"]
    assert objected == ["deployment_running", "observe_only"]
    assert (answer["decision"], answer["offline"], answer["clock"]) == ("refuse", False, "real")
    assert "not_looked_at" not in {check["result"] for check in answer["checks"]}
    assert {"DescribeAlarms", "DescribeServices", "BatchGetItem"} <= set(calls.made)
    assert calls.changes == []


def test_a_held_switch_is_printed_with_the_command_that_releases_it(world: World, red: str) -> None:
    world.switches.pause(Hold("global", "ana", "migration", a.NOW, a.NOW.replace(hour=11)))

    result = run("explain", "-", stdin=red)

    assert "global by ana until 11:00:30Z: migration" in " ".join(result.stdout.split())
    assert f"firebreak resume {a.ON_STACK}" in " ".join(result.stdout.split())


def test_the_policy_is_the_one_that_the_stack_names(world: World, red: str) -> None:
    def with_demo(stubber: Stubber) -> None:
        parameter = {"ParameterKey": "PolicyFile", "ParameterValue": "policies/demo.toml"}
        stubber.add_response("describe_stacks", described(Parameters=[parameter]))

    result = run("explain", "-", "--json", environment=cli_environment(program=with_demo), stdin=red)

    answer = json.loads(result.stdout)
    assert (answer["policy"]["file"], answer["autonomy"]) == ("policies/demo.toml", "auto")


def test_an_unusable_file_ends_before_aws_is_asked() -> None:
    calls = Calls()

    result = run("explain", "-", environment=cli_environment(calls=calls), stdin="{}")

    assert (result.exit_code, len(error_lines(result)), calls.made) == (2, 1, [])


def test_a_page_s_incident_can_be_shown_after_it_was_explained(world: World, red: str) -> None:
    name = json.loads(run("explain", "-", "--json", stdin=red).stdout)["decision_id"]
    world.red()
    world.send(a.alarm())

    assert run_in(world, "show", name).exit_code == 0
