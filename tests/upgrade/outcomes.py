"""How everything ends that a recording holds: once with all alarms OK, once with them as they are.

`python -m tests.upgrade.outcomes FOLDER` prints it as JSON, also in a checkout of release 0.1.0 (README.md).
"""

import importlib
import json
import re
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.upgrade.old_names import accept_present_names

# The first words of a page, in capitals.
_KIND = re.compile(r"\[Firebreak\] ([A-Z]{2,}(?: [A-Z]{2,})*\??)")
LONG_ENOUGH = timedelta(minutes=90)


def outcome(world: Any, left: Any, *, heals: bool, lost: bool = False) -> dict[str, list[str]]:
    """The incidents' states, the kinds of the pages and the acts after an hour and a half."""
    resumption = importlib.import_module("tests.upgrade.resumption")
    resumption.resume(world, left)
    before = len(world.ecs.writes)
    if heals:
        resumption.heal(world)
    resumption.go_on(world, left, LONG_ENOUGH, lost=lost)
    kinds = [match[1] for subject in world.subjects if (match := _KIND.match(subject))]
    return {
        "states": [incident.state.value for incident in resumption.incidents(world, left)],
        "pages": sorted(kinds),
        "acts": [name for name, _, _ in world.ecs.writes[before:]],
    }


def outcomes(folder: Path) -> dict[str, Any]:
    """The outcomes of every recording in the folder."""
    worlds, resumption = (
        importlib.import_module(f"tests.{name}") for name in ("support.world", "upgrade.resumption")
    )
    found: dict[str, Any] = {}
    for path in sorted(folder.glob("*.json")):
        left = resumption.left_by(path)
        for end in ("heals", "stays red"):
            with worlds.world_on_moto() as world:
                found.setdefault(path.stem, {})[end] = outcome(world, left, heals=end == "heals")
    return found


if __name__ == "__main__":
    accept_present_names()
    importlib.import_module("tests.support.world").fake_credentials()
    sys.stdout.write(f"{json.dumps(outcomes(Path(sys.argv[1])), indent=1)}\n")
