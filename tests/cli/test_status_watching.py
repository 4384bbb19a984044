"""`firebreak status --watch` looks again and again; no test waits."""

import io
import json
from dataclasses import replace
from datetime import timedelta

import pytest
from rich.console import Console
from typer.testing import Result

from firebreak_cli.incidents.looks import Looks
from firebreak_cli.stack import find
from firebreak_cli.status import watching
from firebreak_cli.status.looking import look
from tests.cli.running import cli_environment, error_lines, run
from tests.cli.test_status_command import queue, stack_with, status
from tests.support import builders as a
from tests.support.world import World


def watched(world: World, *more: str, looks: int = 2) -> Result:
    left = [None] * (looks - 1)

    def sleep(seconds: float) -> None:
        world.clock.pass_time(timedelta(seconds=seconds))
        if not left:
            raise KeyboardInterrupt
        left.pop()

    program = stack_with({"DeadLettersUrl": queue(), "Version": "0.1.0"})
    environment = replace(cli_environment(world.clock.now, program=program), sleep=sleep)
    return run("status", "--watch", *more, environment=environment)


def test_in_a_pipe_each_look_follows_the_one_before_and_ctrl_c_ends_it(world: World) -> None:
    result = watched(world)

    assert result.exit_code == 130
    assert "\x1b" not in result.stdout
    headings = [line for line in result.stdout.splitlines() if line.startswith("Stack firebreak")]
    assert [line[-9:] for line in headings] == ["10:00:30Z", "10:00:40Z"]


def test_as_json_each_look_is_one_line(world: World) -> None:
    first, second = map(json.loads, watched(world, "--json", "--every", "30").stdout.splitlines())

    assert (first["version"], first["at"], second["at"]) == (
        1,
        a.NOW.isoformat(),
        (a.NOW + timedelta(seconds=30)).isoformat(),
    )


def test_an_interval_without_a_watch_is_refused(world: World) -> None:
    result = status(world, "--every", "5")
    assert (result.exit_code, error_lines(result)) == (2, ["firebreak: --every goes with --watch"])


def test_on_a_terminal_each_look_takes_the_place_of_the_one_before(world: World) -> None:
    left = [None]

    def sleep(_: float) -> None:
        if not left:
            raise KeyboardInterrupt
        left.pop()

    here = find(cli_environment(), "firebreak")
    looks = Looks(look=lambda now: look(here, now), now=world.clock.now, sleep=sleep, seconds=10)
    out = io.StringIO()
    with pytest.raises(KeyboardInterrupt):
        watching.run(looks, Console(file=out, force_terminal=True, width=120, markup=False), as_json=False)

    first, second = out.getvalue().split("\x1b[2J")[1:]
    assert all("Stack firebreak" in shown for shown in (first, second))
    assert "Looks again every 10s; Ctrl-C ends" in second
