"""The pages that lie in docs/pages are those that humans get."""

import re
from pathlib import Path

import pytest

from firebreak.core.messages.announcement import AnnouncementKind
from firebreak.paging.rendering import _MARKS
from tests.contracts.template import description, template
from tests.pages.printing import FOLDER, UNSHOWN, contents, document, sent_in
from tests.pages.scene import Scene
from tests.pages.scenes import SCENES

scenes = pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)


@scenes
def test_a_scene_reads_as_its_document_says(scene: Scene) -> None:
    written = (FOLDER / f"{scene.name}.md").read_text(encoding="utf-8")
    assert document(scene) == written, "run `python -m tests.pages` and read what changed"


@scenes
def test_a_scene_pages_what_it_should_in_its_order(scene: Scene) -> None:
    assert tuple(page.body.partition(":")[0] for _, page in sent_in(scene)) == scene.labels


# Their first words say it, or they are proposals, which change nothing.
SAY_IT_FIRST = {"NEEDS YOU", "APPROVE?", "WOULD ACT", "WOULD NOT ACT", "OBSERVE MODE"}


@scenes
def test_the_first_line_says_whether_anything_is_needed_of_the_reader(scene: Scene) -> None:
    first = [page.body.splitlines()[0] for _, page in sent_in(scene)]
    silent = [line for line in first if "ction needed" not in line and line.split(":")[0] not in SAY_IT_FIRST]
    assert silent == []


def test_every_document_is_a_scene() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.md")) == sorted(["README", *(s.name for s in SCENES)])
    assert (FOLDER / "README.md").read_text(encoding="utf-8") == contents()


def test_no_page_holds_a_secret_of_the_log() -> None:
    assert not any("hunter2" in path.read_text(encoding="utf-8") for path in FOLDER.glob("*.md"))


def test_every_kind_of_announcement_has_a_sample_or_the_list_says_that_it_has_none() -> None:
    sampled = {label for scene in SCENES for label in scene.labels}
    assert {_MARKS[kind] for kind in AnnouncementKind} - sampled == {_MARKS[kind] for kind in UNSHOWN}
    assert all(_MARKS[kind] in contents() for kind in UNSHOWN)


def test_an_alarm_about_firebreak_itself_says_what_to_do() -> None:
    text = {
        name: description(one["Properties"])
        for name, one in template()["Resources"].items()
        if one["Type"] == "AWS::CloudWatch::Alarm" and one["Properties"].get("AlarmActions")
    }
    assert text
    for name, words in text.items():
        assert 60 < len(words) < 500, name
        assert re.search(r"[Ll]ook|Handle|Read|waits in", words), name


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.md")), ids=lambda path: path.stem)
def test_no_page_shows_text_that_only_machines_read(path: Path) -> None:
    for machine in ("taskDefinition", "arn:aws:ecs", "{'", "80s pad", "policy 0", "deployments="):
        assert machine not in path.read_text(encoding="utf-8"), machine
