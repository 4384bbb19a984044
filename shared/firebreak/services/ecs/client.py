"""ECS services and their scaling, as the protocols in ports.py define them.

Only images and size are read from a task definition: the environment and the secrets of its
containers never leave this module.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC
from functools import partial
from math import ceil
from typing import TYPE_CHECKING, Final

from firebreak.aws.translate import look, send
from firebreak.core.limits.disruption_budget import GroupCount
from firebreak.core.readings import ABSENT, Absent, Reading, Unknown
from firebreak.services.ecs.model import Deployment, ScalableTarget, ServiceLive, TaskDefinitionLive
from firebreak.services.ecs.rollout_room import DAEMON

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from types_boto3_application_autoscaling import ApplicationAutoScalingClient
    from types_boto3_ecs import ECSClient
    from types_boto3_ecs.type_defs import (
        ContainerDefinitionOutputTypeDef,
        DeploymentConfigurationOutputTypeDef,
        DeploymentTypeDef,
        ServiceTypeDef,
        TaskDefinitionTypeDef,
        TaskSetTypeDef,
    )

    from firebreak.core.model import Target

MISSING = "MISSING"
DIMENSION: Final = "ecs:service:DesiredCount"

# ListServices gives at most 100 a page, DescribeServices takes at most 10
# (docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListServices.html, API_DescribeServices.html).
LISTED_AT_ONCE = 100
DESCRIBED_AT_ONCE = 10
MOST_DESCRIBED = 200
TOO_LARGE = Unknown(f"more than {MOST_DESCRIBED} services: min_healthy is not for so large a cluster")


class EcsReader:
    """Looks at services, task definitions and scalable targets with clients that only read."""

    def __init__(self, ecs: ECSClient, scaling: ApplicationAutoScalingClient) -> None:
        self._ecs = ecs
        self._scaling = scaling

    def service(self, target: Target) -> Reading[ServiceLive]:
        """The service with its tags; Absent when the cluster or the service does not exist."""
        return look("DescribeServices", lambda: self._service(target))

    def task_definition(self, arn: str) -> Reading[TaskDefinitionLive]:
        """Images and size; one that does not exist is Unknown, as ECS does not distinguish that."""
        return look("DescribeTaskDefinition", lambda: self._task_definition(arn))

    def scalable_target(self, target: Target) -> Reading[ScalableTarget]:
        """The target that Application Auto Scaling registered; Absent only when it answered with nothing.

        An error that merely sounds like absence stays Unknown: taken for "nobody scales this service",
        it would lead to a desired count that is set against the autoscaler.
        """
        seen = look("DescribeScalableTargets", lambda: self._scalable_targets(target))
        if isinstance(seen, Absent):
            return Unknown("DescribeScalableTargets: NotFound")
        return (seen[0] if seen else ABSENT) if isinstance(seen, tuple) else seen

    def group(self, target: Target, now: datetime, *, health: bool) -> Reading[GroupCount]:
        """The target's cluster: one call where only the number is asked for.

        With `health` all of its services are described: at most 200, for a count that takes longer
        describes a cluster that has changed meanwhile; of a larger one the health is Unknown.
        """
        if not health:
            return look("DescribeClusters", lambda: self._counted(target, now))
        return look("ListServices", lambda: self._with_health(target, now))

    def _counted(self, target: Target, now: datetime) -> GroupCount | Absent | Unknown:
        answer = self._ecs.describe_clusters(clusters=[target.group])
        if answer["clusters"]:
            return GroupCount(total=answer["clusters"][0]["activeServicesCount"], counted_at=now)
        reasons = sorted({failure.get("reason", "no reason") for failure in answer["failures"]})
        return ABSENT if reasons == [MISSING] else Unknown(f"DescribeClusters: {', '.join(reasons)}")

    def _with_health(self, target: Target, now: datetime) -> GroupCount:
        arns = self._service_arns(target.group)
        if arns is None:
            return GroupCount(total=MOST_DESCRIBED, counted_at=now, healthy=TOO_LARGE)
        batches = [arns[n : n + DESCRIBED_AT_ONCE] for n in range(0, len(arns), DESCRIBED_AT_ONCE)]
        with ThreadPoolExecutor(max_workers=4) as pool:
            answers = pool.map(partial(self._describe_services, target.group), batches)
            services = [service for answer in answers for service in answer]
        well = {replace(target, name=service["serviceName"]).key for service in services if _well(service)}
        return GroupCount(total=len(services), counted_at=now, healthy=frozenset(well))

    def _service_arns(self, cluster: str) -> list[str] | None:
        """Every service of the cluster; None when there are too many to look at each."""
        page = self._ecs.list_services(cluster=cluster, maxResults=LISTED_AT_ONCE)
        arns = [*page["serviceArns"]]
        while token := page.get("nextToken"):
            if len(arns) >= MOST_DESCRIBED:
                return None
            page = self._ecs.list_services(cluster=cluster, maxResults=LISTED_AT_ONCE, nextToken=token)
            arns += page["serviceArns"]
        return arns if len(arns) <= MOST_DESCRIBED else None

    def _describe_services(self, cluster: str, arns: list[str]) -> list[ServiceTypeDef]:
        return self._ecs.describe_services(cluster=cluster, services=arns)["services"]

    def _service(self, target: Target) -> ServiceLive | Absent | Unknown:
        answer = self._ecs.describe_services(cluster=target.group, services=[target.name], include=["TAGS"])
        if answer["services"]:
            return _service(answer["services"][0])
        reasons = sorted({failure.get("reason", "no reason") for failure in answer["failures"]})
        if reasons == [MISSING]:
            return ABSENT
        return Unknown(f"DescribeServices: {', '.join(reasons) or 'empty answer'}")

    def _task_definition(self, arn: str) -> TaskDefinitionLive:
        return _task_definition(self._ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"])

    def _scalable_targets(self, target: Target) -> tuple[ScalableTarget, ...]:
        answer = self._scaling.describe_scalable_targets(
            ServiceNamespace="ecs",
            ResourceIds=[_resource_id(target.group, target.name)],
            ScalableDimension=DIMENSION,
        )
        return tuple(
            ScalableTarget(
                minimum=found["MinCapacity"],
                maximum=found["MaxCapacity"],
                scale_out_suspended=found.get("SuspendedState", {}).get("DynamicScalingOutSuspended", False),
            )
            for found in answer["ScalableTargets"]
        )


class EcsWriter:
    """Changes services. Its clients must be mutators (aws/clients.py): each call is sent once."""

    def __init__(self, ecs: ECSClient, scaling: ApplicationAutoScalingClient) -> None:
        self._ecs = ecs
        self._scaling = scaling

    def force_deployment(self, cluster: str, service: str, task_definition: str) -> ServiceLive:
        """Starts a new deployment of that full ARN; a family name would mean its newest revision."""
        return _updated(
            lambda: self._ecs.update_service(
                cluster=cluster, service=service, taskDefinition=task_definition, forceNewDeployment=True
            )["service"]
        )

    def use_task_definition(self, cluster: str, service: str, task_definition: str) -> ServiceLive:
        """Moves the service to that full ARN; other settings of the service are not sent, so they stay."""
        return _updated(
            lambda: self._ecs.update_service(
                cluster=cluster, service=service, taskDefinition=task_definition
            )["service"]
        )

    def set_desired_count(self, cluster: str, service: str, count: int) -> ServiceLive:
        """Sets the number of tasks; starts no deployment."""
        return _updated(
            lambda: self._ecs.update_service(cluster=cluster, service=service, desiredCount=count)["service"]
        )

    def set_min_capacity(self, cluster: str, service: str, minimum: int) -> None:
        """Raises the floor; maximum, role and suspension are not sent, so they stay as they are."""
        send(
            "RegisterScalableTarget",
            lambda: self._scaling.register_scalable_target(
                ServiceNamespace="ecs",
                ResourceId=_resource_id(cluster, service),
                ScalableDimension=DIMENSION,
                MinCapacity=minimum,
            ),
        )


def _well(raw: ServiceTypeDef) -> bool:
    """Whether a service runs all the tasks that it should; one that is scaled to zero serves nobody."""
    return raw["status"] == "ACTIVE" and 0 < raw["desiredCount"] <= raw["runningCount"]


def _updated(update: Callable[[], ServiceTypeDef]) -> ServiceLive:
    return send("UpdateService", lambda: _service(update()))


def _resource_id(cluster: str, service: str) -> str:
    return f"service/{cluster}/{service}"


def _service(raw: ServiceTypeDef) -> ServiceLive:
    configuration = raw.get("deploymentConfiguration", {})
    # The defaults of the API reference [DeploymentConfiguration]; an answer of ECS has the values.
    least, most = (0, 100) if raw.get("schedulingStrategy") == DAEMON else (100, 200)
    return ServiceLive(
        arn=raw["serviceArn"],
        cluster=raw["clusterArn"].rsplit("/", 1)[-1],
        name=raw["serviceName"],
        status=raw["status"],
        desired=raw["desiredCount"],
        running=raw["runningCount"],
        pending=raw["pendingCount"],
        task_definition=raw.get("taskDefinition", ""),
        controller=raw.get("deploymentController", {}).get("type", "ECS"),
        strategy=configuration.get("strategy", "ROLLING"),
        bake_minutes=_bake_minutes(configuration),
        minimum_healthy=configuration.get("minimumHealthyPercent", least),
        maximum_percent=configuration.get("maximumPercent", most),
        managed_by=raw.get("resourceManagementType", "CUSTOMER"),
        scheduling=raw.get("schedulingStrategy", "REPLICA"),
        deployments=_deployments(raw),
        tags={tag["key"]: tag["value"] for tag in raw.get("tags", ())},
        target_groups=target_groups(raw),
    )


def target_groups(raw: ServiceTypeDef) -> frozenset[str]:
    """The ARNs of a service's target groups: its own, a blue/green pair's other one, its task sets'."""
    sets = [balancer for one in raw.get("taskSets", ()) for balancer in one.get("loadBalancers", ())]
    found = [
        arn
        for balancer in (*raw.get("loadBalancers", ()), *sets)
        for arn in (
            balancer.get("targetGroupArn", ""),
            balancer.get("advancedConfiguration", {}).get("alternateTargetGroupArn", ""),
        )
    ]
    return frozenset(found) - {""}


def _deployments(raw: ServiceTypeDef) -> tuple[Deployment, ...]:
    """The service's deployments; under CODE_DEPLOY and EXTERNAL its task sets take their place."""
    if deployments := raw.get("deployments"):
        return tuple(_deployment(deployment) for deployment in deployments)
    return tuple(_task_set(task_set) for task_set in raw.get("taskSets", ()))


def _deployment(raw: DeploymentTypeDef) -> Deployment:
    return Deployment(
        id=raw["id"],
        status=raw["status"],
        rollout=raw.get("rolloutState", ""),
        task_definition=raw["taskDefinition"],
        desired=raw.get("desiredCount", 0),
        running=raw.get("runningCount", 0),
        failed=raw.get("failedTasks", 0),
        why=raw.get("rolloutStateReason", ""),
        began=_utc(raw.get("createdAt")),
    )


def _task_set(raw: TaskSetTypeDef) -> Deployment:
    return Deployment(
        id=raw["id"],
        status=raw["status"],
        rollout="",
        task_definition=raw["taskDefinition"],
        desired=raw.get("computedDesiredCount", 0),
        running=raw.get("runningCount", 0),
        failed=0,
        began=_utc(raw.get("createdAt")),
    )


def _utc(at: datetime | None) -> datetime | None:
    return at.astimezone(UTC) if at else None


def _bake_minutes(configuration: DeploymentConfigurationOutputTypeDef) -> int:
    """All the minutes a deployment waits on purpose. Defaults are those of the API reference."""
    bake = configuration.get("bakeTimeInMinutes", 0)
    match configuration.get("strategy", "ROLLING"):
        case "LINEAR":
            linear = configuration.get("linearConfiguration", {})
            steps = ceil(100 / linear.get("stepPercent", 10.0))  # no wait after the last one
            return bake + (steps - 1) * linear.get("stepBakeTimeInMinutes", 6)
        case "CANARY":
            return bake + configuration.get("canaryConfiguration", {}).get("canaryBakeTimeInMinutes", 10)
        case "BLUE_GREEN":
            return bake
        case _:
            return 0


def _task_definition(raw: TaskDefinitionTypeDef) -> TaskDefinitionLive:
    containers = raw["containerDefinitions"]
    return TaskDefinitionLive(
        arn=raw["taskDefinitionArn"],
        images=tuple(container["image"] for container in containers),
        cpu=_number(raw.get("cpu", "")) or sum(container.get("cpu", 0) for container in containers),
        memory=_number(raw.get("memory", "")) or sum(map(_container_memory, containers)),
        active=raw["status"] == "ACTIVE",
    )


def _container_memory(container: ContainerDefinitionOutputTypeDef) -> int:
    return container.get("memory") or container.get("memoryReservation", 0)


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0
