"""restart-service: replace every task of an ECS service by a forced deployment of what it runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from firebreak.core.ecs import (
    COMPLETED,
    FAILED,
    IN_PROGRESS,
    PRIMARY,
    PreImage,
    fewer_running,
    missing,
    not_ready,
    observed,
    primary,
    text,
    then_and_now,
    unseen,
)
from firebreak.core.model import Obstacle, Plan, Receipt, Settled, Target
from firebreak.core.observed import Deployment, EcsObservation, ServiceLive, TaskDefinitionLive
from firebreak.core.readings import Absent, NotRead, Reading, Unknown
from firebreak.core.reasons import Reason
from firebreak.core.rules import Rules
from firebreak.core.share import GroupCount
from firebreak.errors import OutcomeUnknown, Rejected
from firebreak.ports import Observation, Permission
from firebreak.service_ports import AwsServices
from firebreak.service_ports.ecs import EcsReads, EcsWrites

NAME = "restart-service"

# UpdateService with a task definition in it is also checked for iam:PassRole on the task and
# execution roles, although they stay the same; without one (scale-service) it is not.
PERMISSIONS = (
    Permission("ecs:DescribeClusters", to_decide=True),
    Permission("ecs:DescribeServices"),
    Permission("ecs:ListServices", to_decide=True),
    Permission("ecs:DescribeTaskDefinition"),
    Permission("ecs:UpdateService", mutates=True),
    Permission("iam:PassRole", mutates=True),
)

# CODE_DEPLOY wants CreateDeployment instead; EXTERNAL wants new task sets.
CONTROLLERS = frozenset({"ECS"})

# Time for a rolling replacement without a bake time: image pull and start, health checks, and the
# 300 s that a target group drains a task by default.
ROLLING_SECONDS = 600

# ECS resolves tags to digests once a deployment (versionConsistency), so that the tasks of one
# deployment agree; a forced deployment resolves them anew. Only a digest stays what it is.
DIGEST = "@sha256:"


@dataclass(frozen=True, slots=True)
class RestartService:
    """Restarts by `forceNewDeployment` with the full ARN of the task definition in use.

    A deployment that somebody starts in the seconds between the look and the call is replaced by
    ours, with the task definition that we saw; the receipt says so when it happened.
    """

    reads: EcsReads
    writes: EcsWrites

    @property
    def name(self) -> str:
        """The name in tags, rules and policy."""
        return NAME

    @property
    def permissions(self) -> Sequence[Permission]:
        """Every IAM action its code calls."""
        return PERMISSIONS

    def observe(self, target: Target) -> EcsObservation:
        """The service, then the task definition it names; a restart asks nothing of scaling."""
        service = self.reads.service(target)
        found: Reading[TaskDefinitionLive] = NotRead("the service was not read")
        if isinstance(service, ServiceLive):
            found = self.reads.task_definition(service.task_definition)
        return EcsObservation(
            service=service,
            task_definition=found,
            scalable_target=NotRead("a restart leaves the number of tasks alone"),
        )

    def group(self, target: Target, now: datetime, *, health: bool) -> Reading[GroupCount]:
        """The service's cluster."""
        return self.reads.group(target, now, health=health)

    def plan(self, target: Target, seen: Observation, rules: Rules) -> Reading[Plan | Obstacle]:
        """A forced deployment, with a warning for each image whose tag may mean new code."""
        del rules
        seen = observed(seen)
        match seen.service:
            case Absent():
                return missing(target)
            case Unknown() | NotRead():
                return unseen("the service", seen.service)
            case service:
                return not_ready(service, CONTROLLERS) or _plan(target, service, seen.task_definition)

    def execute(self, plan: Plan) -> Receipt:
        """Forces the deployment. Raises AwsError; OutcomeUnknown when no new deployment shows.

        Accepted without a deployment to name is no receipt: Verify then judges by the pre-image.
        """
        before = PreImage.read(plan.before)
        if isinstance(before, Unknown):
            raise Rejected("UpdateService", "UnusablePlan")
        after = self.writes.force_deployment(*_arguments(plan))
        started = _started(before, after)
        if started is None or started.status != PRIMARY:
            raise OutcomeUnknown("UpdateService", "NoNewDeployment")
        return _receipt(before, after, started)

    def outcome(self, plan: Plan, seen: Observation) -> bool | Unknown:
        """Whether a deployment of the same task definition began that the pre-image lacks."""
        compared = then_and_now(plan.before, seen)
        if isinstance(compared, Unknown):
            return compared
        before, service = compared
        if _started(before, service):
            return True
        newest = primary(service)
        if newest and newest.id in before.deployments:
            return False
        return Unknown("a deployment of something else runs, so whether ours began cannot be told")

    def settled(self, plan: Plan, receipt: Receipt, seen: Observation) -> Settled | Unknown:
        """What became of our deployment; Unknown once another one has taken its place."""
        compared = then_and_now(plan.before, seen)
        if isinstance(compared, Unknown):
            return compared
        before, service = compared
        ours = _ours(before, receipt, service)
        return _progress(ours, service) if ours else Unknown("our deployment is not listed any more")

    def worse(self, plan: Plan, seen: Observation) -> bool | Unknown:
        """Whether our deployment failed, or tasks are missing that it does not account for.

        While it replaces tasks without failures, fewer of them may run on purpose
        (minimumHealthyPercent below 100).
        """
        compared = then_and_now(plan.before, seen)
        if isinstance(compared, Unknown):
            return compared
        before, service = compared
        new = _new(before, service)
        if any(deployment.rollout == FAILED for deployment in new):
            return True
        replacing = len(service.deployments) > 1 or any(d.rollout == IN_PROGRESS for d in new)
        on_purpose = replacing and not any(deployment.failed for deployment in new)
        return fewer_running(before, service) and not on_purpose


def build(services: AwsServices) -> RestartService:
    """The action on these services."""
    return RestartService(*services.ecs())


def _plan(
    target: Target, service: ServiceLive, definition: Reading[TaskDefinitionLive]
) -> Plan | Obstacle | Unknown:
    match definition:
        case Absent():
            return Obstacle(Reason.TARGET_MISSING, f"{_short(service.task_definition)} does not exist")
        case Unknown() | NotRead():
            return unseen("the task definition", definition)
        case found:
            pass
    return Plan(
        summary=f"restart {target.display}: force a new deployment of {_short(found.arn)} "
        f"({service.running} of {service.desired} tasks run)",
        change={
            "cluster": target.group,
            "service": target.name,
            "taskDefinition": found.arn,
            "forceNewDeployment": True,
        },
        before=PreImage.of(service).stored(),
        warnings=tuple(
            f"image {image} is not pinned to a digest: a restart is then a deploy of new code"
            for image in dict.fromkeys(found.images)
            if DIGEST not in image
        ),
        patience_seconds=ROLLING_SECONDS + 60 * service.bake_minutes,
    )


def _arguments(plan: Plan) -> tuple[str, str, str]:
    try:
        return (
            text(plan.change, "cluster"),
            text(plan.change, "service"),
            text(plan.change, "taskDefinition"),
        )
    except ValueError as error:
        raise Rejected("UpdateService", "UnusablePlan") from error


def _new(before: PreImage, service: ServiceLive) -> list[Deployment]:
    """Deployments of what we asked for that were not there before."""
    return [
        deployment
        for deployment in service.deployments
        if deployment.id not in before.deployments and deployment.task_definition == before.task_definition
    ]


def _started(before: PreImage, service: ServiceLive) -> Deployment | None:
    """The one that can be ours: a failed one first, as ECS may already have rolled it back."""
    new = _new(before, service)
    return min(new, key=lambda one: (one.rollout != FAILED, one.status != PRIMARY), default=None)


def _ours(before: PreImage, receipt: Receipt, service: ServiceLive) -> Deployment | None:
    ours = receipt.after.get("deployment")
    if ours is None:
        return _started(before, service)
    return next((deployment for deployment in service.deployments if deployment.id == ours), None)


def _progress(ours: Deployment, service: ServiceLive) -> Settled | Unknown:
    if ours.rollout == FAILED:
        return Settled.FAILED
    if ours.status != PRIMARY:
        return Unknown(f"deployment {ours.id} was replaced by another one")
    match ours.rollout:
        case "":  # not reported for blue/green strategies and Classic Load Balancers
            alone = len(service.deployments) == 1 and service.running == service.desired
            return Settled.YES if alone else Settled.NOT_YET
        case rollout if rollout == COMPLETED:
            return Settled.YES
        case rollout if rollout == IN_PROGRESS:
            return Settled.NOT_YET
        case rollout:
            return Unknown(f"deployment {ours.id} is in a state we do not know: {rollout}")


def _receipt(before: PreImage, after: ServiceLive, started: Deployment) -> Receipt:
    strangers = [
        one.id for one in after.deployments if one.id not in before.deployments and one.id != started.id
    ]
    note = f"; it replaced {', '.join(strangers)}, begun since we looked" if strangers else ""
    return Receipt(
        summary=f"deployment {started.id} of {_short(started.task_definition)} began{note}",
        after={"deployment": started.id, "taskDefinition": started.task_definition},
    )


def _short(arn: str) -> str:
    return arn.rsplit("/", 1)[-1]
