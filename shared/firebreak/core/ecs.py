"""What the ECS actions read out of a service: its readiness, its pre-image, and how it fares."""

from collections.abc import Mapping
from dataclasses import dataclass

from firebreak.core.model import Obstacle, Target
from firebreak.core.observed import Deployment, EcsObservation, ServiceLive
from firebreak.core.readings import (
    Reading,
    Unknown,
    unseen,
)
from firebreak.core.reasons import Reason
from firebreak.core.stored import number, text, texts

ACTIVE = "ACTIVE"
PRIMARY = "PRIMARY"
CUSTOMER = "CUSTOMER"
COMPLETED = "COMPLETED"
IN_PROGRESS = "IN_PROGRESS"
FAILED = "FAILED"


def observed(seen: object) -> EcsObservation:
    """What an ECS action observed; anything else was never produced by one. Raises TypeError."""
    if not isinstance(seen, EcsObservation):
        raise TypeError(f"expected EcsObservation, got {type(seen).__name__}")
    return seen


def missing(target: Target) -> Obstacle:
    """The obstacle for a service or cluster that is not there."""
    return Obstacle(Reason.TARGET_MISSING, f"{target.display} does not exist")


def primary(service: ServiceLive) -> Deployment | None:
    """The newest deployment, as ECS marks it."""
    return next((deployment for deployment in service.deployments if deployment.status == PRIMARY), None)


def not_ready(service: ServiceLive, controllers: frozenset[str]) -> Obstacle | None:
    """Why the service cannot take an action now; `controllers` are those the action works with."""
    if unfit := not_fit(service, controllers):
        return unfit
    if running := _running_deployment(service):
        return Obstacle(Reason.DEPLOYMENT_RUNNING, running)
    return None


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


def _running_deployment(service: ServiceLive) -> str:
    if len(service.deployments) > 1:
        return f"{len(service.deployments)} deployments are under way"
    newest = primary(service)
    return f"deployment {newest.id} is in progress" if newest and newest.rollout == IN_PROGRESS else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreImage:
    """What a service was before the action: what it ran, and how much of it."""

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
                task_definition=text(stored, "taskDefinition"),
                deployments=frozenset(texts(stored, "deployments")),
                desired=number(stored, "desired"),
                running=number(stored, "running"),
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


def then_and_now(stored: Mapping[str, object], seen: object) -> tuple[PreImage, ServiceLive] | Unknown:
    """The pre-image in a plan beside the service as it is now; Unknown when either is missing."""
    return beside(stored, observed(seen).service)


def beside(
    stored: Mapping[str, object], service: Reading[ServiceLive]
) -> tuple[PreImage, ServiceLive] | Unknown:
    """The same for a service that was read with other things than `EcsObservation` holds."""
    before = PreImage.read(stored)
    if isinstance(before, Unknown):
        return before
    return (before, service) if isinstance(service, ServiceLive) else unseen("the service", service)


def fewer_running(before: PreImage, service: ServiceLive) -> bool:
    """Whether tasks went missing; those that somebody no longer wants do not count."""
    return service.running < min(before.running, service.desired)
