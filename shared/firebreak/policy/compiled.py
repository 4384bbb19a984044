"""The compiled form of a policy: JSON that a function reads without the library that checks policy files.

`sam build` writes it next to each policy of the layer. It names the text that it was made of, and it counts
only for that very text: a file that was changed since is read and checked as it is.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from firebreak.core.limits.freeze import Window
from firebreak.policy.policy import Policy
from firebreak.policy.time_windows import ScheduledWindow
from firebreak.services.registry import CATALOG

COMPILED_VERSION = 1
BUILD_ID = Path(__file__).parents[1] / "build_id"


@dataclass(frozen=True, slots=True)
class _Compiled:
    v: int
    sha256: str
    by: str
    policy: Mapping[str, Any]


def compiled_path(path: Path) -> Path:
    """Where the compiled form of a policy file stands."""
    return path.with_name(f"{path.name}.compiled.json")


def encode(policy: Policy, sha256: str) -> bytes:
    """The compiled form of a policy that was made of a text with that SHA-256."""
    return msgspec.json.encode(
        {"v": COMPILED_VERSION, "sha256": sha256, "by": _release(), "policy": policy},
        enc_hook=dict,
        order="sorted",
    )


def decode(compiled: bytes, sha256: str) -> Policy | None:
    """The policy; None where it is of another text, version or release, or damaged."""
    try:
        found = msgspec.json.decode(compiled, type=_Compiled)
        if (found.v, found.sha256, found.by) != (COMPILED_VERSION, sha256, _release()):
            return None
        policy = msgspec.convert(found.policy, Policy, dec_hook=_window)
        return replace(policy, settings=_settings(found.policy["settings"]))
    except (msgspec.MsgspecError, KeyError, RecursionError, ValueError):
        return None


@cache
def _release() -> str:
    """The build that this code is of, empty in a clone: another may have other defaults for a text."""
    try:
        return BUILD_ID.read_text(encoding="ascii")
    except OSError:
        return ""


def stamp(package: Path) -> None:
    """Writes the SHA-256 of a package's sources into it, by which its compiled policies are known."""
    sources = sorted(package.rglob("*.py"))
    digest = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()
    (package / BUILD_ID.name).write_text(digest, encoding="ascii")


def _window(kind: type, value: object) -> ScheduledWindow:
    """The window of a route's hours, which the core knows by what it answers alone."""
    if kind is not Window:
        raise TypeError(kind)
    return msgspec.convert(value, ScheduledWindow)


def _settings(stored: Mapping[str, object]) -> Mapping[str, Any]:
    """The settings of each action, of the type that its declaration names."""
    return {
        name: msgspec.convert(value, type(CATALOG.settings_of(name)), strict=True)
        for name, value in stored.items()
    }
