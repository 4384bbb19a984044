"""A scene's pages as a document."""

from collections.abc import Sequence
from functools import cache
from itertools import groupby
from pathlib import Path

from firebreak.core.messages.announcement import AnnouncementKind
from firebreak.core.paging.page import Page, Phase
from firebreak.paging.rendering import _MARKS
from tests.pages.scene import Scene
from tests.pages.scenes import SCENES

# They come after a day, or after dozens of pages.
UNSHOWN = (AnnouncementKind.NO_LONGER_WATCHED, AnnouncementKind.HELD_BACK)

FOLDER = Path(__file__).parents[2] / "docs" / "pages"


@cache
def sent_in(scene: Scene) -> tuple[tuple[str, Page], ...]:
    """Every page of one run of the scene, in the order in which it was sent."""
    with scene.make_world(scene.policy) as on:
        scene.run(on)
        return tuple(in_order(on.world.pager.pages))


def document(scene: Scene) -> str:
    """The scene's pages to read."""
    sent = sent_in(scene)
    calls = sum(page.phase is Phase.TRIGGER for _, page in sent)
    count = f"Pages: {len(sent)}. Of these, calls for somebody: {calls}."
    parts = [f"# {scene.title}\n\n{scene.story}\n\n{count}\n"]
    for number, (channel, page) in enumerate(sent, start=1):
        head = f"## {number}. {page.phase} on {channel} ({page.severity}): {page.subject}"
        links = "".join(f"\n{word}: {address}" for word, address in page.links)
        parts.append(f"{_harmless(head)}\n\n```text\n{page.body}{links}\n```\n")
    return "\n".join(parts)


def in_order(pages: Sequence[tuple[str, Page]]) -> list[tuple[str, Page]]:
    """The pages as they came; those that went to several channels at once are in the order of their names."""
    runs = groupby(pages, key=lambda sent: sent[1].body)
    return [sent for _, run in runs for sent in sorted(run, key=lambda one: one[0])]


def _harmless(line: str) -> str:
    return line.replace("<", "&lt;").replace("`", "'")


def contents() -> str:
    """The list of all of them."""
    left_out = " and ".join(_MARKS[kind] for kind in UNSHOWN)
    rows = [f"| [{scene.name}]({scene.name}.md) | {scene.title} |" for scene in SCENES]
    return "\n".join(
        [
            "# Pages as they read",
            "",
            "Situations in which humans are paged, run through all functions in one process, and the",
            f"pages they got: at least one for every kind of announcement but {left_out}, which",
            "[operations](../operations.md#reading-a-page) explains. Alarms about Firebreak itself are",
            "mailed by CloudWatch, with the descriptions of the template. Written by",
            "`python -m tests.pages`; a test compares.",
            "",
            "| scene | what happened |",
            "| --- | --- |",
            *rows,
            "",
        ]
    )


def documents() -> dict[str, str]:
    """All documents by the name of their file."""
    return {"README.md": contents()} | {f"{scene.name}.md": document(scene) for scene in SCENES}
