"""The carrier of alarms to the rules on local AWS: it prints each delivery, and ends with its local AWS."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from firebreak_cli.queries.state_change import Transition
from firebreak_devtools.local import carry
from firebreak_devtools.local.emulator import Running
from firebreak_devtools.local.paths import Home
from firebreak_devtools.local.transitions import Carried

AT = datetime(2026, 11, 20, 10, 0, 3, tzinfo=UTC)
RED = Transition("api\x1b[31m-memory", AT, "OK", "ALARM", "hot")


@dataclass
class Polls:
    """A carrier whose polls are given in advance."""

    answers: Iterator[list[Carried] | Exception]

    def poll(self) -> list[Carried]:
        answer = next(self.answers)
        if isinstance(answer, Exception):
            raise answer
        return answer


@dataclass
class Played:
    """The printed lines, and the number of waits."""

    said: list[str] = field(default_factory=list)
    waits: int = 0

    def wait(self, seconds: float) -> None:
        self.waits += 1

    def carry(self, *answers: list[Carried] | Exception) -> None:
        polls: Any = Polls(iter(answers))
        carry.carry(polls, self.said.append, self.wait)


GONE = EndpointConnectionError(endpoint_url="http://127.0.0.1:1")


def test_each_transition_is_one_harmless_line_with_its_rules() -> None:
    played = Played()
    played.carry(
        [Carried(RED, {}, ("firebreak-RestartServiceByTag",)), Carried(RED, {}, ())],
        *[GONE] * carry.GIVES_UP_AFTER,
    )
    assert "\x1b" not in "".join(played.said)
    assert played.said[0].startswith("10:00:03Z api")
    assert played.said[0].endswith("OK -> ALARM (matched firebreak-RestartServiceByTag)")
    assert played.said[1].endswith("(matched no rule)")


def test_it_ends_when_local_aws_has_not_answered_for_a_while_and_not_before() -> None:
    played = Played()
    almost = [GONE] * (carry.GIVES_UP_AFTER - 1)
    played.carry(*almost, [], *[GONE] * carry.GIVES_UP_AFTER)
    assert played.waits == len(almost) + 1 + carry.GIVES_UP_AFTER


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    here = Home(tmp_path)
    yield here
    carry.stop(here)


def test_it_outlives_the_command_runs_once_and_is_ended_by_its_own_id(home: Home) -> None:
    nowhere = Running(pid=0, port=1, bind="127.0.0.1", mark="x")
    carry.start(home, nowhere)
    state = home.carrier_state.read_text()
    assert carry.is_running(home)
    carry.start(home, nowhere)
    assert home.carrier_state.read_text() == state, "a second one was started"
    carry.stop(home)
    deadline = time.monotonic() + 10
    while carry.is_running(home) and time.monotonic() < deadline:
        os.sched_yield()
    assert not carry.is_running(home)
    assert not home.carrier_state.exists()


@pytest.mark.parametrize("state", ["", "{}", '{"pid": 1, "mark": "not-in-its-command-line"}', "[1]"])
def test_a_process_that_is_not_the_carrier_is_left_alone(home: Home, state: str) -> None:
    home.carrier_state.write_text(state)
    assert not carry.is_running(home)


def test_the_module_starts_by_its_name(home: Home) -> None:
    """As `start` calls it; without arguments it fails at once instead of running for ever."""
    done = subprocess.run(
        [sys.executable, "-m", carry.__name__], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 1
    assert "IndexError" in done.stderr
