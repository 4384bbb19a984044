"""Brings a whole local AWS up: emulator, build, deploy. Quick when it is up and nothing changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from firebreak_devtools.local import carry, emulator, permissions, stack
from firebreak_devtools.local.emulator import Running
from firebreak_devtools.local.paths import Home
from firebreak_devtools.local.sam import Progress, sam_command
from firebreak_devtools.local.stack import DeployedStack


@dataclass(frozen=True, slots=True)
class LocalAws:
    """A running emulator with the stack deployed on it."""

    running: Running
    stack: DeployedStack


def up(
    repository: Path,
    home: Home,
    progress: Progress,
    *,
    bind: str = "127.0.0.1",
    parameters: Mapping[str, str] | None = None,
    policy: Path | None = None,
) -> LocalAws:
    """Start the emulator if it does not run, build, and deploy; `policy` instead of the demo's.

    Raises LocalError.
    """
    sam = sam_command(repository)
    progress("starting local AWS")
    running = emulator.start(home, sam.with_name("python"), bind=bind)
    progress("building the functions and their layer")
    stack.build(repository, home, sam, progress, policy=policy)
    progress("deploying the stack")
    if policy:
        parameters = {"PolicyFile": stack.GIVEN_POLICY} | dict(parameters or {})
    deployed = stack.deploy(repository, home, sam, running, progress, parameters=parameters)
    permissions.widen_resources(running.session(), deployed)
    return LocalAws(running, deployed)


def find(home: Home) -> LocalAws | None:
    """The local AWS that is up in this home, if any."""
    running = emulator.find(home)
    return LocalAws(running, stack.describe(running.session())) if running else None


def down(home: Home) -> bool:
    """End this home's local AWS and delete everything on it; False when none is up."""
    carry.stop(home)
    return emulator.stop(home)
