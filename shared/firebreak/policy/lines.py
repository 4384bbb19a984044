"""The line of each key in a TOML file: tomllib does not report it."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping

type Path = tuple[str | int, ...]

_TABLE = re.compile(r"\s*\[(?!\[)(?P<path>[^\]]+)\]")
_ENTRY = re.compile(r"\s*\[\[(?P<path>[^\]]+)\]\]")
_KEY = re.compile(
    r"\s*(?P<path>(?:[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|\"[^\"]*\"))*)\s*="
)
_WORD = re.compile(r"\"([^\"]*)\"|'([^']*)'|([A-Za-z0-9_-]+)")
_STRING = re.compile(r'"""|\'\'\'|"(?:\\.|[^"\\])*"|\'[^\']*\'|#.*')
_PART = re.compile(r"\[(\d+)\]|([^.\[\]]+)")


def lines_of(text: str) -> Mapping[Path, int]:
    """The line of each table and key, by its path; entries of arrays of tables are numbered."""
    found: dict[Path, int] = {}
    table: Path = ()
    entries: Counter[Path] = Counter()
    depth, quote = 0, ""
    for number, line in enumerate(text.splitlines(), 1):
        if not depth and not quote:
            if entry := _ENTRY.match(line):
                whole = _numbered(_words(entry["path"]), entries)
                table = (*whole, entries[whole])
                entries[whole] += 1
                found[table] = number
                _name_parents(whole, number, found)
            elif header := _TABLE.match(line):
                table = _numbered(_words(header["path"]), entries)
                _name_parents(table, number, found)
            elif key := _KEY.match(line):
                for end in range(len(words := _words(key["path"]))):
                    found.setdefault((*table, *words[: end + 1]), number)
        depth, quote = _open_after(line, depth, quote)
    return found


def _name_parents(table: Path, number: int, found: dict[Path, int]) -> None:
    """A table that is only named as a part of others begins with the first of them."""
    for end in range(1, len(table) + 1):
        found.setdefault(table[:end], number)


def path_of(place: Iterable[str | int]) -> str:
    """The path of a place as mistakes show it: `overrides[0].ladder[1]`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).lstrip(".")


def line_of(path: str, lines: Mapping[Path, int]) -> int | None:
    """The line of what `overrides[0].ladder[1]` names, or of the nearest part around it that is there."""
    parts: Path = tuple(int(index) if index else name for index, name in _PART.findall(path))
    nearest_first = (parts[:end] for end in range(len(parts), 0, -1))
    return next((lines[part] for part in nearest_first if part in lines), None)


def with_line(text: str, lines: Mapping[Path, int]) -> str:
    """The same after the number of the line that holds what it is about."""
    number = line_of(text.partition(": ")[0], lines)
    return f"line {number}: {text}" if number else text


def _words(path: str) -> tuple[str, ...]:
    return tuple(next(filter(None, match), "") for match in _WORD.findall(path))


def _numbered(words: tuple[str, ...], entries: Mapping[Path, int]) -> Path:
    """The path of a table, in the newest entry of each array of tables on the way to it."""
    path: Path = ()
    for place, word in enumerate(words):
        path = (*path, word)
        if entries.get(path) and place < len(words) - 1:
            path = (*path, entries[path] - 1)
    return path


def _open_after(line: str, depth: int, quote: str) -> tuple[int, str]:
    """The brackets, and the quotes of several lines, that are open at the end of the line."""
    if quote:
        _, closed, line = line.partition(quote)
        if not closed:
            return depth, quote
    bare = ""
    while match := _STRING.search(line):
        bare, rest = bare + line[: match.start()], line[match.end() :]
        if match[0] in ('"""', "'''"):
            _, closed, rest = rest.partition(match[0])
            if not closed:
                return _depth(bare, depth), match[0]
        line = rest
    return _depth(bare + line, depth), ""


def _depth(bare: str, depth: int) -> int:
    values = bare.partition("=")[2] if not depth else bare
    opened = sum(values.count(bracket) for bracket in "[{")
    return max(0, depth + opened - sum(values.count(bracket) for bracket in "]}"))
