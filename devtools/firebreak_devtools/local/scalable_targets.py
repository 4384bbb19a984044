"""A stand-in for Application Auto Scaling, which the emulator does not have.

It keeps the scalable targets of ECS services in memory and does what AWS documents of the two
calls Firebreak makes: registering moves the service's desired count into the new range, once the trial
calls that AWS makes with the caller's rights were allowed. It runs inside the emulator's process
(launcher.py); `ecs` makes a client of that same emulator, and `allows` asks its IAM.
"""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]

TARGET_PREFIX = "AnyScaleFrontendService."


@dataclass(frozen=True, slots=True)
class Trial:
    """One question to IAM: an action, on an ECS service (`CLUSTER/NAME`) with its tags, or on nothing."""

    action: str
    service: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


# Whether the caller with this access key is allowed that.
type Allows = Callable[[str, Trial], bool]

# The calls by which Application Auto Scaling tries the caller's rights before it takes the registration of
# an ECS service, updates too; and whether they name the service. Those on alarms name no alarm.
# docs.aws.amazon.com/autoscaling/application/userguide/security_iam_permission_validation.html
TRIALS = (
    ("ecs:DescribeServices", True),
    ("ecs:UpdateService", True),
    ("cloudwatch:DescribeAlarms", False),
    ("cloudwatch:PutMetricAlarm", False),
    ("cloudwatch:DeleteAlarms", False),
)


class ScalableTargets:
    """Wraps the emulator: answers Application Auto Scaling, passes everything else on."""

    def __init__(self, emulator: Asgi, ecs: Callable[[], Any], allows: Allows) -> None:
        self._emulator = emulator
        self._ecs = ecs
        self._allows = allows
        self._targets: dict[str, dict[str, Any]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        headers = {name.decode().lower(): value.decode() for name, value in scope.get("headers", [])}
        operation = headers.get("x-amz-target", "")
        if scope["type"] != "http" or not operation.startswith(TARGET_PREFIX):
            await self._emulator(scope, receive, send)
            return
        request = json.loads(await _body(receive) or b"{}")
        caller = _access_key(headers.get("authorization", ""))
        status, answer = await self._answer(operation.removeprefix(TARGET_PREFIX), caller, request)
        content = [(b"content-type", b"application/x-amz-json-1.1")]
        await send({"type": "http.response.start", "status": status, "headers": content})
        await send({"type": "http.response.body", "body": json.dumps(answer).encode()})

    async def _answer(
        self, operation: str, caller: str, request: dict[str, Any]
    ) -> tuple[int, dict[str, Any]]:
        if operation == "DescribeScalableTargets":
            wanted = request.get("ResourceIds") or list(self._targets)
            return 200, {"ScalableTargets": [self._targets[name] for name in wanted if name in self._targets]}
        if operation == "RegisterScalableTarget":
            return await self._refused(caller, request["ResourceId"]) or await self._register(request)
        return 400, {"__type": "ValidationException", "message": f"{operation} is not played here"}

    async def _refused(self, caller: str, resource: str) -> tuple[int, dict[str, Any]] | None:
        """The answer that lists the rights which the caller lacks; None where all are there."""
        _, cluster, name = resource.split("/")
        tags = await asyncio.to_thread(self._tags, cluster, name)
        tried = [
            Trial(action, f"{cluster}/{name}", tags) if on_service else Trial(action)
            for action, on_service in TRIALS
        ]
        missing = [trial.action for trial in tried if not self._allows(caller, trial)]
        message = f"User is missing the following permissions: [{', '.join(missing)}]"
        return (400, {"__type": "ValidationException", "message": message}) if missing else None

    def _tags(self, cluster: str, name: str) -> dict[str, str]:
        found = self._ecs().describe_services(cluster=cluster, services=[name], include=["TAGS"])["services"]
        return {tag["key"]: tag["value"] for service in found for tag in service.get("tags", ())}

    async def _register(self, request: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        name = request["ResourceId"]
        known = self._targets.get(name, {})
        if not known and not {"MinCapacity", "MaxCapacity"} <= set(request):
            return 400, {"__type": "ValidationException", "message": "a new target needs both capacities"}
        target: dict[str, Any] = {"CreationTime": 0, "RoleARN": "local"} | known | request
        if target["MinCapacity"] > target["MaxCapacity"]:
            return 400, {"__type": "ValidationException", "message": "MinCapacity is above MaxCapacity"}
        self._targets[name] = target
        await asyncio.to_thread(self._move_into_range, target)
        return 200, {}

    def _move_into_range(self, target: dict[str, Any]) -> None:
        _, cluster, service = target["ResourceId"].split("/")
        ecs = self._ecs()
        found = ecs.describe_services(cluster=cluster, services=[service])["services"]
        if not found:
            return
        desired = found[0]["desiredCount"]
        inside = min(max(desired, target["MinCapacity"]), target["MaxCapacity"])
        if inside != desired:
            ecs.update_service(cluster=cluster, service=service, desiredCount=inside)


def _access_key(authorization: str) -> str:
    """The access key that a request is signed with; empty where it is not signed."""
    found = re.search(r"Credential=([^/]+)/", authorization)
    return found[1] if found else ""


async def _body(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += bytes(message.get("body", b""))
        if not message.get("more_body"):
            return body
