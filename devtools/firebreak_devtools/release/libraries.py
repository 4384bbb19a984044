"""The libraries of a lock, each with the license that it declares."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

from packaging.requirements import Requirement

# Lambda's side of a marker such as `sys_platform != 'emscripten'`.
LAMBDA = {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix", "python_version": "3.13"}

# The identifiers of SPDX for what libraries write in their metadata instead of one.
_BY_TEXT = {
    "Apache License 2.0": "Apache-2.0",
    "License :: OSI Approved :: Apache Software License": "Apache-2.0",
    "License :: OSI Approved :: MIT License": "MIT",
}
# Libraries that declare none that a machine can read, or several; each as its own license file says.
_BY_LIBRARY = {
    "cronsim": "BSD-3-Clause",
    "pagerduty": "MIT",
    "python-dateutil": "Apache-2.0 OR BSD-3-Clause",
}
_SPDX = re.compile(r"[A-Za-z0-9.+-]+( (AND|OR|WITH) [A-Za-z0-9.+-]+)*")
_NO_LICENSE = {"", "UNKNOWN"}


@dataclass(frozen=True, slots=True)
class Library:
    """A library at its pinned version, with the SHA-256 of each of its files."""

    name: str
    version: str
    hashes: tuple[str, ...]
    license: str


def libraries(lock: Path) -> tuple[Library, ...]:
    """The libraries that a lock brings to Lambda.

    Raises ValueError where a line pins nothing or has no hash, and where a library declares no license.
    """
    return tuple(_libraries(lock.read_text(encoding="utf-8")))


def _libraries(text: str) -> Iterator[Library]:
    lines = (line.partition(" #")[0].strip() for line in text.replace("\\\n", " ").splitlines())
    for line in (one for one in lines if one and not one.startswith("#")):
        wanted = Requirement(line.partition(" --hash=")[0])
        if wanted.marker and not wanted.marker.evaluate(LAMBDA):
            continue
        hashes = tuple(re.findall(r"--hash=sha256:([0-9a-f]{64})", line))
        (version,) = [one.version for one in wanted.specifier if one.operator == "=="] or [""]
        if not (version and hashes):
            raise ValueError(
                f"{wanted} is not pinned by a version and the SHA-256 of its files: run make lock"
            )
        yield Library(wanted.name, version, hashes, license_of(wanted.name))


def license_of(name: str) -> str:
    """The SPDX expression of an installed library's license. Raises ValueError where none is declared."""
    if known := _BY_LIBRARY.get(name):
        return known
    try:
        found = metadata(name)
    except PackageNotFoundError as error:
        raise ValueError(f"{name} is not installed: run make setup") from error
    classifiers = [one for one in found.get_all("Classifier") or () if one.startswith("License ::")]
    for text in (found.get("License-Expression"), found.get("License"), *classifiers):
        if text in _BY_TEXT:
            return _BY_TEXT[text]
        if text and text not in _NO_LICENSE and _SPDX.fullmatch(text):
            return str(text)
    raise ValueError(
        f"{name} declares no license that can be read: look at its license file, and add it here"
    )
