"""The workflow for pull requests that change a policy: what a linter says of it, and what its scripts do."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.docs.documents import ROOT

WORKFLOW = ROOT / "examples" / "github" / "policy-diff.yml"
TEXT = WORKFLOW.read_text(encoding="utf-8")
JOBS: Mapping[str, Any] = yaml.safe_load(TEXT)["jobs"]
SHIPPED = ROOT / "shared" / "policy.toml"
BOLDER = ROOT / "examples" / "ecs-platform" / "policy.toml"


def findings(workflow: Path) -> str:
    """The findings of actionlint on it: its rules and those on security; it asks no network."""
    options = ["--strict-exit", "--no-online", "--shellcheck=", "--no-color", "--oneline"]
    command = [sys.executable, "-m", "jactionlint", *options, str(workflow)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == (1 if done.stdout else 0), done.stderr
    return done.stdout


def test_actionlint_finds_nothing_in_the_workflow() -> None:
    assert findings(WORKFLOW) == ""


@pytest.mark.parametrize(
    ("sound", "broken", "rule"),
    [
        ("@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0", "@v5", "unpinned-uses"),
        ("code=0", 'echo "${{ github.event.pull_request.title }}"', "untrusted"),
        ("  pull_request:", "  pull_request_target:", "dangerous"),
        ("permissions: {}", "permissions: write-all", "write-all"),
        ("steps.diff.outputs", "steps.dif.outputs", "undefined-property"),
        ("timeout-minutes: 5", "timeout-minute: 5", "unexpected key"),
    ],
)
def test_actionlint_finds_what_would_be_wrong_in_it(
    tmp_path: Path, sound: str, broken: str, rule: str
) -> None:
    assert sound in TEXT
    changed = tmp_path / "workflow.yml"
    changed.write_text(TEXT.replace(sound, broken), encoding="utf-8")
    assert rule in findings(changed)


def test_each_job_has_one_permission_and_the_one_that_writes_checks_nothing_out() -> None:
    assert {name: job["permissions"] for name, job in JOBS.items()} == {
        "compare": {"contents": "read"},
        "comment": {"pull-requests": "write"},
    }
    assert [step.get("uses") for step in JOBS["comment"]["steps"]] == [None]
    checkout = JOBS["compare"]["steps"][0]["with"]
    assert checkout == {"fetch-depth": 2, "persist-credentials": False}


def test_no_script_holds_an_expression() -> None:
    scripts = [step["run"] for job in JOBS.values() for step in job["steps"] if "run" in step]
    assert len(scripts) == 4
    assert [script for script in scripts if "${{" in script] == []


def git(folder: Path, *words: str) -> None:
    author = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
    command = ["git", "-C", str(folder), *author, *words]
    subprocess.run(command, check=True, capture_output=True)


@pytest.fixture
def merged(tmp_path: Path) -> Path:
    """A checkout of the merge of a pull request, two commits deep, as GitHub makes it."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    git(folder, "init", "--quiet")
    shutil.copy(SHIPPED, folder / "policy.toml")
    shutil.copy(ROOT / "examples" / "history.jsonl.gz", folder)
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "base")
    return folder


def compare(folder: Path, policy: str) -> tuple[int, str, str]:
    """The exit code of the job's scripts after the installation, its comment and its summary."""
    (folder / "policy.toml").write_text(policy, encoding="utf-8")
    git(folder, "commit", "-qam", "change", "--allow-empty")
    output, summary = folder.parent / "output", folder.parent / "summary"
    named = {"GITHUB_OUTPUT": output, "GITHUB_STEP_SUMMARY": summary, "RUNNER_TEMP": folder.parent}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environ = {**os.environ, **JOBS["compare"]["env"], **{key: str(one) for key, one in named.items()}}
    code = 0
    for step in JOBS["compare"]["steps"][-2:]:
        bash = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
        done = subprocess.run(
            bash, cwd=folder, env=environ | {"PATH": path}, capture_output=True, text=True, check=False
        )
        code = code or done.returncode
    written = output.read_text(encoding="utf-8") if output.exists() else ""
    found = re.fullmatch(r"comment<<(\S+)\n(.*?)\n?\1\n", written, re.DOTALL)
    return code, found[2].strip() if found else "", summary.read_text() if summary.exists() else ""


def test_a_policy_that_acts_more_on_the_history_of_the_base_fails_and_has_a_comment(merged: Path) -> None:
    (merged / "history.jsonl.gz").write_bytes(b"the pull request's own is not taken")
    code, comment, summary = compare(merged, BOLDER.read_text(encoding="utf-8"))
    assert code == 7
    assert comment.startswith("**Firebreak: ")
    assert "| Times | Before | After | First |" in comment
    assert summary.strip() == comment


def test_a_policy_that_is_the_same_passes_without_a_comment(merged: Path) -> None:
    assert compare(merged, SHIPPED.read_text(encoding="utf-8")) == (0, "", "")


def test_a_policy_that_does_not_load_fails_without_a_comment(merged: Path) -> None:
    assert compare(merged, "version = 0\n") == (1, "", "")


FAKE_GH = """#!/usr/bin/env bash
case "$*" in
  *--paginate*) printf %s "$FOUND" ;;
  *) printf '%s\\n' "$*" > "$SENT"; cp comment.md "$SENT.md" ;;
esac
"""


@pytest.mark.parametrize(
    ("found", "sent"),
    [
        ("", "api --silent repos/o/r/issues/7/comments --field body=@comment.md"),
        ("11\n12\n", "api --silent --method PATCH repos/o/r/issues/comments/11 --field body=@comment.md"),
    ],
)
def test_a_comment_is_written_once_and_then_replaced(tmp_path: Path, found: str, sent: str) -> None:
    (tmp_path / "gh").write_text(FAKE_GH, encoding="utf-8")
    (tmp_path / "gh").chmod(0o755)
    (step,) = JOBS["comment"]["steps"]
    given = {"COMMENT": "$(touch pwned) `touch pwned`", "PULL_REQUEST": "7", "REPOSITORY": "o/r"}
    environ = given | {"FOUND": found, "SENT": str(tmp_path / "sent")}
    environ["PATH"] = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    bash = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
    subprocess.run(bash, cwd=tmp_path, env=environ, check=True)
    assert (tmp_path / "sent").read_text().strip() == sent
    assert (tmp_path / "sent.md").read_text() == f"<!-- firebreak policy diff -->\n{given['COMMENT']}\n"
    assert not (tmp_path / "pwned").exists()
