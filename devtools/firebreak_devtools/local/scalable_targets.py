"""A stand-in for Application Auto Scaling, which the emulator does not have.

It keeps the scalable targets of ECS services in memory and does what AWS documents of the two
calls Firebreak makes: registering moves the service's desired count into the new range. It runs
inside the emulator's process (launcher.py); `ecs` makes a client of that same emulator.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]

TARGET_PREFIX = "AnyScaleFrontendService."


class ScalableTargets:
    """Wraps the emulator: answers Application Auto Scaling, passes everything else on."""

    def __init__(self, emulator: Asgi, ecs: Callable[[], Any]) -> None:
        self._emulator = emulator
        self._ecs = ecs
        self._targets: dict[str, dict[str, Any]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        headers = {name.decode().lower(): value.decode() for name, value in scope.get("headers", [])}
        operation = headers.get("x-amz-target", "")
        if scope["type"] != "http" or not operation.startswith(TARGET_PREFIX):
            await self._emulator(scope, receive, send)
            return
        request = json.loads(await _body(receive) or b"{}")
        status, answer = await self._answer(operation.removeprefix(TARGET_PREFIX), request)
        content = [(b"content-type", b"application/x-amz-json-1.1")]
        await send({"type": "http.response.start", "status": status, "headers": content})
        await send({"type": "http.response.body", "body": json.dumps(answer).encode()})

    async def _answer(self, operation: str, request: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if operation == "DescribeScalableTargets":
            wanted = request.get("ResourceIds") or list(self._targets)
            return 200, {"ScalableTargets": [self._targets[name] for name in wanted if name in self._targets]}
        if operation == "RegisterScalableTarget":
            return await self._register(request)
        return 400, {"__type": "ValidationException", "message": f"{operation} is not played here"}

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


async def _body(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += bytes(message.get("body", b""))
        if not message.get("more_body"):
            return body
