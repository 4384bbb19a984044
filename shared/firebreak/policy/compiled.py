"""The compiled form of a policy: JSON that a function reads without the library that checks policy files.

`sam build` writes it next to each policy of the layer. Its seal covers the text that it was made of, the
build and the policy in it, so that it counts for that very text, code and content alone: anything else is
passed over, and the file is read and checked as it is.
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

BUILD_ID = Path(__file__).parents[1] / "build_id"
# So many characters of it are recorded with a decision, and shown.
BUILD_SHOWN = 12


@dataclass(frozen=True, slots=True)
class _Compiled:
    seal: str
    policy: msgspec.Raw


def compiled_path(path: Path) -> Path:
    """Where the compiled form of a policy file stands."""
    return path.with_name(f"{path.name}.compiled.json")


def encode(policy: Policy, text: str, build: str | None = None) -> bytes:
    """The compiled form of a policy that was made of this text, for functions of that build or this one."""
    content = msgspec.json.encode(policy, enc_hook=dict, order="sorted")
    return msgspec.json.encode(_Compiled(seal(text, content, build), msgspec.Raw(content)))


def decode(compiled: bytes, text: str, build: str | None = None) -> Policy | None:
    """The policy; None where it is of another text or build than that or this one, or damaged."""
    try:
        found = msgspec.json.decode(compiled, type=_Compiled)
    except (msgspec.DecodeError, RecursionError):
        return None
    content = bytes(found.policy)
    return _policy(content) if found.seal == seal(text, content, build) else None


def seal(text: str, content: bytes, build: str | None = None) -> str:
    """The SHA-256 of a policy's text, of the build that compiled it and of what that made of it."""
    parts = (text.encode(), (build_id() if build is None else build).encode(), content)
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


@cache
def build_id() -> str:
    """The build that this code is of, empty in a clone: another may have other defaults for a text."""
    try:
        return BUILD_ID.read_text(encoding="ascii")
    except OSError:
        return ""


def deployed_build() -> str:
    """The build of functions that were built from these sources; in a clone `build_id` is empty."""
    return build_id() or sources_id(BUILD_ID.parent)


def stamp(package: Path) -> None:
    """Writes the SHA-256 of a package's sources into it, by which its compiled policies are known."""
    (package / BUILD_ID.name).write_text(sources_id(package), encoding="ascii")


def sources_id(package: Path) -> str:
    """The SHA-256 of a package's sources."""
    sources = sorted(package.rglob("*.py"))
    return hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()


def _policy(content: bytes) -> Policy:
    stored = msgspec.json.decode(content)
    policy = msgspec.convert(stored, Policy, dec_hook=_window)
    return replace(policy, settings=_settings(stored["settings"]))


def _window(kind: type, value: object) -> ScheduledWindow:
    """The window of a route's hours, which the core knows by what it answers alone."""
    if kind is not Window:
        raise TypeError(kind)
    return msgspec.convert(value, ScheduledWindow)


def _settings(stored: Mapping[str, object]) -> Mapping[str, Any]:
    """The settings of each action, of the type that its declaration names."""
    return {name: msgspec.convert(one, type(CATALOG.settings_of(name))) for name, one in stored.items()}
