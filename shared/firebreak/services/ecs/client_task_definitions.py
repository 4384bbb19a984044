"""ECS task definitions, as the protocols in ports.py define them.

The environment, secrets and commands of containers go from one AWS answer into one AWS request
and nowhere else; outside this module they appear only in a hash. A field that the SDK of the
layer does not know yet would be lost on the way, so the layer brings an SDK of its own.
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from firebreak.aws.translate import look, send, translated
from firebreak.errors import Conflict
from firebreak.services.canonical import TASK_DEFINITION, fingerprint
from firebreak.services.ecs.task_memory import TaskSize

if TYPE_CHECKING:
    from collections.abc import Mapping

    from types_boto3_ecs import ECSClient
    from types_boto3_ecs.type_defs import (
        DescribeTaskDefinitionResponseTypeDef,
        RegisterTaskDefinitionRequestTypeDef,
        TaskDefinitionTypeDef,
    )

    from firebreak.core.readings import Reading
    from firebreak.services.ecs.task_memory import NewSize

FARGATE: Final = "FARGATE"
# Tags that AWS gives; nobody else may set them.
SYSTEM_TAGS: Final = "aws:"


class DefinitionReader:
    """Looks at task definitions with a client that only reads."""

    def __init__(self, ecs: ECSClient) -> None:
        self._ecs = ecs

    def size(self, arn: str) -> Reading[TaskSize]:
        """Memory, limits and images; one that does not exist is Unknown, as ECS does not distinguish that."""
        return look("DescribeTaskDefinition", lambda: _size(self._ecs, arn))


class DefinitionWriter:
    """Registers task definitions. Its client must be a mutator (aws/clients.py): each call is sent once."""

    def __init__(self, ecs: ECSClient) -> None:
        self._ecs = ecs

    def register_with(self, source: str, rest: str, size: NewSize) -> str:
        """Reads the source again and registers it with all its fields and tags, but for the memory."""
        with translated("DescribeTaskDefinition", mutates=False):
            found = self._ecs.describe_task_definition(taskDefinition=source, include=["TAGS"])
        request = _request(self._ecs, found["taskDefinition"])
        if rest not in {_rest(request), _rest_as_listed(request)}:
            raise Conflict("DescribeTaskDefinition", "NotWhatWasPlanned")
        _resize(request, size)
        if tags := _tags(found):
            request["tags"] = tags
        return send("RegisterTaskDefinition", lambda: _registered(self._ecs, request))


def _registered(ecs: ECSClient, request: RegisterTaskDefinitionRequestTypeDef) -> str:
    return ecs.register_task_definition(**request)["taskDefinition"]["taskDefinitionArn"]


def _size(ecs: ECSClient, arn: str) -> TaskSize:
    raw = ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]
    containers = raw["containerDefinitions"]
    fits = {*raw.get("requiresCompatibilities", ()), *raw.get("compatibilities", ())}
    return TaskSize(
        arn=raw["taskDefinitionArn"],
        cpu=int(raw.get("cpu") or 0),
        memory=int(raw.get("memory") or 0),
        limits={one["name"]: one["memory"] for one in containers if one.get("memory")},
        images=tuple(sorted(one["image"] for one in containers)),
        fargate=FARGATE in fits,
        rest=_rest(_request(ecs, raw)),
        rest_as_listed=_rest_as_listed(_request(ecs, raw)),
        active=raw["status"] == "ACTIVE",
    )


def _request(ecs: ECSClient, raw: TaskDefinitionTypeDef) -> Any:
    """The members of the definition that the API takes back: those of its request, as the model has them."""
    shape: Any = ecs.meta.service_model.operation_model("RegisterTaskDefinition").input_shape
    whole: Mapping[str, Any] = raw
    return {key: whole[key] for key in shape.members if whole.get(key) not in (None, "", [], {})}


def _rest(request: Mapping[str, Any]) -> str:
    """A hash of all that stays the same when memory is raised."""
    return fingerprint(_without_memory(request), TASK_DEFINITION)


def _rest_as_listed(request: Mapping[str, Any]) -> str:
    """The same hash as the release before made it, which took every list in the order received."""
    return sha256(json.dumps(_without_memory(request), sort_keys=True).encode()).hexdigest()


def _without_memory(request: Mapping[str, Any]) -> dict[str, Any]:
    rest = {key: value for key, value in request.items() if key != "memory"}
    rest["containerDefinitions"] = [
        {key: value for key, value in container.items() if key != "memory"}
        for container in request["containerDefinitions"]
    ]
    return rest


def _resize(request: Any, size: NewSize) -> None:
    if size.memory:
        request["memory"] = str(size.memory)
    request["containerDefinitions"] = [
        container | ({"memory": size.limits[container["name"]]} if container["name"] in size.limits else {})
        for container in request["containerDefinitions"]
    ]


def _tags(found: DescribeTaskDefinitionResponseTypeDef) -> list[Any]:
    return [tag for tag in found.get("tags", ()) if not tag["key"].lower().startswith(SYSTEM_TAGS)]
