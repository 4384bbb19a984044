"""Digests as a whole: every field of the page, the key by which it is sent once, and how much it lists."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from firebreak.core.alarm_readings import AlarmReading, WatchedAlarm
from firebreak.core.keys import digest
from firebreak.core.messages.announcement import Announcement, AnnouncementKind
from firebreak.core.model import AlarmState
from firebreak.core.paging.digests import (
    HOLDS,
    MOST_LISTED,
    MOST_NAMES,
    MOST_RETRIED,
    Digest,
    over,
    summed_up,
)
from firebreak.core.paging.page import Severity, worse
from firebreak.core.paging.threads import LOOK_EVERY, LOOK_FOR
from firebreak.core.readings import ABSENT, NotRead, Unknown
from firebreak.core.reasons import Lasting, Reason
from tests.support import builders as a
from tests.support.builders_announcements import announced

_K = AnnouncementKind
HOUR = timedelta(hours=1)

FIRST = announced(
    key="refusal",
    headline="Paused by ana.",
    facts=("until noon",),
    next="Nothing happens.",
    thread="storm",
    cause=Reason.SWITCHED_OFF.value,
    until=a.NOW + HOUR,
    by="ana",
    severity="error",
    runbook="https://wiki.example.com/api",
    retry=(),
    question="",
    lasting=Lasting.NO,
    counted_as="",
)
FOUND = Digest(key="k", first=FIRST, since=a.NOW, count=3, names=("web", "api", "cart"))
COUNTED = ("cause: Paused by ana.", "total: 3")


def page(kind: AnnouncementKind, headline: str, facts: tuple[str, ...], next_: str) -> Announcement:
    """The announcement about the cause above an hour later, of any kind."""
    return Announcement(
        key=digest("digest", "k", kind.value, 3, "2026-11-20T10:00:30+00:00"),
        kind=kind,
        at=a.NOW + HOUR,
        incident_id="",
        action="",
        headline=headline,
        facts=facts,
        next=next_,
        account=a.ACCOUNT,
        region=a.REGION,
        rung=1,
        thread="storm",
        by="ana",
        severity="error",
    )


def but(*red: str, names: Sequence[str] = FOUND.names) -> dict[WatchedAlarm, AlarmReading]:
    """Every alarm is OK but these, which are in ALARM."""
    return {WatchedAlarm(n): AlarmState.ALARM if n in red else AlarmState.OK for n in names}


def test_a_digest_is_paged_with_every_field_and_about_no_alarm_alone() -> None:
    assert summed_up(FOUND, a.NOW + HOUR) == page(
        _K.DIGEST,
        "3 alarms turned red; 2 more for the same cause since 10:00:30Z.",
        (*COUNTED, "api", "cart", "web"),
        "None of them was acted on. Further alarms with this cause are summed up in the same way.",
    )


def test_a_digest_of_calls_that_a_full_channel_held_back_repeats_their_next_step() -> None:
    held = replace(FOUND, first=replace(FIRST, kind=_K.HELD_BACK))
    text = summed_up(held, a.NOW + HOUR)
    assert text.next == "Nothing happens."
    assert text.headline == "about 3 alarms; 2 more for the same cause since 10:00:30Z."


@pytest.mark.parametrize(
    ("names", "said"),
    [
        pytest.param((), "alarms turned red", id="no name was kept"),
        pytest.param(("api",), "api turned red", id="one"),
        pytest.param(("api", "web"), "api and web turned red", id="two"),
        pytest.param(("api", "cart", "web"), "3 alarms turned red", id="three"),
        pytest.param(
            tuple(f"{n:03}" for n in range(MOST_NAMES)),
            "at least 200 alarms turned red",
            id="not all are kept",
        ),
    ],
)
def test_a_digest_says_first_what_turned_red(names: tuple[str, ...], said: str) -> None:
    assert summed_up(replace(FOUND, names=names), a.NOW + HOUR).headline.startswith(f"{said}; ")


def test_the_end_of_a_hold_is_paged_with_every_field_and_the_alarms_that_are_still_red() -> None:
    assert over(FOUND, but("web", "api"), a.NOW + HOUR) == replace(
        page(
            _K.HOLD_OVER,
            "2 of 3 alarms still red. The pause is over.",
            (*COUNTED, "api", "web"),
            "No further automatic action. The command below requests a new decision for all of them.",
        ),
        retry=("api", "web"),
        watches=(WatchedAlarm("api"), WatchedAlarm("web")),
    )


def test_the_end_of_a_hold_that_left_nothing_red_is_paged_with_every_field() -> None:
    assert over(FOUND, but(), a.NOW + HOUR) == replace(
        page(
            _K.DIGEST,
            "All alarms that were held back are OK. The pause is over.",
            COUNTED,
            "No further action.",
        ),
        alarm_state="OK",
    )


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(replace(FOUND, key="l"), id="another cause"),
        pytest.param(replace(FOUND, count=4), id="one more"),
        pytest.param(replace(FOUND, since=a.NOW + HOUR), id="the same cause another time"),
    ],
)
def test_another_digest_has_another_key(other: Digest) -> None:
    assert summed_up(other, a.NOW).key != summed_up(FOUND, a.NOW).key


@pytest.mark.parametrize(
    ("days", "reported_days", "since"),
    [
        pytest.param(0, None, "10:00:30Z", id="today"),
        pytest.param(1, None, "2026-11-20 10:00:30Z", id="the day before"),
        pytest.param(1, 1, "10:00:30Z", id="reported today"),
        pytest.param(2, 1, "2026-11-21 10:00:30Z", id="reported the day before"),
    ],
)
def test_another_day_is_named(days: int, reported_days: int | None, since: str) -> None:
    at = None if reported_days is None else a.NOW + timedelta(days=reported_days)
    message = summed_up(replace(FOUND, reported_at=at), a.NOW + timedelta(days=days))
    assert message.headline == f"3 alarms turned red; 2 more for the same cause since {since}."


@pytest.mark.parametrize("more", [0, 1, 2])
def test_a_page_lists_thirty_names_and_counts_the_rest(more: int) -> None:
    names = tuple(f"alarm-{n:03}" for n in range(MOST_LISTED + more))
    listed = summed_up(replace(FOUND, names=names), a.NOW).facts[2:]
    rest = (f"and {more} more",) if more else ()
    assert (MOST_LISTED, listed) == (30, (*names[:30], *rest))


@pytest.mark.parametrize("reason", list(Reason))
def test_only_a_cause_that_ends_is_a_hold(reason: Reason) -> None:
    first = replace(FIRST, cause=reason.value)
    assert replace(FOUND, first=first).holds is (reason in HOLDS)


def test_alarms_beyond_those_that_can_be_named_are_never_called_ok() -> None:
    many = replace(FOUND, count=MOST_NAMES + 60)
    text = over(many, but(), a.NOW + HOUR)
    assert text.kind is _K.HOLD_OVER
    assert (
        text.headline
        == "60 of the alarms that were held back are not watched: there are too many. The pause is over."
    )
    assert (text.retry, text.unwatched) == (("api", "cart", "web"), 60)
    some_red = over(many, but("web"), a.NOW + HOUR)
    assert (some_red.headline, some_red.retry) == (text.headline, ("web",))
    all_named = over(replace(FOUND, count=MOST_NAMES), but(), a.NOW + HOUR)
    assert all_named.kind is _K.DIGEST


def test_only_alarms_that_are_known_to_be_ok_count_as_ok() -> None:
    full = replace(FOUND, count=MOST_NAMES)
    assert full.all_ok(but())
    assert not full.all_ok({})
    assert not full.all_ok(but("web"))
    assert not full.all_ok(but(names=("api", "web")))
    assert not replace(FOUND, count=MOST_NAMES + 1).all_ok(but())


def test_alarms_of_a_cause_are_looked_at_for_a_day() -> None:
    moment = timedelta(microseconds=1)
    last = a.NOW + LOOK_FOR - moment
    assert FOUND.looked_at_next(last) == last + LOOK_EVERY
    assert FOUND.looked_at_next(a.NOW + LOOK_FOR) is None
    assert replace(FOUND, last_at=last).looked_at_next(a.NOW + LOOK_FOR) is None


# --- alarms that were not looked at, and those that are neither red nor OK

READ_ONE = {WatchedAlarm("api"): AlarmState.ALARM, WatchedAlarm("cart"): AlarmState.OK}
NO_DATA = AlarmState.INSUFFICIENT_DATA


@pytest.mark.parametrize(
    ("states", "headline"),
    [
        pytest.param({}, "3 of 3 alarms could not be read; none is known to be red.", id="nothing was read"),
        pytest.param(
            {WatchedAlarm(name): Unknown("503") for name in FOUND.names},
            "3 of 3 alarms could not be read; none is known to be red.",
            id="nothing could be read",
        ),
        pytest.param(
            {**READ_ONE, WatchedAlarm("web"): NotRead("too late")},
            "1 of 3 alarms still red, 1 could not be read.",
            id="one is red, another was not read",
        ),
        pytest.param(
            {**READ_ONE, WatchedAlarm("web"): NO_DATA},
            "1 of 3 alarms still red, 1 not known to be OK.",
            id="one is red, another has no data",
        ),
        pytest.param(
            {
                WatchedAlarm("api"): AlarmState.ALARM,
                WatchedAlarm("cart"): NO_DATA,
                WatchedAlarm("web"): Unknown("503"),
            },
            "1 of 3 alarms still red, 1 could not be read, 1 not known to be OK.",
            id="one of each",
        ),
        pytest.param(
            but() | {WatchedAlarm("web"): NO_DATA},
            "1 of 3 alarms not known to be OK; none is known to be red.",
            id="one has no data",
        ),
        pytest.param(
            but() | {WatchedAlarm("web"): NO_DATA, WatchedAlarm("api"): ABSENT},
            "2 of 3 alarms not known to be OK; none is known to be red.",
            id="one has no data, another is gone",
        ),
    ],
)
def test_the_end_of_a_hold_states_the_known_states_of_its_alarms(
    states: dict[WatchedAlarm, AlarmReading], headline: str
) -> None:
    assert over(FOUND, states, a.NOW + HOUR).headline == f"{headline} The pause is over."


def test_an_alarm_that_is_neither_red_nor_ok_is_listed_with_its_state_and_cannot_be_retried() -> None:
    states = but() | {WatchedAlarm("web"): NO_DATA, WatchedAlarm("api"): ABSENT}
    assert over(FOUND, states, a.NOW + HOUR) == replace(
        page(
            _K.HOLD_OVER,
            "2 of 3 alarms not known to be OK; none is known to be red. The pause is over.",
            (*COUNTED, "api does not exist any more", "web has no data"),
            "Check them: an alarm without data, or a deleted one, says nothing about the service.",
        ),
        watches=(WatchedAlarm("api"), WatchedAlarm("web")),
    )


def test_a_hundred_alarms_can_be_retried_with_one_command() -> None:
    names = tuple(f"alarm-{n:03}" for n in range(MOST_RETRIED + 1))
    many = replace(FOUND, names=names, count=len(names))
    assert over(many, but(*names, names=names), a.NOW + HOUR).retry == names[:100]


def test_alarms_that_are_too_many_to_be_watched_are_counted_with_those_that_are_not_named() -> None:
    names = tuple(f"{n:03}-{'Ä' * 250}" for n in range(MOST_NAMES))
    many = replace(FOUND, names=names, count=MOST_NAMES + 60)
    text = over(many, but(*names, names=names), a.NOW + HOUR)
    assert text.unwatched == 60 + MOST_NAMES - len(text.watches)
    assert len(text.watches) < MOST_NAMES


@pytest.mark.parametrize("one", list(Severity))
@pytest.mark.parametrize("other", list(Severity))
def test_the_worse_of_two_stands_first_in_the_list(one: Severity, other: Severity) -> None:
    order = list(Severity)
    assert worse(one, other) is order[min(order.index(one), order.index(other))]
