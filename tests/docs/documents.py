"""The documents as data: their code, their links, the repository's files."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]

# Generated files (make clean removes them) and those of git.
_MADE = {".venv", ".local", ".aws-sam", ".git", "__pycache__", ".hypothesis", "node_modules", "build"}

_FENCE = re.compile(r"^```(?P<language>[a-z]*)\n(?P<body>.*?)^```$", re.DOTALL | re.MULTILINE)
_SPAN = re.compile(r"`([^`\n]+)`")
_WRITTEN = re.compile(r"^`(?P<path>[\w/.]+)`:\n\n```\w+\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\[[^\]]*\]\((?P<to>[^)\s]+)\)")


@dataclass(frozen=True, slots=True)
class Document:
    """One Markdown file. `name` is its path in the repository."""

    name: str
    text: str

    @property
    def prose(self) -> str:
        """The text without its code blocks."""
        return _FENCE.sub("", self.text)

    @property
    def code(self) -> list[str]:
        """Every inline piece of code, and every line of every block."""
        blocks = [found["body"].splitlines() for found in _FENCE.finditer(self.text)]
        return [*_SPAN.findall(self.prose), *(line.strip() for body in blocks for line in body)]

    @property
    def written(self) -> dict[str, str]:
        """The files that a reader is asked to write, by their paths: a line with the path before a block."""
        return {found["path"]: found["text"] for found in _WRITTEN.finditer(self.text)}

    @property
    def links(self) -> list[str]:
        """The targets of its links."""
        return [found["to"] for found in _LINK.finditer(self.prose)]

    @property
    def headings(self) -> set[str]:
        """The anchors of its headings, as GitHub makes them."""
        titles = re.findall(r"^#+ (.+)$", self.prose, re.MULTILINE)
        return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}

    def table(self, head: str) -> list[list[str]]:
        """The rows of the table with this first heading, without backticks."""
        start = re.search(rf"^\| {re.escape(head)} \|.*\n\|[- |]+\n((?:\|.*\n?)*)", self.text, re.MULTILINE)
        assert start, f"{self.name} has no table that begins with {head}"
        rows = [line.strip().strip("|").split(" | ") for line in start[1].splitlines()]
        return [[cell.strip().strip("`") for cell in row] for row in rows]


@cache
def document(name: str) -> Document:
    """One document by its path in the repository."""
    return Document(name, (ROOT / name).read_text(encoding="utf-8"))


@cache
def documents() -> tuple[Document, ...]:
    """README, AGENTS, CHANGELOG and everything under docs/ and examples/."""
    paths = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")]
    return tuple(document(str(path.relative_to(ROOT))) for path in sorted(paths))


def files(*suffixes: str) -> Iterator[Path]:
    """The repository's own files with these suffixes, or all."""
    for folder, folders, names in ROOT.walk():
        folders[:] = sorted(
            one for one in folders if one not in _MADE and not one.endswith(("_cache", ".egg-info"))
        )
        for name in sorted(names):
            path = folder / name
            # A generated folder may be a link to that of another checkout.
            if name not in _MADE and (not suffixes or path.suffix in suffixes):
                yield path


def everything() -> str:
    """All documents as one text."""
    return "\n".join(one.text for one in documents())
