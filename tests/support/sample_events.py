"""The events under events/, which tests, the CLI and local invocations share."""

import json
from pathlib import Path
from typing import cast

EVENTS = Path(__file__).parents[2] / "events"


def load(name: str) -> dict[str, object]:
    """One sample event by its file's name without the extension, for example `tag_page`."""
    return cast("dict[str, object]", json.loads((EVENTS / f"{name}.json").read_text(encoding="utf-8")))


def usable() -> list[str]:
    """The names of the events that can be parsed."""
    return sorted(path.stem for path in EVENTS.glob("*.json"))


def unusable() -> list[str]:
    """The names of the events that cannot, as `unusable/...`."""
    return sorted(f"unusable/{path.stem}" for path in (EVENTS / "unusable").glob("*.json"))
