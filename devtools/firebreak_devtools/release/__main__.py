"""`make release`: writes all that a release is published with into a new folder, and signs it.

The files and the list of signers are enough to check it, without this repository:

    ssh-keygen -Y verify -f allowed_signers -I release@firebreak -n firebreak-release \
        -s SHA256SUMS.sig < SHA256SUMS
    sha256sum --check SHA256SUMS
"""

import argparse
import subprocess
import sys
import tomllib
from datetime import UTC, datetime
from hashlib import file_digest
from pathlib import Path
from shutil import copyfile, copytree, ignore_patterns
from tempfile import TemporaryDirectory

from firebreak_devtools.release.bill_of_materials import bill
from firebreak_devtools.release.libraries import libraries
from firebreak_devtools.release.notes import notes

CLONE = Path(__file__).resolve().parents[3]
SUMS = "SHA256SUMS"
# The purpose that is signed for, so that no signature of something else passes for one of a release.
NAMESPACE = "firebreak-release"


def main(arguments: list[str]) -> int:
    """0 once everything is there; 2 with one line where the release cannot be made."""
    asked = _parser().parse_args(arguments)
    try:
        made = make(asked.clone, asked.out, asked.key, datetime.now(UTC))
    except (ValueError, OSError) as error:
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


def make(clone: Path, out: Path, key: Path | None, now: datetime) -> list[Path]:
    """The files of the release, in the folder `out`. Raises ValueError, OSError or CalledProcessError."""
    project = tomllib.loads((clone / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    version = project["version"]
    # Every mistake is found before the first file is written.
    written = {
        f"firebreak-{version}-notes.md": notes((clone / "CHANGELOG.md").read_text(encoding="utf-8"), version),
        f"firebreak-{version}-layer.cdx.json": bill(
            "firebreak-layer", version, libraries(clone / "shared/requirements.txt"), now
        ),
    }
    if key is not None and not key.is_file():
        raise ValueError(f"--key {key}: there is no such file")
    if changed := _uncommitted(clone):
        raise ValueError(
            f"{changed[0]} and {len(changed) - 1} more are not committed: a release is of a commit"
        )
    out.mkdir(parents=True)
    for name, text in written.items():
        (out / name).write_text(text, encoding="utf-8")
    _wheel(clone, out)
    _sums(out)
    if key is not None:
        _sign(out / SUMS, key)
    return sorted(out.iterdir())


def _uncommitted(clone: Path) -> list[str]:
    """The paths that differ from the commit; none where the clone has no repository."""
    if not (clone / ".git").exists():
        return []
    command = ["git", "-C", str(clone), "status", "--porcelain"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603  # own words
    return done.stdout.splitlines()


def _wheel(clone: Path, out: Path) -> None:
    """Builds in a copy, as the build leaves folders where it works."""
    with TemporaryDirectory(prefix="firebreak-") as folder:
        copy = Path(folder)
        for name in ("shared", "cli"):
            copytree(clone / name, copy / name, ignore=ignore_patterns("__pycache__"))
        for name in ("pyproject.toml", "README.md", "LICENSE"):
            copyfile(clone / name, copy / name)
        command = ["-m", "pip", "wheel", folder, "--no-deps", "--no-build-isolation", "--quiet"]
        subprocess.run([sys.executable, *command, "--wheel-dir", str(out)], check=True)  # noqa: S603  # own words


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
