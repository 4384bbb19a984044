"""Three files make an action: the walk of docs/adding-an-action.md, done in a copy of the repository."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.documents import ROOT, document

MODULE = "shared/firebreak/services/ecs/actions/nudge_service.py"
FRAGMENT = "shared/firebreak/services/ecs/actions/nudge_service.yaml"
EVENT = "events/ecs_pending_nudge.json"

# Files that commands generate from the declarations.
WRITTEN = {
    "README.md",
    "docs/actions.md",
    "docs/events.md",
    "docs/operations.md",
    "docs/policy.md",
    "docs/policy.schema.json",
    "template.yaml",
}

# The tests that go over all actions.
EVERYTHING_THAT_MUST_KNOW = (
    "tests/contracts/test_template.py",
    "tests/contracts/test_template_source.py",
    "tests/contracts/test_permissions.py",
    "tests/contracts/test_links.py",
    "tests/contracts/test_size.py",
    "tests/services/test_registry.py",
    "tests/policy/test_policy.py",
    "tests/core/test_routing.py",
    "tests/core/test_router.py",
    "tests/core/test_controllers.py",
    "tests/intake/test_service_of_the_action.py",
    "tests/cli/test_advice.py",
    "tests/cli/test_listing_switches.py",
    "tests/docs/test_facts.py",
)

# Compiled files go along, with the times of their sources: nothing is compiled twice.
_LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv", ".local", ".aws-sam", ".hypothesis", "*_cache", "*.egg-info", "build"
)


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository with the files of the walk, and what its two commands write.

    Everything here waits for it: the copy and three Pythons that import all of it take ten seconds.
    """
    copy = tmp_path_factory.mktemp("walk") / "firebreak"
    shutil.copytree(ROOT, copy, ignore=_LEFT_OUT)
    before = _digests(copy)
    files = document("docs/adding-an-action.md").written
    for path, text in files.items():
        (copy / path).write_text(text, encoding="utf-8")
    _run(copy, "-m", "template.generate")
    _run(copy, "docs/generate.py")
    after = _digests(copy)
    assert set(files) == {MODULE, FRAGMENT, EVENT}
    assert {path for path in after if after[path] != before.get(path)} == WRITTEN | set(files)
    return copy


def test_everything_that_must_know_an_action_knows_it(clone: Path) -> None:
    # Takes over ten seconds: two thousand tests run in the clone, each once with the new action.
    _run(clone, "-m", "pytest", "-q", "-p", "no:cacheprovider", *EVERYTHING_THAT_MUST_KNOW)


def test_the_contracts_of_imports_hold_it(clone: Path) -> None:
    text = _run(clone, "-c", "from importlinter.cli import lint_imports_command as run; run()")
    assert "0 broken" in text


def test_it_is_typed_and_formatted_as_the_others_are(clone: Path) -> None:
    _run(clone, "-m", "ruff", "check", "--no-cache", MODULE)
    _run(clone, "-m", "ruff", "format", "--no-cache", "--check", MODULE)
    _run(clone, "-m", "mypy", "--cache-dir", os.devnull, "--follow-imports", "silent", MODULE)


def test_an_alarm_that_names_its_symptom_is_explained_as_its_own(clone: Path) -> None:
    text = _run(clone, "-c", "from firebreak_cli.entry import main; main()", "explain", "--offline", EVENT)
    assert "nudge-service" in text
    assert "ecs:prod/api" in text


# Each fails by one new row of one table.
ASK_FOR_IT = {
    "tests/services/test_sent_once.py::test_the_table_holds_every_changing_call_of_every_action",
    "tests/intake/test_sample_events.py::test_every_usable_event_has_an_expectation",
    "tests/cli/test_explain_events.py::test_every_sample_event_is_explained_offline",
    "tests/cli/test_explain_events.py::test_every_sample_event_is_explained_in_text",
}


def test_three_tables_of_the_tests_ask_for_it(clone: Path) -> None:
    found = _python(clone, "-m", "pytest", "-q", "-p", "no:cacheprovider", *sorted(ASK_FOR_IT))
    assert set(re.findall(r"^FAILED ([\w/.]+::\w+)", found.stdout, re.MULTILINE)) == ASK_FOR_IT


def _digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def _run(folder: Path, *arguments: str) -> str:
    found = _python(folder, *arguments)
    assert found.returncode == 0, f"{arguments}\n{found.stdout}\n{found.stderr}"
    return found.stdout


def _python(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    paths = os.pathsep.join(str(folder / name) for name in ("shared", "cli", "devtools", ""))
    environment = {**os.environ, "PYTHONPATH": paths}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
