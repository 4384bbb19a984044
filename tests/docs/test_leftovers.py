"""Nothing unfinished is left lying about, and no test is left out without saying why."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.docs.documents import ROOT, files

# Put together here, or this file would find itself.
_MARKS = ("TO" + "DO", "FIX" + "ME", "XX" + "X", "NotImplemented" + "Error")
UNFINISHED = re.compile(rf"\b({'|'.join(_MARKS)})\b")
# In tests the word means botocore's Stubber and its answers.
STANDS_IN = re.compile(r"\bst" + r"ub\b", re.IGNORECASE)
# Lock files quote others.
GENERATED = {"requirements", "requirements.txt"}
TEXT = (".py", ".md", ".toml", ".yaml", ".yml", ".sh", ".json", "")
SKIPS = {"skip", "skipif", "xfail", "importorskip"}


def texts() -> Iterator[tuple[str, str]]:
    for path in files(*TEXT):
        name = path.relative_to(ROOT)
        if not GENERATED & set(name.parts):
            yield str(name), path.read_text(encoding="utf-8", errors="replace")


def test_nothing_is_marked_as_unfinished() -> None:
    found = [
        f"{name}:{number}: {line.strip()}"
        for name, text in texts()
        for number, line in enumerate(text.splitlines(), start=1)
        if UNFINISHED.search(line) or (STANDS_IN.search(line) and not name.startswith("tests/"))
    ]
    assert found == []


def test_a_mark_is_noticed() -> None:
    assert UNFINISHED.search("# TO" + "DO later")
    assert STANDS_IN.search("a st" + "ub for now")
    assert not STANDS_IN.search("the types of stubs")


def skips(text: str) -> Iterator[tuple[int, bool]]:
    """Every line that leaves a test out or expects it to fail, and whether it says why."""
    tree = ast.parse(text)
    calls = {id(node.func): node for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in SKIPS and ast.unparse(node).startswith("pytest."):
            call = calls.get(id(node))
            yield node.lineno, call is not None and _says_why(call, node.attr)


def _says_why(call: ast.Call, name: str) -> bool:
    # pytest.skip("why") and importorskip("name") speak for themselves; the marks need a reason.
    named = any(keyword.arg == "reason" for keyword in call.keywords)
    return named or (name in {"skip", "importorskip"} and bool(call.args))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@pytest.mark.skip\ndef test_x(): ...", [(1, False)]),
        ("@pytest.mark.skipif(True)\ndef test_x(): ...", [(1, False)]),
        ("@pytest.mark.skipif(True, reason='no engine')\ndef test_x(): ...", [(1, True)]),
        ("pytest.skip('no engine')", [(1, True)]),
        ("thing.skip()", []),
    ],
    ids=["bare", "without reason", "with reason", "call", "another skip"],
)
def test_a_test_that_is_left_out_is_noticed(text: str, expected: list[tuple[int, bool]]) -> None:
    assert list(skips(text)) == expected


def test_every_test_that_is_left_out_says_why() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in files(".py")
        if "tests" in path.relative_to(ROOT).parts
        for line, said in skips(path.read_text(encoding="utf-8"))
        if not said
    ]
    assert found == []
