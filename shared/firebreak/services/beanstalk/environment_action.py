"""The common part of the actions on Elastic Beanstalk environments."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from firebreak.core.action_spec import Permission
from firebreak.core.model import Obstacle, Plan, Request
from firebreak.core.readings import Absent, NotRead, Reading, Unknown, unseen
from firebreak.core.rules import Rules
from firebreak.services.action import READ_METRICS, EffectShowsOthers, Irreversible, OfNoGroup
from firebreak.services.beanstalk.environments import (
    BeanstalkObservation,
    EnvironmentLive,
    missing,
    not_ready,
    worse,
)
from firebreak.services.beanstalk.ports import BeanstalkReads, BeanstalkWrites

# The calls by which each of them reads an environment.
LOOKS = (
    Permission("elasticbeanstalk:DescribeEnvironments"),
    Permission("elasticbeanstalk:ListTagsForResource"),
    Permission("elasticbeanstalk:DescribeEvents"),
)

# The further call by which its instances are read before they are restarted (client_diagnostics.py).
DIAGNOSTICS = (READ_METRICS, Permission("elasticbeanstalk:DescribeInstancesHealth", before_act=True))


@dataclass(frozen=True, slots=True)
class EnvironmentAction(EffectShowsOthers, Irreversible, OfNoGroup, ABC):
    """An action on one environment, which must be at rest before."""

    reads: BeanstalkReads
    writes: BeanstalkWrites

    def plan(self, request: Request, seen: BeanstalkObservation, rules: Rules) -> Reading[Plan | Obstacle]:
        """The change to be made; an environment that is not there, not seen or busy is left alone."""
        match seen.environment:
            case Absent():
                return missing(request.target)
            case Unknown() | NotRead():
                return unseen("the environment", seen.environment)
            case environment:
                return not_ready(environment) or self.plan_for(request, environment, seen, rules)

    @abstractmethod
    def plan_for(
        self, request: Request, environment: EnvironmentLive, seen: BeanstalkObservation, rules: Rules
    ) -> Plan | Obstacle | Unknown:
        """The change to an environment at rest, or why there can be none."""

    def worse(self, plan: Plan, seen: BeanstalkObservation) -> bool | Unknown:
        """Whether its health is worse than before, once it is at rest again."""
        return worse(plan.before, seen)
