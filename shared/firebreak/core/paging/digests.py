"""Digests: the summary of many announcements with one cause, once the first of them was announced.

A cause that holds Firebreak back and ends by itself or by a human (a kill switch, a freeze window) is
looked at until it is over; then one page lists what is still red.

A cause that lasts (a target's cooldown, an alarm tagged for humans) has episodes. An episode begins with the
first announcement, is one thread of pages, and ends once every alarm of it stayed OK for a while, or when
nothing more came for so long that the next announcement is news:

    cause ── first ──► episode, announced ── more ──► counted ── all alarms stayed OK ──► resolved
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import assert_never

from firebreak.core.alarm_readings import (
    NOT_LOOKED_AT,
    AlarmReading,
    WatchedAlarm,
    all_ok,
    may_be_red,
    within_bounds,
    words_of,
)
from firebreak.core.formats import format_date_time, format_time
from firebreak.core.keys import digest
from firebreak.core.limits.budgets import format_duration
from firebreak.core.messages.announcement import Announcement, AnnouncementKind
from firebreak.core.model import AlarmState
from firebreak.core.observed import DescribedAlarm
from firebreak.core.paging.threads import LOOK_EVERY, LOOK_FOR, thread_id
from firebreak.core.readings import NotRead, Reading, Unknown
from firebreak.core.reasons import Lasting, Reason

# A longer list is not read at 3 a.m., and DynamoDB rewrites the whole item for each name.
MOST_NAMES, MOST_LISTED = 200, 30
# The most alarms that one command can ask for again; their names travel with the announcement.
MOST_RETRIED = 100
# So many names fit into the first line.
MOST_SAID = 2

# An alarm that was OK for less is flapping: its thread stays open, and nobody is called again.
STAYS_OK = timedelta(minutes=15)
# A state that comes back, such as every night, is over when it did not come back for a day.
STANDING_STAYS_OK = timedelta(days=1)
# A development service may be scaled to zero from Friday to Monday, and its alarm be red all that time.
STANDING_FOR = timedelta(days=7)
# A cause that lasts is looked at for so long after its newest, and after the first day this often.
LASTING_LOOK_FOR, LASTING_LOOK_EVERY = timedelta(days=7), timedelta(hours=1)

OVER = "No further action."
AS_BEFORE = "None of them was acted on. Further alarms with this cause are summed up in the same way."
BY_COMMAND = "No further automatic action. The command below requests a new decision for all of them."
NO_COMMAND = "Check them: an alarm without data, or a deleted one, says nothing about the service."

# The causes that end, with their names.
HOLDS: Mapping[str, str] = MappingProxyType(
    {
        Reason.SWITCHED_OFF: "The pause",
        Reason.FROZEN: "The freeze",
        Reason.OUTSIDE_WINDOW: "The wait for the window",
        Reason.CALENDAR_CLOSED: "The closed time that the calendar gave",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """The count of one cause: `first` was announced, `count` is the number of its announcements.

    `names` are the alarms, at most `MOST_NAMES` of them, and `series` the single series that were counted of
    alarms with several; `reported` is how many the last digest counted, and `named` how many of its watched
    alarms were known then.
    `last_at` is when the newest was counted, None where an older release did.
    """

    key: str
    first: Announcement
    since: datetime
    count: int
    names: tuple[str, ...]
    series: tuple[WatchedAlarm, ...] = ()
    reported: int = 1
    named: int = 1
    reported_at: datetime | None = None
    last_at: datetime | None = None

    @property
    def lasts(self) -> bool:
        """Whether its cause is one that lasts and has episodes."""
        return self.first.lasting is not Lasting.NO

    @property
    def stays_ok(self) -> timedelta:
        """How long every alarm of it must have been OK until it is over."""
        match self.first.lasting:
            case Lasting.NO:
                return timedelta()
            case Lasting.ALARM | Lasting.TARGET:
                return STAYS_OK
            case Lasting.STANDING:
                return STANDING_STAYS_OK
            case never:
                assert_never(never)

    def looked_at_next(self, now: datetime) -> datetime | None:
        """When its alarms are looked at again, None when they are left to humans."""
        age = now - (self.last_at or self.since) if self.lasts else now - self.since
        if age < LOOK_FOR and self.first.lasting is not Lasting.STANDING:
            return now + LOOK_EVERY
        return now + LASTING_LOOK_EVERY if self.lasts and age < LASTING_LOOK_FOR else None

    def is_stale(self, now: datetime) -> bool:
        """Whether its episode ended unseen: nothing came for so long that the next announcement is news."""
        lasts = STANDING_FOR if self.first.lasting is Lasting.STANDING else LOOK_FOR
        return self.lasts and now - (self.last_at or self.since) >= lasts

    @property
    def first_as_paged(self) -> Announcement:
        """Its first announcement, as it was paged."""
        return self.part_of(self.first)

    def part_of(self, message: Announcement) -> Announcement:
        """One announcement of the cause as a part of this episode: announced once a reason, in one thread."""
        if not self.lasts:
            return message
        thread = digest("episode", self.key, self.since.isoformat())
        return replace(message, key=digest(thread, message.cause), thread=thread, counted_as=self.key)

    @property
    def holds(self) -> bool:
        """Whether the cause is one that ends, and is waited for."""
        return self.first.cause in HOLDS

    @property
    def watched(self) -> tuple[WatchedAlarm, ...]:
        """The alarms to read for its state; of an alarm with several series only those that were counted."""
        by_series = {one.name for one in self.series}
        whole = (WatchedAlarm(name) for name in self.names if name not in by_series)
        return tuple(sorted({*whole, *self.series}))

    @property
    def unwatched(self) -> int:
        """How many more there may be than can be named; a cause that lasts counts its alarms often."""
        return max(self.count - MOST_NAMES, 0) if len(self.names) >= MOST_NAMES or not self.lasts else 0

    def readings(self, states: Mapping[WatchedAlarm, AlarmReading]) -> Mapping[WatchedAlarm, AlarmReading]:
        """The reading of each of its alarms; an alarm that is missing in `states` was not looked at."""
        return {one: states.get(one, NOT_LOOKED_AT) for one in self.watched}

    def all_ok(self, states: Mapping[WatchedAlarm, AlarmReading]) -> bool:
        """Whether every alarm of it is known to be OK."""
        return not self.unwatched and all_ok(self.readings(states).values())


def counts(message: Announcement) -> bool:
    """Whether an announcement is one of possibly many for one cause; each proposal stands alone."""
    return bool(message.cause and message.alarm_name) and message.kind is not AnnouncementKind.OBSERVED


def put_off(message: Announcement, until: datetime) -> Announcement:
    """An announcement that is stored until a mute window ends, counted apart from those that were paged."""
    return replace(
        message,
        key=digest("muted", message.key),
        cause=Reason.MUTED.value,
        until=until,
        lasting=Lasting.NO,
        counted_as=message.key,
    )


def put_off_no_longer(held: Announcement, now: datetime) -> Announcement:
    """The same once the window has ended: a part of its lasting cause, as if it had come now."""
    ended_at = (
        f"its mute window ended at {format_time(held.until)}" if held.until else "its mute window ended"
    )
    return replace(
        held,
        key=held.counted_as,
        thread=held.counted_as,
        cause=Reason.ROUTED_TO_HUMANS.value,
        at=now,
        event=digest(held.event, "after the mute"),
        facts=(ended_at, *held.facts),
        until=None,
        lasting=Lasting.ALARM,
        counted_as="",
    )


def first_look(every: timedelta, now: datetime) -> datetime:
    """When a new cause is looked at for the first time: a switch may be given back early."""
    return now + min(every, LOOK_EVERY)


def stayed_ok(found: Digest, states: Mapping[WatchedAlarm, Reading[DescribedAlarm]], now: datetime) -> bool:
    """Whether it is known that every alarm of a cause that lasts exists and was OK for long enough.

    CloudWatch does not say since when one series of an alarm is OK: it was red when it was counted.
    """
    long_ago, last = now - found.stays_ok, found.last_at or found.since
    if last > long_ago or not found.all_ok({one: _state(alarm) for one, alarm in states.items()}):
        return False
    return all(isinstance(alarm, DescribedAlarm) and alarm.since <= long_ago for alarm in states.values())


def earlier_look(
    found: Digest, states: Mapping[WatchedAlarm, Reading[DescribedAlarm]], usual: datetime | None
) -> datetime | None:
    """The next look at a cause that lasts: when all of it will have stayed OK, where that comes before."""
    if usual is None or not found.all_ok({one: _state(alarm) for one, alarm in states.items()}):
        return usual
    green = [alarm.since for alarm in states.values() if isinstance(alarm, DescribedAlarm)]
    return min(max(*green, found.last_at or found.since) + found.stays_ok, usual)


def _state(found: Reading[DescribedAlarm]) -> AlarmReading:
    return found.state if isinstance(found, DescribedAlarm) else found


def ended(found: Digest, now: datetime) -> Announcement:
    """A cause that lasts is over: in the thread of its episode, with how often it came."""
    one = len(found.names) == 1
    about = "The alarm" if one else f"Each of its {len(found.names)} alarms"
    times = [f"{found.count} times since {format_date_time(found.since, now)}"] if found.count > 1 else []
    return replace(
        found.first_as_paged,
        key=digest("stayed ok", found.key, found.since.isoformat()),
        kind=AnnouncementKind.RECOVERED,
        at=now,
        headline=(
            f"{about} has been OK for {format_duration(found.stays_ok)}. Paged before: {found.first.headline}"
        ),
        facts=(*times, *(() if one else _listed(found.names))),
        next=OVER,
        event="",
        cause="",
        until=None,
        lasting=Lasting.NO,
        alarm_state=AlarmState.OK.value,
    )


def is_time(found: Digest, every: timedelta, now: datetime) -> bool:
    """Whether there is something new to sum up, and the last time was long enough ago.

    Alarms that turn red again and again are no news to those who were notified of them.
    """
    news = len(found.watched) > found.named if found.lasts else found.count > found.reported
    return news and now - (found.reported_at or found.since) >= every


def summed_up(found: Digest, now: datetime) -> Announcement:
    """One page for all that came since the first, with their names."""
    more = found.count - found.reported
    since = format_date_time(found.reported_at or found.since, now)
    headline = f"{_alarms_of(found)}; {more} more for the same cause since {since}."
    message = _about(found, AnnouncementKind.DIGEST, now, headline)
    held = found.first.kind is AnnouncementKind.HELD_BACK
    return replace(message, facts=_facts(found, found.names), next=found.first.next if held else AS_BEFORE)


def _alarms_of(found: Digest) -> str:
    """The red alarms, as far as they were counted: a few names, or how many. They may be OK again by now."""
    known = len(found.names)
    counted = f"{known} alarms" if known < MOST_NAMES else f"at least {known} alarms"
    named = counted if known > MOST_SAID else " and ".join(found.names) or "alarms"
    return f"{named} turned red" if found.first.kind is AnnouncementKind.REFUSED else f"about {named}"


def over(found: Digest, states: Mapping[WatchedAlarm, AlarmReading], now: datetime) -> Announcement:
    """The cause is over; `states` are the readings of its alarms. An alarm that is missing may be red."""
    ended = f"{HOLDS[found.first.cause]} is over"
    if found.all_ok(states):
        message = _about(
            found, AnnouncementKind.DIGEST, now, f"All alarms that were held back are OK. {ended}."
        )
        return replace(message, facts=_facts(found, ()), next=OVER, alarm_state=AlarmState.OK.value)
    readings = found.readings(states)
    red = [one for one, reading in readings.items() if may_be_red(reading)]
    if found.unwatched and not red:
        red = [*found.watched]
    unclear = [one for one in readings if one not in red and readings[one] is not AlarmState.OK]
    watches, left_out = within_bounds((*red, *unclear))
    return replace(
        _about(found, AnnouncementKind.HOLD_OVER, now, f"{_left(found, readings)} {ended}."),
        facts=_facts(
            found,
            [one.shown for one in red] + [f"{one.shown} {words_of(readings[one])}" for one in unclear],
        ),
        next=BY_COMMAND if red else NO_COMMAND,
        retry=tuple(sorted({one.name for one in red}))[:MOST_RETRIED],
        watches=watches,
        unwatched=found.unwatched + left_out,
    )


def _left(found: Digest, readings: Mapping[WatchedAlarm, AlarmReading]) -> str:
    """The known states of the alarms that it held back, in words: what is red first."""
    if found.unwatched:
        return f"{found.unwatched} of the alarms that were held back are not watched: there are too many."
    states = [*readings.values()]
    red = states.count(AlarmState.ALARM)
    unread = sum(isinstance(reading, Unknown | NotRead) for reading in states)
    unclear = len(states) - red - unread - states.count(AlarmState.OK)
    words = {"still red": red, "could not be read": unread, "not known to be OK": unclear}
    first, *others = [(count, said) for said, count in words.items() if count]
    rest = "".join(f", {count} {said}" for count, said in others)
    none_red = "" if red else "; none is known to be red"
    return f"{first[0]} of {len(states)} alarms {first[1]}{rest}{none_red}."


def _facts(found: Digest, names: Collection[str]) -> tuple[str, ...]:
    return (f"cause: {found.first.headline}", f"total: {found.count}", *_listed(names))


def _listed(lines: Collection[str]) -> Iterator[str]:
    yield from sorted(lines)[:MOST_LISTED]
    if (left := len(lines) - MOST_LISTED) > 0:
        yield f"and {left} more"


def _about(found: Digest, kind: AnnouncementKind, now: datetime, headline: str) -> Announcement:
    """An announcement about the whole cause: in the thread of the first, about none of its alarms alone."""
    return replace(
        found.first,
        key=digest("digest", found.key, kind.value, found.count, found.since.isoformat()),
        kind=kind,
        at=now,
        headline=headline,
        incident_id="",
        action="",
        target="",
        alarm_name="",
        alarm_since=None,
        alarm_description="",
        event="",
        thread=thread_id(found.first_as_paged),
        cause="",
        until=None,
        lasting=Lasting.NO,
        runbook="",
        watches=(),
        unwatched=0,
        opted_in=False,
        at_any_hour=False,
        looks_at=None,
        red="",
        alarm_reason="",
        alarm_state="",
    )
