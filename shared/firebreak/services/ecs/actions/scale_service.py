"""scale-service: give an ECS service more tasks, up to a ceiling; it never takes any away."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import ClassVar, assert_never

from firebreak.core.action_spec import ActionSpec, Effect, MetricName, Permission, ScaleSettings, Symptom
from firebreak.core.model import Obstacle, Plan, Receipt, Request, RequestKind, Settled, Target
from firebreak.core.readings import (
    Absent,
    NotRead,
    Reading,
    Unknown,
    unseen,
)
from firebreak.core.reasons import Reason
from firebreak.core.rules import Rules
from firebreak.core.tags import ACTION_TAG
from firebreak.errors import OutcomeUnknown, Rejected
from firebreak.services.ecs.model import EcsObservation, ScalableTarget, ServiceLive, TaskDefinitionLive
from firebreak.services.ecs.ports import EcsConnections, EcsWrites
from firebreak.services.ecs.readiness import (
    PreImage,
    failed_deployment,
    fewer_running,
    not_ready,
)
from firebreak.services.ecs.rollout import deployed_by_others
from firebreak.services.ecs.rollout_room import DAEMON
from firebreak.services.ecs.service_action import LOOKS, ServiceAction
from firebreak.services.other_writers import reset_by
from firebreak.services.stored_plans import value

SPEC = ActionSpec(
    name="scale-service",
    service="ecs",
    effect=Effect.SCALING,
    does="adds tasks: raises the desired count, or the minimum capacity where it is scaled automatically",
    undo="puts the old number back after a healthy hold, unless somebody changed it since",
    # More tasks cost money: they are given back after the trouble.
    temporary=True,
    symptom=Symptom("AWS/ECS", "CPUUtilization", "the CPU of an ECS service"),
    suggested_by=(MetricName("AWS/ApplicationELB", "TargetResponseTime"),),
    settings=ScaleSettings(),
    # Tasks of a service [CreateService].
    highest_ceiling=5000,
    permissions=(
        *LOOKS,
        Permission("ecs:DescribeTaskDefinition"),
        Permission("application-autoscaling:DescribeScalableTargets"),
        Permission("ecs:UpdateService", mutates=True),
        Permission("application-autoscaling:RegisterScalableTarget", mutates=True),
        # Never called: AWS tries whether the caller of RegisterScalableTarget has them.
        Permission("cloudwatch:DeleteAlarms", mutates=True),
        Permission("cloudwatch:PutMetricAlarm", mutates=True),
    ),
)

# A desired count may be set under every controller. [UpdateService]
CONTROLLERS = frozenset({"ECS", "CODE_DEPLOY", "EXTERNAL"})

# Time to place, pull, start and pass health checks; on EC2 capacity, for an instance as well.
START_SECONDS = 600

UNITS_PER_VCPU = 1024
MIB_PER_GIB = 1024


@dataclass(frozen=True, slots=True)
class ScaleService(ServiceAction[EcsObservation]):
    """Raises the desired count, or MinCapacity where Application Auto Scaling owns the count.

    Neither API call can be made conditional on the value that was read: an increase that somebody else
    makes in the seconds between the read and the call may be overwritten.
    """

    spec: ClassVar = SPEC

    writes: EcsWrites

    def observe(self, target: Target) -> EcsObservation:
        """The service and its scalable target in parallel, then the task definition."""
        with ThreadPoolExecutor(max_workers=1) as pool:
            scaling = pool.submit(self.reads.scalable_target, target)
            service = self.reads.service(target)
            definition: Reading[TaskDefinitionLive] = NotRead("the service names none")
            if isinstance(service, ServiceLive) and service.task_definition:
                definition = self.reads.task_definition(service.task_definition)
            return EcsObservation(
                service=service, task_definition=definition, scalable_target=scaling.result()
            )

    def plan_for(
        self, request: Request, service: ServiceLive, seen: EcsObservation, rules: Rules
    ) -> Plan | Obstacle | Unknown:
        """One step up. The owner of the count must be known: Unknown never means "nobody"."""
        unfit = _not_scalable(request, service, seen.scalable_target)
        return unfit or _plan(request.target, service, seen, rules.settings_as(ScaleSettings))

    def execute(self, plan: Plan) -> Receipt:
        """Sends the one call the plan names. Raises AwsError."""
        change = _Change.read(plan.change)
        if isinstance(change, Unknown):
            raise Rejected("UpdateService", "UnusablePlan")
        if change.floor:
            self.writes.set_min_capacity(change.cluster, change.service, change.count)
            return Receipt(summary=f"minimum capacity is {change.count}", after=change.result)
        after = self.writes.set_desired_count(change.cluster, change.service, change.count)
        if after.desired != change.count:
            raise OutcomeUnknown("UpdateService", "DesiredCountNotTaken")
        return Receipt(summary=f"desired count is {change.count}", after=change.result)

    def outcome(self, plan: Plan, seen: EcsObservation) -> bool | Unknown:
        """Whether the planned number is in force now; Unknown where neither it nor the old one is."""
        change = _Change.read(plan.change)
        if isinstance(change, Unknown):
            return change
        now = _number_now(change, seen)
        if isinstance(now, Unknown):
            return now
        try:
            before = value(plan.before, "minimum" if change.floor else "desired", int)
        except ValueError as error:
            return Unknown(str(error))
        if now in (change.count, before):
            return now == change.count
        return Unknown(f"{change.what} is {now}: neither {before} as before nor {change.count} as planned")

    def settled(self, plan: Plan, receipt: Receipt, seen: EcsObservation) -> Settled | Unknown:
        """Whether as many tasks run as were asked for, and the number asked for still stands."""
        del receipt  # the plan holds the number; AWS has nothing to add to it
        change = _Change.read(plan.change)
        if isinstance(change, Unknown):
            return change
        now = _number_now(change, seen)
        service = seen.service
        if isinstance(now, Unknown):
            return now
        if not isinstance(service, ServiceLive):
            return unseen("the service", service)
        if now < change.count:
            return Unknown(f"{change.what} is {now}, not {change.count}: somebody lowered it since")
        enough = service.desired >= change.count and service.running >= service.desired
        return Settled.YES if enough else Settled.NOT_YET

    def worse(self, plan: Plan, seen: EcsObservation) -> bool | Unknown:
        """Whether fewer tasks run than before, other than because fewer are wanted."""
        return self.compare(plan, seen, fewer_running)

    def changed_by_others(self, plan: Plan, seen: EcsObservation) -> str:
        """The deployments that began since: this action starts none."""
        found = self.compare(plan, seen, deployed_by_others)
        return found if isinstance(found, str) else ""

    def undo(self, plan: Plan, seen: EcsObservation, kind: RequestKind) -> Reading[Plan | Obstacle]:
        """The plan back to the old number if nobody changed it since; never fewer tasks while it is red."""
        change = _Change.read(plan.change)
        if isinstance(change, Unknown):
            return change
        match seen.service:
            case Absent():
                return Obstacle(Reason.TARGET_MISSING, f"{change.display} does not exist")
            case Unknown() | NotRead():
                return unseen("the service", seen.service)
            case service:
                return _back(plan, change, service, seen, kind)


def build(services: EcsConnections) -> ScaleService:
    """The action on these services."""
    return ScaleService(*services.ecs())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """The number to set: the floor of the scalable target, or the desired count itself."""

    cluster: str
    service: str
    count: int
    floor: bool

    @classmethod
    def read(cls, stored: Mapping[str, object]) -> "_Change | Unknown":
        floor = "minCapacity" in stored
        try:
            return cls(
                cluster=value(stored, "cluster", str),
                service=value(stored, "service", str),
                count=value(stored, "minCapacity" if floor else "desiredCount", int),
                floor=floor,
            )
        except ValueError as error:
            return Unknown(str(error))

    @property
    def display(self) -> str:
        return f"ecs:{self.cluster}/{self.service}"

    @property
    def what(self) -> str:
        return "minimum capacity" if self.floor else "desired count"

    @property
    def result(self) -> dict[str, object]:
        return {"minCapacity" if self.floor else "desiredCount": self.count}

    def stored(self) -> dict[str, object]:
        return {"cluster": self.cluster, "service": self.service, **self.result}


def _not_scalable(
    request: Request, service: ServiceLive, scaling: Reading[ScalableTarget]
) -> Obstacle | None:
    if service.scheduling == DAEMON:
        detail = "a DAEMON service runs one task on each instance and cannot be scaled"
        return Obstacle(Reason.UNSUPPORTED_CONTROLLER, detail)
    if service.desired == 0 and _may_start_from_zero(request, scaling):
        # Zero tasks are a normal state of it: all else that speaks against scaling counts as ever.
        service = replace(service, desired=1)
    return not_ready(service, CONTROLLERS) or failed_deployment(service)


def _may_start_from_zero(request: Request, scaling: Reading[ScalableTarget]) -> bool:
    """Whether a service at zero may get its first task.

    Its scalable target must say that zero is normal (minimum 0), and the alarm's owner must have asked
    for scaling: a symptom, or the next rung after another action, never starts what somebody stopped.
    """
    tagged = request.alarm.tags.get(ACTION_TAG) == SPEC.name
    asked = tagged or not (request.by_symptom or request.incident_id)
    return asked and isinstance(scaling, ScalableTarget) and scaling.minimum == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Raise:
    """The new number, which of the two it is, and its description in words; `bounds` joins the pre-image."""

    to: int
    floor: bool
    description: str
    bounds: Mapping[str, int]


def _plan(
    target: Target, service: ServiceLive, seen: EcsObservation, settings: ScaleSettings
) -> Plan | Obstacle | Unknown:
    if isinstance(seen.task_definition, Unknown):
        return unseen("the task definition", seen.task_definition)
    raised = _raise(service, seen.scalable_target, settings)
    if not isinstance(raised, _Raise):
        return raised
    size, warnings = _size(raised.to - service.desired, seen.task_definition)
    change = _Change(cluster=target.group, service=target.name, count=raised.to, floor=raised.floor)
    return Plan(
        summary=f"scale {target.display}: {raised.description}, {size}",
        change=change.stored(),
        before={**PreImage.of(service).stored(), **raised.bounds},
        warnings=warnings,
        patience_seconds=START_SECONDS,
        reset_by=reset_by(service.tags, "the number of tasks"),
        stays=_stays(change, raised.bounds.get("minimum", service.desired)),
    )


def _stays(change: _Change, before: int) -> str:
    """The state that a raise leaves, and the way to undo it, in words."""
    return f"{change.what} {change.count} (was {before}); to take it back, set it to {before}"


def _raise(
    service: ServiceLive, scaling: Reading[ScalableTarget], settings: ScaleSettings
) -> _Raise | Obstacle | Unknown:
    match scaling:
        case Unknown() | NotRead():
            return unseen("whether Application Auto Scaling owns the service", scaling)
        case Absent():
            return _raise_count(service, settings)
        case ScalableTarget() as owner:
            return _raise_floor(service, owner, settings)
        case never:
            assert_never(never)


def _raise_count(service: ServiceLive, settings: ScaleSettings) -> _Raise | Obstacle:
    now, ceiling = service.desired, settings.ceiling
    to = min(now + settings.step, ceiling)
    if to <= now:
        return Obstacle(Reason.CEILING_REACHED, f"desired count is {now}, the policy's ceiling {ceiling}")
    return _Raise(to=to, floor=False, description=f"desired count {now} to {to}", bounds={})


def _raise_floor(service: ServiceLive, owner: ScalableTarget, settings: ScaleSettings) -> _Raise | Obstacle:
    if owner.scale_out_suspended:
        return Obstacle(Reason.SCALING_SUSPENDED, "scale-out of its scalable target is suspended")
    ceiling = settings.ceiling
    now = max(service.desired, owner.minimum)
    step = settings.step if now else 1  # from zero to one: whether one task helps is not known yet
    to = min(now + step, owner.maximum, ceiling)
    if to <= now:
        numbers = f"desired count is {service.desired} (minimum {owner.minimum})"
        limits = f"the scalable target's maximum {owner.maximum}, the policy's ceiling {ceiling}"
        return Obstacle(Reason.CEILING_REACHED, f"{numbers}, {limits}")
    return _Raise(
        to=to,
        floor=True,
        description=f"minimum capacity {owner.minimum} to {to} (desired count {service.desired})",
        bounds={"minimum": owner.minimum, "maximum": owner.maximum},
    )


def _size(tasks: int, definition: Reading[TaskDefinitionLive]) -> tuple[str, tuple[str, ...]]:
    """The CPU and memory that the extra tasks ask for, in words; with a warning where they are not known."""
    detail = f"{tasks} more task{'' if tasks == 1 else 's'}"
    if not isinstance(definition, TaskDefinitionLive) or not (definition.cpu or definition.memory):
        return detail, ("what a task asks for in vCPU and memory is not known",)
    vcpu = tasks * definition.cpu / UNITS_PER_VCPU
    return f"{detail} asking for {vcpu:g} vCPU and {tasks * definition.memory / MIB_PER_GIB:g} GiB", ()


def _back(
    plan: Plan, change: _Change, service: ServiceLive, seen: EcsObservation, kind: RequestKind
) -> Plan | Obstacle | Unknown:
    """The plan back to the number before the change, if nobody changed it since."""
    now = _number_now(change, seen)
    if isinstance(now, Unknown):
        return now
    if isinstance(seen.scalable_target, Unknown | NotRead):
        return unseen("whether Application Auto Scaling owns the service", seen.scalable_target)
    try:
        before = value(plan.before, "minimum" if change.floor else "desired", int)
    except ValueError as error:
        return Unknown(str(error))
    if now != change.count:
        return Obstacle(Reason.CHANGED_SINCE, f"{change.what} is {now}; Firebreak had set {change.count}")
    if isinstance(seen.scalable_target, ScalableTarget) and not change.floor:
        return Obstacle(Reason.CHANGED_SINCE, "Application Auto Scaling owns the desired count by now")
    if before < now and kind is not RequestKind.RESTORE:
        detail = f"{change.what} stays {now}: tasks are not taken away while the alarm is red"
        return Obstacle(Reason.NOT_REVERSIBLE, detail)
    bounds = {"minimum": now} if change.floor else {}
    return Plan(
        summary=f"put back {change.display}: {change.what} {now} to {before}",
        change=replace(change, count=before).stored(),
        before={**PreImage.of(service).stored(), **bounds},
        patience_seconds=START_SECONDS,
    )


def _number_now(change: _Change, seen: EcsObservation) -> int | Unknown:
    if change.floor:
        scaling = seen.scalable_target
        return (
            scaling.minimum if isinstance(scaling, ScalableTarget) else unseen("the scalable target", scaling)
        )
    service = seen.service
    return service.desired if isinstance(service, ServiceLive) else unseen("the service", service)
