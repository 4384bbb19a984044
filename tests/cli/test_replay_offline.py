"""`firebreak replay --file` makes the decisions of an export again, without AWS."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from tests.cli.replays import MINUTE, acted, answer, file_of
from tests.cli.running import Calls, error_lines, run_in
from tests.support import builders as a
from tests.support.world import World


def exported(world: World, folder: Path) -> Path:
    path = folder / "decisions.jsonl"
    path.write_bytes(run_in(world, "export", "decisions", "--json").stdout_bytes)
    return path


def offline(world: World, wanted: str, path: Path, *more: str) -> Result:
    return run_in(world, "replay", wanted, "--file", str(path), *more)


def test_an_export_is_replayed_without_aws(world: World, tmp_path: Path) -> None:
    incident, calls = acted(world), Calls()
    world.pass_time(5 * MINUTE)
    path, policy = exported(world, tmp_path), file_of(tmp_path, a.AUTO_POLICY)

    result = run_in(world, "replay", incident, "--file", str(path), "--policy", policy, "--json", calls=calls)

    assert (result.exit_code, calls.made) == (0, [])
    assert json.loads(result.stdout)["decisions"] == answer(world, incident)["decisions"]


def without_inputs(line: str) -> str:
    row = json.loads(line)
    return json.dumps({name: row[name] for name in row if name not in ("inputs", "build")})


FILES: dict[str, tuple[Callable[[str], str], int, str]] = {
    "of a release before": (without_inputs, 6, "1 of 1 decisions could not be replayed"),
    "no JSON": (lambda line: f"snow {line}", 2, "line 1: no row"),
    "a list": (lambda line: f"[{line.strip()}]", 2, "line 1: no row"),
    "another version": (lambda line: line.replace('"version": 1', '"version": 2'), 2, "line 1: no row"),
    "without a time": (lambda line: line.replace('"at": "', '"at": "x'), 2, "line 1: no row"),
    "of others": (lambda line: line.replace("i-", "j-"), 2, "no such decision or incident"),
}


@pytest.mark.parametrize(("change", "code", "said"), FILES.values(), ids=FILES)
def test_a_file_that_is_none_or_lacks_something_is_one_line(
    world: World, tmp_path: Path, change: Callable[[str], str], code: int, said: str
) -> None:
    incident = acted(world)
    path = exported(world, tmp_path)
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")

    result = offline(world, incident, path, "--policy", file_of(tmp_path, a.AUTO_POLICY))

    assert (result.exit_code, len(error_lines(result))) == (code, 1)
    assert said in result.stderr


def test_a_file_needs_a_policy_and_must_be_there(world: World, tmp_path: Path) -> None:
    policy = file_of(tmp_path, a.AUTO_POLICY)
    for result in (
        offline(world, "i-1", tmp_path / "none.jsonl"),
        offline(world, "i-1", tmp_path / "none.jsonl", "--policy", policy),
        offline(world, "i-1", tmp_path, "--policy", policy),
    ):
        assert (result.exit_code, result.stdout, len(error_lines(result))) == (2, "", 1)
