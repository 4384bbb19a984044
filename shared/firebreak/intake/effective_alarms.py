"""CloudWatch's alarms in their effective state for their owners: every read of alarms goes through here.

The meaning of missing data is decided in core/missing_data.py. This module reads its inputs: the tags of
an alarm without data, and the children of a composite.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from firebreak.core.missing_data import (
    CannotTell,
    DataFound,
    MissingDataRules,
    NoData,
    OwnersWord,
    data_of,
    data_of_composite,
    effective,
    owners_word,
)
from firebreak.core.model import AlarmState
from firebreak.core.observed import DescribedAlarm, Series
from firebreak.core.ports import AlarmReads
from firebreak.core.readings import ABSENT, Reading, Unknown
from firebreak.errors import PolicyError

# How deep composites may nest, and how many children one may have, before the state counts as not known.
MAX_DEPTH, MOST_CHILDREN = 3, 100

_ARN = re.compile(r"arn:aws[a-z-]*:cloudwatch:([a-z0-9-]+:\d{12}):alarm:(.+)", re.ASCII | re.DOTALL)


@dataclass(frozen=True, slots=True)
class EffectiveAlarms:
    """`AlarmReads` over another one. `rules` returns the policy's rules; it may raise PolicyError."""

    alarms: AlarmReads
    rules: Callable[[], MissingDataRules]

    def describe(self, name: str) -> Reading[DescribedAlarm]:
        """The alarm in its effective state."""
        found = self.alarms.describe(name)
        return self._effective(found) if isinstance(found, DescribedAlarm) else found

    def describe_all(self, names: Sequence[str]) -> Reading[Mapping[str, DescribedAlarm]]:
        """Those of these alarms that exist, each in its effective state."""
        found = self.alarms.describe_all(names)
        if not isinstance(found, Mapping):
            return found
        with ThreadPoolExecutor(max_workers=4) as pool:
            return dict(zip(found, pool.map(self._effective, found.values()), strict=True))

    def tags(self, arn: str) -> Reading[Mapping[str, str]]:
        """All tags of the alarm."""
        return self.alarms.tags(arn)

    def series_in_alarm(self, name: str) -> Reading[Mapping[str, Series]]:
        """The contributors in ALARM, each in its effective state."""
        found = self.alarms.series_in_alarm(name)
        if not isinstance(found, Mapping) or not any(
            "missing datapoint" in one.reason for one in found.values()
        ):
            return found
        parent = self.alarms.describe(name)
        if not isinstance(parent, DescribedAlarm):
            return found
        word = self._word(parent)
        return {name: _effective_series(one, parent, word) for name, one in found.items()}

    def _effective(self, alarm: DescribedAlarm, depth: int = MAX_DEPTH) -> DescribedAlarm:
        if alarm.state is AlarmState.OK:
            return alarm
        data = self._data(alarm, depth)
        if alarm.state is AlarmState.ALARM and not isinstance(data, NoData):
            return alarm
        return effective(alarm, data, self._word(alarm))

    def _data(self, alarm: DescribedAlarm, depth: int) -> DataFound:
        if not alarm.children:
            return data_of(alarm)
        if depth == 0 or len(alarm.children) > MOST_CHILDREN:
            return CannotTell("it has too many children, or they nest too deep")
        return data_of_composite(self._children(alarm, depth))

    def _children(self, alarm: DescribedAlarm, depth: int) -> list[Reading[DescribedAlarm]]:
        home = _ARN.fullmatch(alarm.arn)
        names: list[str] = []
        for child in alarm.children:
            parts = _ARN.fullmatch(child)
            if parts and home and parts[1] != home[1]:
                return [Unknown("it lives elsewhere")]
            names.append(parts[2] if parts else child)
        found = self.alarms.describe_all(names)
        if not isinstance(found, Mapping):
            return [found]
        return [self._effective(found[name], depth - 1) if name in found else ABSENT for name in names]

    def _word(self, alarm: DescribedAlarm) -> OwnersWord | Unknown:
        return owners_word(alarm.name, self.alarms.tags(alarm.arn), self._rules())

    def _rules(self) -> MissingDataRules:
        """The policy's rules; none where it does not load: functions that act by the policy notice that."""
        try:
            return self.rules()
        except PolicyError:
            return MissingDataRules()


def _effective_series(series: Series, parent: DescribedAlarm, word: OwnersWord | Unknown) -> Series:
    """The contributor, judged by CloudWatch's sentence about it: it has no evaluation of its own."""
    alone = replace(parent, state=AlarmState.ALARM, reason=series.reason, evaluation=None)
    found = effective(alone, data_of(alone), word)
    return replace(series, state=found.state, missing=found.missing)
