"""adjust-task-memory: give the tasks of an ECS service more memory, up to a ceiling."""

from dataclasses import dataclass
from typing import ClassVar

from firebreak.core.action_spec import ActionSpec, Effect, MemorySettings, Permission
from firebreak.core.model import Failed, Obstacle, Plan, Receipt, Request, RequestKind, Settled, Target
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
from firebreak.services.ecs.model import ServiceLive
from firebreak.services.ecs.ports import (
    DefinitionReads,
    DefinitionWrites,
    EcsConnections,
    EcsWrites,
)
from firebreak.services.ecs.readiness import (
    PreImage,
    inactive,
    not_ready,
    repeats_failure,
    short,
)
from firebreak.services.ecs.rollout import (
    began,
    harmed,
    has_begun,
    own_deployment,
    patience,
    progress,
    since,
    unpinned,
)
from firebreak.services.ecs.rollout_room import no_room, outage_doubts
from firebreak.services.ecs.service_action import DIAGNOSTICS, LOOKS, ServiceAction
from firebreak.services.ecs.task_memory import MemoryObservation, NewSize, TaskSize, raised
from firebreak.services.other_writers import reset_by
from firebreak.services.stored_plans import value

SPEC = ActionSpec(
    name="adjust-task-memory",
    service="ecs",
    effect=Effect.MEMORY,
    does="deploys a new revision of the task definition with more memory",
    undo="goes back to the revision before, unless somebody deployed since",
    # A service that needed more memory will need it again.
    temporary=False,
    settings=MemorySettings(ceiling=30_720),
    # MiB of a task [docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html].
    highest_ceiling=249_856,
    keeps_diagnostics=True,
    permissions=(
        *LOOKS,
        *DIAGNOSTICS,
        Permission("ecs:DescribeTaskDefinition"),
        Permission("ecs:RegisterTaskDefinition", mutates=True),
        # Required of every caller that registers with tags, as the new revision carries those of the old one.
        Permission("ecs:TagResource", mutates=True),
        Permission("ecs:UpdateService", mutates=True),
        Permission("iam:PassRole", mutates=True),
    ),
)

# CODE_DEPLOY and EXTERNAL do not let a service's task definition be changed.
CONTROLLERS = frozenset({"ECS"})


@dataclass(frozen=True, slots=True)
class AdjustTaskMemory(ServiceAction[MemoryObservation]):
    """Registers a larger revision of the task definition in use, then moves the service to it.

    Two calls in this order: when the second is not made, a revision is left that nobody runs. A
    task definition that somebody deploys in the seconds between the read and the call is replaced
    by Firebreak's revision, which is based on the one that was read; the receipt says so when it
    happened.
    """

    spec: ClassVar = SPEC

    writes: EcsWrites
    definitions: DefinitionReads
    registrar: DefinitionWrites

    def observe(self, target: Target) -> MemoryObservation:
        """The service, then the size of what it names."""
        service = self.reads.service(target)
        size: Reading[TaskSize] = NotRead("the service names no task definition")
        if isinstance(service, ServiceLive) and service.task_definition:
            size = self.definitions.size(service.task_definition)
        return MemoryObservation(service=service, size=size)

    def plan_for(
        self, request: Request, service: ServiceLive, seen: MemoryObservation, rules: Rules
    ) -> Plan | Obstacle | Unknown:
        """The next size that is valid for the task's CPU."""
        unfit = not_ready(service, CONTROLLERS)
        return unfit or _plan(request.target, service, seen.size, rules.settings_as(MemorySettings))

    def execute(self, plan: Plan) -> Receipt:
        """Registers and moves, or moves back. Raises AwsError; OutcomeUnknown when nothing begins."""
        before, cluster, service = (
            PreImage.read(plan.before),
            plan.change.get("cluster"),
            plan.change.get("service"),
        )
        if isinstance(before, Unknown) or not isinstance(cluster, str) or not isinstance(service, str):
            raise Rejected("UpdateService", "UnusablePlan")
        definition = _rollback_definition(plan) or self._register(plan)
        after = self.writes.use_task_definition(cluster, service, definition)
        return began(before, after, definition)

    def _register(self, plan: Plan) -> str:
        try:
            return self.registrar.register_with(
                value(plan.change, "source", str), value(plan.before, "rest", str), _new_size(plan)
            )
        except ValueError as error:
            raise Rejected("RegisterTaskDefinition", "UnusablePlan") from error

    def outcome(self, plan: Plan, seen: MemoryObservation) -> bool | Unknown:
        """Whether a deployment of Firebreak's revision began; a revision that nobody runs is no change."""
        definition = _definition(plan, seen)
        return self.compare(plan, seen, lambda before, now: has_begun(before, now, definition))

    def settled(self, plan: Plan, receipt: Receipt, seen: MemoryObservation) -> Settled | Failed | Unknown:
        """The state of Firebreak's own deployment; Unknown once another one has taken its place."""
        definition = _definition(plan, seen)
        return self.compare(
            plan, seen, lambda before, now: progress(own_deployment(before, receipt, now, definition), now)
        )

    def worse(self, plan: Plan, seen: MemoryObservation) -> bool | Unknown:
        """Whether a deployment failed since, or tasks are missing that none accounts for."""
        return self.compare(plan, seen, lambda before, now: harmed(before, now, since(before, now)))

    def undo(self, plan: Plan, seen: MemoryObservation, kind: RequestKind) -> Reading[Plan | Obstacle]:
        """The plan back to the revision before, if the service still runs Firebreak's revision."""
        del kind
        match seen.service:
            case Absent():
                return Obstacle(Reason.TARGET_MISSING, "the service does not exist")
            case Unknown() | NotRead():
                return unseen("the service", seen.service)
            case service:
                return _back(plan, service, seen.size, self.definitions)


def build(services: EcsConnections) -> AdjustTaskMemory:
    """The action on these services."""
    return AdjustTaskMemory(*services.ecs(), *services.task_definitions())


def _plan(
    target: Target, service: ServiceLive, size: Reading[TaskSize], settings: MemorySettings
) -> Plan | Obstacle | Unknown:
    if not isinstance(size, TaskSize):
        return unseen("the task definition", size)
    if not size.active:  # it could be registered again, but a raise could not be taken back
        return inactive(size.arn)
    new = raised(size, settings)
    if not isinstance(new, NewSize):
        return new
    if stuck := no_room(service):
        return stuck
    doubts = (*repeats_failure(service), *outage_doubts(service))
    more = (new.total - size.total) * service.desired / 1024
    return Plan(
        summary=f"raise the memory of {target.display}: {size.total} to {new.total} MiB a task of "
        f"{short(size.arn)}, {more:g} GiB more for {service.desired} tasks",
        change={
            "cluster": target.group,
            "service": target.name,
            "source": size.arn,
            "memory": new.memory,
            "limits": dict(new.limits),
        },
        before={
            **PreImage.of(service).stored(),
            "memory": size.memory,
            "limits": dict(size.limits),
            "rest": size.rest,
        },
        warnings=(*doubts, *_warnings(size)),
        patience_seconds=patience(service),
        reset_by=reset_by(service.tags, "the memory of its tasks"),
        doubts=doubts,
        stays=f"memory {new.total} MiB a task (was {size.total}); to take it back, deploy {short(size.arn)}",
    )


def _warnings(size: TaskSize) -> tuple[str, ...]:
    images = tuple(
        f"image {image} is not pinned to a digest: the deployment is then one of new code"
        for image in unpinned(size.images)
    )
    place = () if size.fargate else ("the tasks need instances with so much memory free",)
    return images + place


def _rollback_definition(plan: Plan) -> str:
    """The task definition of a plan that takes a raise back; empty for the raise itself."""
    definition = plan.change.get("taskDefinition")
    return definition if isinstance(definition, str) else ""


def _new_size(plan: Plan) -> NewSize:
    return NewSize(value(plan.change, "memory", int), value(plan.change, "limits", dict[str, int]))


def _definition(plan: Plan, seen: MemoryObservation) -> str:
    """The full ARN of what the plan deploys, as far as it is known; else empty."""
    if back := _rollback_definition(plan):
        return back
    return seen.size.arn if isinstance(seen.size, TaskSize) and _is_planned(plan, seen.size) is True else ""


def _is_planned(plan: Plan, size: TaskSize) -> bool | Unknown:
    """Whether a definition is the planned one: new, with its memory, and the same in all else."""
    try:
        new = _new_size(plan)
    except ValueError:
        return False
    if size.arn == plan.change.get("source"):
        return False
    if (new.memory, dict(new.limits)) != (size.memory, dict(size.limits)):
        return False
    return size.has_rest(plan.before.get("rest"))


def _back(
    plan: Plan, service: ServiceLive, size: Reading[TaskSize], definitions: DefinitionReads
) -> Plan | Obstacle | Unknown:
    if not isinstance(size, TaskSize):
        return unseen("the task definition", size)
    try:
        source = value(plan.change, "source", str)
        cluster, name = value(plan.change, "cluster", str), value(plan.change, "service", str)
    except ValueError as error:
        return Unknown(str(error))
    is_planned = _is_planned(plan, size)
    if isinstance(is_planned, Unknown):
        return is_planned
    if not is_planned:
        return Obstacle(Reason.CHANGED_SINCE, f"it runs {short(size.arn)}, not what Firebreak deployed")
    before = definitions.size(source)
    if not isinstance(before, TaskSize):
        return unseen("the task definition before Firebreak's", before)
    if not before.active:
        return inactive(before.arn)
    if stuck := no_room(service):
        return stuck
    return Plan(
        summary=f"put back ecs:{cluster}/{name}: {short(size.arn)} with {size.total} MiB to {short(source)}",
        change={"cluster": cluster, "service": name, "taskDefinition": source},
        before=PreImage.of(service).stored(),
        warnings=outage_doubts(service),
        patience_seconds=patience(service),
    )
