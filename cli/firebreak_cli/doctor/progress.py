"""One line on a terminal about a look that takes more than a second."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TextIO

# Nothing is shown of a look that is over before anybody wonders.
QUIET_SECONDS = 1.0


@dataclass(slots=True)
class Progress:
    """Writes over its own line; to anything but a terminal it writes nothing."""

    out: TextIO
    clock: Callable[[], float]
    _since: float | None = None
    _shown: bool = False

    def __call__(self, text: str) -> None:
        """Show how far the look is."""
        if self._since is None:
            self._since = self.clock()
        if self.out.isatty() and self.clock() - self._since >= QUIET_SECONDS:
            self.out.write(f"\r{text}\x1b[K")
            self.out.flush()
            self._shown = True

    def end(self) -> None:
        """Take the line away."""
        if self._shown:
            self.out.write("\r\x1b[K")
            self.out.flush()
