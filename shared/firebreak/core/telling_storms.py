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
from firebreak.core.rules import PAGE_RUNG
from firebreak.core.storm import RedAlarm, Storm, StormRules, fullest_window
from firebreak.core.telling import MOST_LISTED, NOTHING_LOOKS_AGAIN

ACTS_AGAIN = "Firebreak acts again on what turns red from now on"
PAGED_AGAIN = "what turns red for humans from now on is paged by itself again"


def storm_began(storm: Storm, rules: StormRules, at: datetime) -> Announcement:
    """Firebreak stops acting, or gathers pages: so many alarms have one cause."""
    red = fullest_window(storm, rules, at)
    return Announcement(
        key=digest(f"{_what(storm)} began", at.isoformat()),
        thread=_thread(storm, at),
        kind=AnnouncementKind.STORM,
        at=at,
        incident_id="",
        action=_asks(storm),
        headline=_began_words(storm, len(red), rules),
        facts=tuple(_red_lines(red)),
        next=_when_it_ends(storm, rules),
    )


def _began_words(storm: Storm, count: int, rules: StormRules) -> str:
    if not storm.of_pages:
        return f"{count} routed alarms turned red within {spell(rules.within)}: Firebreak stops acting."
    alarms = "alarm for humans is" if count == 1 else "alarms for humans are"
    return f"Many alarms turned red within {spell(rules.within)}; {count} {alarms} gathered on this page."


def _when_it_ends(storm: Storm, rules: StormRules) -> str:
    if storm.of_pages:
        return (
            "Further ones are counted here, and only critical ones are paged as well, until"
            f" {spell(rules.quiet)} after the last one turned red and fewer than {rules.alarms} are; you are"
            " told then which still are. It holds no action back."
        )
    return (
        f"It acts again {spell(rules.quiet)} after the last one turned red, once fewer than {rules.alarms}"
        " are, and tells you then. What is red by then is not acted on by itself."
    )


def storm_goes_on(
    storm: Storm, red: Sequence[RedAlarm], rules: StormRules, since: datetime, at: datetime
) -> Announcement:
    """Firebreak has not acted on anything since then; told alike within each full hour."""
    hours = (at - since) // timedelta(hours=1)
    meanwhile = "pages of alarms for humans are gathered" if storm.of_pages else "nothing has been acted on"
    return Announcement(
        key=digest(f"{_what(storm)} goes on", since.isoformat(), hours),
        thread=_thread(storm, since),
        kind=AnnouncementKind.STORM,
        at=at,
        incident_id="",
        action=_asks(storm),
        headline=f"The {_what(storm)} that began at {clock(since)} goes on: {meanwhile} for {hours} h.",
        facts=(f"red now: {len(red)} of the {len(storm.red)} that were counted", *_red_lines(red)),
        next=_when_it_ends(storm, rules),
    )


def storm_ended(storm: Storm, left: Sequence[tuple[RedAlarm, AlarmReading]], at: datetime) -> Announcement:
    """It was quiet for long enough; `left` are those that are not known to be OK, with what was read."""
    red = [one for one, reading in left if may_be_red(reading)]
    counted = f"still red: {len(red)} of the {len(storm.red)} that were counted"
    headline = f"The {_what(storm)}{_since(storm)} is over: {_again(storm)}."
    next_ = NOTHING_LOOKS_AGAIN if left or storm.is_full else ""
    told = _storm_over(
        storm, at, headline, (counted, *_red_lines(red), *_unclear(left), *_uncounted(storm)), next_
    )
    return _watching(storm, replace(told, retry=_to_retry(storm, red)), [one for one, _ in left])


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
    facts = (f"{_again(storm)}; nothing is made up for.", counted, *_red_lines(storm.red))
    headline = f"{by} ended the {_what(storm)}{_since(storm)}: {why}"
    told = _storm_over(storm, at, headline, facts, NOTHING_LOOKS_AGAIN)
    return _watching(storm, replace(told, retry=_to_retry(storm, storm.red)), storm.red)


def _storm_over(
    storm: Storm, at: datetime, headline: str, facts: tuple[str, ...], next_: str
) -> Announcement:
    return Announcement(
        key=digest(f"{_what(storm)} ended", storm.version),
        thread=_thread(storm, storm.tripped_at) if storm.tripped_at else "",
        kind=AnnouncementKind.STORM_OVER,
        at=at,
        incident_id="",
        action=_asks(storm),
        headline=headline,
        facts=facts,
        next=next_,
    )


def _to_retry(storm: Storm, red: Sequence[RedAlarm]) -> tuple[str, ...]:
    """What may still be red, to be decided anew by a human who wants it; of alarms for humans nothing can."""
    return () if storm.of_pages else tuple(dict.fromkeys(one.name for one in red))[:MOST_RETRIED]


def _what(storm: Storm) -> str:
    return "storm of pages" if storm.of_pages else "storm"


def _asks(storm: Storm) -> str:
    """What the alarms of the storm ask for: that of the pages by the name of their rung."""
    return PAGE_RUNG if storm.of_pages else ""


def _again(storm: Storm) -> str:
    return PAGED_AGAIN if storm.of_pages else ACTS_AGAIN


def _thread(storm: Storm, began: datetime) -> str:
    """All pages of one storm belong together; the ledger keeps its beginning in milliseconds."""
    return digest(_what(storm), int(began.timestamp() * 1000))


def _since(storm: Storm) -> str:
    return f" since {clock(storm.tripped_at)}" if storm.tripped_at else ""


def _shown(red: RedAlarm) -> str:
    return red.watched.shown


def _red_lines(red: Sequence[RedAlarm]) -> list[str]:
    lines = [_shown(one) for one in red[:MOST_LISTED]]
    more = len(red) - MOST_LISTED
    return [*lines, f"and {more} more"] if more > 0 else lines
