"""Plays the world the stack watches: ECS services, and the metrics that turn their alarms red and green.

The emulator turns an alarm for real: it evaluates an alarm whenever metric data arrives, over
the points younger than the alarm's period. `hot` publishes a high point that is already almost a
period old, so the alarm turns red at once, and it drops out of the window `FADES` later; then one low
point (`cool`) turns it green. Between the two nothing is published and the alarm stays as it is.

The emulator ignores dimensions when it evaluates: one hot service turns every alarm on that metric
red. So a scene removes its alarms when it ends (`remove_alarm`), or uses `force`, which turns one
alarm alone.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from boto3.session import Session

from firebreak_cli.queries.state_change import PROPAGATION_TAG

PERIOD = timedelta(seconds=60)
# Long enough for a request to arrive while its point still counts.
FADES = timedelta(seconds=2)
THRESHOLD = 80.0
HOT = 97.0
COOL = 21.0
# Pinned by digest: restarting it brings no new code.
IMAGE = "registry.example.com/shop/api@sha256:" + "4f" * 32

Metric = Literal["MemoryUtilization", "CPUUtilization"]


@dataclass(frozen=True, slots=True)
class PlayedService:
    """An ECS service of the simulated world."""

    cluster: str
    name: str
    arn: str

    @property
    def dimensions(self) -> list[Any]:
        """The dimensions that the service's metrics and alarms carry."""
        return [
            {"Name": "ClusterName", "Value": self.cluster},
            {"Name": "ServiceName", "Value": self.name},
        ]


@dataclass(slots=True)
class Workload:
    """The simulated world of one cluster. `sleep` and `clock` are there for tests."""

    session: Session
    cluster: str = "prod"
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    _faded: dict[Metric, datetime] = field(default_factory=dict)

    def service(
        self,
        name: str,
        *,
        desired: int = 2,
        image: str = IMAGE,
        opted_in: bool = True,
        tags: Mapping[str, str] | None = None,
    ) -> PlayedService:
        """Create a running service; `opted_in` gives it the tag that lets Firebreak change it."""
        ecs = self.session.client("ecs")
        ecs.create_cluster(clusterName=self.cluster)
        definition = ecs.register_task_definition(
            family=name,
            requiresCompatibilities=["FARGATE"],
            networkMode="awsvpc",
            cpu="256",
            memory="512",
            containerDefinitions=[{"name": "app", "image": image, "essential": True}],
        )["taskDefinition"]["taskDefinitionArn"]
        own = ({"firebreak:enabled": "true"} if opted_in else {}) | dict(tags or {})
        created = ecs.create_service(
            cluster=self.cluster,
            serviceName=name,
            taskDefinition=definition,
            desiredCount=desired,
            launchType="FARGATE",
            networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-0a1b2c3d4e5f60718"]}},
            tags=[{"key": key, "value": value} for key, value in own.items()],
        )["service"]
        return PlayedService(self.cluster, name, created["serviceArn"])

    def alarm(
        self,
        name: str,
        service: PlayedService,
        *,
        metric: Metric = "MemoryUtilization",
        tags: Mapping[str, str] | None = None,
        propagate: bool = True,
    ) -> None:
        """Create an alarm on a service's metric. With `propagate` its tags ride in its events."""
        own = dict(tags or {}) | ({} if propagate else {PROPAGATION_TAG: "off"})
        self.session.client("cloudwatch").put_metric_alarm(
            AlarmName=name,
            AlarmDescription=f"{metric} of {service.name} is too high",
            Namespace="AWS/ECS",
            MetricName=metric,
            Dimensions=service.dimensions,
            Statistic="Maximum",
            Period=int(PERIOD.total_seconds()),
            EvaluationPeriods=1,
            Threshold=THRESHOLD,
            ComparisonOperator="GreaterThanThreshold",
            TreatMissingData="missing",
            ActionConfiguration={"AlarmTagsPropagation": {"Enabled": propagate}},
            Tags=[{"Key": key, "Value": value} for key, value in own.items()],
        )

    def hot(self, service: PlayedService, metric: Metric = "MemoryUtilization") -> None:
        """Turn the metric's alarms red now."""
        now = self.clock()
        self._publish(service, metric, HOT, now - PERIOD + FADES)
        self._faded[metric] = now + FADES

    def cool(self, service: PlayedService, metric: Metric = "MemoryUtilization") -> None:
        """Turn the metric's alarms green; waits until the last hot point has left the window."""
        left = (self._faded.get(metric, self.clock()) - self.clock()).total_seconds()
        if left > 0:
            self.sleep(left)
        self._publish(service, metric, COOL, self.clock())

    def remove_alarm(self, *names: str) -> None:
        """Delete alarms, so that other services' metrics do not turn them."""
        self.session.client("cloudwatch").delete_alarms(AlarmNames=list(names))

    def _publish(self, service: PlayedService, metric: Metric, value: float, at: datetime) -> None:
        self.session.client("cloudwatch").put_metric_data(
            Namespace="AWS/ECS",
            MetricData=[
                {
                    "MetricName": metric,
                    "Dimensions": service.dimensions,
                    "Timestamp": at,
                    "Value": value,
                    "Unit": "Percent",
                }
            ],
        )
