"""The pages that lie in docs/pages are those that humans get."""

import pytest

from tests.pages.printing import FOLDER, contents, document, in_order
from tests.pages.scenes import SCENES, Scene

scenes = pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)


@scenes
def test_a_scene_reads_as_its_document_says(scene: Scene) -> None:
    written = (FOLDER / f"{scene.name}.md").read_text(encoding="utf-8")
    assert document(scene) == written, "run `python -m tests.pages` and read what changed"


@scenes
def test_a_scene_pages_what_it_should_in_its_order(scene: Scene) -> None:
    with scene.stage(scene.policy) as stage:
        scene.play(stage)
        told = [page.body.partition(":")[0] for _, page in in_order(stage.world.pager.pages)]
    assert tuple(told) == scene.marks


def test_every_document_is_a_scene() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.md")) == sorted(["README", *(s.name for s in SCENES)])
    assert (FOLDER / "README.md").read_text(encoding="utf-8") == contents()


def test_no_page_holds_a_secret_of_the_log() -> None:
    assert not any("hunter2" in path.read_text(encoding="utf-8") for path in FOLDER.glob("*.md"))
