"""The readiness, the pre-image and the health of a service, as the ECS actions read them."""

from collections.abc import Mapping
from dataclasses import dataclass

from firebreak.core.model import Obstacle, Target
from firebreak.core.readings import (
    Unknown,
)
from firebreak.core.reasons import Reason
from firebreak.services.ecs.model import Deployment, ServiceLive
from firebreak.services.ecs.rollout_room import no_room_detail
from firebreak.services.stored_plans import value

ACTIVE = "ACTIVE"
PRIMARY = "PRIMARY"
CUSTOMER = "CUSTOMER"
COMPLETED = "COMPLETED"
IN_PROGRESS = "IN_PROGRESS"
FAILED = "FAILED"


def missing(target: Target) -> Obstacle:
    """The obstacle for a service or cluster that is not there."""
    return Obstacle(Reason.TARGET_MISSING, f"{target.display} does not exist")


def primary(service: ServiceLive) -> Deployment | None:
    """The newest deployment, as ECS marks it."""
    return next((deployment for deployment in service.deployments if deployment.status == PRIMARY), None)


def not_ready(service: ServiceLive, controllers: frozenset[str]) -> Obstacle | None:
    """Why the service cannot take an action now; `controllers` are those the action works with."""
    unfit = not_fit(service, controllers)
    if unfit or len(service.deployments) <= 1:
        return unfit or _running_deployment(service)
    return failed_deployment(service) or _running_deployment(service)


def not_fit(service: ServiceLive, controllers: frozenset[str]) -> Obstacle | None:
    """The same for an action that may meet a running deployment."""
    if service.status != ACTIVE:
        return Obstacle(Reason.NOT_ACTIVE, f"the service is {service.status}")
    if service.managed_by != CUSTOMER:
        return Obstacle(Reason.MANAGED_ELSEWHERE, f"its resourceManagementType is {service.managed_by}")
    if service.controller not in controllers:
        return Obstacle(Reason.UNSUPPORTED_CONTROLLER, f"its deployment controller is {service.controller}")
    if service.desired == 0:
        return Obstacle(Reason.SCALED_TO_ZERO, "its desired count is 0")
    return None


def failed_deployment(service: ServiceLive) -> Obstacle | None:
    """The obstacle after a deployment that failed and that ECS did not go back from.

    The newest deployment is then the failed one still, and it starts no task any more, neither a wanted one
    nor one in place of another. [docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Deployment.html]
    """
    failed = primary(service)
    if failed is None or failed.rollout != FAILED:
        return None
    others = [one for one in service.deployments if one is not failed and one.running]
    left = "".join(f", {one.running} of {short(one.task_definition)}" for one in others)
    running = f"{failed.running} of its tasks run{left}"
    return Obstacle(Reason.DEPLOYMENT_FAILED, f"{failure(failed)} and ECS did not go back: {running}")


def repeats_failure(service: ServiceLive) -> tuple[str, ...]:
    """The doubt of a new deployment after one that failed: it may fail as that one did."""
    failed = failed_deployment(service)
    return (f"{failed.detail}: the next deployment may fail as well",) if failed else ()


def inactive(task_definition: str) -> Obstacle:
    """The obstacle of a deregistered task definition.

    Tasks of it go on running and their number may change, but no deployment may name it.
    [docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeregisterTaskDefinition.html]
    """
    detail = f"{short(task_definition)} is INACTIVE (deregistered)"
    return Obstacle(Reason.TASK_DEFINITION_INACTIVE, f"{detail}: register it again and deploy that revision")


def failure(failed: Deployment) -> str:
    """The statement that a deployment failed, with the reason that ECS gives."""
    why = f" ({failed.why.removesuffix('.')})" if failed.why else ""
    return f"deployment {failed.id} of {short(failed.task_definition)} {failed.rollout}{why}"


def short(arn: str) -> str:
    """The last part of an ARN, for people."""
    return arn.rpartition("/")[2]


def _running_deployment(service: ServiceLive) -> Obstacle | None:
    newest = primary(service)
    if len(service.deployments) > 1:
        detail = f"{len(service.deployments)} deployments are under way"
    elif newest and newest.rollout == IN_PROGRESS:
        detail = f"deployment {newest.id} is in progress"
    else:
        return None
    held_up = no_room_detail(service)
    in_the_way = ((newest.id, newest.began),) if newest else ()
    cannot_end = f", and cannot end: {held_up}" if held_up else ""
    return Obstacle(Reason.DEPLOYMENT_RUNNING, f"{detail}{cannot_end}", in_the_way)


@dataclass(frozen=True, slots=True, kw_only=True)
class PreImage:
    """The state of a service before the action: its task definition, its deployments and its task counts."""

    task_definition: str
    deployments: frozenset[str]
    desired: int
    running: int

    @classmethod
    def of(cls, service: ServiceLive) -> "PreImage":
        """The pre-image of the service as it was seen."""
        return cls(
            task_definition=service.task_definition,
            deployments=frozenset(deployment.id for deployment in service.deployments),
            desired=service.desired,
            running=service.running,
        )

    @classmethod
    def read(cls, stored: Mapping[str, object]) -> "PreImage | Unknown":
        """The pre-image back from a plan; Unknown when the stored values do not make one."""
        try:
            return cls(
                task_definition=value(stored, "taskDefinition", str),
                deployments=frozenset(value(stored, "deployments", list[str])),
                desired=value(stored, "desired", int),
                running=value(stored, "running", int),
            )
        except ValueError as error:
            return Unknown(str(error))

    def stored(self) -> dict[str, object]:
        """The values that go into the plan and the ledger."""
        return {
            "taskDefinition": self.task_definition,
            "deployments": sorted(self.deployments),
            "desired": self.desired,
            "running": self.running,
        }


def fewer_running(before: PreImage, service: ServiceLive) -> bool:
    """Whether tasks went missing; those that somebody no longer wants do not count."""
    return service.running < min(before.running, service.desired)
