"""The timeline a person reads while local AWS comes up and the scenes run."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.status import Status

_COLOURS = {
    "alarm": "yellow",
    "page": "magenta",
    "load": "cyan",
    "check": "green",
    "pause": "red",
    "resume": "red",
    "FAILED": "bold red",
}


class Timeline:
    """Prints lines with the seconds since the start. On a terminal, work in hand shows that it moves."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._started = time.monotonic()
        self._status: Status | None = None

    @contextmanager
    def working(self) -> Iterator[None]:
        """While this lasts, a terminal shows a spinner next to the last step."""
        if not self._console.is_terminal:
            yield
            return
        with self._console.status("working") as self._status:
            yield
        self._status = None

    def line(self, kind: str, text: str) -> None:
        """One line; `text` may be untrusted."""
        colour = _COLOURS.get(kind, "default")
        self._print(f"[dim]{self._since()}[/]  [{colour}]{kind:<7}[/] {escape(text)}")

    def progress(self, text: str) -> None:
        """A step that takes a while."""
        self._print(f"[dim]{self._since()}  {escape(text)}[/]")
        if self._status is not None:
            self._status.update(escape(text))

    def title(self, text: str) -> None:
        """A scene begins."""
        self._print(f"\n[bold]{escape(text)}[/]")

    def _since(self) -> str:
        return f"{time.monotonic() - self._started:7.1f}s"

    def _print(self, text: str) -> None:
        self._console.print(text, highlight=False, soft_wrap=True)
