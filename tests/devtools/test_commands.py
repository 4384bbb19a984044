"""`firebreak local` where no local AWS is up."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import Result

from tests.cli.running import cli_environment, error_lines, run
from tests.contracts.template import functions


def local(home: Path, *arguments: str) -> Result:
    environment = cli_environment()
    chosen = dict(environment.environ) | {"FIREBREAK_LOCAL_HOME": str(home)}
    return run("local", *arguments, environment=replace(environment, environ=chosen))


def test_down_says_that_none_was_up(tmp_path: Path) -> None:
    result = local(tmp_path, "down")

    assert (result.exit_code, result.stdout) == (0, "no local AWS was up\n")


def test_quiet_down_says_nothing(tmp_path: Path) -> None:
    result = local(tmp_path, "down", "--quiet")

    assert (result.exit_code, result.output) == (0, "")


def test_the_environment_of_none_is_an_error_that_says_what_to_run(tmp_path: Path) -> None:
    result = local(tmp_path, "environment")

    assert result.exit_code == 3
    assert error_lines(result) == [f"firebreak: no local AWS is up in {tmp_path}: run `make local`"]


def test_every_function_of_the_template_can_be_invoked(tmp_path: Path) -> None:
    result = local(tmp_path, "invoke", "DropTables", "events/ecs_memory_alarm.json")
    named = re.findall(r"[A-Z][A-Za-z]+", result.stderr.partition("there are")[2])
    assert sorted(named) == sorted(functions())


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("up", "--bind", "192.0.2.7"), id="another machine's address"),
        pytest.param(("invoke", "DropTables", "events/ecs_memory_alarm.json"), id="unknown function"),
        pytest.param(("invoke", "Page", "events/nowhere.json"), id="no such event"),
    ],
)
def test_a_wrong_argument_is_named_before_anything_starts(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    result = local(tmp_path, *arguments)

    assert result.exit_code == 2
    assert list(tmp_path.iterdir()) == []
