"""A local AWS of a test's own: the stack as it was built, under a policy of the test's."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from firebreak.policy.compiler import parse_policy
from firebreak_devtools.local import emulator, permissions, stack, up
from firebreak_devtools.local.emulator import Running
from firebreak_devtools.local.paths import Home
from firebreak_devtools.local.sam import sam_command
from firebreak_devtools.local.up import LocalAws

REPOSITORY = Path(__file__).parents[2]
START = """
import sys
from pathlib import Path
from firebreak_devtools.local import emulator
from firebreak_devtools.local.paths import Home
emulator.start(Home(Path(sys.argv[1])), Path(sys.argv[2]))
"""
LAYER = Path("SharedLayer/python")
POLICY = LAYER / "policies/demo.toml"


def built_home() -> Path | None:
    """The build of the local AWS that runs for all scenarios."""
    home = Home(Path(os.environ.get("FIREBREAK_LOCAL_HOME", ".local")).resolve())
    return home.build if (home.build / POLICY).is_file() else None


@contextmanager
def deployed(
    folder: Path,
    build: Path,
    policy: str,
    secrets: dict[str, str],
    parameters: dict[str, str] | None = None,
) -> Iterator[LocalAws]:
    """Deploy a copy of that build with the policy; the secrets are parameters that Page may read.

    `parameters` are those of the stack that are not as local AWS has them.
    """
    parse_policy(policy, "the test's policy")
    home = Home(folder)
    copy_build(build, home, policy)
    with started(home) as running:
        ssm = running.session().client("ssm")
        for name, value in secrets.items():
            ssm.put_parameter(Name=name, Value=value, Type="SecureString")
        yield deploy(home, running, parameters)


def copy_build(build: Path, home: Home, policy: str) -> None:
    """A copy of that build with another policy."""
    copy(build, home.build)
    (home.build / POLICY).unlink()  # the file may be that of the build itself
    (home.build / POLICY).write_text(policy, encoding="utf-8")


def copy(folder: Path, to: Path, *without: str) -> None:
    """A copy whose files are links where both are on one disk. Nothing may write into them."""
    shutil.copytree(folder, to, symlinks=True, copy_function=_linked, ignore=shutil.ignore_patterns(*without))


def _linked(file: str, to: str) -> None:
    try:
        os.link(file, to)
    except OSError:
        shutil.copy2(file, to)


def deploy(home: Home, running: Running, parameters: Mapping[str, str] | None = None) -> LocalAws:
    """Deploys what was built in this home, on an emulator that may be another home's."""
    sam = sam_command(REPOSITORY)
    found = stack.deploy(REPOSITORY, home, sam, running, lambda _: None, parameters=parameters)
    permissions.widen_resources(running.session(), found)
    return LocalAws(running, found)


@contextmanager
def started(home: Home) -> Iterator[Running]:
    """An emulator with nothing on it."""
    try:
        yield _started(home, sam_command(REPOSITORY).with_name("python"))
    finally:
        up.down(home)


def _started(home: Home, python: Path) -> Running:
    """Started as the command does, from a process that ends: the emulator outlives that process."""
    home.root.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        [sys.executable, "-c", START, str(home.root), str(python)], check=True
    )  # constant arguments
    running = emulator.find(home)
    assert running is not None
    return running
