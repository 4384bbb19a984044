from pathlib import Path
from typing import NoReturn

import pytest

from firebreak import errors
from firebreak_cli import exit_codes
from firebreak_cli.environment import Environment
from firebreak_cli.exit_codes import (
    BAD_INPUT,
    BAD_POLICY,
    EXIT_CODES,
    INTERRUPTED,
    NO_AWS,
    UNEXPECTED,
    ending_of,
)
from tests.cli.running import run
from tests.support import builders as a

AWS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.AwsError)]


@pytest.mark.parametrize("kind", AWS, ids=lambda kind: kind.__name__)
def test_every_aws_error_is_one_line_with_the_call_and_aws_s_own_code(kind: type[errors.AwsError]) -> None:
    ending = ending_of(kind("DescribeStacks", "SomeCode"))

    assert (ending.code, len(ending.lines)) == (NO_AWS, 1)
    assert "DescribeStacks (SomeCode)" in ending.lines[0]


def test_a_policy_s_mistakes_are_a_line_each() -> None:
    ending = ending_of(errors.PolicyError("own.toml", ["a: wrong", "b: wrong"]))

    assert (ending.code, ending.lines) == (BAD_POLICY, ("own.toml: a: wrong", "own.toml: b: wrong"))


def test_any_other_error_is_about_the_input() -> None:
    assert ending_of(errors.UnusableEvent("a", "b")).code == BAD_INPUT


def interrupted() -> NoReturn:
    raise KeyboardInterrupt


def test_each_exit_code_of_the_command_is_in_the_table_that_help_and_documents_show() -> None:
    named = {value for name, value in vars(exit_codes).items() if name.isupper() and isinstance(value, int)}
    assert named == EXIT_CODES.keys()
    help_text = " ".join(run("--help").stdout.split())
    assert all(f"{code} " in help_text for code in EXIT_CODES)


EVENT = "events/ecs_memory_alarm.json"


@pytest.mark.parametrize(
    ("code", "command"),
    [
        (0, ["explain", EVENT, "--offline", "--at", "now"]),
        (BAD_POLICY, ["policy", "check", EVENT]),
        (BAD_INPUT, ["explain", "events/no-such-file.json", "--offline"]),
        (BAD_INPUT, ["no-such-command"]),
        (BAD_INPUT, ["pause", "--reason", "x", "--scope", "action", "no-such-action"]),
        (NO_AWS, ["incidents"]),
        (UNEXPECTED, ["explain", EVENT, "--offline", "--expect", "act"]),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, list) else str(given),
)
def test_a_command_ends_with_the_code_of_the_table(
    code: int, command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(Path(__file__).parents[2])
    nowhere = Environment({}, lambda: a.NOW, no_region)
    result = run(*command, environment=nowhere)
    assert (result.exit_code, bool(result.stderr)) == (code, code != 0)


def no_region() -> NoReturn:
    raise errors.Unavailable("a session", "EndpointConnectionError")


def test_an_interrupt_is_no_mistake_of_the_policy() -> None:
    assert run("incidents", environment=Environment({}, lambda: a.NOW, interrupted)).exit_code == INTERRUPTED
