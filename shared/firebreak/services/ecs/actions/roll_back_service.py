"""roll-back-service: take back the deployment of an ECS service that an alarm followed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from firebreak.core.action_spec import ActionSpec, Effect, MetricName, Permission, RollBackSettings
from firebreak.core.model import Failed, Obstacle, Plan, Receipt, Request, Settled, Target
from firebreak.core.readings import NotRead, Reading, Unknown, unseen
from firebreak.core.rules import Rules
from firebreak.errors import Rejected
from firebreak.services.action import Irreversible
from firebreak.services.ecs.deployments import (
    ROLLING_BACK,
    RUNNING,
    DeploymentHistory,
    RollBackObservation,
    listed,
    rollback_outcome,
    was_ended,
)
from firebreak.services.ecs.model import ServiceLive, TaskDefinitionLive
from firebreak.services.ecs.ports import (
    DefinitionReads,
    DeploymentReads,
    DeploymentWrites,
    EcsConnections,
    EcsWrites,
)
from firebreak.services.ecs.readiness import (
    PreImage,
    fewer_running,
    not_fit,
    short,
)
from firebreak.services.ecs.rollback_target import CONTROLLERS, rollback_target
from firebreak.services.ecs.rollout import began, begun, harmed, has_begun, own_deployment, progress
from firebreak.services.ecs.service_action import DIAGNOSTICS, LOOKS, ServiceAction
from firebreak.services.ecs.suspect_deployment import suspects
from firebreak.services.ecs.task_memory import TaskSize

SPEC = ActionSpec(
    name="roll-back-service",
    service="ecs",
    effect=Effect.ROLL_BACK,
    does="goes back to what ran before the deployment that the alarm followed",
    # Rolling forward would deploy the suspect again; that is for the people who have fixed it.
    undo="",
    irreversible="rolling forward would deploy the faulty version again",
    # A roll back stays until somebody deploys again.
    temporary=False,
    suggested_by=(MetricName("AWS/ApplicationELB", "HTTPCode_Target_5XX_Count"),),
    settings=RollBackSettings(),
    keeps_diagnostics=True,
    permissions=(
        *LOOKS,
        *DIAGNOSTICS,
        Permission("ecs:DescribeTaskDefinition"),
        Permission("ecs:ListServiceDeployments"),
        Permission("ecs:DescribeServiceDeployments"),
        Permission("ecs:DescribeServiceRevisions"),
        Permission("ecs:StopServiceDeployment", mutates=True),
        Permission("ecs:ContinueServiceDeployment", mutates=True),
        Permission("ecs:UpdateService", mutates=True),
        Permission("iam:PassRole", mutates=True),
    ),
)


@dataclass(frozen=True, slots=True)
class RollBackService(Irreversible, ServiceAction[RollBackObservation]):
    """Rolls back by the one call that fits what the newest deployment does.

    One that runs is stopped (`StopServiceDeployment`), one that waits at a PAUSE hook is answered
    (`ContinueServiceDeployment`): ECS itself then goes back to the revision before it. After one
    that came to rest the service is moved to the task definition before it; its other settings
    stay. The suspect deployment is the one that brought the running task definition, so a restart since
    does not hide it, nor does a revision that has more memory and nothing else. Task definitions are
    compared by their content: a revert registers the good images under a new number.
    """

    spec: ClassVar = SPEC

    writes: EcsWrites
    deployments: DeploymentReads
    deployment_writes: DeploymentWrites
    definitions: DefinitionReads

    def observe(self, target: Target) -> RollBackObservation:
        """The service, its deployments, what they deployed, and what ran before the suspect."""
        service = self.reads.service(target)
        history: Reading[DeploymentHistory] = NotRead("the service was not read")
        contents: Reading[Mapping[str, TaskSize]] = NotRead("the history was not read")
        unread: Mapping[str, Unknown] = {}
        earlier: Reading[TaskDefinitionLive] = NotRead("there is none to go back to")
        if isinstance(service, ServiceLive):
            history = self.deployments.history(target)
        if isinstance(history, DeploymentHistory) and isinstance(service, ServiceLive):
            contents, unread = self._contents(history)
            judged = history.without_rolled_back(service.task_definition)
            if judged.deployments and (before := suspects(judged, contents).earlier):
                earlier = self.reads.task_definition(before.task_definition)
        return RollBackObservation(
            service=service, history=history, contents=contents, earlier=earlier, unread=unread
        )

    def _contents(self, history: DeploymentHistory) -> tuple[Mapping[str, TaskSize], Mapping[str, Unknown]]:
        """The content of each task definition of the history, and why some could not be read."""
        contents: dict[str, TaskSize] = {}
        unread: dict[str, Unknown] = {}
        for arn in dict.fromkeys(one.task_definition for one in history.deployments):
            size = self.definitions.size(arn) if arn else None
            if isinstance(size, TaskSize):
                contents[arn] = size
            elif size is not None:
                unread[arn] = unseen(f"task definition {short(arn)}", size)
        return contents, unread

    def plan_for(
        self, request: Request, service: ServiceLive, seen: RollBackObservation, rules: Rules
    ) -> Plan | Obstacle | Unknown:
        """The roll back, if the alarm turned red during the suspect deployment or soon after it."""
        suspect_within = rules.settings_as(RollBackSettings).suspect_within
        return not_fit(service, CONTROLLERS) or rollback_target(request, service, seen, suspect_within)

    def execute(self, plan: Plan) -> Receipt:
        """Sends the one call the plan names. Raises AwsError; OutcomeUnknown when nothing begins."""
        match plan.change:
            case {"serviceDeploymentArn": str(arn), "hookId": str(hook), "action": "ROLLBACK"}:
                self.deployment_writes.roll_back_at_hook(arn, hook)
                return _ended(arn)
            case {"serviceDeploymentArn": str(arn), "stopType": "ROLLBACK"}:
                self.deployment_writes.stop_and_roll_back(arn)
                return _ended(arn)
            case {"cluster": str(cluster), "service": str(service), "taskDefinition": str(definition)}:
                return self._move(plan, cluster, service, definition)
            case _:
                raise Rejected("UpdateService", "UnusablePlan")

    def _move(self, plan: Plan, cluster: str, service: str, definition: str) -> Receipt:
        before = PreImage.read(plan.before)
        if isinstance(before, Unknown):
            raise Rejected("UpdateService", "UnusablePlan")
        after = self.writes.use_task_definition(cluster, service, definition)
        return began(before, after, definition)

    def outcome(self, plan: Plan, seen: RollBackObservation) -> bool | Unknown:
        """Whether the deployment is being taken back, or one of the earlier task definition began."""
        match plan.change:
            case {"serviceDeploymentArn": str(arn)}:
                deployment = listed(seen.history, arn)
                return deployment if isinstance(deployment, Unknown) else was_ended(deployment)
            case {"taskDefinition": str(definition)}:
                return self.compare(plan, seen, lambda before, now: has_begun(before, now, definition))
            case _:
                return Unknown("the stored plan names no change")

    def settled(self, plan: Plan, receipt: Receipt, seen: RollBackObservation) -> Settled | Failed | Unknown:
        """The state of the roll back; Unknown once another deployment has begun."""
        match plan.change:
            case {"serviceDeploymentArn": str(arn)}:
                deployment = listed(seen.history, arn, newest=True)
                return deployment if isinstance(deployment, Unknown) else rollback_outcome(deployment)
            case {"taskDefinition": str(definition)}:
                return self.compare(
                    plan,
                    seen,
                    lambda before, now: progress(own_deployment(before, receipt, now, definition), now),
                )
            case _:
                return Unknown("the stored plan names no change")

    def worse(self, plan: Plan, seen: RollBackObservation) -> bool | Unknown:
        """Whether tasks are missing that the roll back does not account for."""
        return self.compare(plan, seen, lambda before, now: _worse(plan, before, now, seen.history))


def build(services: EcsConnections) -> RollBackService:
    """The action on these services."""
    definitions, _ = services.task_definitions()
    return RollBackService(*services.ecs(), *services.ecs_deployments(), definitions)


def _ended(arn: str) -> Receipt:
    return Receipt(summary=f"ECS rolls back deployment {short(arn)}", after={"serviceDeployment": arn})


def _worse(
    plan: Plan, before: PreImage, service: ServiceLive, history: Reading[DeploymentHistory]
) -> bool | Unknown:
    match plan.change:
        case {"taskDefinition": str(definition)}:
            return harmed(before, service, begun(before, service, definition))
        case {"serviceDeploymentArn": str(arn)} if fewer_running(before, service):
            deployment = listed(history, arn)
            if isinstance(deployment, Unknown):
                return deployment
            # While one set of tasks makes way for the other, fewer may run on purpose.
            return deployment.status not in RUNNING | ROLLING_BACK
        case _:
            return False
