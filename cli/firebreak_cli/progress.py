"""Progress of what takes more than a second: one line on stderr that is written over, on a terminal only."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

# Nothing is shown before this, and no line is written over sooner.
EVERY_SECONDS = 1.0


@contextmanager
def progress_lines() -> Iterator[Callable[[str], None]]:
    """A function that shows how far a command is; the line is gone when the command prints its result."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    last = time.monotonic()

    def show(line: str) -> None:
        nonlocal last
        if time.monotonic() - last >= EVERY_SECONDS:
            last = time.monotonic()
            sys.stderr.write(f"\r\x1b[K{line}")
            sys.stderr.flush()

    try:
        yield show
    finally:
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()
