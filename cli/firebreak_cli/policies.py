"""The policy that a stack decides by: this machine's copy of the layer's, or the version in AppConfig."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from firebreak.errors import AwsError, PolicyError
from firebreak.policy.loader import load_policy, policy_text
from firebreak.policy.policy import Policy
from firebreak.settings import LAYER
from firebreak_cli.exit_codes import BAD_INPUT, Ending
from firebreak_cli.stack import Stack

if TYPE_CHECKING:
    from firebreak_cli.policy_versions import Deployed, Version

# The folder in which pyproject.toml installs the shipped policy.
INSTALLED = Path(sys.prefix) / "share/firebreak"


@dataclass(frozen=True, slots=True, kw_only=True)
class StackPolicy:
    """A policy, and where it was found.

    `place` is a file, or a version in AppConfig; `version` is its number there, 0 for a file's. `since` is
    when AppConfig had deployed it, and `by` who pushed it. `notes` are what is odd about it, a line each.
    """

    policy: Policy
    text: str
    place: str
    version: int = 0
    since: datetime | None = None
    by: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """The state of AppConfig: the deployment and version in force, if any, and the newest deployment."""

    deployed: "Deployed | None"
    version: "Version | None"
    newest: "Deployed | None"

    @property
    def notes(self) -> Iterator[str]:
        """A line on the newest deployment where it is not the one in force."""
        from firebreak_cli.policy_versions import TAKEN_BACK

        if (newest := self.newest) is None or newest == self.deployed:
            return
        if newest.state in TAKEN_BACK:
            yield f"The newest deployment, of version {newest.version}, was taken back ({newest.state})"
        else:
            yield f"Version {newest.version} is being deployed ({newest.state}, {newest.percent:.0f} %)"


def policy_path(name: str, installed: Path = INSTALLED) -> Path:
    """This machine's copy of a policy by its name in the layer. Raises Ending where it has none."""
    for place in (LAYER / name, installed / name):
        if place.is_file():
            return place
    raise Ending(
        BAD_INPUT, f"this machine has no copy of the policy {name}: run it in your clone, or name a file"
    )


def policy_in(path: Path, place: str = "") -> StackPolicy:
    """The policy of a file. Raises PolicyError."""
    return StackPolicy(policy=load_policy(path), text=policy_text(path), place=place or str(path))


def policy_of(stack: Stack) -> StackPolicy:
    """The policy that the stack decides by, as far as this machine can see.

    Where the version in AppConfig does not load, it is the last one that did, as for the functions. Raises
    Ending, PolicyError or AwsError.
    """
    if not stack.policy_configuration:
        return policy_in(policy_path(stack.policy_file), stack.policy_file)
    found = served_by(stack)
    try:
        return _pushed(found)
    except PolicyError as error:
        return _last_loaded(stack, error)


def policy_if_known(stack: Stack) -> StackPolicy | None:
    """The same for what is good without it: None where it cannot be read or does not load."""
    try:
        return policy_of(stack)
    except (AwsError, Ending, PolicyError):
        return None


def served_by(stack: Stack) -> Served:
    """The version that AppConfig serves for the stack. Raises AwsError."""
    from firebreak_cli.policy_versions import SERVED, PolicyVersions

    versions, newest = PolicyVersions(stack), None
    for one in versions.deployments():
        newest = newest or one
        if one.state in SERVED:
            return Served(deployed=one, version=versions.version(one.version), newest=newest)
    return Served(deployed=None, version=None, newest=newest)


def _pushed(found: Served) -> StackPolicy:
    from firebreak.policy.document import read_document

    if found.deployed is None or found.version is None:
        raise PolicyError("AppConfig", ["no policy was pushed yet: no action runs until one is"])
    read = read_document(found.version.content)
    return StackPolicy(
        policy=read.policy,
        text=read.text,
        place=f"AppConfig version {found.deployed.version}",
        version=found.deployed.version,
        since=found.deployed.completed_at or found.deployed.started_at,
        by=found.version.description,
        notes=tuple(found.notes),
    )


def _last_loaded(stack: Stack, error: PolicyError) -> StackPolicy:
    """The last policy that loaded, with what keeps the newest from it. Raises that where none is kept."""
    from firebreak.ledger.policies import DynamoPolicies
    from firebreak.ledger.ports import KeptPolicy
    from firebreak.policy.compiler import parse_policy

    kept = DynamoPolicies(stack.reader("dynamodb"), stack.ledger_table).last_loaded()
    if not isinstance(kept, KeptPolicy):
        raise error
    place = f"AppConfig version {kept.number}, the last that loaded"
    return StackPolicy(
        policy=parse_policy(kept.text, place),
        text=kept.text,
        place=place,
        version=kept.number,
        notes=(f"The newest policy does not load ({error.source}: {error.problems[0]})",),
    )
