"""These tests run the real workflow in processes of their own against the local AWS that is up."""

import os
from pathlib import Path

import pytest

from firebreak_devtools.local import emulator
from firebreak_devtools.local.emulator import Running
from firebreak_devtools.local.paths import Home


@pytest.fixture(scope="session")
def running() -> Running:
    """The emulator of this run; nothing of the deployed stack is used."""
    found = emulator.find(Home(Path(os.environ.get("FIREBREAK_LOCAL_HOME", ".local"))))
    if found is None:
        pytest.skip("local AWS is not up: run `make test`, or `make local` first")
    return found
