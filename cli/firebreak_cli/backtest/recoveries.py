"""How red spells ended in the history, whatever would have been done about them: the natural recovery."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from firebreak.core.model import AlarmState
from firebreak_cli.backtest.transitions import Transition


@dataclass(slots=True)
class Recovery:
    """The red spells of one alarm that ended in OK; `alone` of them within the verify time."""

    ended: int = 0
    alone: int = 0
    longest: timedelta = timedelta()


@dataclass(slots=True)
class Recoveries:
    """The recoveries of all alarms. `within` is the time after which an act is verified.

    `saved` adds up, over all acts, the time that their alarm stayed red after the act could have been
    verified: no act could have saved more.
    """

    within: timedelta
    by_alarm: dict[str, Recovery] = field(default_factory=dict)
    saved: timedelta = timedelta()
    acts_measured: int = 0
    _red_since: dict[tuple[str, str], datetime] = field(default_factory=dict)
    _acted_at: dict[str, datetime] = field(default_factory=dict)

    def turn(self, transition: Transition) -> None:
        """Takes a transition of the history."""
        if transition.after is AlarmState.ALARM:
            self._red_since.setdefault(transition.subject, transition.at)
            return
        since = self._red_since.pop(transition.subject, None)
        if since is not None and transition.after is AlarmState.OK:
            self._ended(transition, transition.at - since)

    def acted(self, alarm: str, at: datetime) -> None:
        """An act about an alarm was made; the first of a red spell counts."""
        if any(name == alarm for name, _ in self._red_since):
            self._acted_at.setdefault(alarm, at)

    def _ended(self, transition: Transition, length: timedelta) -> None:
        found = self.by_alarm.setdefault(transition.alarm, Recovery())
        found.ended += 1
        found.alone += length <= self.within
        found.longest = max(found.longest, length)
        acted_at = self._acted_at.pop(transition.alarm, None)
        if acted_at is not None:
            self.acts_measured += 1
            self.saved += max(timedelta(), transition.at - acted_at - self.within)
