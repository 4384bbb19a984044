"""The common part of the actions on ECS services."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Protocol

from firebreak.core.action_spec import ActionSpec, Permission
from firebreak.core.limits.disruption_budget import GroupCount
from firebreak.core.model import Obstacle, Plan, Request, Target
from firebreak.core.readings import Absent, NotRead, Reading, Unknown, unseen
from firebreak.core.rules import Rules
from firebreak.services.action import READ_METRICS, EffectShowsOthers, Observation
from firebreak.services.ecs.model import ServiceLive
from firebreak.services.ecs.ports import EcsReads
from firebreak.services.ecs.readiness import PreImage, missing

# The calls by which each of them reads a service and counts its cluster.
LOOKS = (
    Permission("ecs:DescribeClusters", to_decide=True),
    Permission("ecs:DescribeServices"),
    Permission("ecs:ListClusters", to_decide=True),
    Permission("ecs:ListServices", to_decide=True),
)

# The further calls by which what their tasks leave behind is read before tasks end (client_diagnostics.py).
DIAGNOSTICS = (
    READ_METRICS,
    Permission("ecs:DescribeTasks", before_act=True),
    Permission("ecs:ListTasks", before_act=True),
    Permission("logs:GetLogEvents", before_act=True),
)


class SeesService(Observation, Protocol):
    """The part of the readings that all of these actions share."""

    @property
    def service(self) -> Reading[ServiceLive]:
        """The service itself."""


@dataclass(frozen=True, slots=True)
class ServiceAction[O: SeesService](EffectShowsOthers, ABC):
    """An action on one ECS service, which shares its fate with its cluster."""

    spec: ClassVar[ActionSpec]

    reads: EcsReads

    def group(self, target: Target, now: datetime, *, health: bool) -> Reading[GroupCount]:
        """The service's cluster."""
        return self.reads.group(target, now, health=health)

    def plan(self, request: Request, seen: O, rules: Rules) -> Reading[Plan | Obstacle]:
        """The change to be made; a service that does not exist, or was not read, is left alone."""
        match seen.service:
            case Absent():
                return missing(request.target)
            case Unknown() | NotRead():
                return unseen("the service", seen.service)
            case service:
                return self.plan_for(request, service, seen, rules)

    @abstractmethod
    def plan_for(
        self, request: Request, service: ServiceLive, seen: O, rules: Rules
    ) -> Plan | Obstacle | Unknown:
        """The change to a service that exists, or why there can be none."""

    @staticmethod
    def compare[T](plan: Plan, seen: O, judge: Callable[[PreImage, ServiceLive], T]) -> T | Unknown:
        """The judgement on the pre-image in the plan and the service now; Unknown when either is missing."""
        before, service = PreImage.read(plan.before), seen.service
        if isinstance(before, Unknown):
            return before
        return judge(before, service) if isinstance(service, ServiceLive) else unseen("the service", service)
