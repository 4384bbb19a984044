"""replace-task: stop the one bad task of an ECS service; its scheduler starts another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from firebreak.core.action_spec import ActionSpec, Effect, MetricName, Permission
from firebreak.core.ledger import incident_name
from firebreak.core.model import Obstacle, Plan, Receipt, Request, Settled, Target
from firebreak.core.readings import (
    NotRead,
    Reading,
    Unknown,
    unseen,
)
from firebreak.core.reasons import Reason
from firebreak.core.rules import Rules
from firebreak.core.tags import OPT_IN_TAG
from firebreak.errors import Rejected
from firebreak.services.action import READ_METRICS, Irreversible
from firebreak.services.ecs.model import ServiceLive
from firebreak.services.ecs.ports import EcsConnections, TaskReads, TaskWrites
from firebreak.services.ecs.readiness import (
    PreImage,
    failed_deployment,
    not_ready,
    short,
)
from firebreak.services.ecs.rollout import ROLLING_SECONDS, deployed_by_others
from firebreak.services.ecs.service_action import LOOKS, ServiceAction
from firebreak.services.ecs.target_groups import group_in, groups_of
from firebreak.services.ecs.tasks import (
    NO_BALANCER,
    TargetHealth,
    TaskLive,
    TasksObservation,
    bad_one,
    bad_target,
    own_tasks,
    too_few_left,
)
from firebreak.services.stored_plans import value

SPEC = ActionSpec(
    name="replace-task",
    service="ecs",
    effect=Effect.RESTART,
    does=(
        "stops the one task whose container health check fails among healthy ones (for an alarm on "
        "`UnHealthyHostCount`: the one that its load balancer finds unhealthy), where "
        "`minimumHealthyPercent` spares one and `propagateTags` is SERVICE; the service starts another"
    ),
    irreversible="a task that was stopped does not run again",
    # A task that is gone stays gone.
    temporary=False,
    suggested_by=(
        MetricName("AWS/ApplicationELB", "UnHealthyHostCount"),
        MetricName("AWS/NetworkELB", "UnHealthyHostCount"),
    ),
    keeps_diagnostics=True,
    permissions=(
        *LOOKS,
        Permission("ecs:ListTasks"),
        Permission("ecs:DescribeTasks"),
        Permission("ecs:GetTaskProtection"),
        Permission("elasticloadbalancing:DescribeTargetHealth"),
        Permission("ecs:DescribeTaskDefinition", to_decide=True),
        READ_METRICS,
        Permission("logs:GetLogEvents", before_act=True),
        Permission("ecs:StopTask", mutates=True),
    ),
)

# Under EXTERNAL somebody else's scheduler keeps the tasks, and may not start another.
CONTROLLERS = frozenset({"ECS", "CODE_DEPLOY"})


@dataclass(frozen=True, slots=True)
class ReplaceTask(Irreversible, ServiceAction[TasksObservation]):
    """Stops one task by its full ARN, with the incident as the reason that DescribeTasks shows.

    IAM lets the function stop tasks that carry the opt-in tag themselves, so the service must
    propagate its tags to them (`propagateTags: SERVICE`). The containers' health checks determine the
    bad task, and for an alarm that counts unhealthy hosts the load balancer does: then a target must
    be a task's own address (awsvpc), as an instance does not identify the task. Under the
    default `minimumHealthyPercent` of 100 no task can be spared.
    """

    spec: ClassVar = SPEC

    tasks: TaskReads
    writes: TaskWrites

    def observe(self, target: Target) -> TasksObservation:
        """The service, its tasks and targets, and whether the bad one of them is protected."""
        service = self.reads.service(target)
        if not isinstance(service, ServiceLive):
            return TasksObservation(
                service=service,
                tasks=NotRead("the service was not read"),
                protected=NotRead("no single task is bad"),
            )
        found, targets = self.tasks.tasks(target), self._targets(service)
        tasks = own_tasks(found, target.name) if isinstance(found, tuple) else ()
        states = (
            [state for group in targets.values() for state in group] if isinstance(targets, Mapping) else []
        )
        return TasksObservation(
            service=service,
            tasks=found,
            protected=self._protected(target, bad_one(tasks), "no single task is bad"),
            targets=targets,
            target_protected=self._protected(
                target, bad_target(tasks, states), "no single target is unhealthy"
            ),
        )

    def _targets(self, service: ServiceLive) -> Reading[Mapping[str, tuple[TargetHealth, ...]]]:
        """The health of all targets of the service; if one group cannot be read, none counts as read."""
        if not service.target_groups:
            return NO_BALANCER
        groups = {group: self.tasks.target_health(group) for group in sorted(service.target_groups)}
        for health in groups.values():
            if isinstance(health, Unknown | NotRead):
                return health
        return {group: health for group, health in groups.items() if isinstance(health, tuple)}

    def _protected(self, target: Target, bad: TaskLive | Obstacle, otherwise: str) -> Reading[bool]:
        return self.tasks.protected(target, bad.arn) if isinstance(bad, TaskLive) else NotRead(otherwise)

    def plan_for(
        self, request: Request, service: ServiceLive, seen: TasksObservation, rules: Rules
    ) -> Plan | Obstacle | Unknown:
        """The one bad task, if the service can spare it."""
        del rules
        unfit = not_ready(service, CONTROLLERS) or failed_deployment(service)
        return unfit or _plan(request, service, seen)

    def execute(self, plan: Plan) -> Receipt:
        """Stops the task. Raises AwsError."""
        try:
            cluster, task = value(plan.change, "cluster", str), value(plan.change, "task", str)
            reason = value(plan.change, "reason", str)
        except ValueError as error:
            raise Rejected("StopTask", "UnusablePlan") from error
        self.writes.stop(cluster, task, reason)
        return Receipt(summary=f"task {short(task)} is being stopped", after={"task": task})

    def outcome(self, plan: Plan, seen: TasksObservation) -> bool | Unknown:
        """Whether the task is gone, no matter who stopped it."""
        there = _is_there(plan, seen)
        return there if isinstance(there, Unknown) else not there

    def settled(self, plan: Plan, receipt: Receipt, seen: TasksObservation) -> Settled | Unknown:
        """Whether the task is gone and as many run as are wanted."""
        del receipt  # the plan names the task; AWS has nothing to add to it
        there = _is_there(plan, seen)
        if isinstance(there, Unknown):
            return there
        if not isinstance(seen.service, ServiceLive):
            return unseen("the service", seen.service)
        enough = seen.service.running == seen.service.desired
        return Settled.YES if enough and not there else Settled.NOT_YET

    def worse(self, plan: Plan, seen: TasksObservation) -> bool | Unknown:
        """Whether more tasks are missing than the one that was stopped."""
        return self.compare(
            plan, seen, lambda before, now: now.running < min(before.running, now.desired) - 1
        )

    def changed_by_others(self, plan: Plan, seen: TasksObservation) -> str:
        """The deployments that began since: this action starts none."""
        found = self.compare(plan, seen, deployed_by_others)
        return found if isinstance(found, str) else ""


def build(services: EcsConnections) -> ReplaceTask:
    """The action on these services."""
    reads, _ = services.ecs()
    return ReplaceTask(reads, *services.ecs_tasks())


def _plan(request: Request, service: ServiceLive, seen: TasksObservation) -> Plan | Obstacle | Unknown:
    if not isinstance(seen.tasks, tuple):
        return unseen("the list of its tasks", seen.tasks)
    tasks = own_tasks(seen.tasks, service.name)
    bad = _by_targets(request, tasks, seen.targets) if request.unhealthy_hosts else bad_one(tasks)
    if not isinstance(bad, TaskLive):
        return bad
    protected = seen.target_protected if request.unhealthy_hosts else seen.protected
    spared = too_few_left(service, len(tasks)) or _untouchable(bad, protected)
    if spared:
        return spared
    detail = "its load balancer finds it unhealthy" if request.unhealthy_hosts else "it is unhealthy"
    return Plan(
        summary=f"replace task {bad.id} of {request.target.display}: {detail}, "
        f"{len(tasks) - 1} others are healthy",
        change={
            "cluster": request.target.group,
            "task": bad.arn,
            "reason": f"Firebreak incident {incident_name(request)}: the task is unhealthy",
        },
        before={**PreImage.of(service).stored(), "task": bad.arn},
        patience_seconds=ROLLING_SECONDS,
    )


def _by_targets(
    request: Request,
    tasks: Sequence[TaskLive],
    targets: Reading[Mapping[str, tuple[TargetHealth, ...]]],
) -> TaskLive | Obstacle | Unknown:
    """The task that the alarm's own target groups find unhealthy; without one named, all of the service."""
    if not isinstance(targets, Mapping):
        return unseen("the health of its targets", targets)
    wanted = request.groups or groups_of(request.alarm.metrics)
    where = request.target
    known = {group_in(arn, where.account, where.region): states for arn, states in targets.items()}
    if gone := sorted(wanted - known.keys()):
        return Obstacle(Reason.NO_SINGLE_BAD_TASK, f"the service is not registered with {gone[0]}")
    return bad_target(tasks, [state for group in wanted or known for state in known[group]])


def _untouchable(task: TaskLive, protected: Reading[bool]) -> Obstacle | Unknown | None:
    if not isinstance(protected, bool):
        return unseen("the protection of the task", protected)
    if protected:
        return Obstacle(Reason.TASK_PROTECTED, f"task {task.id} is protected from scale-in")
    if task.tags.get(OPT_IN_TAG) != "true":
        detail = f"task {task.id} lacks {OPT_IN_TAG}=true: its service must propagate its tags"
        return Obstacle(Reason.TASK_PROTECTED, detail)
    return None


def _is_there(plan: Plan, seen: TasksObservation) -> bool | Unknown:
    try:
        task = value(plan.change, "task", str)
    except ValueError as error:
        return Unknown(str(error))
    if not isinstance(seen.tasks, tuple):
        return unseen("the list of its tasks", seen.tasks)
    return any(one.arn == task for one in seen.tasks)
