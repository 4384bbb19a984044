"""`make release`: writes all that a release is published with into a new folder, and signs it.

The files and the list of signers are enough to check it, without this repository:

    ssh-keygen -Y verify -f allowed_signers -I release@firebreak -n firebreak-release \
        -s SHA256SUMS.sig < SHA256SUMS
    sha256sum --check SHA256SUMS
"""

import argparse
import os
import subprocess
import sys
import tarfile
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import file_digest
from pathlib import Path
from tempfile import TemporaryDirectory

from firebreak_devtools.local.paths import LocalError
from firebreak_devtools.local.sam import sam_command
from firebreak_devtools.release.bill_of_materials import bill
from firebreak_devtools.release.libraries import libraries
from firebreak_devtools.release.notes import notes
from firebreak_devtools.release.stack_archive import TEMPLATE, archive_name, build_stack, write_stack

CLONE = Path(__file__).resolve().parents[3]
SUMS = "SHA256SUMS"
# The purpose that is signed for, so that no signature of something else passes for one of a release.
NAMESPACE = "firebreak-release"


def main(arguments: list[str]) -> int:
    """0 once everything is there; 2 with one line where the release cannot be made."""
    asked = _parser().parse_args(arguments)
    try:
        made = make(asked.clone, asked.out, asked.key)
    except (ValueError, OSError, LocalError) as error:
        print(f"release: {error}", file=sys.stderr)  # noqa: T201  # a command says why it does not do it
        return 2
    except subprocess.CalledProcessError as error:
        print(f"release: {error.cmd[0]} ended with {error.returncode}", file=sys.stderr)  # noqa: T201  # the same
        return 2
    for path in made:
        print(path)  # noqa: T201  # the result
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make release", description="Make the files of a release.")
    parser.add_argument("--out", type=Path, default=Path("dist"), help="a folder that is not there yet")
    parser.add_argument("--key", type=Path, help="an SSH key that signs; without one nothing is signed")
    parser.add_argument("--clone", type=Path, default=CLONE, help="the clone that is released")
    return parser


def make(clone: Path, out: Path, key: Path | None) -> list[Path]:
    """The files of the release, in the folder `out`; the same commit gives the same, but for the signature.

    Raises ValueError, OSError, CalledProcessError, or LocalError where SAM CLI is not installed.
    """
    # Every mistake is found before the first file is written.
    commit, at = _commit(clone)
    version = tomllib.loads((clone / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    written = _texts(clone, version, at)
    if key is not None and not key.is_file():
        raise ValueError(f"--key {key}: there is no such file")
    if out.exists():
        raise ValueError(f"--out {out} is there already")
    with TemporaryDirectory(prefix="firebreak-") as folder:
        copy = _copy(clone, Path(folder) / "commit")
        built = build_stack(copy, sam_command(CLONE), Path(folder) / "stack")
        out.mkdir(parents=True)
        source = (copy / TEMPLATE).read_text(encoding="utf-8")
        write_stack(source, built, version, commit, out / archive_name(version))
        # Its build leaves folders where it works, so it comes last.
        _wheel(copy, out, at)
    for name, text in written.items():
        (out / name).write_text(text, encoding="utf-8")
    _sums(out)
    if key is not None:
        _sign(out / SUMS, key)
    return sorted(out.iterdir())


def _texts(clone: Path, version: str, at: datetime) -> Mapping[str, str]:
    """The notes and the bill of materials, by the names of their files. Raises ValueError."""
    found = libraries(clone / "shared/requirements.txt")
    return {
        f"firebreak-{version}-notes.md": notes((clone / "CHANGELOG.md").read_text(encoding="utf-8"), version),
        f"firebreak-{version}-layer.cdx.json": bill("firebreak-layer", version, found, at),
    }


def _commit(clone: Path) -> tuple[str, datetime]:
    """The commit that is released, and its time. Raises ValueError where a file differs, or without one."""
    if not (clone / ".git").exists():
        raise ValueError(f"{clone} is no clone: a release is of a commit")
    if changed := _git(clone, "status", "--porcelain").splitlines():
        raise ValueError(
            f"{changed[0]} and {len(changed) - 1} more are not committed: a release is of a commit"
        )
    commit, seconds = _git(clone, "show", "--no-patch", "--format=%H %ct", "HEAD").split()
    return commit, datetime.fromtimestamp(int(seconds), UTC)


def _git(clone: Path, *words: str) -> str:
    command = ["git", "-C", str(clone), *words]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603  # own words
    return done.stdout


def _copy(clone: Path, folder: Path) -> Path:
    """The files of the commit and no others: what git ignores lies in the clone as well."""
    archive = folder.with_suffix(".tar")
    _git(clone, "archive", "--format=tar", f"--output={archive}", "HEAD")
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    return folder


def _wheel(copy: Path, out: Path, at: datetime) -> None:
    command = ["-m", "pip", "wheel", str(copy), "--no-deps", "--no-build-isolation", "--quiet"]
    dated = os.environ | {"SOURCE_DATE_EPOCH": str(int(at.timestamp()))}
    subprocess.run([sys.executable, *command, "--wheel-dir", str(out)], check=True, env=dated)  # noqa: S603  # own words


def _sums(out: Path) -> None:
    """The SHA-256 of each file, as sha256sum writes and checks it."""
    lines = []
    for path in sorted(out.iterdir()):
        with path.open("rb") as file:
            lines.append(f"{file_digest(file, 'sha256').hexdigest()}  {path.name}\n")
    (out / SUMS).write_text("".join(lines), encoding="ascii")


def _sign(sums: Path, key: Path) -> None:
    """Writes SHA256SUMS.sig next to it. ssh-keygen prompts for the key's passphrase, or uses the agent."""
    command = ["ssh-keygen", "-q", "-Y", "sign", "-n", NAMESPACE, "-f", str(key), str(sums)]
    subprocess.run(command, check=True)  # noqa: S603  # own words, and a path that was checked


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
