"""The progress of the deployment of one task definition, read from a service's deployments[]."""

from collections.abc import Sequence

from firebreak.core.model import Failed, Receipt, Settled
from firebreak.core.readings import Unknown
from firebreak.errors import OutcomeUnknown
from firebreak.services.ecs.model import Deployment, ServiceLive
from firebreak.services.ecs.readiness import (
    COMPLETED,
    FAILED,
    IN_PROGRESS,
    PRIMARY,
    PreImage,
    failure,
    fewer_running,
    primary,
    short,
)

# Time for a rolling replacement without a bake time: image pull and start, health checks, and the
# 300 s that a target group drains a task by default.
ROLLING_SECONDS = 600

# ECS resolves tags to digests once a deployment (versionConsistency), so that the tasks of one
# deployment agree; a new deployment resolves them again. Only a digest stays the same.
DIGEST = "@sha256:"


def patience(service: ServiceLive) -> int:
    """The time that a deployment of the service may take, in seconds."""
    return ROLLING_SECONDS + 60 * service.bake_minutes


def unpinned(images: Sequence[str]) -> tuple[str, ...]:
    """The images, each once, whose name may mean new code by now."""
    return tuple(image for image in dict.fromkeys(images) if DIGEST not in image)


def since(before: PreImage, service: ServiceLive) -> list[Deployment]:
    """Deployments that were not there before."""
    return [one for one in service.deployments if one.id not in before.deployments]


def deployed_by_others(before: PreImage, service: ServiceLive) -> str:
    """The deployments since, in words, for an action that starts none; empty where there is none."""
    new = [f"{one.id} of {short(one.task_definition)}" for one in since(before, service)]
    return f"somebody else began deployment {', '.join(new)} since" if new else ""


def begun(before: PreImage, service: ServiceLive, task_definition: str) -> list[Deployment]:
    """Those of them that are of that task definition."""
    return [one for one in since(before, service) if one.task_definition == task_definition]


def started(before: PreImage, service: ServiceLive, task_definition: str) -> Deployment | None:
    """The one that can be Firebreak's own: a failed one first, as ECS may already have rolled it back."""
    new = begun(before, service, task_definition)
    return min(new, key=lambda one: (one.rollout != FAILED, one.status != PRIMARY), default=None)


def has_begun(before: PreImage, service: ServiceLive, task_definition: str) -> bool | Unknown:
    """Whether a deployment of it began that was not there before, for a call whose reply was lost."""
    if begun(before, service, task_definition):
        return True
    newest = primary(service)
    if newest and newest.id in before.deployments:
        return False
    return Unknown("a deployment of something else runs, so whether Firebreak's own began is not known")


def own_deployment(
    before: PreImage, receipt: Receipt, service: ServiceLive, task_definition: str
) -> Deployment | None:
    """The deployment that the receipt names; without one, the one that can be Firebreak's own."""
    named = receipt.after.get("deployment")
    if named is None:
        return started(before, service, task_definition)
    return next((deployment for deployment in service.deployments if deployment.id == named), None)


def progress(deployment: Deployment | None, service: ServiceLive) -> Settled | Failed | Unknown:
    """The state of Firebreak's own deployment; Unknown once another one has taken its place."""
    if deployment is None:
        return Unknown("Firebreak's deployment is not listed any more")
    if deployment.rollout == FAILED:
        return _failed(deployment, service)
    if deployment.status != PRIMARY:
        return Unknown(f"deployment {deployment.id} was replaced by another one")
    match deployment.rollout:
        case "":  # not reported for blue/green strategies and Classic Load Balancers
            alone = len(service.deployments) == 1 and service.running == service.desired
            return Settled.YES if alone else Settled.NOT_YET
        case rollout if rollout == COMPLETED:
            return Settled.YES
        case rollout if rollout == IN_PROGRESS:
            return Settled.NOT_YET
        case rollout:
            return Unknown(f"deployment {deployment.id} is in an unknown state: {rollout}")


def _failed(deployment: Deployment, service: ServiceLive) -> Failed:
    """The failure, and whether ECS went back: then another deployment is the newest."""
    newest = primary(service)
    if newest is None or newest.id == deployment.id:
        return Failed(f"{failure(deployment)} and ECS did not go back: it starts no more tasks")
    return Failed(f"{failure(deployment)}; {newest.id} of {short(newest.task_definition)} took its place")


def harmed(before: PreImage, service: ServiceLive, new: Sequence[Deployment]) -> bool:
    """Whether one of the new deployments failed, or tasks are missing that they do not account for.

    While they replace tasks without failures, fewer of them may run on purpose
    (minimumHealthyPercent below 100).
    """
    if any(deployment.rollout == FAILED for deployment in new):
        return True
    replacing = len(service.deployments) > 1 or any(one.rollout == IN_PROGRESS for one in new)
    on_purpose = replacing and not any(deployment.failed for deployment in new)
    return fewer_running(before, service) and not on_purpose


def began(before: PreImage, after: ServiceLive, task_definition: str) -> Receipt:
    """The receipt of a deployment of it that began; it names the ones that it replaced unseen.

    A call that was accepted without a deployment to name gives no receipt: it raises OutcomeUnknown, and
    Verify then judges by the pre-image.
    """
    deployment = started(before, after, task_definition)
    if deployment is None or deployment.status != PRIMARY:
        raise OutcomeUnknown("UpdateService", "NoNewDeployment")
    strangers = [
        one.id for one in after.deployments if one.id not in before.deployments and one.id != deployment.id
    ]
    note = f"; it replaced {', '.join(strangers)}, begun since Firebreak looked" if strangers else ""
    return Receipt(
        summary=f"deployment {deployment.id} of {short(deployment.task_definition)} began{note}",
        after={"deployment": deployment.id, "taskDefinition": deployment.task_definition},
    )
