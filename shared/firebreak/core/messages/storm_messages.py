"""The texts of a storm of alarms: that it began, goes on, is over. Pure text from values."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from firebreak.core.alarm_readings import AlarmReading, few_of, may_be_red, within_bounds, words_of
from firebreak.core.formats import format_time
from firebreak.core.keys import digest
from firebreak.core.limits.budgets import format_duration
from firebreak.core.limits.storm import RedAlarm, Storm, StormRules, fullest_window
from firebreak.core.messages.announcement import Announcement, AnnouncementKind
from firebreak.core.messages.incident_messages import MOST_LISTED, NOTHING_LOOKS_AGAIN
from firebreak.core.model import AlarmState
from firebreak.core.paging.digests import MOST_RETRIED
from firebreak.core.rules import PAGE_RUNG

type Left = Sequence[tuple[RedAlarm, AlarmReading]]

ACTS_AGAIN = "Firebreak acts again on alarms that turn red from now on"
PAGED_AGAIN = "alarms for humans that turn red from now on are paged one by one again"


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
        facts=tuple(_shown(red)),
        next=_when_it_ends(storm, rules),
    )


def _began_words(storm: Storm, count: int, rules: StormRules) -> str:
    within = format_duration(rules.within)
    if not storm.of_pages:
        return f"{count} routed alarms turned red within {within}: Firebreak stops acting."
    alarms = "alarm for humans is" if count == 1 else "alarms for humans are"
    return f"Many alarms turned red within {within}; {count} {alarms} gathered on this page."


def _when_it_ends(storm: Storm, rules: StormRules) -> str:
    if storm.of_pages:
        return (
            "Further ones are counted here, and only critical ones are paged as well, until"
            f" {format_duration(rules.quiet)} after the last one turned red and fewer than {rules.alarms}"
            " are red; a message then lists those that still are. This storm holds no action back."
        )
    return (
        f"Firebreak acts again {format_duration(rules.quiet)} after the last one turned red, once fewer than"
        f" {rules.alarms} are red, and sends a message then."
        " It does not act by itself on alarms that are red by then."
    )


def storm_goes_on(storm: Storm, left: Left, rules: StormRules, since: datetime, at: datetime) -> Announcement:
    """Firebreak has not acted on anything since then; one announcement for each full hour.

    `left` are the alarms that are not known to be OK, with their readings.
    """
    hours = (at - since) // timedelta(hours=1)
    meanwhile = "pages of alarms for humans are gathered" if storm.of_pages else "nothing has been acted on"
    return Announcement(
        key=digest(f"{_what(storm)} goes on", since.isoformat(), hours),
        thread=_thread(storm, since),
        kind=AnnouncementKind.STORM,
        at=at,
        incident_id="",
        action=_asks(storm),
        headline=f"The {_what(storm)} that began at {format_time(since)} goes on: {meanwhile} for {hours} h.",
        facts=tuple(_counted("red now", storm, _new_first(left, since + (hours - 1) * timedelta(hours=1)))),
        next=_when_it_ends(storm, rules),
    )


def _new_first(left: Left, last_page: datetime) -> Left:
    """The alarms red since the last page, the newest first, then the oldest: a page lists only so many."""
    new = [pair for pair in left if pair[0].since >= last_page]
    return [*reversed(new), *left[: len(left) - len(new)]]


def storm_ended(storm: Storm, left: Left, at: datetime) -> Announcement:
    """It was quiet for long enough; `left` are the alarms not known to be OK, with their readings."""
    return _storm_over(storm, left, at, f"The {_what(storm)}{_since(storm)} is over: {_again(storm)}.")


def storm_ended_by(storm: Storm, left: Left, by: str, why: str, at: datetime) -> Announcement:
    """Somebody ended it, whatever is still red; it has the key of an end by itself: one storm ends once."""
    headline = f"{by} ended the {_what(storm)}{_since(storm)}: {why}"
    return _storm_over(
        storm, left, at, headline, f"{_again(storm)}; alarms that turned red before are not handled again."
    )


def _counted(label: str, storm: Storm, left: Left) -> list[str]:
    """The alarms that are red, and after them those that are not known to be OK."""
    red = [one for one, reading in left if reading is AlarmState.ALARM]
    counted = f"{label}: {len(red)} of the {len(storm.red)} that were counted"
    return [counted, *_shown(red), *_unclear(left)]


def _unclear(left: Left) -> list[str]:
    """The alarms that are not known to be red, nor to be OK."""
    unclear = [(one, reading) for one, reading in left if reading is not AlarmState.ALARM]
    lines = [f"{one.watched.shown} {words_of(reading)}" for one, reading in unclear]
    more = len(lines) - MOST_LISTED
    return [*lines[:MOST_LISTED], *([f"and {more} more that are not known to be OK"] if more > 0 else [])]


def _uncounted(storm: Storm) -> list[str]:
    at_most = (
        f"more alarms may have turned red than the {len(storm.red)} that are remembered: look in CloudWatch"
    )
    return [at_most] if storm.is_full else []


def _storm_over(storm: Storm, left: Left, at: datetime, headline: str, *facts: str) -> Announcement:
    """The end of a storm; its page is resolved once all alarms left are OK, and all red ones were counted."""
    watches, unwatched = within_bounds(one.watched for one, _ in left)
    return Announcement(
        key=digest(f"{_what(storm)} ended", storm.version),
        thread=_thread(storm, storm.tripped_at) if storm.tripped_at else "",
        kind=AnnouncementKind.STORM_OVER,
        at=at,
        incident_id="",
        action=_asks(storm),
        headline=f"{_still_red(storm, left)} {headline}",
        facts=(*facts, *_counted("still red", storm, left), *_uncounted(storm)),
        next=NOTHING_LOOKS_AGAIN if left or storm.is_full else "",
        retry=_to_retry(storm, [one for one, reading in left if may_be_red(reading)]),
        watches=watches,
        unwatched=unwatched + int(storm.is_full),
    )


def _still_red(storm: Storm, left: Left) -> str:
    """How many of its alarms are red, and how many more are not known to be OK."""
    red, known = sum(reading is AlarmState.ALARM for _, reading in left), len(storm.red)
    counted = f"{red} of {known} alarms still red" if red else f"None of {known} alarms is known to be red"
    return f"{counted}, {len(left) - red} not known to be OK." if len(left) > red else f"{counted}."


def _to_retry(storm: Storm, red: Sequence[RedAlarm]) -> tuple[str, ...]:
    """The alarms that may still be red, for a human to order a new decision; none in a storm of pages."""
    return () if storm.of_pages else tuple(dict.fromkeys(one.name for one in red))[:MOST_RETRIED]


def _what(storm: Storm) -> str:
    return "storm of pages" if storm.of_pages else "storm"


def _asks(storm: Storm) -> str:
    """The action of the storm's announcement: the name of the page rung for a storm of pages, else empty."""
    return PAGE_RUNG if storm.of_pages else ""


def _again(storm: Storm) -> str:
    return PAGED_AGAIN if storm.of_pages else ACTS_AGAIN


def _thread(storm: Storm, began: datetime) -> str:
    """The thread of all pages of one storm; the ledger keeps its beginning in milliseconds."""
    return digest(_what(storm), int(began.timestamp() * 1000))


def _since(storm: Storm) -> str:
    return f" since {format_time(storm.tripped_at)}" if storm.tripped_at else ""


def _shown(red: Sequence[RedAlarm]) -> list[str]:
    return few_of([one.watched.shown for one in red], MOST_LISTED)
