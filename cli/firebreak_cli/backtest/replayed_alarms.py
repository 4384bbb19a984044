"""Alarms as CloudWatch would have shown them at a moment of the history: `ports.AlarmReads`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from firebreak.core.model import AlarmState
from firebreak.core.observed import DescribedAlarm, Series
from firebreak.core.readings import ABSENT, Absent, Reading, Unknown
from firebreak_cli.backtest.facts import Facts
from firebreak_cli.backtest.transitions import Transition

BEFORE_HISTORY = Unknown("the history begins later than its state at that time")


@dataclass(frozen=True, slots=True)
class _Pinned:
    """A state that an assumption puts in the place of the history's."""

    state: AlarmState
    since: datetime


# An alarm, and the id of one of its series; empty for the alarm as a whole.
type Subject = tuple[str, str]


@dataclass(slots=True)
class ReplayedAlarms:
    """The alarms at the present moment of a replay. Only `turn`, `pin` and `unpin` change them.

    `worked_out` is what a reader keeps about an alarm; it is dropped when the alarm changes.
    """

    facts: Facts
    worked_out: dict[str, Reading[DescribedAlarm]] = field(default_factory=dict)
    _latest: dict[str, Transition] = field(default_factory=dict)
    _series: dict[str, dict[str, Transition]] = field(default_factory=dict)
    _pinned: dict[Subject, _Pinned] = field(default_factory=dict)

    def turn(self, transition: Transition) -> None:
        """Takes a transition of the history."""
        self.worked_out.pop(transition.alarm, None)
        if transition.contributor:
            self._series.setdefault(transition.alarm, {})[transition.contributor] = transition
        else:
            self._latest[transition.alarm] = transition

    def pin(self, subject: Subject, state: AlarmState, since: datetime) -> None:
        """Holds an alarm, or a series of it, in a state, whatever the history says."""
        self.worked_out.pop(subject[0], None)
        self._pinned[subject] = _Pinned(state, since)

    def unpin(self, subject: Subject) -> None:
        """Lets an alarm go on as the history says."""
        self.worked_out.pop(subject[0], None)
        self._pinned.pop(subject, None)

    def pinned(self, subject: Subject) -> AlarmState | None:
        """The state in which the alarm is held; None where it is as the history says."""
        found = self._pinned.get(subject)
        return found.state if found else None

    def held_red(self) -> set[Subject]:
        """The alarms and series that are held in ALARM."""
        return {subject for subject, one in self._pinned.items() if one.state is AlarmState.ALARM}

    def latest(self, subject: Subject) -> Transition | None:
        """The newest transition of the alarm, or of the series, in the history so far."""
        name, series = subject
        return self._series.get(name, {}).get(series) if series else self._latest.get(name)

    def describe(self, name: str) -> Reading[DescribedAlarm]:
        """The alarm as it is now; Unknown before the history says its state."""
        facts = self.facts.alarms.get(name)
        if facts is None:
            return ABSENT
        if pinned := self._pinned_as_a_whole(name):
            return replace(
                facts.described, state=pinned.state, since=pinned.since, evaluation=None, reason=""
            )
        latest = self._latest.get(name)
        if latest is None:
            return self._before(name, facts.described)
        return replace(
            facts.described,
            state=latest.after,
            since=latest.at,
            reason=latest.reason,
            evaluation=latest.evaluation,
        )

    def _before(self, name: str, today: DescribedAlarm) -> Reading[DescribedAlarm]:
        """An alarm that has not turned yet: as today, if it has been so since before the history began."""
        if today.since < self.facts.start:
            return today
        if series := self._series.get(name):
            state = AlarmState.ALARM if self._red(name) else AlarmState.OK
            return replace(today, state=state, since=max(one.at for one in series.values()))
        return BEFORE_HISTORY

    def describe_all(self, names: Sequence[str]) -> Reading[Mapping[str, DescribedAlarm]]:
        """Those of these alarms that exist; Unknown as a whole where the state of one is not known."""
        found = {name: self.describe(name) for name in names}
        for reading in found.values():
            if not isinstance(reading, DescribedAlarm | Absent):
                return reading
        return {name: one for name, one in found.items() if isinstance(one, DescribedAlarm)}

    def tags(self, arn: str) -> Reading[Mapping[str, str]]:
        """The tags as they are today."""
        facts = self.facts.alarms.get(arn.split(":alarm:", 1)[-1])
        return facts.tags if facts else ABSENT

    def series_in_alarm(self, name: str) -> Reading[Mapping[str, Series]]:
        """The series of the alarm that are red."""
        return {id_: Series(reason=one.reason) for id_, one in self._red(name).items()}

    def _red(self, name: str) -> Mapping[str, Transition]:
        series = self._series.get(name, {})
        states = {id_: self.pinned((name, id_)) or one.after for id_, one in series.items()}
        return {id_: one for id_, one in series.items() if states[id_] is AlarmState.ALARM}

    def _pinned_as_a_whole(self, name: str) -> _Pinned | None:
        """How the alarm is held: by itself, or by a series that is held red."""
        alone = self._pinned.get((name, ""))
        red = (one for (of, series), one in self._pinned.items() if of == name and series)
        return alone or next((one for one in red if one.state is AlarmState.ALARM), None)
