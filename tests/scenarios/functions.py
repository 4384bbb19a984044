"""Lambda functions of the played world, with their versions, aliases and alarms."""

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self

from firebreak_cli.drill.init import TURNS_AT_ONCE
from tests.scenarios.bench import Bench

if TYPE_CHECKING:
    from types_boto3_lambda.client import LambdaClient


def code(says: str) -> bytes:
    """A deployment package whose code differs with what it says."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(zipfile.ZipInfo("app.py"), f"def handler(event, context):\n    return {says!r}\n")
    return packed.getvalue()


@dataclass(frozen=True, slots=True)
class PlayedFunction:
    """A function of the played world; its name is new in each run."""

    bench: Bench
    name: str

    @classmethod
    def create(cls, bench: Bench, name: str, *, tags: Mapping[str, str] | None = None) -> Self:
        """A function of 256 MB that opted in, with a secret in its environment."""
        played = cls(bench, f"{bench.workload.cluster}-{name}")
        played.client.create_function(
            FunctionName=played.name,
            Runtime="python3.13",
            Handler="app.handler",
            Role=played.role(),
            Code={"ZipFile": code("first")},
            MemorySize=256,
            Environment={"Variables": {"DB_PASSWORD": "hunter2"}},
            Tags={"firebreak:enabled": "true", **(tags or {})},
        )
        played.settle()
        return played

    @property
    def client(self) -> "LambdaClient":
        return self.bench.session.client("lambda")

    @property
    def about(self) -> str:
        """Its name on pages."""
        return f"lambda:{self.name}"

    def role(self) -> str:
        """Make the role it runs with."""
        iam: Any = self.bench.session.client("iam")
        service = {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
        trust = json.dumps({"Version": "2012-10-17", "Statement": [service]})
        arn: str = iam.create_role(RoleName=self.name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        return arn

    def settle(self) -> None:
        """Wait until Lambda is done with the last update."""
        self.bench.wait(
            f"{self.name} to be at rest",
            lambda: (
                self.configuration()["State"] == "Active"
                and self.configuration()["LastUpdateStatus"] == "Successful"
            ),
            timedelta(seconds=20),
        )

    def publish(self, says: str = "") -> str:
        """Publish a version, of new code if it says something; returns its number."""
        if says:
            self.client.update_function_code(FunctionName=self.name, ZipFile=code(says))
            self.settle()
        return self.client.publish_version(FunctionName=self.name)["Version"]

    def alias(self, version: str, name: str = "live") -> None:
        """Make an alias."""
        self.client.create_alias(FunctionName=self.name, Name=name, FunctionVersion=version)

    def weigh(self, version: str, part: float, name: str = "live") -> None:
        """Send a part of the alias's calls to a version, as a deployment does."""
        self.client.update_alias(
            FunctionName=self.name, Name=name, RoutingConfig={"AdditionalVersionWeights": {version: part}}
        )

    def weights(self, name: str = "live") -> dict[str, float]:
        """The parts of an alias's calls that go to other versions."""
        found = self.client.get_alias(FunctionName=self.name, Name=name)
        return dict(found.get("RoutingConfig", {}).get("AdditionalVersionWeights", {}))

    def behind(self, name: str = "live") -> str:
        """The version that an alias points at."""
        return self.client.get_alias(FunctionName=self.name, Name=name)["FunctionVersion"]

    def configuration(self, version: str = "") -> dict[str, Any]:
        """A configuration as AWS shows it."""
        chosen: Any = {"Qualifier": version} if version else {}
        found = dict(self.client.get_function_configuration(FunctionName=self.name, **chosen))
        del found["ResponseMetadata"]
        return found

    def alarm(self, metric: str, alias: str = "", *, tags: Mapping[str, str] | None = None) -> str:
        """An alarm on one of its metrics; returns the alarm's name."""
        name = f"{self.name}-{metric.lower()}"
        dimensions = [{"Name": "FunctionName", "Value": self.name}]
        if alias:
            dimensions.append({"Name": "Resource", "Value": f"{self.name}:{alias}"})
        cloudwatch: Any = self.bench.session.client("cloudwatch")
        cloudwatch.put_metric_alarm(
            AlarmName=name,
            Namespace="AWS/Lambda",
            MetricName=metric,
            Dimensions=dimensions,
            Threshold=5000,
            ComparisonOperator="GreaterThanThreshold",
            TreatMissingData="missing",
            Tags=[{"Key": key, "Value": value} for key, value in (tags or {}).items()],
            **TURNS_AT_ONCE,
        )
        return name
