"""The ECS adapters on clients whose answers a test writes itself."""

from functools import cache
from types import TracebackType
from typing import Any, Self

from botocore.stub import Stubber

from firebreak.services.ecs.client import EcsReader, EcsWriter
from tests.support.builders_ecs import session

SECRET = "arn:aws:iam::111122223333:role/x is not authorized, password=hunter2"


@cache
def _client(service: str) -> Any:
    """Made once: loading a service model is most of the time of such a test."""
    make: Any = session().client
    return make(service)


class Stubs:
    """Both stubbers, and both adapters on their clients; every answer written must be used."""

    def __init__(self) -> None:
        ecs, scaling = _client("ecs"), _client("application-autoscaling")
        self.for_ecs = Stubber(ecs)
        self.for_scaling = Stubber(scaling)
        self.reader = EcsReader(ecs, scaling)
        self.writer = EcsWriter(ecs, scaling)

    def __enter__(self) -> Self:
        self.for_ecs.activate()
        self.for_scaling.activate()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.for_ecs.deactivate()
        self.for_scaling.deactivate()
        if error is None:
            self.for_ecs.assert_no_pending_responses()
            self.for_scaling.assert_no_pending_responses()
