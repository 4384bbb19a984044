"""A local AWS of a test's own: the stack as it was built, under a policy of the test's."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
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
POLICY = Path("SharedLayer/python/policies/demo.toml")


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
    shutil.copytree(build, home.build, symlinks=True)
    (home.build / POLICY).write_text(policy, encoding="utf-8")
    sam = sam_command(REPOSITORY)
    running = started(home, sam.with_name("python"))
    try:
        ssm = running.session().client("ssm")
        for name, value in secrets.items():
            ssm.put_parameter(Name=name, Value=value, Type="SecureString")
        found = stack.deploy(REPOSITORY, home, sam, running, lambda _: None, parameters=parameters)
        permissions.widen_resources(running.session(), found)
        yield LocalAws(running, found)
    finally:
        up.down(home)


def started(home: Home, python: Path) -> Running:
    """Started as the command does, from a process that ends: the emulator outlives that process."""
    home.root.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        [sys.executable, "-c", START, str(home.root), str(python)], check=True
    )  # constant arguments
    running = emulator.find(home)
    assert running is not None
    return running
