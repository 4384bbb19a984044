"""roll-back-service: take back the deployment of an ECS service that an alarm followed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from firebreak.core.deployments import (
    AT_REST,
    ROLLED_BACK,
    ROLLING_BACK,
    RUNNING,
    STOP_REQUESTED,
    Blamed,
    DeploymentHistory,
    RollBackObservation,
    ServiceDeployment,
    ago,
    blamed,
    ending,
    is_recent,
    listed,
    under_way,
    was_ended,
    when,
)
from firebreak.core.ecs import (
    PRIMARY,
    PreImage,
    beside,
    fewer_running,
    missing,
    not_fit,
    not_ready,
)
from firebreak.core.model import Obstacle, Plan, Receipt, Request, RequestKind, Settled, Target
from firebreak.core.observed import ServiceLive, TaskDefinitionLive
from firebreak.core.owners import reset_by
from firebreak.core.readings import (
    Absent,
    NotRead,
    Reading,
    Unknown,
    unseen,
)
from firebreak.core.reasons import Reason
from firebreak.core.rollout import (
    began,
    begun,
    harmed,
    has_begun,
    ours,
    patience,
    progress,
    short,
    started,
    unpinned,
)
from firebreak.core.rules import Rules
from firebreak.core.share import GroupCount
from firebreak.core.task_memory import TaskSize
from firebreak.errors import OutcomeUnknown, Rejected
from firebreak.ports import Observation, Permission
from firebreak.service_ports import AwsServices
from firebreak.service_ports.ecs import EcsReads, EcsWrites
from firebreak.service_ports.ecs_deployments import DeploymentReads, DeploymentWrites
from firebreak.service_ports.task_definitions import DefinitionReads

NAME = "roll-back-service"
EFFECT = "goes back to what ran before the deployment that the alarm followed"
# Rolling forward again would deploy what was blamed; that is for whoever mended it.
UNDO = ""

PERMISSIONS = (
    Permission("ecs:DescribeClusters", to_decide=True),
    Permission("ecs:DescribeServices"),
    Permission("ecs:ListServices", to_decide=True),
    Permission("ecs:DescribeTaskDefinition"),
    Permission("ecs:ListServiceDeployments"),
    Permission("ecs:DescribeServiceDeployments"),
    Permission("ecs:DescribeServiceRevisions"),
    Permission("ecs:StopServiceDeployment", mutates=True),
    Permission("ecs:ContinueServiceDeployment", mutates=True),
    Permission("ecs:UpdateService", mutates=True),
    Permission("iam:PassRole", mutates=True),
)

# CodeDeploy rolls back its own deployments; EXTERNAL has no service deployments.
CONTROLLERS = frozenset({"ECS"})
ROLLBACK = "ROLLBACK"


@dataclass(frozen=True, slots=True)
class RollBackService:
    """Rolls back by the one call that fits what the newest deployment does.

    One that runs is stopped (`StopServiceDeployment`), one that waits at a PAUSE hook is answered
    (`ContinueServiceDeployment`): ECS itself then goes back to the revision before it. After one
    that came to rest the service is moved to the task definition before it; its other settings
    stay. Blamed is what brought the running task definition, so a restart since does not hide it,
    nor does a revision that has more memory and nothing else. What was deployed is compared by what
    it holds: a revert registers the good images under a new number.
    """

    name: ClassVar = NAME
    permissions: ClassVar = PERMISSIONS
    # A roll back stays until somebody deploys again.
    temporary: ClassVar = False

    reads: EcsReads
    writes: EcsWrites
    deployments: DeploymentReads
    endings: DeploymentWrites
    definitions: DefinitionReads

    def observe(self, target: Target) -> RollBackObservation:
        """The service, its deployments, what they deployed, and what ran before the blamed one."""
        service = self.reads.service(target)
        history: Reading[DeploymentHistory] = NotRead("the service was not read")
        contents: Reading[Mapping[str, TaskSize]] = NotRead("the history was not read")
        earlier: Reading[TaskDefinitionLive] = NotRead("there is none to go back to")
        if isinstance(service, ServiceLive):
            history = self.deployments.history(target)
        if isinstance(history, DeploymentHistory):
            contents = self._contents(history)
            if history.deployments and not isinstance(contents, Unknown):
                before = blamed(history, contents).earlier
                if before:
                    earlier = self.reads.task_definition(before.task_definition)
        return RollBackObservation(service=service, history=history, contents=contents, earlier=earlier)

    def _contents(self, history: DeploymentHistory) -> Mapping[str, TaskSize] | Unknown:
        """What each task definition of the history holds; one that cannot be told hides the rest."""
        contents: dict[str, TaskSize] = {}
        for arn in dict.fromkeys(one.task_definition for one in history.deployments):
            size = self.definitions.size(arn) if arn else None
            if isinstance(size, TaskSize):
                contents[arn] = size
            elif size is not None:
                return unseen(f"task definition {short(arn)}", size)
        return contents

    def group(self, target: Target, now: datetime, *, health: bool) -> Reading[GroupCount]:
        """The service's cluster."""
        return self.reads.group(target, now, health=health)

    def plan(self, request: Request, seen: Observation, rules: Rules) -> Reading[Plan | Obstacle]:
        """The way back, if the alarm turned red during the blamed deployment or soon after it."""
        seen = _observed(seen)
        match seen.service:
            case Absent():
                return missing(request.target)
            case Unknown() | NotRead():
                return unseen("the service", seen.service)
            case service:
                unfit = not_fit(service, CONTROLLERS)
                return unfit or _plan(request, service, seen, rules.settings.blame)

    def execute(self, plan: Plan) -> Receipt:
        """Sends the one call the plan names. Raises AwsError; OutcomeUnknown when nothing begins."""
        match plan.change:
            case {"serviceDeploymentArn": str(arn), "hookId": str(hook), "action": "ROLLBACK"}:
                self.endings.roll_back_at_hook(arn, hook)
                return _ended(arn)
            case {"serviceDeploymentArn": str(arn), "stopType": "ROLLBACK"}:
                self.endings.stop_and_roll_back(arn)
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
        deployment = started(before, after, definition)
        if deployment is None or deployment.status != PRIMARY:
            raise OutcomeUnknown("UpdateService", "NoNewDeployment")
        return began(before, after, deployment)

    def outcome(self, plan: Plan, seen: Observation) -> bool | Unknown:
        """Whether the deployment is being taken back, or one of the earlier task definition began."""
        seen = _observed(seen)
        match plan.change:
            case {"serviceDeploymentArn": str(arn)}:
                deployment = listed(seen.history, arn)
                return deployment if isinstance(deployment, Unknown) else was_ended(deployment)
            case {"taskDefinition": str(definition)}:
                compared = beside(plan.before, seen.service)
                return compared if isinstance(compared, Unknown) else has_begun(*compared, definition)
            case _:
                return Unknown("the stored plan names no change")

    def settled(self, plan: Plan, receipt: Receipt, seen: Observation) -> Settled | Unknown:
        """What became of it; Unknown once another deployment has begun."""
        seen = _observed(seen)
        match plan.change:
            case {"serviceDeploymentArn": str(arn)}:
                deployment = listed(seen.history, arn, newest=True)
                return deployment if isinstance(deployment, Unknown) else ending(deployment)
            case {"taskDefinition": str(definition)}:
                compared = beside(plan.before, seen.service)
                if isinstance(compared, Unknown):
                    return compared
                before, service = compared
                return progress(ours(before, receipt, service, definition), service)
            case _:
                return Unknown("the stored plan names no change")

    def worse(self, plan: Plan, seen: Observation) -> bool | Unknown:
        """Whether tasks are missing that the roll back does not account for."""
        seen = _observed(seen)
        compared = beside(plan.before, seen.service)
        if isinstance(compared, Unknown):
            return compared
        before, service = compared
        match plan.change:
            case {"taskDefinition": str(definition)}:
                return harmed(before, service, begun(before, service, definition))
            case {"serviceDeploymentArn": str(arn)} if fewer_running(before, service):
                deployment = listed(seen.history, arn)
                if isinstance(deployment, Unknown):
                    return deployment
                # While one set of tasks makes way for the other, fewer may run on purpose.
                return deployment.status not in RUNNING | ROLLING_BACK
            case _:
                return False

    def undo(self, plan: Plan, seen: Observation, kind: RequestKind) -> Obstacle:
        """There is no way back by machine: it would deploy what was blamed."""
        del plan, seen, kind
        return Obstacle(Reason.NOT_REVERSIBLE, "rolling forward would deploy what was blamed")


def build(services: AwsServices) -> RollBackService:
    """The action on these services."""
    definitions, _ = services.task_definitions()
    return RollBackService(*services.ecs(), *services.ecs_deployments(), definitions)


def _observed(seen: object) -> RollBackObservation:
    if not isinstance(seen, RollBackObservation):
        raise TypeError(f"expected RollBackObservation, got {type(seen).__name__}")
    return seen


def _plan(
    request: Request, service: ServiceLive, seen: RollBackObservation, blame: timedelta
) -> Plan | Obstacle | Unknown:
    if not isinstance(seen.history, DeploymentHistory):
        return unseen("the history of its deployments", seen.history)
    newest = seen.history.newest
    if newest is None:
        return Obstacle(Reason.NO_RECENT_DEPLOYMENT, "ECS lists no deployment of the service")
    if unfit := _unusable(newest):
        return unfit
    if isinstance(seen.contents, Absent | Unknown | NotRead):
        return unseen("what its deployments brought", seen.contents)
    if newest.status in RUNNING:
        return _stop(request, service, seen.history, under_way(seen.history, seen.contents), blame)
    found = blamed(seen.history, seen.contents)
    held = not_ready(service, CONTROLLERS) or _not_to_blame(request, found, newest, blame)
    if held:
        return held
    if service.task_definition != newest.task_definition:
        bad, told = short(service.task_definition), short(newest.task_definition)
        return Unknown(f"the service runs {bad}, its newest deployment brought {told}")
    return _move(request, service, seen, found, blame)


def _unusable(newest: ServiceDeployment) -> Obstacle | Unknown | None:
    """Why the newest deployment is neither one to end nor one to go back from."""
    if not newest.task_definition:
        return Unknown(f"what {short(newest.arn)} deployed is not known")
    if newest.status == STOP_REQUESTED:
        return Obstacle(Reason.DEPLOYMENT_RUNNING, f"deployment {short(newest.arn)} is being stopped")
    if newest.status in ROLLED_BACK:
        return Obstacle(Reason.ROLLED_BACK_BEFORE, f"deployment {short(newest.arn)} is {newest.status}")
    if newest.status not in RUNNING | AT_REST:
        return Unknown(f"deployment {short(newest.arn)} is in a state we do not know: {newest.status}")
    return None


def _stop(
    request: Request, service: ServiceLive, history: DeploymentHistory, found: Blamed, blame: timedelta
) -> Plan | Obstacle:
    """End a deployment that runs; the one that began after the trouble may be what mends it."""
    newest, since = found.deployment, request.alarm.since
    name = short(newest.arn)
    if since < newest.began and not found.recent(since, blame):
        detail = f"deployment {name} began {ago(newest.began - since)} after the alarm turned red"
        return Obstacle(Reason.DEPLOYMENT_RUNNING, detail)
    if not history.replaces:
        return Obstacle(Reason.NOTHING_TO_ROLL_BACK, f"deployment {name} is the service's first")
    if found.is_way_back:
        return Obstacle(Reason.ROLLED_BACK_BEFORE, f"deployment {name} itself goes back to what ran before")
    if found.only_adds_memory:
        return Obstacle(Reason.NOTHING_TO_ROLL_BACK, f"deployment {name} only gives the tasks more memory")
    change: dict[str, object] = {"serviceDeploymentArn": newest.arn}
    if history.paused_hook:
        change |= {"hookId": history.paused_hook, "action": ROLLBACK}
    else:
        change |= {"stopType": ROLLBACK}
    first = newest if newest.began <= since else (found.recent(since, blame) or newest)
    return Plan(
        summary=f"roll back {request.target.display}: end deployment {name} of "
        f"{short(newest.task_definition)}, begun {ago(since - first.began)} before the alarm turned red",
        change=change,
        before={**PreImage.of(service).stored(), "status": newest.status},
        patience_seconds=patience(service),
        reset_by=reset_by(service.tags, "the task definition"),
    )


def _not_to_blame(
    request: Request, found: Blamed, newest: ServiceDeployment, blame: timedelta
) -> Obstacle | None:
    """Why what runs now is not at fault, or must not be taken back."""
    brought = found.deployment
    since, definition = request.alarm.since, short(brought.task_definition)
    if not found.recent(since, blame):
        if newest is not brought and is_recent(newest, since, blame):
            return Obstacle(Reason.NOTHING_TO_ROLL_BACK, _no_other_code(newest, brought))
        return Obstacle(Reason.NO_RECENT_DEPLOYMENT, when(brought, since, blame))
    if found.is_way_back:
        detail = f"{definition} came by a roll back, or was rolled back before"
        return Obstacle(Reason.ROLLED_BACK_BEFORE, detail)
    return None


def _no_other_code(newest: ServiceDeployment, brought: ServiceDeployment) -> str:
    new, old = short(newest.task_definition), short(brought.task_definition)
    if new == old:
        return f"{new} was deployed anew: only what an image tag means can have changed"
    return f"{new} is {old} but for more memory: else only what an image tag means can have changed"


def _move(
    request: Request,
    service: ServiceLive,
    seen: RollBackObservation,
    found: Blamed,
    blame: timedelta,
) -> Plan | Obstacle | Unknown:
    """Back to the task definition of the newest earlier success."""
    bad = short(service.task_definition)
    if found.earlier is None:
        detail = f"no earlier successful deployment of another task definition than {bad} is known"
        return Obstacle(Reason.NOTHING_TO_ROLL_BACK, detail)
    if not isinstance(seen.earlier, TaskDefinitionLive):
        return unseen("the earlier task definition", seen.earlier)
    good, since = seen.earlier, request.alarm.since
    brought = found.recent(since, blame) or found.deployment
    if not good.active:
        # CloudFormation does that with what it replaces, unless UpdateReplacePolicy is Retain.
        return Obstacle(Reason.NOTHING_TO_ROLL_BACK, f"{short(good.arn)} was deregistered")
    return Plan(
        summary=f"roll back {request.target.display}: from {bad} to {short(good.arn)} "
        f"({when(brought, since)})",
        change={"cluster": request.target.group, "service": request.target.name, "taskDefinition": good.arn},
        before=PreImage.of(service).stored(),
        warnings=tuple(
            f"image {image} is not pinned to a digest: what its tag means now is deployed"
            for image in unpinned(good.images)
        ),
        patience_seconds=patience(service),
        reset_by=reset_by(service.tags, "the task definition"),
    )


def _ended(arn: str) -> Receipt:
    return Receipt(summary=f"ECS rolls back deployment {short(arn)}", after={"serviceDeployment": arn})
