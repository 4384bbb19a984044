"""Writes the template that the example of the CDK makes, with the files that it was made of.

The library of the CDK is too heavy for the gate (docs/adr/0072-examples-for-other-tools.md). So its output is
kept in the repository, and `test_cdk.py` compares the hashes in it. Run it after changing the example, with
Node on the `PATH`:

    .venv/bin/python -m tests.examples.synthesis
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "cdk"
SYNTHESIZED = EXAMPLE / "synthesized.template.json"
ENVIRONMENT = ROOT / ".local" / "cdk"
PYTHON = ENVIRONMENT / "bin" / "python"
# The files that the output depends on.
SOURCES = ("app.py", "requirements.txt")


def hashes() -> dict[str, str]:
    """The hash of each file that the template is made of."""
    return {name: hashlib.sha256((EXAMPLE / name).read_bytes()).hexdigest() for name in SOURCES}


def prepare() -> None:
    """Install the libraries of the example into an environment of their own, where they are not yet."""
    if not PYTHON.exists():
        subprocess.run([sys.executable, "-m", "venv", str(ENVIRONMENT)], check=True)
    install = ["-m", "pip", "install", "--quiet", "--requirement", str(EXAMPLE / "requirements.txt")]
    subprocess.run([str(PYTHON), *install], check=True)


def synthesize() -> str:
    """The template, as it is kept."""
    with tempfile.TemporaryDirectory() as folder:
        environ = {**os.environ, "CDK_OUTDIR": folder}
        command = [str(PYTHON), "app.py"]
        subprocess.run(command, cwd=EXAMPLE, env=environ, check=True, capture_output=True)
        made: dict[str, Any] = json.loads((Path(folder) / "alarms.template.json").read_text(encoding="utf-8"))
    return json.dumps({"Metadata": {"MadeOf": hashes()}, **made}, indent=2) + "\n"


def main() -> None:
    """Install what is needed and write the template."""
    prepare()
    SYNTHESIZED.write_text(synthesize(), encoding="utf-8")


if __name__ == "__main__":
    main()
