"""The times during which alarms were red, out of their transitions."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from firebreak.core.model import AlarmState
from firebreak_cli.statistics.record import Red

# An alarm, and the id of its series; empty for the alarm as a whole.
type Subject = tuple[str, str]


@dataclass(slots=True)
class TimesRed:
    """The times red so far. One lasts until the alarm is OK: without data nobody knows that it is over.

    A time that had begun before the first transition is left out, for its beginning is not known.
    """

    over: list[Red] = field(default_factory=list)
    _since: dict[Subject, datetime] = field(default_factory=dict)

    def turn(self, subject: Subject, state: AlarmState, at: datetime) -> None:
        """Takes a transition; those of one subject come in the order of time."""
        if state is AlarmState.ALARM:
            self._since.setdefault(subject, at)
        elif state is AlarmState.OK and (begin := self._since.pop(subject, None)) is not None:
            self.over.append(Red(alarm=subject[0], begin=begin, end=at))

    @property
    def all(self) -> tuple[Red, ...]:
        """Those that are over and those that are not, by their beginning."""
        still = (Red(alarm=alarm, begin=begin) for (alarm, _), begin in self._since.items())
        return tuple(sorted((*self.over, *still), key=lambda one: (one.begin, one.alarm)))


def times_red(transitions: Iterable[tuple[Subject, AlarmState, datetime]]) -> tuple[Red, ...]:
    """The times red in these transitions."""
    found = TimesRed()
    for subject, state, at in transitions:
        found.turn(subject, state, at)
    return found.all
