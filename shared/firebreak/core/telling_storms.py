"""What is said of a storm of alarms: that it began, goes on, is over. Pure text from values."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from firebreak.core.alarm_readings import AlarmReading, may_be_red, within_bounds, words_of
from firebreak.core.announcement import Announcement, AnnouncementKind
from firebreak.core.budgets import spell
from firebreak.core.digests import MOST_RETRIED
from firebreak.core.guards import clock
from firebreak.core.keys import digest
from firebreak.core.storm import RedAlarm, Storm, StormRules, fullest_window
from firebreak.core.telling import MOST_LISTED, NOTHING_LOOKS_AGAIN

ACTS_AGAIN = "Firebreak acts again on what turns red from now on"


def storm_began(storm: Storm, rules: StormRules, at: datetime) -> Announcement:
    """Firebreak stops acting: so many alarms have one cause."""
    red = fullest_window(storm, rules, at)
    return Announcement(
        key=digest("storm began", at.isoformat()),
        thread=_thread(at),
        kind=AnnouncementKind.STORM,
        at=at,
        incident_id="",
        action="",
        headline=f"{len(red)} routed alarms turned red within {spell(rules.within)}: Firebreak stops acting.",
        facts=tuple(_red_lines(red)),
        next=_when_it_ends(rules),
    )


def _when_it_ends(rules: StormRules) -> str:
    return (
        f"It acts again {spell(rules.quiet)} after the last one turned red, once fewer than {rules.alarms}"
        " are, and tells you then. What is red by then is not acted on by itself."
    )


def storm_goes_on(
    storm: Storm, red: Sequence[RedAlarm], rules: StormRules, since: datetime, at: datetime
) -> Announcement:
    """Firebreak has not acted on anything since then; told alike within each full hour."""
    hours = (at - since) // timedelta(hours=1)
    return Announcement(
        key=digest("storm goes on", since.isoformat(), hours),
        thread=_thread(since),
        kind=AnnouncementKind.STORM,
        at=at,
        incident_id="",
        action="",
        headline=f"The storm that began at {clock(since)} goes on: nothing has been acted on for {hours} h.",
        facts=(f"red now: {len(red)} of the {len(storm.red)} that were counted", *_red_lines(red)),
        next=_when_it_ends(rules),
    )


def storm_ended(storm: Storm, left: Sequence[tuple[RedAlarm, AlarmReading]], at: datetime) -> Announcement:
    """It was quiet for long enough; `left` are those that are not known to be OK, with what was read."""
    red = [one for one, reading in left if may_be_red(reading)]
    counted = f"still red: {len(red)} of the {len(storm.red)} that were counted"
    headline = f"The storm{_since(storm)} is over: {ACTS_AGAIN}."
    next_ = NOTHING_LOOKS_AGAIN if left or storm.is_full else ""
    told = _storm_over(
        storm, at, headline, (counted, *_red_lines(red), *_unclear(left), *_uncounted(storm)), next_
    )
    return _watching(storm, replace(told, retry=_to_retry(red)), [one for one, _ in left])


def _unclear(left: Sequence[tuple[RedAlarm, AlarmReading]]) -> list[str]:
    """Those that are neither red nor OK."""
    lines = [f"{_shown(one)} {words_of(reading)}" for one, reading in left if not may_be_red(reading)]
    more = len(lines) - MOST_LISTED
    return [*lines[:MOST_LISTED], *([f"and {more} more that are not known to be OK"] if more > 0 else [])]


def _uncounted(storm: Storm) -> list[str]:
    at_most = (
        f"more alarms may have turned red than the {len(storm.red)} that are remembered: look in CloudWatch"
    )
    return [at_most] if storm.is_full else []


def _watching(storm: Storm, told: Announcement, left: Sequence[RedAlarm]) -> Announcement:
    """The end of a storm whose page is resolved once these are OK, and all that turned red were counted."""
    watches, unwatched = within_bounds(one.watched for one in left)
    return replace(told, watches=watches, unwatched=unwatched + int(storm.is_full))


def storm_ended_by(storm: Storm, by: str, why: str, at: datetime) -> Announcement:
    """Somebody ended it, whatever is still red; it has the key of an end by itself: one storm ends once."""
    counted = f"counted in it, not looked at again: {len(storm.red)}"
    facts = (f"{ACTS_AGAIN}; nothing is made up for.", counted, *_red_lines(storm.red))
    headline = f"{by} ended the storm{_since(storm)}: {why}"
    told = _storm_over(storm, at, headline, facts, NOTHING_LOOKS_AGAIN)
    return _watching(storm, replace(told, retry=_to_retry(storm.red)), storm.red)


def _storm_over(
    storm: Storm, at: datetime, headline: str, facts: tuple[str, ...], next_: str
) -> Announcement:
    return Announcement(
        key=digest("storm ended", storm.version),
        thread=_thread(storm.tripped_at) if storm.tripped_at else "",
        kind=AnnouncementKind.STORM_OVER,
        at=at,
        incident_id="",
        action="",
        headline=headline,
        facts=facts,
        next=next_,
    )


def _to_retry(red: Sequence[RedAlarm]) -> tuple[str, ...]:
    """What may still be red, to be decided anew by a human who wants it."""
    return tuple(dict.fromkeys(one.name for one in red))[:MOST_RETRIED]


def _thread(began: datetime) -> str:
    """All pages of one storm belong together; the ledger keeps its beginning in milliseconds."""
    return digest("storm", int(began.timestamp() * 1000))


def _since(storm: Storm) -> str:
    return f" since {clock(storm.tripped_at)}" if storm.tripped_at else ""


def _shown(red: RedAlarm) -> str:
    return red.watched.shown


def _red_lines(red: Sequence[RedAlarm]) -> list[str]:
    lines = [_shown(one) for one in red[:MOST_LISTED]]
    more = len(red) - MOST_LISTED
    return [*lines, f"and {more} more"] if more > 0 else lines
