"""A line on a terminal that says how far an export has come, once it takes more than a second."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TextIO

_EVERY = timedelta(seconds=1)
# Back to the beginning of the line, and the line emptied.
_OVER = "\r\x1b[K"


@dataclass(slots=True)
class Progress:
    """Counts rows, and shows the count at most once a second; `out` is None where nobody watches."""

    what: str
    now: Callable[[], datetime]
    out: TextIO | None
    shown_at: datetime
    rows: int = 0
    shown: bool = False

    def look(self) -> None:
        """Shows the count where a second has passed."""
        if self.out is None or (at := self.now()) - self.shown_at < _EVERY:
            return
        self._write(f"{_OVER}{self.rows} {self.what}")
        self.shown_at, self.shown = at, True

    def end(self) -> None:
        """Takes the line off the terminal."""
        if self.shown:
            self._write(_OVER)
            self.shown = False

    def _write(self, text: str) -> None:
        if self.out:
            self.out.write(text)
            self.out.flush()
