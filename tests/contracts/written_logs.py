"""The metrics and the log events that the functions write, read from their code."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache

from tests.docs.documents import ROOT

WRITERS = (ROOT / "shared/firebreak", ROOT / "cli/firebreak_cli/scheduled")


def trees() -> Iterator[ast.AST]:
    for room in WRITERS:
        for path in room.rglob("*.py"):
            yield ast.parse(path.read_text(encoding="utf-8"))


def calls(*methods: str) -> Iterator[tuple[str, ast.Call]]:
    """Every call of one of these methods of a log, with the text that is its first argument."""
    for tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
                first = node.args[0]
                if (
                    node.func.attr in methods
                    and isinstance(first, ast.Constant)
                    and isinstance(first.value, str)
                ):
                    yield first.value, node


@cache
def written_metrics() -> frozenset[str]:
    """The names of all metrics that the functions write."""
    return frozenset(name for name, _ in calls("count", "gauge") if re.fullmatch(r"[A-Z]\w+", name))


@cache
def log_events() -> Mapping[str, set[str]]:
    """The fields of each log event."""
    found: dict[str, set[str]] = defaultdict(set)
    for name, call in calls("event"):
        found[name] |= {keyword.arg for keyword in call.keywords if keyword.arg}
    return found
