"""Watching for storms: each routed red alarm is counted once, beginning and end are told once."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from firebreak.announcing import Announcer
from firebreak.core import telling
from firebreak.core.model import Alarm, AlarmState
from firebreak.core.observed import DescribedAlarm
from firebreak.core.readings import Absent, NotRead, Reading, Unknown
from firebreak.core.storm import (
    CALM,
    RedAlarm,
    Storm,
    StormRules,
    begins,
    ends,
    outdated,
    still_red,
    worth_remembering,
)
from firebreak.errors import AwsError
from firebreak.ports import AlarmReads, Clock, Log, Storms


@dataclass(frozen=True, slots=True)
class StormWatch:
    """Counts red alarms and says when they are a storm, and when it is over."""

    storms: Storms
    alarms: AlarmReads
    announcer: Announcer
    clock: Clock
    log: Log

    def count(self, alarm: Alarm, rules: StormRules, before: Reading[Storm]) -> Reading[Storm]:
        """What is remembered once the alarm is; `before` is what was. What fails becomes blindness.

        What CloudWatch mutes or suppresses is no news, so it does not count.
        """
        if alarm.mute or alarm.suppressed_by:
            return before
        match before:
            case Unknown() | NotRead():
                return before
            case Absent():
                known = CALM
            case Storm():
                known = before
        now = self.clock.now()
        red = RedAlarm.of(alarm, now)
        if not worth_remembering(known, red, now):
            return known
        try:
            after = self.storms.remember(red, outdated(known, rules), now)
            if isinstance(after, Storm):
                after = replace(after, tripped_at=known.tripped_at)
            return self._declared(after, rules)
        except AwsError as error:
            # The event must still end in a decision; what could not be counted refuses.
            self.log.event("storm.not_counted", series=red.series, error=str(error))
            return Unknown(f"{error.operation}: {error.code}")

    def _declared(self, storm: Reading[Storm], rules: StormRules) -> Reading[Storm]:
        """The storm, declared if it begins; when somebody else declared it, it is one all the same."""
        if not isinstance(storm, Storm) or not begins(storm, rules):
            return storm
        now = self.clock.now()
        told = telling.storm_began(storm, rules, now)
        if self.storms.trip(now, told):
            self.log.event("storm.began", alarms=len(storm.red))
            self.announcer.hand_over(told)
        return self.storms.look()

    def sweep(self, rules: StormRules) -> None:
        """Declare a storm whose declarer died, and end one that is over. Raises AwsError."""
        storm = self._declared(self.storms.look(), rules)
        match storm:
            case Storm(tripped_at=None) | Absent():
                return
            case Unknown(why) | NotRead(why):
                self.log.event("storm.unreadable", why=why)
                return
            case Storm():
                pass
        red = still_red(storm, self._states(storm))
        now = self.clock.now()
        if not ends(storm, red, rules, now):
            self.log.event("storm.goes_on", red=len(red))
            return
        told = telling.storm_ended(storm, red, now)
        if self.storms.calm(storm, told):
            self.log.event("storm.ended", still_red=len(red))
            self.announcer.hand_over(told)

    def _states(self, storm: Storm) -> Mapping[str, Reading[AlarmState]]:
        """The remembered alarms as they are now, by series; one that is gone is not red."""
        described = self.alarms.describe_all(sorted({red.name for red in storm.red}))
        if not isinstance(described, Mapping):
            return {}
        series = {
            red.name: self.alarms.series_in_alarm(red.name)
            for red in storm.red
            if red.contributor and red.name in described
        }
        return {red.series: _state(red, described, series.get(red.name)) for red in storm.red}


def _state(
    red: RedAlarm, described: Mapping[str, DescribedAlarm], series: Reading[frozenset[str]] | None
) -> Reading[AlarmState]:
    found = described.get(red.name)
    if found is None:
        return AlarmState.OK
    if series is None or found.state is AlarmState.OK:
        return found.state
    if not isinstance(series, frozenset):
        return series
    return AlarmState.ALARM if red.contributor in series else AlarmState.OK
