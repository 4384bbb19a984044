"""`firebreak adopt` on moto: an account, its alarms, and the tags of its resources."""

import json
from collections.abc import Callable
from typing import Any

import boto3
from botocore.stub import Stubber

from firebreak_cli.environment import Environment
from tests.cli.adopted import NOW
from tests.cli.running import Calls, StackSession, run
from tests.support import builders as a

# The account that moto is.
ACCOUNT = "123456789012"
SERVICE = f"arn:aws:ecs:{a.REGION}:{ACCOUNT}:service/prod/api"
OPTED = {"firebreak:enabled": "true"}
CRITICAL = {"firebreak:severity": "critical"}


def put(cloudwatch: Any, name: str, service: str = "api", *, threshold: float = 85.0, **tags: str) -> str:
    """An alarm on the memory of a service; its ARN."""
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        Namespace="AWS/ECS",
        MetricName="MemoryUtilization",
        Dimensions=[{"Name": "ClusterName", "Value": "prod"}, {"Name": "ServiceName", "Value": service}],
        Statistic="Average",
        Period=60,
        EvaluationPeriods=3,
        Threshold=threshold,
        ComparisonOperator="GreaterThanThreshold",
        Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
    )
    return f"arn:aws:cloudwatch:{a.REGION}:{ACCOUNT}:alarm:{name}"


def no_stack(stubber: Stubber) -> None:
    """CloudFormation manages nothing."""
    for _ in range(20):
        stubber.add_client_error("describe_stack_resources", "ValidationError", http_status_code=400)


def cli_environment(
    program: Callable[[Stubber], object] = no_stack, *, calls: Calls | None = None
) -> Environment:
    return Environment({}, lambda: NOW, lambda: StackSession(program, calls))


def adopt(*arguments: str, environment: Environment | None = None, stdin: str = "") -> Any:
    return run("adopt", *arguments, environment=environment or cli_environment(), stdin=stdin)


def tags(arn: str) -> dict[str, str]:
    session = boto3.session.Session(region_name=a.REGION)
    if ":ecs:" in arn:
        found = session.client("ecs").list_tags_for_resource(resourceArn=arn)["tags"]
        return {tag["key"]: tag["value"] for tag in found}
    listed = session.client("cloudwatch").list_tags_for_resource(ResourceARN=arn)["Tags"]
    return {tag["Key"]: tag["Value"] for tag in listed}


def results(result: Any) -> dict[str, str]:
    """Without the answer to a question, which a terminal would show and the test's runner prints."""
    printed = json.loads(result.stdout[result.stdout.index("{") :])
    return {one["what"]: one["result"] for one in printed["results"]}
