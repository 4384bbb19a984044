"""The command installed without a clone: what its wheel holds, and a library that is missing."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from firebreak_cli.exit_codes import Ending
from firebreak_cli.policies import policy_path
from tests.docs.documents import ROOT


def test_the_wheel_holds_the_command_the_package_and_the_shipped_policy(tmp_path: Path) -> None:
    clone = tmp_path / "clone"  # the build leaves a folder behind
    for name in ("shared", "cli"):
        shutil.copytree(ROOT / name, clone / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, clone / name)
    command = ["-m", "pip", "wheel", str(clone), "--no-deps", "--no-build-isolation", "--quiet"]
    subprocess.run([sys.executable, *command, "--wheel-dir", str(tmp_path)], check=True, cwd=tmp_path)
    (wheel,) = tmp_path.glob("firebreak-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (policy,) = [name for name in names if name.endswith("data/share/firebreak/policy.toml")]
        assert archive.read(policy) == (ROOT / "shared/policy.toml").read_bytes()
        (entry,) = [name for name in names if name.endswith("entry_points.txt")]
        assert b"firebreak = firebreak_cli.entry:main" in archive.read(entry)
    assert {"firebreak_cli/entry.py", "firebreak/policy/loader.py"} <= set(names)
    assert [name for name in names if name.startswith(("tests/", "firebreak_devtools/"))] == []


def test_without_a_clone_the_installed_policy_is_used(tmp_path: Path) -> None:
    (tmp_path / "team.toml").write_text("version = 1", encoding="utf-8")
    assert policy_path("team.toml", tmp_path) == tmp_path / "team.toml"
    assert policy_path("policy.toml", tmp_path) == ROOT / "shared/policy.toml"


def test_a_policy_that_this_machine_does_not_have_is_named(tmp_path: Path) -> None:
    with pytest.raises(Ending, match=r"no copy of the policy policies/prod\.toml"):
        policy_path("policies/prod.toml", tmp_path)


def test_a_missing_library_is_one_line_and_no_traceback(tmp_path: Path) -> None:
    gone = "raise ModuleNotFoundError('no typer', name='typer')"
    (tmp_path / "typer.py").write_text(gone, encoding="utf-8")
    places = [str(tmp_path), str(ROOT / "cli"), str(ROOT / "shared")]
    code = f"import sys; sys.path[:0] = {places}; import firebreak_cli.entry as entry; entry.main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "firebreak: the command needs typer: install firebreak[cli]\n"
