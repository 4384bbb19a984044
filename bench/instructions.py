"""The instructions of a cold start, counted by callgrind: they do not depend on what else the machine does.

Run `make local` (or `sam build`) first, then `.venv/bin/python bench/instructions.py [LAYER/python]`. It
needs valgrind and takes a minute. Each row is a fresh process on the built layer, less the row before:
importing the handlers, loading the policy, reading and writing one request.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

DEFAULT = Path(".local/build/SharedLayer/python")
REQUEST = Path(__file__).parents[1] / "tests/wire/v1/request.json"
ENVIRONMENT = {
    "POWERTOOLS_SERVICE_NAME": "bench",
    "POWERTOOLS_TRACE_DISABLED": "true",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONHASHSEED": "0",
}

IMPORT = "import firebreak.handlers"
POLICY = "; ".join(
    (
        IMPORT,
        "from pathlib import Path",
        "from firebreak.policy.loader import load_policy",
        "load_policy(Path({layer!r}) / 'policy.toml')",
    )
)
WIRE = "; ".join(
    (
        POLICY,
        "import json",
        "from firebreak.wire.requests import request_event, request_from_event",
        "request_event(request_from_event(json.loads(Path({request!r}).read_text())))",
    )
)
ROWS = (("import the handlers", IMPORT), ("load the policy", POLICY), ("read and write a request", WIRE))


def instructions(layer: Path, code: str) -> int:
    """The instructions of one process that runs this code, in millions."""
    environment = {**ENVIRONMENT, "PYTHONPATH": str(layer), "PATH": "/usr/bin:/bin"}
    valgrind = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    report = subprocess.run(  # noqa: S603  # this very interpreter, under valgrind
        [*valgrind, sys.executable, "-S", "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    ).stderr
    found = re.search(r"Collected : (\d+)", report)
    if not found:
        sys.exit(f"callgrind reported no instructions: {report[-300:]}")
    return int(found[1]) // 1_000_000


def main() -> None:
    """Count and print."""
    layer = (Path(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT).resolve()
    if not (layer / "firebreak").is_dir():
        sys.exit(f"no built layer at {layer}: run `make local` first, or name one")
    if not shutil.which("valgrind"):
        sys.exit("valgrind is not installed")
    empty = before = instructions(layer, "pass")
    for name, code in ROWS:
        count = instructions(layer, code.format(layer=str(layer), request=str(REQUEST)))
        print(f"{name:26} {count - before:6} million, {count - empty} in all")  # noqa: T201
        before = count


if __name__ == "__main__":
    main()
