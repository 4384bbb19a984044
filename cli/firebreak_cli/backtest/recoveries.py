"""How times of red ended in the history, whatever would have been done about them: the natural recovery."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from firebreak.core.model import AlarmState
from firebreak_cli.backtest.transitions import Transition

type Subject = tuple[str, str]


@dataclass(slots=True)
class Recovery:
    """The times of red of one alarm that ended in OK; `alone` of them within the verify time."""

    ended: int = 0
    alone: int = 0


@dataclass(slots=True)
class Recoveries:
    """The recoveries of all alarms. `within` is the time after which an act is verified.

    A time of red lasts until the alarm is OK; without data nobody knows that it is over. `saved` adds up,
    over those that were acted on, how long each lasted beyond the verdict on its first act: no act could
    have saved more. `still_red` of them had not ended when the history did.
    """

    within: timedelta
    by_alarm: dict[str, Recovery] = field(default_factory=dict)
    saved: timedelta = timedelta()
    acted_on: int = 0
    still_red: int = 0
    _red_since: dict[Subject, datetime] = field(default_factory=dict)
    _acted_at: dict[Subject, datetime] = field(default_factory=dict)

    def turn(self, transition: Transition) -> None:
        """Takes a transition of the history."""
        if transition.after is AlarmState.ALARM:
            self._red_since.setdefault(transition.subject, transition.at)
        elif transition.after is AlarmState.OK:
            since = self._red_since.pop(transition.subject, None)
            if since is not None:
                self._ended(transition.subject, since, transition.at)

    def acted(self, subject: Subject, at: datetime) -> None:
        """An act about an alarm, or a series of it, was made; the first of a time of red counts."""
        if subject in self._red_since:
            self._acted_at.setdefault(subject, at)

    def finish(self, end: datetime) -> None:
        """Counts what is red still, up to the end of the history."""
        for subject in [*self._acted_at]:
            self.still_red += 1
            self._count(subject, end)

    def _ended(self, subject: Subject, since: datetime, at: datetime) -> None:
        found = self.by_alarm.setdefault(subject[0], Recovery())
        found.ended += 1
        found.alone += at - since <= self.within
        self._count(subject, at)

    def _count(self, subject: Subject, at: datetime) -> None:
        acted_at = self._acted_at.pop(subject, None)
        if acted_at is not None:
            self.acted_on += 1
            self.saved += max(timedelta(), at - acted_at - self.within)
