"""Makes docs/images/report.png, the picture of the README: the sample history, backtested, in Chromium.

    .venv/bin/python -m docs.screenshots

It needs Chromium (`apt-get install chromium`), and nothing from the network.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
IMAGE = ROOT / "docs/images/report.png"
HISTORY = ROOT / "examples/history.jsonl.gz"
POLICY = ROOT / "examples/ecs-platform/policy.toml"
# The first screen of a small laptop.
WIDTH, HEIGHT = 1040, 760

# The names under which systems have it.
NAMES = ("chromium", "chromium-browser", "google-chrome")


def chromium() -> str | None:
    """The browser of this machine."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def write_report(path: Path) -> None:
    """Writes the page that the picture shows, by the command itself."""
    words = ("backtest", "--history", str(HISTORY), "--policy", str(POLICY), "--report", str(path))
    command = "from firebreak_cli.entry import main; main()"
    subprocess.run([sys.executable, "-c", command, *words], check=True, stdout=subprocess.DEVNULL)  # noqa: S603


def main() -> None:
    """Write the picture."""
    browser = chromium()
    if browser is None:
        sys.exit(f"no browser is there: install one of {', '.join(NAMES)}")
    IMAGE.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "report.html"
        write_report(page)
        flags = (
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            "--hide-scrollbars",
            f"--user-data-dir={folder}/profile",
            f"--window-size={WIDTH},{HEIGHT}",
            f"--screenshot={IMAGE}",
        )
        subprocess.run([browser, *flags, page.as_uri()], check=True, timeout=120)  # noqa: S603


if __name__ == "__main__":
    main()
