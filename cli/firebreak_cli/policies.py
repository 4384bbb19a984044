"""The place on this machine of the policy that a stack names: in a clone, or installed with the command."""

import sys
from pathlib import Path

from firebreak.settings import LAYER
from firebreak_cli.exit_codes import BAD_INPUT, Ending

# The folder in which pyproject.toml installs the shipped policy.
INSTALLED = Path(sys.prefix) / "share/firebreak"


def policy_path(name: str, installed: Path = INSTALLED) -> Path:
    """This machine's copy of a policy by its name in the layer. Raises Ending where it has none."""
    for place in (LAYER / name, installed / name):
        if place.is_file():
            return place
    raise Ending(
        BAD_INPUT, f"this machine has no copy of the policy {name}: run it in your clone, or name a file"
    )
