"""Modules and classes that docstrings and comments name exist."""

import ast
import io
import re
import tokenize
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cache

from tests.docs.documents import ROOT, files

_NAMED = re.compile(r"`([A-Za-z_]\w*)\.([A-Za-z_]\w*)`")


def _names_in(tree: ast.AST) -> Iterator[str]:
    """Names that the statements directly in a module or class give: functions, classes, values, fields."""
    for node in ast.iter_child_nodes(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                yield name
            case ast.TypeAlias(name=ast.Name(id=name)):
                yield name
            case _:
                continue


@cache
def _places() -> dict[str, set[str]]:
    """The names in each module, package and class of the repository, by its last name."""
    places: dict[str, set[str]] = defaultdict(set)
    for path in files(".py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        places[path.stem].update(_names_in(tree))
        places[path.parent.name].update(
            {path.stem, *_names_in(tree)} if path.stem == "__init__" else {path.stem}
        )
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                places[node.name].update(_names_in(node))
    return places


def prose(source: str, nodes: Sequence[ast.AST]) -> Iterator[str]:
    """The docstrings and comments of a module."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.string
    for node in nodes:
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            yield ast.get_docstring(node) or ""


def lost(source: str) -> list[str]:
    """The `place.name`s in its prose that are nowhere; values that the module itself has are no places."""
    if not _NAMED.search(source):
        return []  # nothing is parsed where nothing can be found
    nodes = list(ast.walk(ast.parse(source)))
    own = {node.id for node in nodes if isinstance(node, ast.Name)}
    own |= {node.arg for node in nodes if isinstance(node, ast.arg)}
    return [
        f"{place}.{name}"
        for place, name in (pair for text in prose(source, nodes) for pair in _NAMED.findall(text))
        if name != "py" and name not in _places().get(place, set()) and place not in own
    ]


def test_names_in_docstrings_exist() -> None:
    names = {str(path.relative_to(ROOT)): lost(path.read_text(encoding="utf-8")) for path in files(".py")}
    assert {path: found for path, found in names.items() if found} == {}


def test_a_place_that_is_gone_is_noticed() -> None:
    source = '"""See `ports.Gone` and `lifecycle.advance`, not `request.alarm`."""\ndef f(request): ...\n'
    assert lost(source) == ["ports.Gone"]
