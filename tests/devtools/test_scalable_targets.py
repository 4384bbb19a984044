"""The stand-in for Application Auto Scaling: what it registers, and what it refuses to whom."""

import asyncio
import json
from collections.abc import MutableMapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from firebreak_devtools.local import permissions
from firebreak_devtools.local.scalable_targets import TRIALS, ScalableTargets, Trial

SERVICE = "service/prod/api"
NEW = {"ResourceId": SERVICE, "MinCapacity": 2, "MaxCapacity": 5}
CALLER = "ASIAFUNCTION"


@dataclass
class Ecs:
    """One service, as the stand-in asks for it."""

    desired: int = 1

    def describe_services(self, **_: Any) -> dict[str, Any]:
        return {"services": [{"desiredCount": self.desired, "tags": [{"key": "team", "value": "shop"}]}]}

    def update_service(self, *, desiredCount: int, **_: Any) -> None:  # noqa: N803  # boto3's name
        self.desired = desiredCount


@dataclass
class Account:
    """The stand-in with a caller who lacks these rights; `asked` is what was tried, and for whom."""

    lacks: frozenset[str] = frozenset()
    ecs: Ecs = field(default_factory=Ecs)
    asked: list[tuple[str, Trial]] = field(default_factory=list)

    def __post_init__(self) -> None:
        async def emulator(*_: Any) -> None:
            raise AssertionError

        self._targets = ScalableTargets(emulator, lambda: self.ecs, self._allows)

    def _allows(self, caller: str, trial: Trial) -> bool:
        self.asked.append((caller, trial))
        return trial.action not in self.lacks

    def call(self, operation: str, request: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """One call, signed by the function's key."""
        sent: list[MutableMapping[str, Any]] = []

        async def receive() -> MutableMapping[str, Any]:
            return {"body": json.dumps(request).encode()}

        async def send(message: MutableMapping[str, Any]) -> None:
            sent.append(message)

        signature = f"AWS4-HMAC-SHA256 Credential={CALLER}/20261201/eu-west-1/x/aws4_request, Signature=0"
        headers = {"X-Amz-Target": f"AnyScaleFrontendService.{operation}", "Authorization": signature}
        scope = {"type": "http", "headers": [(k.encode(), v.encode()) for k, v in headers.items()]}
        # In a thread of its own: a test in a browser may have left an event loop running in this one.
        with ThreadPoolExecutor(1) as thread:
            thread.submit(asyncio.run, self._targets(scope, receive, send)).result()
        return sent[0]["status"], json.loads(sent[1]["body"])

    @property
    def registered(self) -> list[Any]:
        found: list[Any] = self.call("DescribeScalableTargets", {})[1]["ScalableTargets"]
        return found


def test_a_registration_moves_the_count_into_the_range() -> None:
    account = Account()
    assert account.call("RegisterScalableTarget", NEW) == (200, {})
    assert [one["MinCapacity"] for one in account.registered] == [2]
    assert account.ecs.desired == 2


def test_every_registration_tries_the_rights_of_its_caller_an_update_as_well() -> None:
    account = Account()
    account.call("RegisterScalableTarget", NEW)
    account.asked.clear()
    account.call("RegisterScalableTarget", {"ResourceId": SERVICE, "MinCapacity": 3})
    assert account.asked == [
        (CALLER, Trial("ecs:DescribeServices", "prod/api", {"team": "shop"})),
        (CALLER, Trial("ecs:UpdateService", "prod/api", {"team": "shop"})),
        (CALLER, Trial("cloudwatch:DescribeAlarms")),
        (CALLER, Trial("cloudwatch:PutMetricAlarm")),
        (CALLER, Trial("cloudwatch:DeleteAlarms")),
    ]


@pytest.mark.parametrize("lacking", [action for action, _ in TRIALS])
def test_a_caller_that_lacks_a_right_registers_nothing_and_learns_which(lacking: str) -> None:
    account = Account(lacks=frozenset({lacking}))
    status, answer = account.call("RegisterScalableTarget", NEW)
    assert (status, answer["__type"]) == (400, "ValidationException")
    assert answer["message"].endswith(f"[{lacking}]")
    assert (account.registered, account.ecs.desired) == ([], 1)


def test_looking_needs_none_of_these_rights() -> None:
    assert Account(lacks=frozenset(action for action, _ in TRIALS)).registered == []


def test_the_statements_that_do_not_count_are_those_of_the_widened_policy() -> None:
    """The emulator's process cannot import the module that writes them."""
    source = Path(permissions.__file__).with_name("caller_rights.py").read_text(encoding="utf-8")
    assert f'WIDENED = "{permissions.POLICY}"\n' in source
    (statement,) = json.loads(permissions._document(["ecs:UpdateService"]))["Statement"]
    assert statement["Sid"] == permissions.POLICY
