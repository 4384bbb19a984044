"""Records what a release leaves behind at each moment of `moments.py`: its items, schedules and events.

`python -m tests.upgrade.record FOLDER` in a checkout of that release, with this folder copied into its tests
(README.md).
"""

import importlib
import json
import sys
from pathlib import Path
from typing import Any

from tests.upgrade.old_names import accept_present_names


def left_behind(world: Any, moment: str) -> dict[str, Any]:
    """Everything that outlives the functions. The world is that of the release that runs."""
    requests = importlib.import_module("firebreak.wire.requests")
    announcements = importlib.import_module("firebreak.wire.announcements")
    worlds = importlib.import_module("tests.support.world")
    checks = [(at, worlds.check_event(*key)) for key, at in world.schedules.checks.items()]
    asks = [(at, requests.request_event(asked)) for asked, at in world.schedules.asks]
    details = map(announcements.announcement_to_wire, world.bus.announced)
    announced = [
        {"source": "firebreak", "detail-type": "Firebreak Announcement", "detail": one} for one in details
    ]
    return {
        "moment": moment,
        "at": world.clock.at.isoformat(),
        "items": sorted(
            world.dynamodb.scan(TableName=worlds.TABLE)["Items"],
            key=lambda item: (item["pk"]["S"], item["sk"]["S"]),
        ),
        "schedules": [{"at": at.isoformat(), "event": event} for at, event in (*checks, *asks)],
        "on_the_bus": [*announced, *map(requests.request_event, world.bus.asked)],
    }


def keep(folder: Path, name: str, left: dict[str, Any]) -> None:
    """Writes a recording: one line an item, schedule or event."""
    lists = {
        key: "[\n{}\n]".format(",\n".join(json.dumps(one, sort_keys=True) for one in value))
        for key, value in left.items()
        if isinstance(value, list) and value
    }
    parts = [f'"{key}": {lists.get(key) or json.dumps(value)}' for key, value in left.items()]
    (folder / f"{name}.json").write_text("{{\n{}\n}}\n".format(",\n".join(parts)), encoding="utf-8")


def record(folder: Path) -> None:
    """Writes one recording a moment."""
    worlds = importlib.import_module("tests.support.world")
    for name, moment in importlib.import_module("tests.upgrade.moments").MOMENTS.items():
        with worlds.world_on_moto() as world:
            moment(world)
            keep(folder, name, left_behind(world, name))


if __name__ == "__main__":
    accept_present_names()
    importlib.import_module("tests.support.world").fake_credentials()
    record(Path(sys.argv[1]))
