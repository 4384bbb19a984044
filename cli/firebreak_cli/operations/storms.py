"""`firebreak storm`: whether so many alarms are red that nothing is acted on, and how people end that."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

from firebreak.core.alarm_readings import NOT_LOOKED_AT, AlarmReading, WatchedAlarm, words_of
from firebreak.core.formats import format_date_time as when
from firebreak.core.limits.storm import CALM, RedAlarm, Storm, StormRules, not_ok, quiet_until
from firebreak.core.messages.announcement import Announcement
from firebreak.core.messages.storm_messages import ACTS_AGAIN, PAGED_AGAIN, storm_ended_by
from firebreak.core.paging.commands import PLACEHOLDER
from firebreak.core.readings import Absent, NotRead, Unknown
from firebreak.ledger.storms import DynamoStorms
from firebreak.ledger.switches import Switches
from firebreak.paging.rendering import plain
from firebreak.remediation.alarm_status import read_states
from firebreak_cli.exit_codes import BAD_INPUT, NO_AWS, Ending
from firebreak_cli.policies import policy_if_known
from firebreak_cli.queries.live_alarms import of_stack
from firebreak_cli.stack import Stack

# Each alarm that turns red between the look and the write costs one more try.
TRIES = 20


type States = Mapping[WatchedAlarm, AlarmReading]


@dataclass(frozen=True, slots=True)
class Ended:
    """A storm that somebody ended, and how its alarms were then."""

    storm: Storm
    states: States
    by: str
    why: str
    at: datetime


@dataclass(frozen=True, slots=True)
class StormDesk:
    """A storm of one stack, for people: the one that holds actions back, or that of pages."""

    stack: Stack
    of_pages: bool = False

    def look(self) -> Storm:
        """The storm that is stored now; calm when none ever was. Raises Ending or AwsError."""
        found = self._storms().look()
        match found:
            case Storm():
                return found
            case Absent():
                return replace(CALM, of_pages=self.of_pages)
            case Unknown(why) | NotRead(why):
                which = "a storm of pages" if self.of_pages else "a storm"
                raise Ending(NO_AWS, f"whether there is {which} could not be read: {why}")
            case _:
                assert_never(found)

    def rules(self) -> StormRules | None:
        """The rules that end a storm, by the stack's policy as this machine finds it; None if it finds none.

        May fail without harm: whether there is a storm is shown all the same.
        """
        found = policy_if_known(self.stack)
        return found.policy.storm if found else None

    def end(self, by: str, why: str, now: datetime) -> Ended:
        """Ends the storm at once and notifies everybody. Raises Ending when there is none, or AwsError.

        The policy is not asked: the person who ends it has looked. An alarm that cannot be read does not
        prevent it, and the notification says that it could not be read.
        """
        at = now + Switches(self.stack.reader("dynamodb"), self.stack.ledger_table).clock_offset()
        states: States = {}
        for _ in range(TRIES):
            storm = self.look()
            if storm.tripped_at is None:
                raise Ending(BAD_INPUT, f"there is no storm to end in {self.stack.place}")
            states = {**states, **self.states(storm, states)}
            ended = Ended(storm, states, by, why, at)
            if self._storms().calm(ended.storm, announcement(ended)):
                return ended
        raise Ending(NO_AWS, f"NOT ENDED: another alarm turned red at each of {TRIES} tries; run it again")

    def states(self, storm: Storm, known: Collection[WatchedAlarm] = ()) -> States:
        """The states of the storm's alarms now for their owners, except those that are known."""
        return read_states(of_stack(self.stack), {red.watched for red in storm.red}.difference(known))

    def _storms(self) -> DynamoStorms:
        table = self.stack.ledger_table
        return DynamoStorms(self.stack.reader("dynamodb"), table, of_pages=self.of_pages)


def announcement(ended: Ended) -> Announcement:
    """The notification that everybody gets, as harmless lines."""
    left = not_ok(ended.storm, ended.states)
    message = storm_ended_by(ended.storm, left, ended.by, ended.why, ended.at)
    return replace(message, headline=plain(message.headline), facts=tuple(map(plain, message.facts)))


def name_of(red: RedAlarm) -> str:
    """A red alarm as people know it, as one harmless line."""
    return plain(f"{red.name} {red.contributor}")


def ends_at(storm: Storm, rules: StormRules | None) -> datetime | None:
    """The time at which the storm ends if no more alarms turn red and few enough still are; else None."""
    return quiet_until(storm, rules) if rules else None


def storm_rows(
    storm: Storm, states: States, rules: StormRules | None, stack: Stack, now: datetime
) -> Iterator[tuple[str, str]]:
    """The storm in a few lines."""
    what = "pages of alarms for humans are gathered" if storm.of_pages else "nothing is acted on"
    if storm.tripped_at:
        yield "STORM", f"since {when(storm.tripped_at, now)}, {what} in {stack.place}"
    else:
        yield "No storm", f"{'of pages ' if storm.of_pages else ''}in {stack.place}"
    yield "Red", f"{len(storm.red)} alarms are remembered as red" if storm.red else ""
    yield "Now", now_words(storm, states)
    yield "Last", f"turned red at {when(storm.heard_at, now)}" if storm.heard_at else ""
    if storm.tripped_at:
        yield "Ends", _end_words(storm, rules, stack, now)


def _end_words(storm: Storm, rules: StormRules | None, stack: Stack, now: datetime) -> str:
    end = ends_at(storm, rules)
    if rules is None or end is None:
        return f"when it was quiet for long enough; not known when: {stack.policy_place} does not load here"
    few = f"fewer than {rules.alarms} still are"
    return f"not before {when(end, now)}, if none turns red until then and {few} ({stack.policy_place})"


def end_command(storm: Storm, stack: Stack) -> str:
    """The command that ends the storm, but for the reason."""
    which = ("--pages",) if storm.of_pages else ()
    return stack.command("storm", *which, "--end", "--reason", PLACEHOLDER)


def other(desk: StormDesk, now: datetime) -> Iterator[tuple[str, str]]:
    """The note that pages are gathered as well, where somebody looks at the storm that holds actions back."""
    since = None if desk.of_pages else replace(desk, of_pages=True).look().tripped_at
    look = desk.stack.command("storm", "--pages")
    yield "Pages", f"gathered since {when(since, now)}: {look}" if since else ""


def now_words(storm: Storm, states: States) -> str:
    """The number of red alarms, and of those in each other state; empty where none is remembered."""
    counted = Counter(_state_words(_reading(one, states)) for one in storm.red)
    return ", ".join(f"{count} {words}" for words, count in sorted(counted.items()))


def _reading(red: RedAlarm, states: States) -> AlarmReading:
    return states.get(red.watched, NOT_LOOKED_AT)


def _state_words(reading: AlarmReading) -> str:
    match reading:
        case Unknown() | NotRead():
            return "NOT READ (may be red)"
        case Absent():
            return "deleted"
        case state:
            return state.value


def red_rows(storm: Storm, states: States, now: datetime) -> Iterator[tuple[str, str, str]]:
    """The remembered alarms, oldest first, each with how it is now."""
    for one in sorted(storm.red):
        yield when(one.since, now), name_of(one), plain(words_of(_reading(one, states)))


def outcome_rows(ended: Ended, stack: Stack) -> Iterator[tuple[str, str]]:
    """The rows about an ended storm, for the person who ended it."""
    since = f" since {when(ended.storm.tripped_at, ended.at)}" if ended.storm.tripped_at else ""
    yield "Ended", f"the storm{since}, {stack.place}"
    yield "By", ended.by
    yield "Reason", ended.why
    yield "Counted", f"{len(ended.storm.red)} alarms; look at them: nothing is restarted by itself"
    yield "Now", now_words(ended.storm, ended.states)
    again = PAGED_AGAIN if ended.storm.of_pages else ACTS_AGAIN
    yield "Note", f"{again}; nothing is made up for. Enough new red alarms are a storm again."
    yield "Page", "follows within minutes"


def as_json(storm: Storm, states: States, rules: StormRules | None, stack: Stack) -> Mapping[str, object]:
    """The storm as plain values."""
    end = ends_at(storm, rules)
    return {
        "stack": stack.name,
        "storm": storm.tripped_at is not None,
        "since": storm.tripped_at and storm.tripped_at.isoformat(),
        "last_red_at": storm.heard_at and storm.heard_at.isoformat(),
        "ends_not_before": end and end.isoformat(),
        "ends_below": rules and rules.alarms,
        "red": _red_values(storm, states),
    }


def ended_as_json(ended: Ended, stack: Stack) -> Mapping[str, object]:
    """An ended storm as plain values."""
    since = ended.storm.tripped_at
    return {
        "stack": stack.name,
        "ended_at": ended.at.isoformat(),
        "since": since and since.isoformat(),
        "by": ended.by,
        "reason": ended.why,
        "red": _red_values(ended.storm, ended.states),
    }


def _red_values(storm: Storm, states: States) -> list[Mapping[str, object]]:
    return [
        {
            "name": red.name,
            "series": red.series,
            "contributor": red.contributor or None,
            "since": red.since.isoformat(),
            **_now_values(_reading(red, states)),
        }
        for red in sorted(storm.red)
    ]


def _now_values(reading: AlarmReading) -> Mapping[str, object]:
    """`state` is null where it could not be read, and `unread` says why."""
    match reading:
        case Unknown(why) | NotRead(why):
            return {"state": None, "unread": why}
        case Absent():
            return {"state": "DELETED", "unread": None}
        case state:
            return {"state": state.value, "unread": None}
