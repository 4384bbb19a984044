"""A stand-in for Application Auto Scaling, which the emulator does not have.

It keeps the scalable targets of ECS services in memory and does what AWS documents of the two
calls Firebreak makes: registering moves the service's desired count into the new range. It runs
inside the emulator's process (launcher.py), so it uses the standard library only.
"""

import asyncio
import json
import urllib.request
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]

TARGET_PREFIX = "AnyScaleFrontendService."


class ScalableTargets:
    """Wraps the emulator: answers Application Auto Scaling, passes everything else on."""

    def __init__(self, emulator: Asgi, endpoint: str) -> None:
        self._emulator = emulator
        self._endpoint = endpoint
        self._targets: dict[str, dict[str, Any]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        headers = {name.decode().lower(): value.decode() for name, value in scope.get("headers", [])}
        operation = headers.get("x-amz-target", "")
        if scope["type"] != "http" or not operation.startswith(TARGET_PREFIX):
            await self._emulator(scope, receive, send)
            return
        request = json.loads(await _body(receive) or b"{}")
        status, answer = await self._answer(operation.removeprefix(TARGET_PREFIX), request, headers)
        content = [(b"content-type", b"application/x-amz-json-1.1")]
        await send({"type": "http.response.start", "status": status, "headers": content})
        await send({"type": "http.response.body", "body": json.dumps(answer).encode()})

    async def _answer(
        self, operation: str, request: dict[str, Any], headers: dict[str, str]
    ) -> tuple[int, dict[str, Any]]:
        if operation == "DescribeScalableTargets":
            wanted = request.get("ResourceIds") or list(self._targets)
            return 200, {"ScalableTargets": [self._targets[name] for name in wanted if name in self._targets]}
        if operation == "RegisterScalableTarget":
            return await self._register(request, headers)
        return 400, {"__type": "ValidationException", "message": f"{operation} is not played here"}

    async def _register(self, request: dict[str, Any], headers: dict[str, str]) -> tuple[int, dict[str, Any]]:
        name = request["ResourceId"]
        known = self._targets.get(name, {})
        if not known and not {"MinCapacity", "MaxCapacity"} <= set(request):
            return 400, {"__type": "ValidationException", "message": "a new target needs both capacities"}
        target = {"CreationTime": 0, "RoleARN": "local"} | known | request
        if target["MinCapacity"] > target["MaxCapacity"]:
            return 400, {"__type": "ValidationException", "message": "MinCapacity is above MaxCapacity"}
        self._targets[name] = target
        await asyncio.to_thread(self._move_into_range, target, headers.get("authorization", ""))
        return 200, {}

    def _move_into_range(self, target: dict[str, Any], authorization: str) -> None:
        _, cluster, service = target["ResourceId"].split("/")
        place = {"cluster": cluster, "services": [service]}
        found = self._ecs("DescribeServices", place, authorization)["services"]
        if not found:
            return
        desired = found[0]["desiredCount"]
        inside = min(max(desired, target["MinCapacity"]), target["MaxCapacity"])
        if inside != desired:
            change = {"cluster": cluster, "service": service, "desiredCount": inside}
            self._ecs("UpdateService", change, authorization)

    def _ecs(self, operation: str, request: dict[str, Any], authorization: str) -> dict[str, Any]:
        # The scope in the caller's signature tells the emulator account and region.
        sent = urllib.request.Request(  # noqa: S310  # the emulator's own loopback address
            self._endpoint,
            data=json.dumps(request).encode(),
            headers={
                "x-amz-target": f"AmazonEC2ContainerServiceV20141113.{operation}",
                "content-type": "application/x-amz-json-1.1",
                "authorization": authorization.replace("/application-autoscaling/", "/ecs/"),
            },
        )
        with urllib.request.urlopen(sent, timeout=10) as reply:  # noqa: S310  # as above
            answer: dict[str, Any] = json.loads(reply.read())
        return answer


async def _body(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body
