"""The actions, by the name they have in tags, rules and policy."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from firebreak.actions import restart_service, scale_service
from firebreak.ports import Action, EcsReads, EcsWrites

type Builder = Callable[[EcsReads, EcsWrites], Action]

ACTIONS: Mapping[str, Builder] = MappingProxyType(
    {
        restart_service.NAME: restart_service.RestartService,
        scale_service.NAME: scale_service.ScaleService,
    }
)
