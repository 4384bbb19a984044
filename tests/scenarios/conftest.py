"""Scenarios run through the functions deployed on local AWS; `make test` brings it up."""

import os
from pathlib import Path

import pytest

from firebreak_devtools.local import up
from firebreak_devtools.local.paths import Home
from firebreak_devtools.local.up import LocalAws
from tests.scenarios.bench import Bench


@pytest.fixture(scope="session")
def local_aws() -> LocalAws:
    """The local AWS of this run, with the stack deployed."""
    found = up.find(Home(Path(os.environ.get("FIREBREAK_LOCAL_HOME", ".local"))))
    if found is None:
        pytest.skip("local AWS is not up: run `make test`, or `make local` first")
    return found


@pytest.fixture(scope="module")
def bench(local_aws: LocalAws, request: pytest.FixtureRequest) -> Bench:
    """A bench with an inbox of its own."""
    name = request.node.name.replace("/", "-").replace(".py", "")
    return Bench.on(local_aws, f"inbox-{name}"[:80].replace(".", "-"))
