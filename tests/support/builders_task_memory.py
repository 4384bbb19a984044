"""Sizes of tasks for tests: values, the API's raw shape, and a fake registrar."""

import json
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from botocore.stub import Stubber

from firebreak.core.action_spec import MemorySettings
from firebreak.core.model import Obstacle, Plan
from firebreak.core.readings import Reading
from firebreak.core.rules import Rules
from firebreak.services.ecs.actions.adjust_task_memory import AdjustTaskMemory
from firebreak.services.ecs.client_task_definitions import DefinitionReader
from firebreak.services.ecs.model import ServiceLive
from firebreak.services.ecs.task_memory import MemoryObservation, NewSize, TaskSize
from tests.support import builders as a
from tests.support.builders_ecs import ARN, DIGEST, TARGET, TASK_DEFINITION, FakeEcs, service, session

REGISTERED = f"{ARN}:task-definition/api:9"
PINNED = f"111122223333.dkr.ecr.eu-west-1.amazonaws.com/api@{DIGEST}"
REST = f"1:{'a' * 64}"
REQUEST = a.request(action="adjust-task-memory", target=TARGET)


def size(**changes: Any) -> TaskSize:
    """Half a vCPU and one GiB on Fargate, of which the one container with a limit has half."""
    one = TaskSize(
        arn=TASK_DEFINITION,
        cpu=512,
        memory=1024,
        limits={"api": 512},
        images=(PINNED,),
        fargate=True,
        rest=REST,
    )
    return replace(one, **changes)


def on_ec2(**changes: Any) -> TaskSize:
    """The same for instances of one's own."""
    return size(**{"fargate": False, "cpu": 0, **changes})


def seen(
    now: Reading[ServiceLive] | None = None, found: Reading[TaskSize] | None = None
) -> MemoryObservation:
    """By default a service at rest on api:7."""
    return MemoryObservation(
        service=service() if now is None else now, size=size() if found is None else found
    )


def settings(factor: float = 1.5, ceiling: int = 30_720) -> MemorySettings:
    """The policy's, by default the usual ones."""
    return MemorySettings(raises=0, factor=factor, ceiling=ceiling)


def rules(**changes: Any) -> Rules:
    """The policy for one request."""
    return replace(a.rules(), settings=settings(**changes))


@dataclass
class FakeDefinitions:
    """Returns one size, registers as api:9, and notes the calls."""

    found: Reading[TaskSize] = field(default_factory=size)
    calls: list[tuple[Any, ...]] = field(default_factory=list)

    def size(self, arn: str) -> Reading[TaskSize]:
        self.calls.append(("size", arn))
        return self.found

    def register_with(self, source: str, rest: str, size: NewSize) -> str:
        self.calls.append(("register_with", source, rest, size))
        return REGISTERED


def adjuster(ecs: FakeEcs | None = None, definitions: FakeDefinitions | None = None) -> AdjustTaskMemory:
    """The action on these fakes."""
    ecs, definitions = ecs or FakeEcs(), definitions or FakeDefinitions()
    return AdjustTaskMemory(ecs, ecs, definitions, definitions)


def planned(observation: MemoryObservation | None = None, **changes: Any) -> Plan:
    """The plan where there is no objection."""
    found = adjuster().plan(REQUEST, observation or seen(), rules(**changes))
    assert isinstance(found, Plan), found
    return found


def refused(observation: MemoryObservation, **changes: Any) -> Obstacle:
    """The obstacle."""
    found = adjuster().plan(REQUEST, observation, rules(**changes))
    assert isinstance(found, Obstacle), found
    return found


def raw_definition(**changes: Any) -> dict[str, Any]:
    """A task definition in the format of DescribeTaskDefinition, with secrets and fields to preserve."""
    api = {
        "name": "api",
        "image": PINNED,
        "cpu": 0,
        "memory": 512,
        "memoryReservation": 256,
        "portMappings": [{"containerPort": 8080, "hostPort": 8080, "protocol": "tcp"}],
        "essential": True,
        "environment": [{"name": "PASSWORD", "value": "hunter2"}],
        "mountPoints": [],
        "volumesFrom": [],
        "secrets": [{"name": "TOKEN", "valueFrom": "arn:aws:ssm:eu-west-1:111122223333:parameter/t0ken"}],
        "healthCheck": {"command": ["CMD", "true"], "interval": 30, "timeout": 5, "retries": 3},
        "versionConsistency": "enabled",
        "restartPolicy": {"enabled": True, "ignoredExitCodes": [0], "restartAttemptPeriod": 60},
        "systemControls": [],
    }
    proxy = {"name": "proxy", "image": PINNED, "cpu": 0, "memoryReservation": 128, "essential": False}
    return {
        "taskDefinitionArn": TASK_DEFINITION,
        "containerDefinitions": [api, proxy],
        "family": "api",
        "taskRoleArn": "arn:aws:iam::111122223333:role/api",
        "executionRoleArn": "arn:aws:iam::111122223333:role/ecs-execution",
        "networkMode": "awsvpc",
        "revision": 7,
        "volumes": [{"name": "data", "host": {}}],
        "status": "ACTIVE",
        "requiresAttributes": [{"name": "ecs.capability.task-eni"}],
        "placementConstraints": [],
        "compatibilities": ["EC2", "FARGATE"],
        "runtimePlatform": {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"},
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "512",
        "memory": "1024",
        "registeredAt": a.NOW,
        "registeredBy": "arn:aws:iam::111122223333:user/deployer",
        "ephemeralStorage": {"sizeInGiB": 40},
        "enableFaultInjection": False,
    } | changes


def answers(*operations: str) -> dict[str, bytes]:
    """The answers of ECS to these calls about that definition, in its wire format."""
    text = {"taskDefinition": raw_definition(registeredAt=0)}
    return {operation: json.dumps(text).encode() for operation in operations}


@cache
def real_rest() -> str:
    """The hash of that definition, as the adapter makes it."""
    client: Any = session().client("ecs")
    with Stubber(client) as stubber:
        stubber.add_response("describe_task_definition", {"taskDefinition": raw_definition()})
        found = DefinitionReader(client).size(TASK_DEFINITION)
    assert isinstance(found, TaskSize)
    return found.rest
