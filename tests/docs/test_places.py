"""Every path, link and test that the documents name is there."""

import ast
import re
from pathlib import Path

import pytest

from tests.docs.documents import ROOT, Document, document, documents

every_document = pytest.mark.parametrize("document", documents(), ids=lambda one: one.name)

_FOLDERS = "functions|shared|cli|devtools|events|tests|docs|requirements|bench|examples"
_PATH = re.compile(
    rf"(?<![\w./-])(?:{_FOLDERS}|\.ci)/[\w./*-]*|(?<![\w/.-])[\w-]+\.(?:yaml|toml|md)(?![\w/])"
)
_TEST = re.compile(r"(tests/[\w/]+\.py)::(\w+)")


def named_paths(document: Document) -> set[str]:
    """The paths of this repository in the document's code; `*` stands for anything, `...` for the rest."""
    found = (path.rstrip(".") for code in document.code for path in _PATH.findall(code.replace("::", " ")))
    return {path for path in found if "..." not in path}


def exists(path: str, folder: Path) -> bool:
    """Whether the path is there, from the root, next to the document, or in the layer's folders."""
    places = [ROOT, folder, ROOT / "shared", ROOT / "shared/firebreak"]
    return any((place / path).exists() or ("*" in path and any(place.glob(path))) for place in places)


@every_document
def test_every_path_in_a_document_is_there(document: Document) -> None:
    folder = (ROOT / document.name).parent
    named = sorted(named_paths(document) - set(document.written))
    assert [path for path in named if not exists(path, folder)] == []


def test_a_path_that_is_not_there_is_noticed() -> None:
    lost = Document("x.md", "see `shared/firebreak/gone.py` and `events/ecs_memory_alarm.json`")
    assert {path for path in named_paths(lost) if not exists(path, ROOT)} == {"shared/firebreak/gone.py"}


@every_document
def test_every_link_leads_somewhere(document: Document) -> None:
    assert [link for link in document.links if not _leads_somewhere(document, link)] == []


def _leads_somewhere(source: Document, link: str) -> bool:
    if link.startswith("https://"):
        return True
    path, _, anchor = link.partition("#")
    file = (ROOT / source.name).parent / path if path else ROOT / source.name
    if not file.exists():
        return False
    return not anchor or anchor in document(str(file.resolve().relative_to(ROOT))).headings


PACKAGE = ROOT / "shared/firebreak"
OTHERS = ("functions", "cli/firebreak_cli", "devtools/firebreak_devtools", "tests", "template", "bench")
ARCHITECTURE = document("docs/architecture.md")


def rooms() -> set[Path]:
    """The folders of the package with code."""
    return {file.parent for file in PACKAGE.glob("*/*.py")}


def test_the_table_of_folders_names_every_module_and_folder_in_nine_rows() -> None:
    """The modules inside a folder of the package speak for themselves."""
    rows = ARCHITECTURE.table("folder")
    named = re.findall(r"[\w./]+", " ".join(row[0] for row in rows))
    found = {place if (place := ROOT / name).exists() else PACKAGE / name for name in named}
    modules = {path for path in PACKAGE.glob("*.py") if path.stem != "__init__"}
    assert found == modules | rooms() | {ROOT / name for name in OTHERS}
    assert len(rows) == 9


def test_a_folder_of_tests_has_the_name_of_a_room_or_is_explained() -> None:
    explained = ARCHITECTURE.text.partition("## Folders")[2].partition("### Where to look")[0]
    folders = {file.parent.name for file in (ROOT / "tests").glob("*/*.py")}
    others = folders - {room.name for room in rooms()} - {"cli", "devtools"}
    assert others
    assert [name for name in sorted(others) if f"`tests/{name}/`" not in explained] == []


@pytest.mark.parametrize(("head", "most"), [("word", 10), ("folder", 16)])
def test_a_row_of_the_words_and_the_folders_is_read_at_a_glance(head: str, most: int) -> None:
    """The first cell is the word, or the folders."""
    cells = [cell for row in ARCHITECTURE.table(head) for cell in row[1:]]
    assert [cell for cell in cells if len(cell.split()) > most] == []


def test_the_words_are_in_the_order_of_the_alphabet() -> None:
    words = [row[0] for row in ARCHITECTURE.table("word")]
    assert words == sorted(words)


def test_every_decision_is_listed_and_has_a_number_of_its_own() -> None:
    names = sorted(path.name for path in (ROOT / "docs/adr").glob("0*.md"))
    assert len({name[:4] for name in names}) == len(names)
    assert sorted(link for link in document("docs/adr/README.md").links) == names


@pytest.mark.parametrize("path", sorted((ROOT / "docs/adr").glob("0*.md")), ids=lambda path: path.stem)
def test_a_decision_has_context_decision_and_consequences(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"]
    assert 20 <= len(text.splitlines()) <= 40


def test_every_odd_looking_thing_is_guarded_by_a_test_that_exists() -> None:
    oddities = document("AGENTS.md").text.partition("## Looks odd but is deliberate")[2]
    items = re.split(r"^- ", oddities, flags=re.MULTILINE)[1:]
    assert len(items) > 10
    assert [item for item in items if not _TEST.search(item)] == []
    named = [found for item in items for found in _TEST.findall(item)]
    assert [f"{path}::{name}" for path, name in named if name not in _tests_in(ROOT / path)] == []


def _tests_in(path: Path) -> set[str]:
    if not path.exists():
        return set()
    return {node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)}
