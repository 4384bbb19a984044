"""The actions, by the name they have in tags, rules and policy."""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from firebreak.actions import (
    adjust_function_memory,
    adjust_task_memory,
    pause_sending,
    replace_task,
    restart_environment,
    restart_function,
    restart_service,
    roll_back_environment,
    roll_back_function,
    roll_back_service,
    run_runbook,
    scale_service,
)
from firebreak.ports import Action
from firebreak.service_ports import AwsServices

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
