"""The imports of a cold start: wall time of `import firebreak.handlers` from the built layer.

Run `make local` (or `sam build`) first, then `.venv/bin/python bench/cold_start.py [LAYER/python]`.
Prints the median of several fresh interpreters with and without the layer's bytecode, and the
most expensive imports. Numbers are of this machine: compare rows, do not quote them as Lambda's.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RUNS = 7
DEFAULT = Path(".local/build/SharedLayer/python")
ENVIRONMENT = {
    "POWERTOOLS_SERVICE_NAME": "bench",
    "POWERTOOLS_TRACE_DISABLED": "true",
    "PYTHONDONTWRITEBYTECODE": "1",
}


def wall(layer: Path) -> float:
    """Milliseconds from starting an interpreter to having the handlers, less an empty interpreter."""
    return statistics.median(
        _run(layer, "import firebreak.handlers") - _run(layer, "pass") for _ in range(RUNS)
    )


def _run(layer: Path, code: str) -> float:
    started = time.perf_counter()
    subprocess.run(  # noqa: S603  # this very interpreter
        [sys.executable, "-S", "-c", code], check=True, env=_environment(layer), capture_output=True
    )
    return (time.perf_counter() - started) * 1000


def _environment(layer: Path) -> dict[str, str]:
    return {**ENVIRONMENT, "PYTHONPATH": str(layer), "PATH": os.environ.get("PATH", "")}


def costly(layer: Path, count: int = 8) -> list[tuple[int, str]]:
    """The imports with the largest cumulative time, in microseconds (inflated by the measuring)."""
    report = subprocess.run(  # this very interpreter
        [sys.executable, "-S", "-X", "importtime", "-c", "import firebreak.handlers"],
        check=True,
        env=_environment(layer),
        capture_output=True,
        text=True,
    ).stderr
    rows = [line.split("|") for line in report.splitlines() if line.count("|") == 2]  # noqa: PLR2004
    found = [(int(cumulative), name.strip()) for _, cumulative, name in rows[1:]]
    return sorted(found, reverse=True)[:count]


def main() -> None:
    """Measure and print."""
    layer = (Path(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT).resolve()
    if not (layer / "firebreak").is_dir():
        sys.exit(f"no built layer at {layer}: run `make local` first, or name one")
    print(f"with bytecode     {wall(layer):7.0f} ms")  # noqa: T201
    with tempfile.TemporaryDirectory() as bare:
        shutil.copytree(layer, Path(bare) / "python", ignore=shutil.ignore_patterns("__pycache__"))
        print(f"without bytecode  {wall(Path(bare) / 'python'):7.0f} ms")  # noqa: T201
    for cumulative, name in costly(layer):
        print(f"{cumulative / 1000:9.1f} ms  {name}")  # noqa: T201


if __name__ == "__main__":
    main()
