"""The policy that a stack decides by: this machine's copy of the layer's, or the version in AppConfig."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from firebreak.core.readings import NotRead, Reading
from firebreak.errors import AwsError, FirebreakError, PolicyError
from firebreak.policy.loader import load_policy, policy_text
from firebreak.policy.policy import Policy
from firebreak.settings import LAYER
from firebreak_cli.exit_codes import BAD_INPUT, Ending
from firebreak_cli.stack import Stack

if TYPE_CHECKING:
    from firebreak.ledger.ports import KeptPolicy, LeftOutPolicy
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
    """The state of AppConfig: the deployment and version in force, if any, and the newest deployment.

    `latest` is the newest deployment of the environment, of whatever profile: AppConfig counts them together.
    """

    deployed: "Deployed | None"
    version: "Version | None"
    newest: "Deployed | None"
    latest: "Deployed | None"

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

    Where the version in AppConfig does not load or cannot be read, it is the last one that did, as for the
    functions. Raises Ending, PolicyError or AwsError.
    """
    if not stack.has_pushed_policy:
        found = policy_in(policy_path(stack.policy_file), stack.policy_file)
        return replace(found, notes=tuple(filter(None, [_not_known(stack)])))
    try:
        served = served_by(stack)
    except AwsError as error:
        return _last_loaded(stack, error, f"AppConfig could not be read ({error})")
    if served.deployed is None or served.version is None:
        none = "no policy was pushed yet" if served.newest is None else "none that was pushed is deployed"
        raise PolicyError("AppConfig", [f"{none}: no action runs until one is"])
    try:
        return _pushed(served.deployed, served.version, tuple(served.notes))
    except PolicyError as error:
        why = f"The newest policy does not load ({error.source}: {error.first})"
        return _last_loaded(stack, error.without_values, why)


def _not_known(stack: Stack) -> str:
    if not (why := stack.policy_source_not_known):
        return ""
    return f"{why[0].upper()}{why[1:]}; this is this machine's copy of {stack.policy_file}"


def policy_for_pages(stack: Stack) -> StackPolicy:
    """The same, else the layer's, by which pages go then. Raises Ending, PolicyError or AwsError."""
    try:
        return policy_of(stack)
    except (AwsError, PolicyError):
        if not stack.has_pushed_policy:
            raise
    return policy_in(policy_path(stack.policy_file), f"{stack.policy_file} of the layer")


def kept_for(stack: Stack) -> "Reading[KeptPolicy | LeftOutPolicy]":
    """The last policy that loaded from the stack's profile, as its functions find it. Raises Ending."""
    from firebreak.ledger.policies import DynamoPolicies

    place = stack.policy_configuration
    if isinstance(place, NotRead):
        return place
    return DynamoPolicies(stack.reader("dynamodb"), stack.ledger_table, configuration=place).last_loaded()


def policy_if_known(stack: Stack) -> StackPolicy | None:
    """The same for what is good without it: None where it cannot be read or does not load."""
    try:
        return policy_of(stack)
    except (AwsError, Ending, PolicyError):
        return None


def served_by(stack: Stack) -> Served:
    """The version that AppConfig serves for the stack. Raises AwsError."""
    from firebreak_cli.policy_versions import SERVED, PolicyVersions

    versions, newest, latest = PolicyVersions(stack), None, None
    for one in versions.deployments():
        latest = latest or one
        if one.profile not in ("", versions.profile):
            continue
        newest = newest or one
        if one.state in SERVED:
            found = versions.version(one.version)
            return Served(deployed=one, version=found, newest=newest, latest=latest)
    return Served(deployed=None, version=None, newest=newest, latest=latest)


def _pushed(deployed: "Deployed", version: "Version", notes: tuple[str, ...]) -> StackPolicy:
    from firebreak.policy.document import read_document

    read = read_document(version.content)
    return StackPolicy(
        policy=read.policy,
        text=read.text,
        place=f"AppConfig version {deployed.version}",
        version=deployed.version,
        since=deployed.completed_at or deployed.started_at,
        by=version.description,
        notes=notes,
    )


def _last_loaded(stack: Stack, error: FirebreakError, why: str) -> StackPolicy:
    """The last policy that loaded, with what keeps the newest from it. Raises that where none is kept."""
    from firebreak.ledger.ports import KeptPolicy
    from firebreak.policy.compiler import parse_policy

    kept = kept_for(stack)
    if not isinstance(kept, KeptPolicy):
        raise error
    place = f"AppConfig version {kept.number}, the last that loaded"
    return StackPolicy(
        policy=parse_policy(kept.text, place),
        text=kept.text,
        place=place,
        version=kept.number,
        notes=(f"{why}; AppConfig served this one last at {kept.at:%Y-%m-%d %H:%M:%SZ}",),
    )
