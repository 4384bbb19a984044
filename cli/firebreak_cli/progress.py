"""Progress of what takes over a second: one line on a terminal, written over and then taken off."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TextIO

_EVERY = timedelta(seconds=1)
# Back to the beginning of the line, and the line emptied.
_OVER = "\r\x1b[K"


@dataclass(slots=True)
class Progress:
    """Shows how far a command is, at most once a second; `out` is None where nobody watches."""

    now: Callable[[], datetime]
    out: TextIO | None
    shown_at: datetime
    shown: bool = False

    def look(self, line: str) -> None:
        """Shows the line where a second has passed."""
        if self.out is None or (at := self.now()) - self.shown_at < _EVERY:
            return
        self._write(f"{_OVER}{line}")
        self.shown_at, self.shown = at, True

    def over[T](self, steps: Iterable[T], doing: str, total: int | None = None) -> Iterator[T]:
        """The steps, of which it shows how many are done; `doing` says what they are."""
        of = f" of {total}" if total is not None else ""
        for count, step in enumerate(steps, start=1):
            self.look(f"{doing}: {count}{of}")
            yield step
        self.end()

    def end(self) -> None:
        """Takes the line off the terminal."""
        if self.shown:
            self._write(_OVER)
            self.shown = False

    def _write(self, text: str) -> None:
        if self.out:
            self.out.write(text)
            self.out.flush()


def progress_of(now: Callable[[], datetime], error: TextIO, output: TextIO | None = None) -> Progress:
    """The progress on standard error. A terminal that gets the rows themselves shows nothing else."""
    watched = error.isatty() and not (output and output.isatty())
    return Progress(now, error if watched else None, now())


@contextmanager
def shown_progress(now: Callable[[], datetime], error: TextIO) -> Iterator[Callable[[str], None]]:
    """A function that shows a line; it is taken off when the command prints its result."""
    progress = progress_of(now, error)
    try:
        yield progress.look
    finally:
        progress.end()
