"""Writing a page to a file, whole or not at all."""

from pathlib import Path

from firebreak_cli.exit_codes import BAD_INPUT, Ending
from firebreak_cli.report.page import page
from firebreak_cli.statistics.summary import Statistics


def write_page(found: Statistics, path: Path) -> str:
    """Writes the page and returns the line that says so. Raises Ending; then the file is as it was."""
    part = path.with_name(f"{path.name}.part")
    try:
        part.write_text(page(found), encoding="utf-8")
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise Ending(BAD_INPUT, f"--out {path}: cannot be written: {error.strerror}") from error
    return f"{path}: open it in a browser"
