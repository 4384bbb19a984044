"""The actions, by the name they have in tags, rules and policy."""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Protocol

from firebreak.services.action import Action
from firebreak.services.beanstalk import restart_environment, roll_back_environment
from firebreak.services.beanstalk.ports import BeanstalkConnections
from firebreak.services.ecs import (
    adjust_task_memory,
    replace_task,
    restart_service,
    roll_back_service,
    scale_service,
)
from firebreak.services.ecs.ports import EcsConnections
from firebreak.services.lambda_ import adjust_function_memory, restart_function, roll_back_function
from firebreak.services.lambda_.ports import LambdaConnections
from firebreak.services.ses import pause_sending
from firebreak.services.ses.ports import SesConnections
from firebreak.services.ssm import run_runbook
from firebreak.services.ssm.ports import SsmConnections


class AwsServices(
    EcsConnections, LambdaConnections, BeanstalkConnections, SesConnections, SsmConnections, Protocol
):
    """Every AWS service that an action may ask for."""


type Builder = Callable[[AwsServices], Action]

ACTIONS: Mapping[str, Builder] = MappingProxyType(
    {
        module.NAME: module.build
        for module in (
            restart_service,
            scale_service,
            restart_environment,
            roll_back_environment,
            pause_sending,
            run_runbook,
            roll_back_service,
            adjust_function_memory,
            adjust_task_memory,
            roll_back_function,
            restart_function,
            replace_task,
        )
    }
)


class BuiltActions(Mapping[str, Action]):
    """Every action by its name; one is built, with its clients, when it is first asked for.

    Verify may need any of them and needs one at a time, and a client costs tens of milliseconds.
    """

    def __init__(self, services: AwsServices) -> None:
        self._services = services
        self._built: dict[str, Action] = {}

    def __getitem__(self, name: str) -> Action:
        """The action of that name. Raises KeyError."""
        if name not in self._built:
            self._built[name] = ACTIONS[name](self._services)
        return self._built[name]

    def __contains__(self, name: object) -> bool:
        """Whether there is such an action; builds nothing."""
        return name in ACTIONS

    def __iter__(self) -> Iterator[str]:
        """The names, in the registry's order."""
        return iter(ACTIONS)

    def __len__(self) -> int:
        """How many actions there are."""
        return len(ACTIONS)
