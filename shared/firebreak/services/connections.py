"""The AWS services as actions use them, on whatever clients the caller has.

A service's adapter is imported when an action asks for it: a function needs one of them.
"""

from collections.abc import Callable
from functools import cache, partial
from typing import Any

from firebreak.core.action_spec import Runbook
from firebreak.core.missing_data import MissingDataRules
from firebreak.core.readings import Reading, Unknown
from firebreak.errors import Denied
from firebreak.intake.effective_alarms import EffectiveAlarms
from firebreak.services.beanstalk.ports import BeanstalkReads, BeanstalkWrites
from firebreak.services.ecs.ports import (
    DefinitionReads,
    DefinitionWrites,
    DeploymentReads,
    DeploymentWrites,
    EcsReads,
    EcsWrites,
    TaskReads,
    TaskWrites,
)
from firebreak.services.lambda_.ports import FunctionReads, FunctionWrites
from firebreak.services.ses.ports import SesReads, SesWrites
from firebreak.services.ssm.ports import Listed, RunbookReads, RunbookWrites

type Connect = Callable[[str], Any]


class Connections:
    """registry.AwsServices; `read` and `write` make a client of the service they are given.

    The clients that `write` makes must send once (aws/clients.py), or refuse where nothing may be changed.
    `listed` returns the policy's entry for a runbook: only the policy says what that target is.
    `silence` returns what the policy says of missing data; it may raise PolicyError.
    """

    def __init__(
        self,
        read: Connect,
        write: Connect,
        listed: Listed | None = None,
        silence: Callable[[], MissingDataRules] = MissingDataRules,
    ) -> None:
        self._read = read
        self._write = write
        self._listed = listed or _nothing_listed
        self._silence = silence

    def ecs(self) -> tuple[EcsReads, EcsWrites]:
        """ECS services and their scaling."""
        from firebreak.services.ecs.client import EcsReader, EcsWriter  # see above

        scaling = "application-autoscaling"
        return (
            EcsReader(self._read("ecs"), self._read(scaling)),
            EcsWriter(self._write("ecs"), self._write(scaling)),
        )

    def ecs_deployments(self) -> tuple[DeploymentReads, DeploymentWrites]:
        """The record that ECS keeps of a service's deployments."""
        from firebreak.services.ecs.client_deployments import DeploymentReader, DeploymentWriter  # see above

        return DeploymentReader(self._read("ecs")), DeploymentWriter(self._write("ecs"))

    def ecs_tasks(self) -> tuple[TaskReads, TaskWrites]:
        """Single ECS tasks."""
        from firebreak.services.ecs.client_tasks import TaskReader, TaskWriter  # see above

        reads = TaskReader(self._read("ecs"), cache(partial(self._read, "elbv2")))
        return reads, TaskWriter(self._write("ecs"))

    def task_definitions(self) -> tuple[DefinitionReads, DefinitionWrites]:
        """ECS task definitions."""
        from firebreak.services.ecs.client_task_definitions import (  # see above
            DefinitionReader,
            DefinitionWriter,
        )

        return DefinitionReader(self._read("ecs")), DefinitionWriter(self._write("ecs"))

    def beanstalk(self) -> tuple[BeanstalkReads, BeanstalkWrites]:
        """Elastic Beanstalk environments."""
        from firebreak.services.beanstalk.client import BeanstalkReader, BeanstalkWriter  # see above

        service = "elasticbeanstalk"
        return BeanstalkReader(self._read(service)), BeanstalkWriter(self._write(service))

    def ses(self) -> tuple[SesReads, SesWrites]:
        """The sending of mail."""
        from firebreak.services.ses.client import SesReader, SesWriter  # see above

        return SesReader(self._read("sesv2")), SesWriter(self._write("sesv2"))

    def functions(self) -> tuple[FunctionReads, FunctionWrites]:
        """Lambda functions, their versions and aliases."""
        from firebreak.services.lambda_.client import FunctionReader, FunctionWriter  # see above

        return FunctionReader(self._read("lambda")), FunctionWriter(self._write("lambda"))

    def runbooks(self) -> tuple[Listed, RunbookReads, RunbookWrites]:
        """The runbooks of the policy, and SSM Automation, which runs them."""
        from firebreak.aws.alarms import CloudWatchAlarms  # see above
        from firebreak.services.ssm.client import RunbookReader, RunbookWriter

        alarms = EffectiveAlarms(CloudWatchAlarms(self._read("cloudwatch")), self._silence)
        return self._listed, RunbookReader(self._read("ssm"), alarms), RunbookWriter(self._write("ssm"))


def _nothing_listed(name: str) -> Reading[Runbook]:
    return Unknown(f"no policy is at hand that could name {name}")


class NoWrites:
    """Takes the place of a changing client for callers that only read: every call is refused."""

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        """A call that raises Denied and names itself."""

        def refuse(*_: object, **__: object) -> Any:
            raise Denied(operation, "LookingChangesNothing")

        return refuse
