"""The sources of release 0.1.0, out of the history of this repository."""

import subprocess
import tarfile
from io import BytesIO
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMMIT = "41128bd63cb14db56dd3e758f421d6337c63fcc2"


def check_out(folder: Path) -> Path:
    """Writes them into the folder. Skips the test in a checkout whose history does not reach back so far."""
    if _git("rev-parse", "--is-shallow-repository").stdout.strip() == b"true":
        pytest.skip(f"the history does not reach back to release 0.1.0 ({COMMIT[:8]}): clone it in full")
    archive = _git("archive", COMMIT)
    assert archive.returncode == 0, archive.stderr.decode()
    with tarfile.open(fileobj=BytesIO(archive.stdout)) as files:
        files.extractall(folder, filter="data")
    return folder


def _git(*words: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, check=False)  # noqa: S607  # own words, the PATH's git
