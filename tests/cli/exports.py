"""Exports for tests: the command's rows, and alarms to export."""

import csv
import io
import json
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import timedelta
from typing import Any

from botocore.stub import Stubber
from typer.testing import Result

from firebreak.core.model import Metric
from firebreak_cli.environment import Environment
from tests.cli.running import StackSession, cli_environment, deployed, run_in
from tests.support.world import TABLE, World

SECOND = timedelta(seconds=1)
METER = Metric("AWS/EC2", "CPUUtilization", {"InstanceId": "i-0123456789abcdef0"})


def exported(world: World, kind: str, *more: str) -> list[dict[str, Any]]:
    """The rows as JSON Lines."""
    result = run_in(world, "export", kind, "--json", *more)
    assert (result.exit_code, result.stderr) == (0, "")
    return [json.loads(line) for line in result.stdout.splitlines()]


def table(result: Result) -> list[list[str]]:
    """The cells of a CSV file, as RFC 4180 has them; the lines end as they were written."""
    return list(csv.reader(io.StringIO(result.stdout_bytes.decode(), newline=""), strict=True))


def refuse(world: World, *names: str) -> None:
    """An alarm without a target each, a second apart."""
    for name in names:
        world.clock.pass_time(SECOND)
        world.send(world.red(name, metrics=(METER,)))


def busy(
    world: World, left_out: Collection[str], program: Callable[[Stubber], object] = deployed
) -> Environment:
    """An environment in which DynamoDB processes every key but these, which may change meanwhile."""

    def leave_out(parsed: dict[str, Any], **_: object) -> None:
        found = parsed["Responses"][TABLE]
        left = [{name: item[name] for name in ("pk", "sk")} for item in found if item["pk"]["S"] in left_out]
        parsed["Responses"][TABLE] = [item for item in found if item["pk"]["S"] not in left_out]
        parsed["UnprocessedKeys"] = {TABLE: {"Keys": left}} if left else {}

    def session() -> StackSession:
        made = StackSession(program)
        made.events.register("after-call.dynamodb.BatchGetItem", leave_out)
        return made

    return replace(cli_environment(world.clock.now), session=session)


def items(world: World, begins: str) -> list[dict[str, Any]]:
    found = world.dynamodb.scan(TableName=TABLE)["Items"]
    return [item for item in found if item["pk"]["S"].startswith(begins)]
