"""The pages that lie in docs/pages are those that humans get."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from firebreak.core.messages.announcement import AnnouncementKind
from firebreak.core.paging import needs
from firebreak.paging.rendering import _MARKS
from tests.contracts.template import description, template
from tests.pages.printing import FOLDER, UNSHOWN, contents, document, sent_in
from tests.pages.scene import Scene
from tests.pages.scenes import SCENES
from tests.support import builders as a

scenes = pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)


@scenes
def test_a_scene_reads_as_its_document_says(scene: Scene) -> None:
    written = (FOLDER / f"{scene.name}.md").read_text(encoding="utf-8")
    assert document(scene) == written, "run `python -m tests.pages` and read what changed"


@scenes
def test_a_scene_pages_what_it_should_in_its_order(scene: Scene) -> None:
    assert tuple(page.body.partition(":")[0] for _, page in sent_in(scene)) == scene.labels


NEEDS = {
    needs.ACT,
    needs.NOTHING,
    needs.NOT_URGENT,
    needs.STAND_BY,
    needs.TAKEN,
    needs.NEWS,
    "check with ana",
    "left to ana",
}
# So much of a subject is shown by a phone.
PHONE = 60
# Their first words ask for it themselves.
SAY_IT_FIRST = {"NEEDS YOU", "APPROVE?"}
COUNTED = re.compile(r"\d+ (?:of \d+ )?(?:routed )?alarms")
READING = re.compile(r"MemoryUtilization 91\.3 > 80(?: for 3 of 3 minutes \([^)]*\))?( at 10:00:30Z)?")


@scenes
def test_a_phone_shows_whether_anything_is_needed_and_of_what(scene: Scene) -> None:
    for _, page in sent_in(scene):
        label, _, rest = page.body.splitlines()[0].partition(": ")
        need = "" if label in SAY_IT_FIRST else rest.partition(". ")[0]
        assert need in NEEDS or label in SAY_IT_FIRST, label
        for shown in (page.subject[:PHONE], page.ascii_subject[:PHONE]):
            assert shown.startswith(f"[Firebreak] {label}: {need}")
            about = page.source if page.source.isascii() or shown in page.subject else "alarm "
            assert about[:12] in shown if about else COUNTED.search(shown), shown


@scenes
def test_a_subject_is_the_beginning_of_the_first_line(scene: Scene) -> None:
    for _, page in sent_in(scene):
        subject = page.subject.removeprefix("[Firebreak] ").removesuffix("…")
        assert page.body.startswith(subject)


@scenes
def test_no_page_asks_for_what_firebreak_does_or_a_human_has_taken(scene: Scene) -> None:
    taken = re.compile(r"This counts as acknowledged|Firebreak restores them now|Nobody else is called")
    for _, page in sent_in(scene):
        assert not (taken.search(page.body) and needs.ACT in page.body.splitlines()[0])


@scenes
def test_a_reading_that_is_more_than_a_minute_old_says_when_it_was_made(scene: Scene) -> None:
    for _, page in sent_in(scene):
        old = page.at - a.NOW > timedelta(minutes=1)
        found = [*READING.finditer(page.body), *READING.finditer(page.subject)]
        assert {bool(one.group(1)) for one in found} <= {old}, page.body


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
