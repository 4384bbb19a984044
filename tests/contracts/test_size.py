"""Code stays small enough to be read at night, or says why it is not.

A longer function or file carries a comment `# long because: ...` (a file: in its first 40 lines).
"""

import ast
from pathlib import Path

import pytest

from tests.docs.documents import ROOT, files

FUNCTION_LINES = 60
FILE_LINES = 400
EXCUSE = "# long because: "

SOURCES = [path for path in files(".py") if path.name != "__init__.py"]


def long_functions(text: str) -> list[str]:
    """The functions that are too long and do not say why."""
    lines = text.splitlines()
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
            body = lines[node.lineno - 1 : node.end_lineno]
            if len(body) > FUNCTION_LINES and not any(EXCUSE in line for line in body):
                found.append(f"{node.name} has {len(body)} lines")
    return found


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_code_is_short_or_says_why_not(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    assert long_functions(text) == []
    assert len(lines) <= FILE_LINES or any(EXCUSE in line for line in lines[:40])


def test_a_long_function_is_noticed_unless_it_says_why() -> None:
    body = "\n".join(f"    x{n} = {n}" for n in range(FUNCTION_LINES))
    assert long_functions(f"def f():\n{body}") == ["f has 61 lines"]
    assert long_functions(f"def f():\n    {EXCUSE}a table\n{body}") == []
