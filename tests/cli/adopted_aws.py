"""`firebreak adopt` on moto: an account, its alarms, and the tags of its resources."""

import json
from collections.abc import Callable
from typing import Any

import boto3
from botocore.stub import Stubber
from moto.cloudwatch.models import cloudwatch_backends

from firebreak_cli.environment import Environment
from firebreak_cli.queries.tag_propagation import propagation_of
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


class PropagatingSession(StackSession):
    """A session in which moto keeps the ActionConfiguration of alarms, as CloudWatch does."""

    def __init__(self, program: Callable[[Stubber], object] = no_stack, calls: Calls | None = None) -> None:
        super().__init__(program, calls)
        event = "{}.cloudwatch.{}"
        self.events.register(event.format("before-parameter-build", "PutMetricAlarm"), _asked)
        self.events.register(event.format("after-call", "PutMetricAlarm"), _kept)
        self.events.register(event.format("after-call", "DescribeAlarms"), _described)


def _asked(params: Any, context: Any, **_: object) -> None:
    context["firebreak_put"] = params


def _kept(context: Any, parsed: Any, **_: object) -> None:
    if "Error" in parsed:
        return
    asked = context["firebreak_put"]
    # The next put makes another object: what it leaves out is gone.
    vars(_alarm(asked["AlarmName"]))["kept"] = asked.get("ActionConfiguration")


def _described(parsed: Any, **_: object) -> None:
    for one in parsed.get("MetricAlarms", ()):
        if kept := vars(_alarm(one["AlarmName"])).get("kept"):
            one["ActionConfiguration"] = kept


def _alarm(name: str) -> Any:
    return cloudwatch_backends[ACCOUNT][a.REGION].alarms[name]


def cli_environment(
    program: Callable[[Stubber], object] = no_stack, *, calls: Calls | None = None
) -> Environment:
    return Environment({}, lambda: NOW, lambda: PropagatingSession(program, calls), sleep=lambda _: None)


def propagates(name: str) -> bool | None:
    """Whether the tags of an alarm are in its events; None where nobody said so."""
    described = PropagatingSession().client("cloudwatch").describe_alarms(AlarmNames=[name])
    return propagation_of(described["MetricAlarms"][0])


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
    """The results of tags."""
    return {one["what"]: one["result"] for one in printed(result)["results"]}


def rewritten(result: Any) -> dict[str, str]:
    """The results of alarms that were to be put."""
    return {one["what"]: one["result"] for one in printed(result)["rewrites"]}


def printed(result: Any) -> Any:
    """Without the answer to a question, which a terminal would show and the test's runner prints."""
    return json.loads(result.stdout[result.stdout.index("{") :])
