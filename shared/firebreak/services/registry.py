"""Every action there is: each module of a service's `actions` folder declares one.

A module that is put there is an action; nothing else lists it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType
from typing import Protocol

from firebreak import services
from firebreak.core.action_spec import ActionSpec, catalog_of
from firebreak.services.action import AnyAction
from firebreak.services.beanstalk.ports import BeanstalkConnections
from firebreak.services.ecs.ports import EcsConnections
from firebreak.services.lambda_.ports import LambdaConnections
from firebreak.services.ses.ports import SesConnections
from firebreak.services.ssm.ports import SsmConnections


class AwsServices(
    EcsConnections, LambdaConnections, BeanstalkConnections, SesConnections, SsmConnections, Protocol
):
    """Every AWS service that an action may ask for."""


type Builder = Callable[[AwsServices], AnyAction]


@dataclass(frozen=True, slots=True)
class _Declared:
    spec: ActionSpec
    build: Builder


def _declared() -> Iterator[_Declared]:
    for service in iter_modules(services.__path__, f"{services.__name__}."):
        if service.ispkg:
            actions = import_module(f"{service.name}.actions")
            for found in iter_modules(actions.__path__, f"{actions.__name__}."):
                module = import_module(found.name)
                if not isinstance(getattr(module, "SPEC", None), ActionSpec):
                    raise TypeError(f"{found.name}: a module of actions without SPEC, an ActionSpec")
                yield _Declared(module.SPEC, module.build)


_DECLARED = sorted(_declared(), key=lambda one: one.spec.name)

CATALOG = catalog_of(tuple(one.spec for one in _DECLARED))

ACTIONS: Mapping[str, Builder] = MappingProxyType({one.spec.name: one.build for one in _DECLARED})


class BuiltActions(Mapping[str, AnyAction]):
    """Every action by its name; one is built, with its clients, when it is first asked for.

    Verify may need any of them and needs one at a time, and a client costs tens of milliseconds.
    """

    def __init__(self, services: AwsServices) -> None:
        self._services = services
        self._built: dict[str, AnyAction] = {}

    def __getitem__(self, name: str) -> AnyAction:
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
        """The number of actions."""
        return len(ACTIONS)
