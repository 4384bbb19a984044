"""The fleet of a load test: a ledger of its own, opted-in services, red alarms, their events."""

import random
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from boto3.session import Session

from firebreak.aws.clients import reader
from firebreak.core.ledger import alarm_key
from firebreak.core.model import Alarm
from firebreak.intake import alarm_events
from firebreak_cli.queries.state_change import Event, Transition, state_change_event
from firebreak_devtools.local.paths import ACCOUNT, REGION
from firebreak_devtools.local.workload import IMAGE
from tests.support.world import create_table

ACTIONS = ("restart-service", "scale-service")
# Nothing publishes it, so the emulator never evaluates the alarms again: they stay as they were set.
METRIC = "LoadTestUtilization"
AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class RedService:
    """A service whose alarm is red and wants this action."""

    cluster: str
    name: str
    action: str

    @property
    def alarm(self) -> str:
        return f"{self.cluster}-{self.name}"

    @property
    def dimensions(self) -> list[dict[str, str]]:
        return [
            {"Name": "ClusterName", "Value": self.cluster},
            {"Name": "ServiceName", "Value": self.name},
        ]


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event that reaches a function at least so many seconds after the start."""

    after: float
    action: str
    event: Event

    @property
    def key(self) -> str:
        """The key under which it is decided once."""
        alarm = alarm_events.parse(self.event)
        assert isinstance(alarm, Alarm)
        return alarm_key(alarm, self.action)


@dataclass(frozen=True, slots=True)
class Fleet:
    """One run's ledger and services on the running local AWS. Its names are new in each run."""

    session: Session
    run: str
    services: tuple[RedService, ...]
    metric: str = METRIC

    @classmethod
    def prepare(cls, session: Session, *, services: int, clusters: int, metric: str = METRIC) -> "Fleet":
        """Create the table, the services and their red alarms."""
        run = f"load{time.time_ns() // 1_000_000 % 1_000_000_000}"
        red = tuple(
            RedService(f"{run}-{n % clusters}", f"s{n:03d}", ACTIONS[n % len(ACTIONS)])
            for n in range(services)
        )
        fleet = cls(session, run, red, metric)
        create_table(reader(session, "dynamodb"), fleet.table)
        _Builder(session, fleet).build()
        return fleet

    @property
    def table(self) -> str:
        return f"{self.run}-ledger"

    def owns(self, cluster: str) -> bool:
        """Whether a cluster is one of this run's."""
        return cluster.startswith(f"{self.run}-")

    def delivery(self, service: RedService, since: datetime, after: float = 0.0) -> Delivery:
        """The event of the service's alarm having turned red then, as CloudWatch would send it."""
        change = Transition(service.alarm, since, "OK", "ALARM", "turned by a load test")
        described = {
            "AlarmArn": self._arn(service),
            "Namespace": "AWS/ECS",
            "MetricName": self.metric,
            "Dimensions": service.dimensions,
            "Period": 60,
            "Statistic": "Maximum",
        }
        event = state_change_event(change, described, {"firebreak:action": service.action})
        return Delivery(after, service.action, event)

    def _arn(self, service: RedService) -> str:
        return f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{service.alarm}"

    def remove(self) -> None:
        """Delete the alarms: others on the same local AWS should not see them."""
        cloudwatch = self.session.client("cloudwatch")
        names = [service.alarm for service in self.services]
        for n in range(0, len(names), 100):
            cloudwatch.delete_alarms(AlarmNames=names[n : n + 100])


class _Builder:
    def __init__(self, session: Session, fleet: Fleet) -> None:
        self._fleet = fleet
        self._ecs: Any = session.client("ecs")
        self._cloudwatch: Any = session.client("cloudwatch")

    def build(self) -> None:
        definition = self._ecs.register_task_definition(
            family=self._fleet.run,
            requiresCompatibilities=["FARGATE"],
            networkMode="awsvpc",
            cpu="256",
            memory="512",
            containerDefinitions=[{"name": "app", "image": IMAGE, "essential": True}],
        )["taskDefinition"]["taskDefinitionArn"]
        for cluster in sorted({service.cluster for service in self._fleet.services}):
            self._ecs.create_cluster(clusterName=cluster)

        def one(service: RedService) -> None:
            self._service(service, definition)
            self._red(service)

        _all(one, self._fleet.services)

    def _service(self, service: RedService, definition: str) -> None:
        self._ecs.create_service(
            cluster=service.cluster,
            serviceName=service.name,
            taskDefinition=definition,
            desiredCount=1,
            launchType="FARGATE",
            networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-0a1b2c3d4e5f60718"]}},
            tags=[{"key": "firebreak:enabled", "value": "true"}],
        )

    def _red(self, service: RedService) -> None:
        self._cloudwatch.put_metric_alarm(
            AlarmName=service.alarm,
            Namespace="AWS/ECS",
            MetricName=self._fleet.metric,
            Dimensions=service.dimensions,
            Statistic="Maximum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=80.0,
            ComparisonOperator="GreaterThanThreshold",
            TreatMissingData="ignore",
            Tags=[{"Key": "firebreak:action", "Value": service.action}],
        )
        self._cloudwatch.set_alarm_state(
            AlarmName=service.alarm, StateValue="ALARM", StateReason="turned by a load test"
        )


def _all[T](do: Callable[[T], None], things: Iterable[T]) -> None:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(do, things))


def shuffled(first: Sequence[Delivery], again: int, seed: int) -> list[Delivery]:
    """The deliveries in any order, with `again` exact duplicates.

    Half of the duplicates come right after their original, so that two workers hold the same
    event at the same time; the others come whenever they come.
    """
    dice = random.Random(seed)  # noqa: S311  # an order, not a secret
    twice = dice.choices(first, k=again)
    late, close = twice[: again // 2], twice[again // 2 :]
    mixed = [*first, *late]
    dice.shuffle(mixed)
    copies: dict[int, list[Delivery]] = {}
    for one in close:
        copies.setdefault(id(one), []).append(one)
    return [copy for one in mixed for copy in (one, *copies.pop(id(one), ()))]


def transitions(fleet: Fleet, each: int, *, spread: timedelta, every: timedelta) -> list[Delivery]:
    """`each` different transitions to red of every alarm, the newest about now.

    The alarms lie `spread` apart in all, so that hundreds of them need not be a storm; the
    transitions of one alarm lie `every` apart.
    """
    now = datetime.now(UTC)
    apart = spread / max(len(fleet.services), 1)
    return [
        fleet.delivery(service, now - n * apart - again * every)
        for n, service in enumerate(fleet.services)
        for again in range(each)
    ]


def in_bursts(deliveries: Sequence[Delivery], size: int, every: float) -> list[Delivery]:
    """The same in bursts: so many at once, then nothing until the next burst."""
    return [replace(one, after=(n // size) * every) for n, one in enumerate(deliveries)]
