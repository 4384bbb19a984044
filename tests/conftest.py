"""Fixtures every test may use, and what proofs have to say at the end of a run."""

import gc
import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, settings

from tests.support import quick_botocore, quick_moto
from tests.support.world import World, fake_credentials, world_on_moto

# `fast` is the gate's; `deep` is for a change of the core (HYPOTHESIS_PROFILE=deep).
TOO_SLOW = [HealthCheck.too_slow]
settings.register_profile(
    "fast", deadline=None, max_examples=60, derandomize=True, suppress_health_check=TOO_SLOW
)
settings.register_profile("deep", deadline=None, max_examples=3000, suppress_health_check=TOO_SLOW)
# Nobody reads how a mutant fails, so nothing makes the example smaller (`make mutants`).
settings.register_profile("mutants", settings.get_profile("fast"), phases=[Phase.explicit, Phase.generate])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fast"))

# The collector looks through all that the tests import, thousands of times, and finds next to nothing.
gc.set_threshold(200_000, 50, 50)
quick_botocore.install()
fake_credentials()
quick_moto.install()

# Files of minutes. Taken last, one of them would keep one worker busy while the other has nothing left.
FIRST = (
    "tests/scenarios/test_sam_local.py",
    "tests/proofs/",
    "tests/browser/",
    "tests/scenarios/",
    "tests/ledger/test_same.py",
    "tests/policy/test_windows_properties.py",
    "tests/pages/",
    "tests/workflow/test_one_bad_item.py",
    "tests/workflow/test_flapping.py",
    "tests/workflow/test_storms.py",
    "tests/cli/test_drill",
    "tests/contracts/test_toy_action.py",
    "tests/services/test_sent_once.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let what takes long begin first; workers take whole files in this order (`make test`)."""
    places = {name: place for place, name in enumerate(FIRST)}

    def place(item: pytest.Item) -> int:
        return min((places[name] for name in places if item.nodeid.startswith(name)), default=len(places))

    items.sort(key=place)


def pytest_collection_finish() -> None:
    """Leave what was collected out of the collector's later passes: it stays until the end."""
    gc.collect()
    gc.freeze()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what the proofs counted (`record_property("proof", ...)`), however the tests were spread."""
    reports = [report for found in terminalreporter.stats.values() for report in found]
    lines = [
        text
        for report in reports
        for name, text in getattr(report, "user_properties", ())
        if name == "proof" and report.when == "call"
    ]
    if lines:
        terminalreporter.section("proofs")
    for line in sorted(set(lines)):
        terminalreporter.line(line)


@pytest.fixture
def world() -> Iterator[World]:
    """All functions in one process on an empty ledger."""
    with world_on_moto() as fresh:
        yield fresh
