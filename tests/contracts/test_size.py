"""Code stays small enough to be read at night, or says why it is not.

A longer function or file carries a comment `# long because: ...` (a file: in its first 40 lines).
"""

import ast

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


def too_long(text: str) -> list[str]:
    """Everything in a module that is too long without a reason."""
    lines = text.splitlines()
    excused = len(lines) <= FILE_LINES or any(EXCUSE in line for line in lines[:40])
    return [*long_functions(text), *([] if excused else [f"the file has {len(lines)} lines"])]


def test_code_is_short_or_says_why_not() -> None:
    found = {str(path.relative_to(ROOT)): too_long(path.read_text(encoding="utf-8")) for path in SOURCES}
    assert {path: problems for path, problems in found.items() if problems} == {}


def test_a_long_file_is_noticed_unless_it_says_why() -> None:
    lines = "\n" * FILE_LINES
    assert too_long(lines + "x = 1") == [f"the file has {FILE_LINES + 1} lines"]
    assert too_long(f"# {EXCUSE}a table\n{lines}x = 1") == []


def test_a_long_function_is_noticed_unless_it_says_why() -> None:
    body = "\n".join(f"    x{n} = {n}" for n in range(FUNCTION_LINES))
    assert long_functions(f"def f():\n{body}") == ["f has 61 lines"]
    assert long_functions(f"def f():\n    {EXCUSE}a table\n{body}") == []
