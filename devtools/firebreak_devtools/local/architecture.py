"""The architecture of Lambda that this machine runs, for local AWS and containers are on its processor."""

import platform

from firebreak_devtools.local.paths import LocalError

# Lambda's names by those that operating systems have for the processors.
ARCHITECTURES = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}


def own_architecture(machine: str | None = None) -> str:
    """Lambda's name for this machine's architecture. Raises LocalError where Lambda has none for it."""
    name = platform.machine() if machine is None else machine
    try:
        return ARCHITECTURES[name.lower()]
    except KeyError as error:
        raise LocalError(f"Lambda has no architecture for this machine's processor ({name})") from error
