"""Output that other programs read: whole lines, and no error when they stop reading."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.sample_events import EVENTS

COMMAND = str(Path(sys.executable).with_name("firebreak"))
MEMORY = str(EVENTS / "ecs_memory_alarm.json")


def without_columns() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "COLUMNS"}


def test_output_into_a_pipe_is_not_folded_and_has_no_trailing_spaces() -> None:
    done = subprocess.run(
        [COMMAND, "explain", MEMORY, "--offline"],
        env=without_columns(),
        capture_output=True,
        text=True,
        check=True,
    )

    lines = done.stdout.splitlines()
    assert max(map(len, lines)) > 100
    assert [line for line in lines if line != line.rstrip()] == []
    assert any(
        "run it without --offline to look at: switch" in line and "readiness" in line for line in lines
    )


@pytest.mark.parametrize("how", [[], ["--json"]], ids=["people", "json"])
def test_a_reader_that_goes_away_is_no_bad_policy(how: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [COMMAND, "explain", MEMORY, "--offline", *how],
            stdout=writing,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    finally:
        os.close(writing)

    assert (done.returncode, done.stderr) == (141, "")
