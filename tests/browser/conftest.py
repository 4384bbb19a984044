"""A headless Chromium of the machine that reaches no network, and where its screenshots are kept."""

import os
import signal
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from docs.screenshots import chromium
from tests.docs.documents import ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# Where the screenshots of the last run lie (.gitignore knows the folder).
SCREENSHOTS = Path(os.environ.get("FIREBREAK_SCREENSHOTS", ROOT / ".local/screenshots"))

MOST_SECONDS = 180


def left_out() -> str:
    """Why the tests in a browser cannot run here; empty where they can."""
    if chromium() is None:
        return "no Chromium is there (.ci/run installs it, as `apt-get install chromium` does)"
    return "" if find_spec("playwright") else "Playwright is not installed (make setup)"


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    """The browser. Chromium's sandbox is off: the pages are the tests' own, and root has none."""
    if why := left_out():
        pytest.skip(f"left out, the page in a browser: {why}")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        found = playwright.chromium.launch(
            executable_path=chromium(),
            chromium_sandbox=False,
            args=["--disable-gpu", "--disable-background-networking"],
        )
        yield found
        found.close()


@pytest.fixture(autouse=True)
def _bounded() -> Iterator[None]:
    """Ends a test whose browser never answers: evaluations in a page have no time-out of their own."""

    def too_long(*_: object) -> None:
        raise TimeoutError(f"the browser did not answer within {MOST_SECONDS} s")

    before = signal.signal(signal.SIGALRM, too_long)
    signal.alarm(MOST_SECONDS)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def screenshots() -> Path:
    """The folder of the screenshots."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    return SCREENSHOTS
