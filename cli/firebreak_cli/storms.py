"""`firebreak storm`: whether so many alarms are red that nothing is acted on, and ending that by hand."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

from firebreak.aws.storms import DynamoStorms
from firebreak.aws.switches import Switches
from firebreak.core.announcement import Announcement
from firebreak.core.commands import PLACEHOLDER, command
from firebreak.core.readings import Absent, NotRead, Unknown
from firebreak.core.storm import CALM, RedAlarm, Storm, StormRules, quiet_until
from firebreak.core.telling_storms import ACTS_AGAIN, PAGED_AGAIN, storm_ended_by
from firebreak.errors import PolicyError
from firebreak.page_text import plain
from firebreak.policy import load_policy
from firebreak_cli.endings import BAD_INPUT, NO_AWS, Ending
from firebreak_cli.policies import policy_path
from firebreak_cli.screen import when
from firebreak_cli.stack import Stack

# Each alarm that turns red between our look and our write costs one more try.
TRIES = 20


@dataclass(frozen=True, slots=True)
class Ended:
    """A storm that somebody ended."""

    storm: Storm
    by: str
    why: str
    at: datetime


@dataclass(frozen=True, slots=True)
class StormDesk:
    """A storm of one stack, for people: the one that holds actions back, or that of pages."""

    stack: Stack
    of_pages: bool = False

    def look(self) -> Storm:
        """What is remembered now; calm when nothing ever was. Raises Ending or AwsError."""
        found = self._storms().look()
        match found:
            case Storm():
                return found
            case Absent():
                return replace(CALM, of_pages=self.of_pages)
            case Unknown(why) | NotRead(why):
                raise Ending(NO_AWS, f"whether there is a storm could not be read: {why}")
            case _:
                assert_never(found)

    def rules(self) -> StormRules | None:
        """What ends a storm, by this machine's copy of the stack's policy; None when it does not load.

        May fail without harm: whether there is a storm is told all the same.
        """
        try:
            return load_policy(policy_path(self.stack.policy_file)).storm
        except (PolicyError, Ending):
            return None

    def end(self, by: str, why: str, now: datetime) -> Ended:
        """End the storm at once and tell everybody. Raises Ending when there is none, or AwsError.

        Nobody's policy is asked: whoever ends it has looked.
        """
        at = now + Switches(self.stack.reader("dynamodb"), self.stack.ledger_table).clock_offset()
        for _ in range(TRIES):
            ended = Ended(self.look(), by, why, at)
            if ended.storm.tripped_at is None:
                raise Ending(BAD_INPUT, f"there is no storm to end in {self.stack.place}")
            if self._storms().calm(ended.storm, announcement(ended)):
                return ended
        raise Ending(NO_AWS, f"NOT ENDED: another alarm turned red at each of {TRIES} tries; run it again")

    def _storms(self) -> DynamoStorms:
        table = self.stack.ledger_table
        return DynamoStorms(self.stack.reader("dynamodb"), table, of_pages=self.of_pages)


def announcement(ended: Ended) -> Announcement:
    """What everybody is told, as harmless lines."""
    told = storm_ended_by(ended.storm, ended.by, ended.why, ended.at)
    return replace(told, headline=plain(told.headline), facts=tuple(map(plain, told.facts)))


def name_of(red: RedAlarm) -> str:
    """A red alarm as people know it, as one harmless line."""
    return plain(f"{red.name} {red.contributor}")


def ends_at(storm: Storm, rules: StormRules | None) -> datetime | None:
    """When the storm ends if nothing more turns red and few enough still are; None when nobody knows."""
    return quiet_until(storm, rules) if rules else None


def shown(storm: Storm, rules: StormRules | None, stack: Stack, now: datetime) -> Iterator[tuple[str, str]]:
    """The storm in a few lines."""
    what = "pages of alarms for humans are gathered" if storm.of_pages else "nothing is acted on"
    if storm.tripped_at:
        yield "STORM", f"since {when(storm.tripped_at, now)}, {what} in {stack.place}"
    else:
        yield "No storm", f"{'of pages ' if storm.of_pages else ''}in {stack.place}"
    yield "Red", f"{len(storm.red)} alarms are remembered as red" if storm.red else ""
    yield "Last", f"turned red at {when(storm.last_red_at, now)}" if storm.last_red_at else ""
    if storm.tripped_at:
        yield "Ends", _end_words(storm, rules, stack, now)


def _end_words(storm: Storm, rules: StormRules | None, stack: Stack, now: datetime) -> str:
    end = ends_at(storm, rules)
    if rules is None or end is None:
        return f"when it was quiet for long enough; {stack.policy_file} does not load here, so not known when"
    few = f"fewer than {rules.alarms} still are"
    return f"not before {when(end, now)}, if none turns red until then and {few} ({stack.policy_file})"


def end_command(storm: Storm, stack: Stack) -> str:
    """The command that ends the storm, but for the reason."""
    which = ("--pages",) if storm.of_pages else ()
    return command("storm", *which, "--end", "--reason", PLACEHOLDER, "--stack", stack.name)


def other(desk: StormDesk, now: datetime) -> Iterator[tuple[str, str]]:
    """That the pages are gathered as well, where somebody looks at the storm that holds actions back."""
    since = None if desk.of_pages else replace(desk, of_pages=True).look().tripped_at
    yield "Pages", f"gathered since {when(since, now)} (firebreak storm --pages)" if since else ""


def red_rows(red: Sequence[RedAlarm], now: datetime) -> Iterator[tuple[str, str]]:
    """The remembered alarms, oldest first."""
    return ((when(one.since, now), name_of(one)) for one in sorted(red))


def told(ended: Ended, stack: Stack) -> Iterator[tuple[str, str]]:
    """What ending it did, for whoever ended it."""
    since = f" since {when(ended.storm.tripped_at, ended.at)}" if ended.storm.tripped_at else ""
    yield "Ended", f"the storm{since}, {stack.place}"
    yield "By", ended.by
    yield "Reason", ended.why
    yield "Was red", f"{len(ended.storm.red)} alarms; look at them: nothing is restarted by itself"
    again = PAGED_AGAIN if ended.storm.of_pages else ACTS_AGAIN
    yield "Note", f"{again}; nothing is made up for. Enough new red alarms are a storm again."
    yield "Page", "follows within minutes"


def as_json(storm: Storm, rules: StormRules | None, stack: Stack) -> Mapping[str, object]:
    """The storm as plain values."""
    end = ends_at(storm, rules)
    return {
        "stack": stack.name,
        "storm": storm.tripped_at is not None,
        "since": storm.tripped_at and storm.tripped_at.isoformat(),
        "last_red_at": storm.last_red_at and storm.last_red_at.isoformat(),
        "ends_not_before": end and end.isoformat(),
        "ends_below": rules and rules.alarms,
        "red": _red_values(storm),
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
        "red": _red_values(ended.storm),
    }


def _red_values(storm: Storm) -> list[Mapping[str, object]]:
    return [
        {
            "name": red.name,
            "series": red.series,
            "contributor": red.contributor or None,
            "since": red.since.isoformat(),
        }
        for red in sorted(storm.red)
    ]
