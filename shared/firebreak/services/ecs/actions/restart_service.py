"""restart-service: replace every task of an ECS service by a forced deployment of what it runs."""

from dataclasses import dataclass
from typing import ClassVar

from firebreak.core.action_spec import ActionSpec, Effect, Permission, Symptom
from firebreak.core.model import Failed, Obstacle, Plan, Receipt, Request, Settled, Target
from firebreak.core.readings import (
    Absent,
    NotRead,
    Reading,
    Unknown,
    unseen,
)
from firebreak.core.reasons import Reason
from firebreak.core.rules import Rules
from firebreak.errors import Rejected
from firebreak.services.action import Irreversible
from firebreak.services.ecs.model import EcsObservation, ServiceLive, TaskDefinitionLive
from firebreak.services.ecs.ports import EcsConnections, EcsWrites
from firebreak.services.ecs.readiness import (
    PreImage,
    inactive,
    not_ready,
    repeats_failure,
    short,
)
from firebreak.services.ecs.rollout import (
    began,
    begun,
    harmed,
    has_begun,
    own_deployment,
    patience,
    progress,
    unpinned,
)
from firebreak.services.ecs.rollout_room import no_room, outage_doubts
from firebreak.services.ecs.service_action import DIAGNOSTICS, LOOKS, ServiceAction
from firebreak.services.stored_plans import value

SPEC = ActionSpec(
    name="restart-service",
    service="ecs",
    effect=Effect.RESTART,
    does="replaces every task by a forced deployment of what the service runs",
    irreversible="a restart cannot be taken back",
    # A restart stays done.
    temporary=False,
    symptom=Symptom("AWS/ECS", "MemoryUtilization", "the memory of an ECS service"),
    # UpdateService with a task definition in it is also checked for iam:PassRole on the task and
    # execution roles, although they stay the same; without one (scale-service) it is not.
    keeps_diagnostics=True,
    permissions=(
        *LOOKS,
        *DIAGNOSTICS,
        Permission("ecs:DescribeTaskDefinition"),
        Permission("ecs:UpdateService", mutates=True),
        Permission("iam:PassRole", mutates=True),
    ),
)

# CODE_DEPLOY requires CreateDeployment instead; EXTERNAL requires new task sets.
CONTROLLERS = frozenset({"ECS"})


@dataclass(frozen=True, slots=True)
class RestartService(Irreversible, ServiceAction[EcsObservation]):
    """Restarts by `forceNewDeployment` with the full ARN of the task definition in use.

    A deployment that somebody starts in the seconds between the read and the call is replaced by
    Firebreak's own, with the task definition that was read; the receipt says so when it happened.
    """

    spec: ClassVar = SPEC

    writes: EcsWrites

    def observe(self, target: Target) -> EcsObservation:
        """The service, then the task definition it names; a restart does not read the scaling."""
        service = self.reads.service(target)
        found: Reading[TaskDefinitionLive] = NotRead("the service was not read")
        if isinstance(service, ServiceLive):
            found = self.reads.task_definition(service.task_definition)
        return EcsObservation(
            service=service,
            task_definition=found,
            scalable_target=NotRead("a restart leaves the number of tasks alone"),
        )

    def plan_for(
        self, request: Request, service: ServiceLive, seen: EcsObservation, rules: Rules
    ) -> Plan | Obstacle | Unknown:
        """A forced deployment, with a warning for each image whose tag may mean new code."""
        del rules
        if request.unhealthy_hosts:
            # ECS itself replaces a task that its load balancer finds unhealthy; the others are well.
            detail = "tag the alarm firebreak:action=replace-task, or roll-back-service after a deployment"
            return Obstacle(Reason.HOSTS_UNHEALTHY, detail)
        return not_ready(service, CONTROLLERS) or _plan(request.target, service, seen.task_definition)

    def execute(self, plan: Plan) -> Receipt:
        """Forces the deployment. Raises AwsError; OutcomeUnknown when no new deployment shows."""
        before = PreImage.read(plan.before)
        if isinstance(before, Unknown):
            raise Rejected("UpdateService", "UnusablePlan")
        after = self.writes.force_deployment(*_arguments(plan))
        return began(before, after, before.task_definition)

    def outcome(self, plan: Plan, seen: EcsObservation) -> bool | Unknown:
        """Whether a deployment of the same task definition began that the pre-image lacks."""
        return self.compare(plan, seen, lambda before, now: has_begun(before, now, before.task_definition))

    def settled(self, plan: Plan, receipt: Receipt, seen: EcsObservation) -> Settled | Failed | Unknown:
        """The state of Firebreak's own deployment; Unknown once another one has taken its place."""
        return self.compare(
            plan,
            seen,
            lambda before, now: progress(own_deployment(before, receipt, now, before.task_definition), now),
        )

    def worse(self, plan: Plan, seen: EcsObservation) -> bool | Unknown:
        """Whether Firebreak's deployment failed, or tasks are missing that it does not account for."""
        return self.compare(
            plan, seen, lambda before, now: harmed(before, now, begun(before, now, before.task_definition))
        )


def build(services: EcsConnections) -> RestartService:
    """The action on these services."""
    return RestartService(*services.ecs())


def _plan(
    target: Target, service: ServiceLive, definition: Reading[TaskDefinitionLive]
) -> Plan | Obstacle | Unknown:
    match definition:
        case Absent():
            return Obstacle(Reason.TARGET_MISSING, f"{short(service.task_definition)} does not exist")
        case Unknown() | NotRead():
            return unseen("the task definition", definition)
        case found if not found.active:
            return inactive(found.arn)
        case found:
            pass
    if stuck := no_room(service):
        return stuck
    doubts = (*repeats_failure(service), *outage_doubts(service))
    return Plan(
        summary=f"restart {target.display}: force a new deployment of {short(found.arn)} "
        f"({service.running} of {service.desired} tasks run)",
        change={
            "cluster": target.group,
            "service": target.name,
            "taskDefinition": found.arn,
            "forceNewDeployment": True,
        },
        before=PreImage.of(service).stored(),
        warnings=(*doubts, *_not_pinned(found)),
        patience_seconds=patience(service),
        doubts=doubts,
    )


def _not_pinned(found: TaskDefinitionLive) -> tuple[str, ...]:
    return tuple(
        f"image {image} is not pinned to a digest: a restart is then a deploy of new code"
        for image in unpinned(found.images)
    )


def _arguments(plan: Plan) -> tuple[str, str, str]:
    try:
        return (
            value(plan.change, "cluster", str),
            value(plan.change, "service", str),
            value(plan.change, "taskDefinition", str),
        )
    except ValueError as error:
        raise Rejected("UpdateService", "UnusablePlan") from error
