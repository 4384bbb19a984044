"""`--region`, `--profile`, `--account`, `-h` and `--version`: what every command takes."""

import re
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.core import TyperCommand, TyperGroup

from firebreak_cli.environment import real
from firebreak_cli.main import app
from tests.cli.running import run
from tests.docs.test_commands import commands

FIREBREAK: Any = typer.main.get_command(app)


def command(path: tuple[str, ...]) -> TyperCommand:
    found: Any = FIREBREAK
    for name in path:
        assert isinstance(found, TyperGroup)
        found = found.commands[name]
    assert isinstance(found, TyperCommand)
    return found


@pytest.mark.parametrize("path", [*commands(FIREBREAK)], ids=" ".join)
def test_every_command_that_asks_aws_takes_region_profile_and_account(path: tuple[str, ...]) -> None:
    options = {option for parameter in command(path).params for option in parameter.opts}
    assert bool(options & {"--stack", "--save"}) == ({"--region", "--profile", "--account"} <= options)


@pytest.mark.parametrize("path", [*commands(FIREBREAK)], ids=" ".join)
def test_every_command_explains_itself_with_a_short_option(path: tuple[str, ...]) -> None:
    result = run(*path, "-h")
    assert (result.exit_code, "Usage:" in result.stdout) == (0, True)


@pytest.mark.parametrize("path", [*commands(FIREBREAK)], ids=" ".join)
def test_every_command_on_a_stack_takes_json(path: tuple[str, ...]) -> None:
    options = {option for parameter in command(path).params for option in parameter.opts}
    assert "--stack" not in options or "--json" in options


@pytest.mark.parametrize("group", [[], ["policy"], ["drill"], ["local"]], ids=" ".join)
def test_every_group_explains_itself_with_a_short_option(group: list[str]) -> None:
    assert run(*group, "-h").stdout == run(*group, "--help").stdout


def test_the_command_prints_its_version() -> None:
    result = run("--version")
    assert re.fullmatch(r"firebreak \d+\.\d+\.\d+\n", result.stdout)


def test_a_session_is_opened_where_and_as_whom_the_options_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config"
    config.write_text("[profile ops]\nregion = eu-central-1\n", encoding="utf-8")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_REGION", "us-west-2")
    assert real().session().region_name == "us-west-2"
    assert real("ap-south-1").session().region_name == "ap-south-1"
    assert real("ap-south-1", "ops").session().profile_name == "ops"
    monkeypatch.delenv("AWS_REGION")
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    assert real(None, "ops").session().region_name == "eu-central-1"
