"""The copy that mutmut changes, made again for each run: nothing in shared/ is ever changed.

It has another shape than the repository. mutmut identifies modules by their path, so the package lies at
the top; and it skips decorated functions, so properties are written without the decorator. It never
changes code outside functions (tables, constants, defaults of fields).
"""

import ast
import itertools
import shutil
import tomllib
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parents[2]
COPY = ROOT / ".local" / "mutants"
PACKAGE = ROOT / "shared" / "firebreak"

# A busy machine takes its time, hence the generous timeout_constant (mutmut multiplies it). A mutant that
# runs out of time counts as alive.
# The tests that must notice, and the files they need; a folder that joins them may need more.
TESTS = ["tests/core"]
COPIED = {"shared/firebreak": "firebreak", "tests": "tests"}
SETTINGS = """
[tool.mutmut]
source_paths = ["firebreak"]
only_mutate = {modules}
timeout_constant = 10.0
pytest_add_cli_args = ["-p", "no:cacheprovider", "--tb=no"]
pytest_add_cli_args_test_selection = {tests}

[tool.pytest.ini_options]
pythonpath = ["."]
"""


def modules_of_the_core() -> list[str]:
    """The names of all modules that can be changed, as `core.paging.threads`: pure modules, no protocols."""
    paths = (path for path in itertools.chain.from_iterable(map(_paths_of, _pure())) if path.stem != "ports")
    return sorted(".".join(path.relative_to(PACKAGE).with_suffix("").parts) for path in paths)


def _pure() -> list[str]:
    """The packages and modules that a contract of pyproject.toml keeps pure."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    pure = next(one["source_modules"] for one in contracts if "are pure" in one["name"])
    return [name for name in pure if name.startswith("firebreak.")]


def _paths_of(name: str) -> Iterable[Path]:
    place = PACKAGE.parent / name.replace(".", "/")
    if place.is_dir():
        return (path for path in place.rglob("*.py") if path.stem != "__init__")
    return (place.with_suffix(".py"),)


def path_of(module: str) -> Path:
    """Where a module lies inside the package."""
    return Path(*module.split(".")).with_suffix(".py")


def make_copy(modules: Iterable[str]) -> None:
    """A fresh copy in which mutmut will change these modules."""
    shutil.rmtree(COPY, ignore_errors=True)
    for source, name in COPIED.items():
        shutil.copytree(ROOT / source, COPY / name, ignore=shutil.ignore_patterns("__pycache__"))
    paths = [f"firebreak/{path_of(module)}" for module in modules]
    for path in (COPY / path for path in paths):
        path.write_text(undecorated(path.read_text(encoding="utf-8")), encoding="utf-8")
    settings = SETTINGS.format(modules=paths, tests=TESTS)
    (COPY / "pyproject.toml").write_text(settings, encoding="utf-8")


def undecorated(text: str) -> str:
    """The same code, with each property made by a call below its function."""
    lines = text.splitlines()
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
    found = [one for one in functions if [ast.unparse(name) for name in one.decorator_list] == ["property"]]
    for one in sorted(found, key=lambda one: one.lineno, reverse=True):
        lines.insert(one.end_lineno or 0, f"{' ' * one.col_offset}{one.name} = property({one.name})")
        del lines[one.decorator_list[0].lineno - 1]
    return "\n".join((*lines, ""))
