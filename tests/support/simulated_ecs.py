"""An ECS simulated behind botocore's client, for calls that neither moto nor local AWS has.

Every request and every answer goes through the real service model: an argument that the model does not
know is refused, and a field that it does not name is lost from the answer.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from moto.core.models import botocore_stubber

from firebreak.aws.clients import mutator
from firebreak.services.connections import Connections
from tests.support.builders_ecs import session
from tests.support.world import World, world_on_moto

type Answer = Callable[[dict[str, Any]], Mapping[str, Any]]


@dataclass
class SimulatedEcs:
    """Answers each operation as the test says, and keeps the requests that change something."""

    answers: dict[str, Answer] = field(default_factory=dict)
    changes: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    _clients: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        """A client of the real model, made once; of ECS, one whose requests end here."""
        if service not in self._clients:
            self._clients[service] = self._connect(service)
        return self._clients[service]

    def _connect(self, service: str) -> Any:
        client = mutator(session(), service)
        if service == "ecs":
            # botocore asks every handler, and moto's would refuse a call that it does not know.
            client.meta.events.unregister("before-send", botocore_stubber)
            client.meta.events.register("before-send.ecs", self._answer)
        return client

    def _answer(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        operation = cast("bytes", request.headers["X-Amz-Target"]).decode().rsplit(".", 1)[-1]
        asked: dict[str, Any] = json.loads(cast("bytes", request.body))
        if not operation.startswith(("Describe", "List", "Get")):
            self.changes.append((operation, asked))
        body = json.dumps(self.answers[operation](asked), default=_epoch).encode()
        return AWSResponse(request.url, 200, HTTPHeaders(), _Raw(body))


class _Raw:
    """A body as botocore reads it."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self) -> Iterator[bytes]:
        yield self._body


def _epoch(value: object) -> float:
    assert isinstance(value, datetime), value
    return value.timestamp()


@dataclass
class EcsWorld(World):
    """All functions in one process, on a simulated ECS."""

    simulated: SimulatedEcs = field(default_factory=SimulatedEcs)

    def services(self) -> Any:
        return Connections(self.simulated.client, self.simulated.client)


@contextmanager
def ecs_world(simulated: SimulatedEcs, **parts: Any) -> Iterator[EcsWorld]:
    """A fresh world with an empty ledger on that ECS."""
    with world_on_moto() as world:
        yield EcsWorld(world.dynamodb, simulated=simulated, **parts)
