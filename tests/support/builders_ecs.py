"""ECS things for tests: values, the API's raw shapes, a fake service, and a server on loopback."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType, TracebackType
from typing import Any, Self

import boto3

from firebreak.core.action_spec import ScaleSettings
from firebreak.core.limits.disruption_budget import GroupCount
from firebreak.core.model import Obstacle, Plan, Target
from firebreak.core.readings import ABSENT, NotRead, Reading
from firebreak.core.rules import Rules
from firebreak.services.action import AnyAction
from firebreak.services.ecs.model import (
    Deployment,
    EcsObservation,
    ScalableTarget,
    ServiceLive,
    TaskDefinitionLive,
)
from tests.support import builders as a

ACCOUNT = "111122223333"
REGION = "eu-west-1"
ARN = f"arn:aws:ecs:{REGION}:{ACCOUNT}"
TASK_DEFINITION = f"{ARN}:task-definition/api:7"
OTHER_TASK_DEFINITION = f"{ARN}:task-definition/api:8"
DIGEST = f"sha256:{'0' * 64}"
TARGET = Target(ACCOUNT, REGION, "ecs", "prod", "api")
REQUEST = a.request(target=TARGET)


def deployment(id: str = "ecs-svc/1", **changes: Any) -> Deployment:  # noqa: A002 - the field's name
    """A deployment that has come to rest."""
    one = Deployment(
        id=id,
        status="PRIMARY",
        rollout="COMPLETED",
        task_definition=TASK_DEFINITION,
        desired=4,
        running=4,
        failed=0,
    )
    return replace(one, **changes)


def service(**changes: Any) -> ServiceLive:
    """A rolling service with four tasks at rest."""
    one = ServiceLive(
        arn=f"{ARN}:service/prod/api",
        cluster="prod",
        name="api",
        status="ACTIVE",
        desired=4,
        running=4,
        pending=0,
        task_definition=TASK_DEFINITION,
        controller="ECS",
        strategy="ROLLING",
        bake_minutes=0,
        managed_by="CUSTOMER",
        scheduling="REPLICA",
        deployments=(deployment(),),
        tags={"firebreak:enabled": "true"},
    )
    return replace(one, **changes)


def definition(*images: str, cpu: int = 512, memory: int = 1024) -> TaskDefinitionLive:
    """A task definition of half a vCPU and one GiB, pinned unless images are given."""
    pinned = (f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/api@{DIGEST}",)
    return TaskDefinitionLive(arn=TASK_DEFINITION, images=images or pinned, cpu=cpu, memory=memory)


def owner(minimum: int = 2, maximum: int = 10, *, suspended: bool = False) -> ScalableTarget:
    """A scalable target."""
    return ScalableTarget(minimum=minimum, maximum=maximum, scale_out_suspended=suspended)


def seen(
    service: Reading[ServiceLive],
    definition: Reading[TaskDefinitionLive] | None = None,
    scaling: Reading[ScalableTarget] = ABSENT,
) -> EcsObservation:
    """An observation; by default nobody scales the service."""
    return EcsObservation(
        service=service,
        task_definition=definition or NotRead("not needed here"),
        scalable_target=scaling,
    )


def rules(*, step: int = 2, ceiling: int = 10) -> Rules:
    """The policy for one request, with the settings that scaling reads."""
    usual = a.auto_policy().rules("scale-service", TARGET)
    return replace(usual, settings=ScaleSettings(step=step, ceiling=ceiling))


def planned(action: AnyAction, observation: EcsObservation, **settings: int) -> Plan:
    """The plan of an action that has no objection."""
    plan = action.plan(REQUEST, observation, rules(**settings))
    assert isinstance(plan, Plan), plan
    return plan


def refused(action: AnyAction, observation: EcsObservation, **settings: int) -> Obstacle:
    """The obstacle an action finds."""
    obstacle = action.plan(REQUEST, observation, rules(**settings))
    assert isinstance(obstacle, Obstacle), obstacle
    return obstacle


@dataclass
class FakeEcs:
    """Returns the given readings, answers every write with `after`, and notes the calls."""

    service_now: Reading[ServiceLive] = ABSENT
    definition_now: Reading[TaskDefinitionLive] = ABSENT
    scaling_now: Reading[ScalableTarget] = ABSENT
    after: ServiceLive = field(default_factory=service)
    calls: list[tuple[str | int, ...]] = field(default_factory=list)

    def service(self, target: Target) -> Reading[ServiceLive]:
        self.calls.append(("service", target.display))
        return self.service_now

    def task_definition(self, arn: str) -> Reading[TaskDefinitionLive]:
        self.calls.append(("task_definition", arn))
        return self.definition_now

    def scalable_target(self, target: Target) -> Reading[ScalableTarget]:
        self.calls.append(("scalable_target", target.display))
        return self.scaling_now

    def group(self, target: Target, now: datetime, *, health: bool) -> Reading[GroupCount]:
        self.calls.append(("group", target.display))
        return GroupCount(total=5, counted_at=now)

    def force_deployment(self, cluster: str, service: str, task_definition: str) -> ServiceLive:
        self.calls.append(("force_deployment", cluster, service, task_definition))
        return self.after

    def use_task_definition(self, cluster: str, service: str, task_definition: str) -> ServiceLive:
        self.calls.append(("use_task_definition", cluster, service, task_definition))
        return self.after

    def set_desired_count(self, cluster: str, service: str, count: int) -> ServiceLive:
        self.calls.append(("set_desired_count", cluster, service, count))
        return self.after

    def set_min_capacity(self, cluster: str, service: str, minimum: int) -> None:
        self.calls.append(("set_min_capacity", cluster, service, minimum))


def raw_deployment(id: str = "ecs-svc/1", **changes: Any) -> dict[str, Any]:  # noqa: A002 - the field's name
    """A deployment in the format of the API."""
    return {
        "id": id,
        "status": "PRIMARY",
        "rolloutState": "COMPLETED",
        "taskDefinition": TASK_DEFINITION,
        "desiredCount": 4,
        "runningCount": 4,
        "pendingCount": 0,
        "failedTasks": 0,
    } | changes


def raw_service(**changes: Any) -> dict[str, Any]:
    """A service in the format of the API; the same one as `service()`."""
    return {
        "serviceArn": f"{ARN}:service/prod/api",
        "clusterArn": f"{ARN}:cluster/prod",
        "serviceName": "api",
        "status": "ACTIVE",
        "desiredCount": 4,
        "runningCount": 4,
        "pendingCount": 0,
        "taskDefinition": TASK_DEFINITION,
        "deploymentController": {"type": "ECS"},
        "deploymentConfiguration": {"strategy": "ROLLING"},
        "resourceManagementType": "CUSTOMER",
        "schedulingStrategy": "REPLICA",
        "deployments": [raw_deployment()],
        "tags": [{"key": "firebreak:enabled", "value": "true"}],
    } | changes


def without(raw: Mapping[str, Any], keys: Sequence[str]) -> dict[str, Any]:
    """The raw shape of an older service: without these keys."""
    return {key: value for key, value in raw.items() if key not in keys}


def session() -> boto3.Session:
    """A session with invented credentials."""
    return boto3.Session(aws_access_key_id="testing", aws_secret_access_key="testing", region_name=REGION)


class Loopback:
    """A real HTTP server on loopback that counts requests and answers in one way.

    `answer` is "hang" (reads the request and never replies), "drop" (closes the connection
    instead of replying), or a status and body to reply with. An operation that `first` names is
    answered with that body and not counted. `agents` are the user agents of all requests. Leaving the
    block waits until every request was counted.
    """

    def __init__(
        self, answer: str | tuple[int, bytes], first: Mapping[str, bytes] = MappingProxyType({})
    ) -> None:
        self.requests = 0
        self.agents: list[str] = []
        self._first = first
        self._released = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler(answer))
        self._server.daemon_threads = False  # so that closing the server joins its threads
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def _handler(self, answer: str | tuple[int, bytes]) -> type[BaseHTTPRequestHandler]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.close_connection = True
                outer.agents.append(self.headers.get("User-Agent", ""))
                operation = self.headers.get("X-Amz-Target", "").rsplit(".", 1)[-1]
                if operation in outer._first:
                    self._reply(200, outer._first[operation])
                    return
                outer.requests += 1
                if answer == "hang":
                    outer._released.wait()
                elif isinstance(answer, tuple):
                    self._reply(*answer)

            def _reply(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_PUT = do_POST  # noqa: N815 - the parent's name

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the parent's name
                pass

        return Handler

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._released.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
