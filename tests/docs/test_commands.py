"""Every command that the documents name exists, with its options; every command is documented."""

import json
import re
import shlex
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
import typer
from typer.core import TyperGroup

from firebreak_cli.main import app
from tests.cli.running import run
from tests.docs.documents import ROOT, Document, documents, everything

FIREBREAK = typer.main.get_command(app)
assert isinstance(FIREBREAK, TyperGroup)
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^([a-z][a-z-]*):.*## ", MAKEFILE, re.MULTILINE))
HELP = {"--help"}

every_document = pytest.mark.parametrize("document", documents(), ids=lambda one: one.name)


def commands(group: TyperGroup, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The full name of every command that does something."""
    for name, child in group.commands.items():
        if isinstance(child, TyperGroup):
            yield from commands(child, (*path, name))
        else:
            yield (*path, name)


def invocations(document: Document, program: str) -> list[list[str]]:
    """The words after the program's name, wherever code of the document runs it."""
    runs = (re.search(rf"(?:^|[\s/]){program} (?P<rest>.+)$", line) for line in document.code)
    return [shlex.split(found["rest"], comments=True) for found in runs if found]


def _option_names(parameter: Any) -> tuple[list[str], list[str]]:
    """The names that switch an option on, and off."""
    return parameter.opts, parameter.secondary_opts


def problem(words: list[str], group: TyperGroup = FIREBREAK) -> str | None:
    """The error in an invocation of `firebreak`; None when the command and its options exist."""
    name = words[0] if words else ""
    if name in {option for parameter in group.params for option in parameter.opts}:
        return None
    command = group.commands.get(name)
    match command:
        case None:
            return f"no command {name!r}"
        case TyperGroup():
            return problem(words[1:], command) if words[1:] else None
        case _:
            known = HELP.union(*(one for parameter in command.params for one in _option_names(parameter)))
    # Behind a bare `--` nothing is an option.
    options = words[1 : words.index("--")] if "--" in words else words[1:]
    unknown = [word for word in options if word.startswith("--") and word.split("=")[0] not in known]
    return f"{name} has no {', '.join(unknown)}" if unknown else None


@every_document
def test_every_firebreak_command_in_a_document_exists(document: Document) -> None:
    assert [found for words in invocations(document, "firebreak") if (found := problem(words))] == []


@pytest.mark.parametrize("command", sorted(commands(FIREBREAK)), ids=" ".join)
def test_every_command_is_documented(command: tuple[str, ...]) -> None:
    wanted = f"firebreak {' '.join(command)}"
    text = re.compile(rf"\b{re.escape(wanted)}\b|`{re.escape(' '.join(command))}`")
    made = wanted in MAKEFILE.replace("$(firebreak)", "firebreak")
    assert text.search(everything()) or made, f"{wanted} stands in no document"


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("explode", "no command 'explode'"),
        ("policy explode", "no command 'explode'"),
        ("explain EVENT --twice", "explain has no --twice"),
        ("explain EVENT --offline", None),
        ("policy check FILE", None),
    ],
)
def test_a_command_that_is_not_there_is_noticed(typed: str, expected: str | None) -> None:
    assert problem(typed.split()) == expected


@every_document
def test_every_make_target_in_a_document_exists(document: Document) -> None:
    words = [one for rest in invocations(document, "make") for one in rest]
    named = {word for word in words if re.fullmatch(r"[a-z][a-z-]*", word)}
    assigned = {word.split("=")[0] for word in words if re.match(r"[A-Z]+=", word)}
    assert named - TARGETS == set()
    assert {name for name in assigned if f"$({name})" not in MAKEFILE} == set()


@every_document
def test_every_sam_environment_in_a_document_exists(document: Document) -> None:
    known = tomllib.loads((ROOT / "samconfig.toml").read_text(encoding="utf-8")).keys()
    named = [name for line in document.code for name in re.findall(r"--config-env (\w+)", line)]
    assert set(named) - known == set()


def test_the_readme_shows_the_two_commands_and_how_to_stop_it_on_its_first_screen() -> None:
    first_screen, _, rest = (ROOT / "README.md").read_text(encoding="utf-8").partition("\n## ")
    assert rest
    assert len(first_screen.splitlines()) <= 42
    for wanted in ("make demo", "make test", "firebreak pause --reason", "ReservedConcurrency=0", "──►"):
        assert wanted in first_screen


def welcomed() -> list[str]:
    """The explanations that `make local` suggests."""
    welcome = (ROOT / "devtools/firebreak_devtools/app.py").read_text(encoding="utf-8")
    return re.findall(r"firebreak (explain [^\"]+)\"", welcome)


def suggested() -> list[str]:
    """Every `firebreak explain` without AWS that can be pasted from a document or a screen.

    A command for a file that its reader has to write first is played in tests/contracts/test_toy_action.py.
    """
    documented = [
        shlex.join(words)
        for one in documents()
        for words in invocations(one, "firebreak")
        if not set(words) & set(one.written)
    ]
    lines = {*welcomed(), *documented}
    return sorted(line for line in lines if line.startswith("explain ") and "--offline" in line)


def test_make_local_suggests_an_explanation() -> None:
    assert welcomed()


@pytest.mark.parametrize("line", suggested())
def test_a_suggested_explanation_answers_as_it_says_and_is_no_refusal_for_age(line: str) -> None:
    words = shlex.split(line)
    result = run(*words, *([] if "--json" in words else ["--json"]))
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["reason"] == "observe_only"
