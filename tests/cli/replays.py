"""Replays for tests: acts that are recorded with their policy, and the command's answer."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from firebreak.ledger.dynamodb import DynamoLedger
from firebreak.ledger.policies import DynamoPolicies
from firebreak.ledger.retention import Retention
from firebreak.policy.policy import hash_of
from firebreak_cli.replay.replaying import own_build
from tests.cli.running import run_in
from tests.support import builders as a
from tests.support.world import TABLE, World

MINUTE = timedelta(minutes=1)


def with_policy(world: World, text: str = a.AUTO_POLICY) -> None:
    """Keeps the policy's text, as Verify does."""
    DynamoPolicies(world.dynamodb, TABLE).keep(hash_of(text), text, world.clock.now())


def acted(world: World, build: str | None = None) -> str:
    """An incident in which Firebreak acted."""
    build = own_build() if build is None else build
    world.ledger = DynamoLedger(world.dynamodb, TABLE, retention=Retention(build=build))
    with_policy(world)
    return world.send(world.red()).incident_id


def file_of(folder: Path, text: str) -> str:
    path = folder / "other.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def answer(world: World, *arguments: str, code: int = 0) -> dict[str, Any]:
    result = run_in(world, "replay", *arguments, "--json")
    assert result.exit_code == code, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def only(found: dict[str, Any]) -> dict[str, Any]:
    (one,) = found["decisions"]
    return dict(one)
