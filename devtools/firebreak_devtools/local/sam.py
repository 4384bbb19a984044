"""Runs SAM CLI without the caller's AWS settings; all its output goes to a file, a little to the screen."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from firebreak_devtools.local.milestones import Milestones
from firebreak_devtools.local.paths import REGION, Home, LocalError

# Another environment with SAM CLI and the emulator, for those who have one.
SAM_VARIABLE = "FIREBREAK_SAM"
LINES_OF_A_FAILURE = 40

Progress = Callable[[str], None]


def sam_command(repository: Path) -> Path:
    """The path of SAM CLI; its environment holds the emulator too. Raises LocalError."""
    sam = Path(os.environ.get(SAM_VARIABLE) or repository / ".local/venv/bin/sam")
    if not sam.exists():
        raise LocalError(f"no SAM CLI at {sam}: run `make setup`")
    return sam


def environment(home: Home, extra: Mapping[str, str]) -> dict[str, str]:
    """The environment of SAM CLI: nothing of the caller's AWS, a Python 3.13 with pip, its own settings."""
    # No AWS setting of the caller's may come along: it could name a real account.
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    # SAM looks for python3.13 on the PATH, and the layer's build for one that has pip.
    path = os.pathsep.join([str(Path(sys.executable).parent), inherited.get("PATH", "")])
    for folder in (home.sam / "settings", home.scratch):
        folder.mkdir(parents=True, exist_ok=True)
    own_settings = {
        "PATH": path,
        "SAM_CLI_TELEMETRY": "0",
        "__SAM_CLI_APP_DIR": str(home.sam / "settings"),
        # A SAM CLI that was killed leaves a lock on its image there, for which the next one waits minutes.
        "TMPDIR": str(home.scratch.resolve()),
    }
    return inherited | {"AWS_DEFAULT_REGION": REGION} | own_settings | dict(extra)


def run(
    sam: Path,
    arguments: list[str],
    *,
    repository: Path,
    home: Home,
    progress: Progress,
    extra: Mapping[str, str] | None = None,
) -> None:
    """Run SAM CLI in the repository, milestones to `progress`. Raises LocalError with its last words."""
    milestones = Milestones()
    said: list[str] = []
    in_environment = environment(home, extra or {})
    with (
        home.sam_log.open("a", encoding="utf-8") as log,
        subprocess.Popen(  # noqa: S603  # the pinned SAM CLI
            [str(sam), *arguments],
            cwd=repository,
            env=in_environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as process,
    ):
        for line in process.stdout or ():
            log.write(line)
            said.append(line.rstrip())
            if milestone := milestones.read(line):
                progress(milestone)
    if process.returncode:
        tail = "\n".join(said[-LINES_OF_A_FAILURE:])
        raise LocalError(f"sam {arguments[0]} failed (all it said: {home.sam_log}):\n{tail}")
