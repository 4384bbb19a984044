"""Commands to copy hold nothing that any shell would read in its own way."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as some

from firebreak.core.paging.commands import StackAddress, command

# Letters, digits and punctuation that bash, zsh, fish, tcsh, PowerShell and cmd all take as they are.
HARMLESS = re.compile(r'firebreak(?: (?:[A-Za-z0-9_-][A-Za-z0-9_./:@+-]*|"\.\.\."))*')

HOSTILE = [
    "\\'\"; touch X #",
    "a'b",
    "$(touch X)",
    "`touch X`",
    "a!!b",
    "%PATH%",
    "a^b",
    "a;b",
    "a&b",
    "a|b",
    "(a)",
    "{a,b}",
    "~root",
    "=ls",
    "@args",
    "-rf",
    "--stack=other",
    "a b",
    "a\nb",
    "注文",
    "",
    "*",
    "?x",
    "[a]",
    "#a",
    "<a",
    ">a",
    "a" * 300,
]


@pytest.mark.parametrize("word", HOSTILE)
def test_a_word_that_a_shell_might_read_is_left_to_the_reader(word: str) -> None:
    assert command("resume", "--holder", word) == 'firebreak resume --holder "..."'


@given(some.lists(some.text(max_size=40), max_size=6))
def test_any_word_in_a_command_is_harmless(words: list[str]) -> None:
    assert HARMLESS.fullmatch(command(*words))


@pytest.mark.parametrize(
    "word",
    [
        "i-0123456789",
        "i-0123456789.1.0a1b2c3d",
        "prod-firebreak",
        "ecs:prod/api",
        "arn:aws:sts::111122223333:assumed-role/on-call/ana@example.com",
        "--stack",
        '"..."',
    ],
)
def test_ids_names_of_stacks_and_people_stay_as_they_are(word: str) -> None:
    assert command("show", word) == f"firebreak show {word}"


def test_a_command_for_a_stack_names_it_with_its_region_and_account() -> None:
    text = StackAddress("prod-firebreak", "eu-west-1", "111122223333").command("show", "i-1")
    assert text == "firebreak show i-1 --stack prod-firebreak --region eu-west-1 --account 111122223333"
