"""Every command that is printed is built by `StackAddress.command`: a bare one may reach another stack."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from firebreak_cli.main import app
from tests.contracts.template import template

ROOT = Path(__file__).parents[2]
SOURCES = sorted(path for folder in ("shared", "cli", "devtools") for path in (ROOT / folder).rglob("*.py"))
NAMES = sorted(
    {one.name or (one.callback.__name__ if one.callback else "") for one in app.registered_commands}
    | {str(one.name) for one in app.registered_groups}
)
COMMAND = re.compile(rf"firebreak (?:(?:{'|'.join(NAMES)})\b[^`)\n\"]*|\Z)")

# Texts that name a command and are none to copy, or reach no stack that has another address.
NAMED = {
    "main.py": {"firebreak "},  # its own version
    "requests.py": {"firebreak approve"},
    "policy.py": {"firebreak backtest"},  # the command that saves a history, in a help text
    "acknowledging.py": {"firebreak ack"},
    # The examples of their help.
    "act.py": {"firebreak act restart-service ecs:prod/api --reason "},
    "undo.py": {"firebreak undo i-0123456789 --reason "},
    "policy_pushing.py": {"firebreak policy push policy.toml --stack firebreak"},
    # Replaced by commands for the stack in question before they are shown.
    "advice.py": {"firebreak resume", "firebreak switches", "firebreak retry "},
    # Likewise; the document has them as they are (tests/cli/test_on_aws_command.py).
    "of_alarms.py": {
        "firebreak doctor",
        "firebreak doctor --only FB301",
        "firebreak doctor --page-test",
        "firebreak doctor --page-test topic",
    },
    "of_the_stack.py": {
        "firebreak doctor",
        "firebreak doctor --only FB112",
        "firebreak doctor --page-test",
        "firebreak pause",
    },
    "asking.py": {"firebreak doctor --on-aws --try "},
    "stack_answers.py": {
        "firebreak act restart-service ecs:CLUSTER/SERVICE --reason REASON",
        "firebreak act scale-service ecs:CLUSTER/SERVICE --reason REASON",
        "firebreak undo ID --reason REASON",
    },
    # Texts that CloudWatch stores as an alarm's description, or as the reason of its state.
    "init.py": {"firebreak drill", "firebreak drill init"},
    "drill.py": {"firebreak drill "},
    # On this machine: local AWS, whose environment is printed above them.
    "app.py": {
        "firebreak local down",
        "firebreak explain events/ecs_memory_alarm.json --offline",
        "firebreak incidents",
    },
}


def written(source: str) -> Iterator[str]:
    """The commands in a module's texts, docstrings left out."""
    tree = ast.parse(source)
    documentation = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
            yield from COMMAND.findall(node.value)


# In a template, where CloudFormation puts the values in.
ADDRESS = "--stack ${AWS::StackName} --region ${AWS::Region} --account ${AWS::AccountId}"
ADDRESSED = re.compile(rf"firebreak [a-z -]+ {re.escape(ADDRESS)}")


def bare_in(part: Any, *, filled_in: bool = False) -> Iterator[str]:
    """The commands in a part of a template that lack its stack, region or account."""
    match part:
        case str():
            yield from COMMAND.findall(ADDRESSED.sub("", part) if filled_in else part)
        case dict():
            for name, one in part.items():
                yield from bare_in(one, filled_in=name == "Fn::Sub")
        case list():
            for one in part:
                yield from bare_in(one, filled_in=filled_in)
        case _:
            pass  # a number has no words


def test_the_names_are_those_of_the_commands() -> None:
    assert {"explain", "incidents", "pause", "retry", "show", "storm", "local", "policy"} <= set(NAMES)


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('x = f"gathered since {when} (firebreak storm --pages)"', ["firebreak storm --pages"]),
        ('x = f"firebreak {word}"', ["firebreak "]),
        ('def f() -> None:\n    """Like `firebreak storm`."""', []),
        ('x = stack.command("storm", "--pages")', []),
    ],
    ids=["bare", "variable", "docstring", "built"],
)
def test_a_bare_command_is_found(source: str, found: list[str]) -> None:
    assert list(written(source)) == found


def test_no_printed_command_lacks_its_stack() -> None:
    bare = {path.name: found for path in SOURCES if (found := set(written(path.read_text())))}

    assert bare == NAMED


@pytest.mark.parametrize(
    ("part", "bare"),
    [
        ({"Fn::Sub": f"Look (firebreak incidents {ADDRESS})"}, []),
        ({"Fn::Sub": f"firebreak incidents --all {ADDRESS} lists it"}, []),
        ({"Fn::Sub": "Look (firebreak incidents)"}, ["firebreak incidents"]),
        ({"Fn::Sub": f"firebreak incidents, not firebreak show {ADDRESS}"}, ["firebreak incidents, not "]),
        (
            {"Fn::Sub": "firebreak storm --stack ${AWS::StackName}"},
            ["firebreak storm --stack ${AWS::StackName}"],
        ),
        ([f"firebreak storm {ADDRESS}"], [f"firebreak storm {ADDRESS}"]),
    ],
    ids=["whole", "with an option", "bare", "one of two", "name alone", "nobody puts the values in"],
)
def test_a_command_in_a_template_without_its_stack_is_found(part: Any, bare: list[str]) -> None:
    assert list(bare_in(part)) == bare


def test_no_command_in_the_template_lacks_its_stack() -> None:
    assert list(bare_in(template())) == []
