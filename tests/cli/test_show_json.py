"""The object of `firebreak show --json` has a version, and its document names every key."""

import re

from tests.cli.test_show_command import show
from tests.docs.documents import document
from tests.support.world import World


def documented(head: str) -> list[str]:
    rows = document("docs/operations.md").table(head)
    return [key.strip("` ") for row in rows for key in row[0].split(",")]


def meaning(head: str, key: str) -> list[str]:
    """The keys that the meaning of a key names in the order of its list."""
    rows = document("docs/operations.md").table(head)
    (said,) = [row[1] for row in rows if key in [name.strip("` ") for name in row[0].split(",")]]
    return re.findall(r"`([a-z_]+)`", f"{said}`")  # a table strips the mark at the end of a cell


def test_the_document_names_every_key(world: World) -> None:
    found = show(world, world.send(world.red()).incident_id)
    incident, pages = found["incident"], found["pages"]

    assert found["version"] == 1
    assert [*found] == documented("key of a story")
    assert [*incident] == documented("key of a shown incident")
    assert [*pages] == documented("key of its pages")
    assert [*pages["latest"]] == meaning("key of its pages", "latest")
    assert [*incident["plan"]] == meaning("key of a shown incident", "plan")
    assert [*incident["receipt"]] == meaning("key of a shown incident", "receipt")
    assert [*incident["members"][0]] == meaning("key of a shown incident", "members")
    assert [*found["history"][0]] == meaning("key of a story", "history")
    (kinds,) = {tuple(one) for one in found["timeline"]}
    assert [*kinds] == [name for name in meaning("key of a story", "timeline") if name in kinds]
