"""The present state of alarms: one DescribeAlarms for every 100 names, one read of each alarm's series."""

from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime

from firebreak.core.alarm_readings import AlarmReading, WatchedAlarm
from firebreak.core.model import AlarmState
from firebreak.core.observed import DescribedAlarm, Series
from firebreak.core.ports import AlarmReads
from firebreak.core.readings import ABSENT, Absent, NotRead, Reading, Unknown


def describe_each(
    alarms: AlarmReads, wanted: Collection[WatchedAlarm]
) -> Mapping[WatchedAlarm, Reading[DescribedAlarm]]:
    """Each alarm as it is now; of one with several series only the requested series counts."""
    described = alarms.describe_all(sorted({one.name for one in wanted})) if wanted else {}
    if not isinstance(described, Mapping):
        return dict.fromkeys(wanted, described)
    found = {one: described.get(one.name, ABSENT) for one in wanted}
    red = sorted({one.name for one, alarm in found.items() if one.contributor and _is_red(alarm)})
    with ThreadPoolExecutor(max_workers=4) as pool:
        series = dict(zip(red, pool.map(alarms.series_in_alarm, red), strict=True))
    return {one: _of_series(one, alarm, series.get(one.name)) for one, alarm in found.items()}


def state_of(found: Reading[DescribedAlarm]) -> AlarmReading:
    """The state of an alarm that was looked at."""
    return found.state if isinstance(found, DescribedAlarm) else found


def read_states(alarms: AlarmReads, wanted: Collection[WatchedAlarm]) -> Mapping[WatchedAlarm, AlarmReading]:
    """The state of each alarm, or of its one series."""
    return {one: state_of(found) for one, found in describe_each(alarms, wanted).items()}


def green_since(found: Iterable[Reading[DescribedAlarm]]) -> datetime | None:
    """The time at which the last of the alarms that are OK turned so."""
    green = (o.since for o in found if isinstance(o, DescribedAlarm) and o.state is AlarmState.OK)
    return max(green, default=None)


def _is_red(found: Reading[DescribedAlarm]) -> bool:
    return isinstance(found, DescribedAlarm) and found.state is AlarmState.ALARM


def _of_series(
    one: WatchedAlarm, found: Reading[DescribedAlarm], series: Reading[Mapping[str, Series]] | None
) -> Reading[DescribedAlarm]:
    """The series: while its alarm is in ALARM, CloudWatch lists the series that are, and no others."""
    if not (one.contributor and isinstance(found, DescribedAlarm) and _is_red(found)):
        return found
    match series:
        case Absent() | Unknown() | NotRead():
            return series
        case None:
            return NotRead("which series are in ALARM was not asked")
        case red:
            alone = red.get(one.contributor, Series(state=AlarmState.OK))
            return replace(found, state=alone.state, missing=alone.missing)
