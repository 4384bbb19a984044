"""Looks for a result that a function writes, again and again, until it is there or the time is over."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

BETWEEN_LOOKS = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Polling:
    """Pauses between looks; before each pause `say` gets the words for the result that is waited for."""

    now: Callable[[], datetime]
    sleep: Callable[[float], None]
    say: Callable[[str], None]

    def until[T](
        self,
        look: Callable[[], T],
        done: Callable[[T], bool],
        longest: timedelta,
        waits_for: Callable[[T], str],
    ) -> T:
        """The result of the last look: the first that is done, or the one after `longest`."""
        ends_at = self.now() + longest
        while not done(found := look()) and self.now() < ends_at:
            self.say(waits_for(found))
            self.sleep(BETWEEN_LOOKS.total_seconds())
        return found
