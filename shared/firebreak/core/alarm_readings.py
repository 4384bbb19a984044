"""The combined reading of several alarms: the only place that decides "all are OK".

An alarm that is not in ALARM is not necessarily OK: it may have no data, be deleted, or not have been read.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import assert_never

from firebreak.core.model import Alarm, AlarmState
from firebreak.core.readings import Absent, NotRead, Reading, Unknown

# DescribeAlarms takes 100 names a call. JSON escapes a character outside ASCII in up to 12 bytes, and the
# list is stored in one DynamoDB item (400 KB) and one event (256 KB).
MOST_WATCHED, MOST_WATCHED_BYTES = 200, 100_000

NOT_LOOKED_AT = NotRead("it was not looked at")

# The most alarms that one sentence names.
MOST_SAID = 20

type AlarmReading = Reading[AlarmState]


@dataclass(frozen=True, slots=True, order=True)
class WatchedAlarm:
    """An alarm, or one series of it where `contributor` names one. Both are untrusted text."""

    name: str
    contributor: str = ""

    @classmethod
    def of(cls, alarm: Alarm) -> "WatchedAlarm":
        """The alarm, or its one series, to read for its state."""
        return cls(alarm.name, alarm.contributor.id if alarm.contributor else "")

    @property
    def shown(self) -> str:
        """The name for humans, with the series."""
        return f"{self.name} {self.contributor}".rstrip()


def all_ok(readings: Collection[AlarmReading]) -> bool:
    """Whether there is an alarm at all and every one exists, was read, and is OK."""
    return bool(readings) and all(reading is AlarmState.OK for reading in readings)


def may_be_red(reading: AlarmReading) -> bool:
    """Whether the alarm is in ALARM, as far as is known: one that could not be read may be."""
    return reading is AlarmState.ALARM or isinstance(reading, Unknown | NotRead)


def words_of(reading: AlarmReading) -> str:
    """The reading as a page shows it, after the name of the alarm."""
    match reading:
        case AlarmState.OK:
            return "is OK"
        case AlarmState.ALARM:
            return "is still red"
        case AlarmState.INSUFFICIENT_DATA:
            return "has no data"
        case Absent():
            return "does not exist any more"
        case Unknown(why) | NotRead(why):
            return f"could not be read: {why}"
        case never:
            assert_never(never)


def not_ok_words(states: Mapping[WatchedAlarm, AlarmReading]) -> list[str]:
    """One line for each alarm that is not known to be OK, with its reading."""
    left = ((one, reading) for one, reading in sorted(states.items()) if reading is not AlarmState.OK)
    return [f"{one.shown} {words_of(reading)}" for one, reading in left]


def few_of(lines: Sequence[str], most: int = MOST_SAID) -> list[str]:
    """The first of the lines, and how many more there are: what is stored and sent has a bound."""
    more = len(lines) - most
    return [*lines[:most], *([f"and {more} more"] if more > 0 else [])]


def within_bounds(alarms: Iterable[WatchedAlarm]) -> tuple[tuple[WatchedAlarm, ...], int]:
    """As many of the alarms as may be kept to be looked at again, and how many are left out."""
    wanted = sorted(set(alarms))
    bounded: list[WatchedAlarm] = []
    room = MOST_WATCHED_BYTES
    for alarm in wanted[:MOST_WATCHED]:
        room -= len(json.dumps([alarm.name, alarm.contributor]))
        if room < 0:
            break
        bounded.append(alarm)
    return tuple(bounded), len(wanted) - len(bounded)
