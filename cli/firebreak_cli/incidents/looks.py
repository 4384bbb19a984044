"""Looking again and again, for a person who watches."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from firebreak.core.formats import format_time
from firebreak.errors import AwsError
from firebreak_cli.exit_codes import Ending, ending_of, lasting, print_ending


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks[T]:
    """A look every so many seconds; `now` and `sleep` are the only clock."""

    look: Callable[[datetime], T]
    now: Callable[[], datetime]
    sleep: Callable[[float], None]
    seconds: int

    def each(self) -> Iterator[tuple[datetime, T]]:
        """When each look was made, and its result. Ends only with an error, such as KeyboardInterrupt.

        A failure is printed in a line, or raised without valid credentials.
        """
        while True:
            at = self.now()
            try:
                found = self.look(at)
            except (AwsError, Ending) as error:
                if isinstance(error, AwsError) and lasting(error):
                    raise
                _print(error, at)
            else:
                yield at, found
            self.sleep(self.seconds)


def _print(error: AwsError | Ending, at: datetime) -> None:
    ending = error if isinstance(error, Ending) else ending_of(error)
    print_ending(Ending(ending.code, f"{format_time(at)} could not look: {'; '.join(ending.lines)}"))
