"""A look that several checks need is made once; its error is kept, so that each of them reports it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from firebreak.errors import AwsError
from firebreak_cli.exit_codes import Ending


@dataclass(slots=True)
class Once[T]:
    """A look that is made at the first call. Each call returns its result, or raises its error again."""

    look: Callable[[], T]
    _results: list[Any] = field(default_factory=list)
    _errors: list[AwsError | Ending] = field(default_factory=list)

    @property
    def made(self) -> T | None:
        """The result of a look that was made; None where none was, or it failed."""
        return self._results[0] if self._results else None

    def __call__(self) -> T:
        """The result. Raises AwsError or Ending as the first call did."""
        if not self._results and not self._errors:
            try:
                self._results.append(self.look())
            except (AwsError, Ending) as error:
                self._errors.append(error)
        if self._errors:
            raise self._errors[0]
        found: T = self._results[0]
        return found
