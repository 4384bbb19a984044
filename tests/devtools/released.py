"""A small clone to be released, and the archive of its stack."""

import shutil
import subprocess
from pathlib import Path

from tests.docs.documents import ROOT

_AUTHOR = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")


def small_clone(folder: Path) -> Path:
    """A repository of one commit with all that a release is made of."""
    for name in ("shared", "cli", "functions"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE", "template.yaml", "samconfig.toml"):
        shutil.copy(ROOT / name, folder / name)
    (folder / "CHANGELOG.md").write_text("## [Unreleased]\n\n## [0.1.0]\n\n- first\n", encoding="utf-8")
    _git(folder, "init", "-q")
    commit(folder)
    return folder


def commit(clone: Path) -> str:
    """Commits everything, and returns the commit."""
    _git(clone, "add", "--all")
    _git(clone, *_AUTHOR, "commit", "-q", "-m", "a release")
    return _git(clone, "rev-parse", "HEAD").strip()


def _git(clone: Path, *words: str) -> str:
    command = ["git", "-C", str(clone), *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
