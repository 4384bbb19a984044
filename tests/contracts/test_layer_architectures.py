"""The layer carries its compiled modules for both architectures of Lambda, whatever machine builds it.

This runs the recipe of shared/Makefile, for the libraries that differ between machines. It asks PyPI for
their wheels.
"""

import os
import re
import struct
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contracts.template import resource, template
from tests.docs.documents import ROOT

# The machine in the header of an ELF file, by Lambda's name of the architecture.
MACHINES = {"arm64": 0xB7, "x86_64": 0x3E}
# The word in the name of a compiled module by which CPython knows for which machine it is.
WORDS = {"arm64": "aarch64", "x86_64": "x86_64"}
# A library of one wheel for all machines has two hashes: the wheel's and the source's.
HASHES_OF_A_PURE_LIBRARY = 2


def compiled_libraries() -> Iterator[str]:
    """The entries of the layer's lock whose wheels differ from machine to machine."""
    lock = (ROOT / "shared/requirements.txt").read_text(encoding="utf-8")
    for entry in re.split(r"^(?=[a-z0-9._-]+==)", lock, flags=re.MULTILINE)[1:]:
        if entry.count("--hash=sha256:") > HASHES_OF_A_PURE_LIBRARY:
            yield entry


def machine_of(path: Path) -> int:
    """The machine that an ELF file of 64 bits, least significant byte first, is for."""
    header = path.read_bytes()[:20]
    assert header[:6] == b"\x7fELF\x02\x01", path
    machine: int = struct.unpack_from("<H", header, 18)[0]
    return machine


def make_libraries(folder: Path, lock: str) -> subprocess.CompletedProcess[str]:
    """The libraries of a lock in `folder`/out, as `sam build` gets them."""
    (folder / "Makefile").write_bytes((ROOT / "shared/Makefile").read_bytes())
    (folder / "requirements.txt").write_text(lock, encoding="utf-8")
    unset = {"LAYER_PLATFORM", "PYTHONPATH", "MAKEFLAGS", "MAKELEVEL"}
    return subprocess.run(
        ["/usr/bin/make", "-s", "libraries", f"ARTIFACTS_DIR={folder / 'out'}", f"PYTHON={sys.executable}"],
        cwd=folder,
        env={name: value for name, value in os.environ.items() if name not in unset},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Path]]:
    """The compiled modules of the layer by architecture and by name, such as `msgspec/_core`."""
    folder = tmp_path_factory.mktemp("layer")
    done = make_libraries(folder, "".join(compiled_libraries()))
    assert done.returncode == 0, done.stderr
    found: dict[str, dict[str, Path]] = defaultdict(dict)
    for path in (folder / "out").rglob("*.so*"):
        (architecture,) = [name for name, word in WORDS.items() if f"-{word}-" in path.name]
        module = path.relative_to(folder / "out/python").parent / path.name.split(".")[0]
        found[architecture][str(module)] = path
    return found


@pytest.mark.parametrize("architecture", sorted(MACHINES))
def test_every_compiled_module_is_for_the_machine_that_its_name_says(
    modules: dict[str, dict[str, Path]], architecture: str
) -> None:
    machines = {name: machine_of(path) for name, path in modules[architecture].items()}

    assert "pydantic_core/_pydantic_core" in machines
    assert machines == dict.fromkeys(machines, MACHINES[architecture])


def test_what_is_compiled_for_one_architecture_is_compiled_for_the_other(
    modules: dict[str, dict[str, Path]],
) -> None:
    assert sorted(modules["arm64"]) == sorted(modules["x86_64"])


def test_every_library_that_differs_between_machines_brings_a_module(
    modules: dict[str, dict[str, Path]],
) -> None:
    named = {entry.partition("==")[0] for entry in compiled_libraries()}
    packages = {module.split("/")[0].replace("_", "-") for module in modules["arm64"]}

    assert packages == {"yaml" if name == "pyyaml" else name for name in named}


def test_a_stack_has_one_of_the_architectures_that_the_layer_is_built_for_and_arm64_unless_it_asks() -> None:
    parameter = template()["Parameters"]["Architecture"]

    assert (parameter["Default"], set(parameter["AllowedValues"])) == ("arm64", set(MACHINES))
    assert template()["Globals"]["Function"]["Architectures"] == [{"Ref": "Architecture"}]
    assert set(resource("SharedLayer")["CompatibleArchitectures"]) == set(MACHINES)
