"""Progress on standard error, for what takes longer than a second."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta

import typer

QUIET = timedelta(seconds=1)


class Progress:
    """Says how far a step is, at most once a second, and nothing of a step that ends within the first."""

    def __init__(self, now: Callable[[], datetime], say: Callable[[str], None] | None = None) -> None:
        self._now = now
        self._say = say or _on_stderr

    def over[T](self, steps: Iterable[T], doing: str, total: int | None = None) -> Iterator[T]:
        """The steps; `doing` says what they are."""
        said, of = self._now(), f" of {total}" if total is not None else ""
        for count, step in enumerate(steps, start=1):
            if (at := self._now()) - said >= QUIET:
                said = at
                self._say(f"{doing}: {count}{of}")
            yield step


def _on_stderr(line: str) -> None:
    typer.echo(f"firebreak: {line}", err=True)
