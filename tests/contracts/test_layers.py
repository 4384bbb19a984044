"""The contracts of imports in pyproject.toml name every module: import-linter passes over what they omit."""

import ast
import re
import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from tests.docs.documents import ROOT

PACKAGE = ROOT / "shared" / "firebreak"
CLI = ROOT / "cli" / "firebreak_cli"


@cache
def contract(beginning: str) -> dict[str, Any]:
    """The one contract whose name begins like this."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    (found,) = (one for one in contracts if one["name"].startswith(beginning))
    return dict(found)


def name_of(path: Path, package: Path) -> str:
    """The name by which a file of the package is imported."""
    parts = path.relative_to(package.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def outside(modules: Iterable[str], layers: Iterable[str]) -> list[str]:
    """The modules that are neither a layer nor inside one; a layer names its members with | or : between."""
    named = {name.strip() for layer in layers for name in re.split(r"[|:]", layer)}
    return sorted(
        module
        for module in modules
        if not any(module == name or module.startswith(f"{name}.") for name in named)
    )


def is_empty(path: Path) -> bool:
    """Whether a module holds nothing but its docstring."""
    return all(isinstance(node, ast.Expr) for node in ast.parse(path.read_text(encoding="utf-8")).body)


def test_every_module_with_code_stands_in_a_layer() -> None:
    modules = [
        name_of(path, package)
        for package in (PACKAGE, CLI)
        for path in package.rglob("*.py")
        if not (path.stem == "__init__" and is_empty(path))
    ]
    assert len(modules) > 300
    assert outside(modules, contract("Folders have layers")["layers"]) == []


def test_a_module_in_no_layer_is_noticed() -> None:
    layers = ["a.b | a.c", "a.d : a.e"]
    assert outside(["a.b", "a.c.x", "a.e.y.z", "a.bc", "a", "a.f.x"], layers) == ["a", "a.bc", "a.f.x"]


def test_only_the_wiring_and_the_handlers_may_know_a_channel() -> None:
    inside = {f"firebreak.{path.stem}" for path in PACKAGE.glob("*") if not path.stem.startswith("__")}
    of_paging = {f"firebreak.paging.{path.stem}" for path in (PACKAGE / "paging").glob("[!_]*")}
    may = {"firebreak.wiring", "firebreak.handlers", "firebreak.paging", "firebreak.paging.channels"}
    assert set(contract("The channels,")["source_modules"]) == (inside | of_paging) - may
