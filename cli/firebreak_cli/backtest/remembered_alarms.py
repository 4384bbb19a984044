"""Alarms in their effective state, worked out once for each change: a sweep looks at the same ones again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from firebreak.core.observed import DescribedAlarm, Series
from firebreak.core.readings import Absent, Reading
from firebreak.intake.effective_alarms import EffectiveAlarms
from firebreak_cli.backtest.replayed_alarms import ReplayedAlarms


@dataclass(frozen=True, slots=True)
class RememberedAlarms:
    """`ports.AlarmReads`: the same readings as those of `effective`, which reads `alarms`.

    A composite is worked out each time, since its children change without it.
    """

    alarms: ReplayedAlarms
    effective: EffectiveAlarms

    def describe(self, name: str) -> Reading[DescribedAlarm]:
        """The alarm in its effective state."""
        found = self.alarms.worked_out.get(name)
        if found is None:
            found = self.effective.describe(name)
            if not (isinstance(found, DescribedAlarm) and found.children):
                self.alarms.worked_out[name] = found
        return found

    def describe_all(self, names: Sequence[str]) -> Reading[Mapping[str, DescribedAlarm]]:
        """Those of these alarms that exist; Unknown as a whole where the state of one is not known."""
        found = {}
        for name in names:
            reading = self.describe(name)
            if isinstance(reading, DescribedAlarm):
                found[name] = reading
            elif not isinstance(reading, Absent):
                return reading
        return found

    def tags(self, arn: str) -> Reading[Mapping[str, str]]:
        """All tags of the alarm."""
        return self.effective.tags(arn)

    def series_in_alarm(self, name: str) -> Reading[Mapping[str, Series]]:
        """The contributors in ALARM, each in its effective state."""
        return self.effective.series_in_alarm(name)
