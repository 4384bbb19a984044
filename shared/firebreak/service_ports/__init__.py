"""The AWS services that actions work with, as small protocols: one module a service."""

from typing import Protocol

from firebreak.service_ports.beanstalk import BeanstalkReads, BeanstalkWrites
from firebreak.service_ports.ecs import EcsReads, EcsWrites
from firebreak.service_ports.ecs_deployments import DeploymentReads, DeploymentWrites
from firebreak.service_ports.ecs_tasks import TaskReads, TaskWrites
from firebreak.service_ports.functions import FunctionReads, FunctionWrites
from firebreak.service_ports.runbooks import Listed, RunbookReads, RunbookWrites
from firebreak.service_ports.ses import SesReads, SesWrites
from firebreak.service_ports.task_definitions import DefinitionReads, DefinitionWrites


class AwsServices(Protocol):
    """Both sides of each service, looking and changing; connected only when asked for."""

    def ecs(self) -> tuple[EcsReads, EcsWrites]:
        """ECS services and their scaling."""

    def runbooks(self) -> tuple[Listed, RunbookReads, RunbookWrites]:
        """The runbooks of the policy, and SSM Automation, which runs them."""

    def ecs_deployments(self) -> tuple[DeploymentReads, DeploymentWrites]:
        """What ECS remembers of a service's deployments."""

    def ecs_tasks(self) -> tuple[TaskReads, TaskWrites]:
        """Single ECS tasks."""

    def task_definitions(self) -> tuple[DefinitionReads, DefinitionWrites]:
        """ECS task definitions."""

    def beanstalk(self) -> tuple[BeanstalkReads, BeanstalkWrites]:
        """Elastic Beanstalk environments."""

    def ses(self) -> tuple[SesReads, SesWrites]:
        """The sending of mail."""

    def functions(self) -> tuple[FunctionReads, FunctionWrites]:
        """Lambda functions, their versions and aliases."""
