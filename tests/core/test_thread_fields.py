"""Threads as a whole: every field after each move, the exact sendings, and the edges of their times."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from firebreak.core.keys import digest
from firebreak.core.messages.announcement import Announcement, AnnouncementKind
from firebreak.core.paging.page import Phase, Severity
from firebreak.core.paging.rules import Step
from firebreak.core.paging.threads import (
    AT_WORK,
    LOOK_EVERY,
    Sending,
    Thread,
    Turn,
    come_due,
    receive,
)
from tests.core.thread_fixtures import ALWAYS, HOUR, MINUTE, NIGHT, OFFICE, OPENS, announced

_K = AnnouncementKind
SECOND = timedelta(seconds=1)

# No two steps are equally far apart, and the first look (5m) comes before the second step.
STEPS = (
    Step(after=timedelta(), channels=("ops",), who="the platform team"),
    Step(after=7 * MINUTE, channels=("lead",), who="the engineering lead"),
    Step(after=20 * MINUTE, channels=("cto",), who="the CTO"),
)
ROUTE, HOURS = replace(ALWAYS, steps=STEPS), replace(OFFICE, steps=STEPS)
CLOSES = OPENS.replace(hour=17)
LATE = CLOSES + MINUTE
TOMORROW = OPENS + timedelta(days=1)
HELD = "held since 2026-11-20 03:00:00Z: outside the hours of its severity"

# Only its thread watches whether the alarm of a refusal is OK; an incident is looked at by its own check.
REFUSED, CALLED, ACTED, KEPT = (
    announced(_K.REFUSED),
    announced(_K.GIVEN_TO_HUMANS),
    announced(_K.ACTED),
    announced(_K.KEPT),
)
OVER, TAKEN = announced(_K.RECOVERED), announced(_K.ACKNOWLEDGED, by="ana")


def thread(latest: Announcement, **changes: Any) -> Thread:
    """A thread that began at night with this announcement."""
    new = Thread(id="i-0123456789", severity=Severity.ERROR, opened_at=NIGHT, latest=latest)
    return replace(new, **changes)


def call_of(announced: Announcement) -> str:
    """The name of the announcement that called, in its thread."""
    return digest("call", announced.key)[:6]


def opened(latest: Announcement, **changes: Any) -> Thread:
    """A thread whose first step was called at night."""
    ringing = thread(
        latest, calls=True, steps=1, since=NIGHT, next_at=NIGHT + 7 * MINUTE, notified={"ops": "1"}
    )
    return replace(ringing, **changes)


# --- calls


@pytest.mark.parametrize(
    ("call", "due"),
    [
        pytest.param(CALLED, 7 * MINUTE, id="the next step"),
        pytest.param(REFUSED, LOOK_EVERY, id="the first look, which comes before it"),
    ],
)
def test_a_call_begins_the_clock_of_the_steps(call: Announcement, due: timedelta) -> None:
    assert receive(None, call, Severity.ERROR, ROUTE, NIGHT) == Turn(
        opened(call, call=call_of(call), due_at=NIGHT + due, notified={}),
        Sending(call, Phase.TRIGGER, ("ops",)),
    )


def test_a_call_on_an_open_thread_leaves_its_clock_alone() -> None:
    before, at = opened(CALLED), NIGHT + 4 * MINUTE
    assert receive(before, REFUSED, Severity.ERROR, ROUTE, at) == Turn(
        replace(before, latest=REFUSED, call=call_of(REFUSED), due_at=before.next_at),
        Sending(REFUSED, Phase.TRIGGER, ("ops",)),
    )


@pytest.mark.parametrize(
    ("call", "looked_at"),
    [pytest.param(REFUSED, True, id="alone"), pytest.param(CALLED, False, id="watched")],
)
def test_a_call_on_an_acknowledged_thread_is_an_update_and_begins_no_clock(
    call: Announcement, *, looked_at: bool
) -> None:
    before = thread(CALLED, calls=True, acknowledged_by="ana", notified={"lead": "1"})
    at = NIGHT + 4 * MINUTE
    assert receive(before, call, Severity.ERROR, ROUTE, at) == Turn(
        replace(before, latest=call, call=call_of(call), due_at=at + LOOK_EVERY if looked_at else None),
        Sending(call, Phase.UPDATE, ("ops", "lead")),
    )


def test_a_call_after_the_end_begins_again_although_somebody_acknowledged_it_late() -> None:
    before = thread(OVER, over=True, acknowledged_by="ana", notified={"ops": "1"})
    at = NIGHT + 2 * HOUR
    again = replace(CALLED, at=at)
    assert receive(before, again, Severity.INFO, ROUTE, at) == Turn(
        thread(
            again,
            severity=Severity.INFO,
            opened_at=at,
            calls=True,
            call=call_of(again),
            notified={"ops": "1"},
            steps=1,
            since=at,
            next_at=at + 7 * MINUTE,
            due_at=at + 7 * MINUTE,
        ),
        Sending(again, Phase.TRIGGER, ("ops",)),
    )


def test_a_thread_without_a_call_takes_the_severity_of_its_first_call_and_keeps_its_beginning() -> None:
    at = NIGHT + 2 * HOUR
    after = receive(thread(ACTED), CALLED, Severity.WARNING, ROUTE, at).thread
    assert (after.severity, after.opened_at, after.since) == (Severity.WARNING, NIGHT, at)


@pytest.mark.parametrize(
    ("first", "second", "counts"),
    [
        (Severity.WARNING, Severity.INFO, Severity.WARNING),
        (Severity.INFO, Severity.WARNING, Severity.WARNING),
        (Severity.ERROR, Severity.CRITICAL, Severity.CRITICAL),
    ],
)
def test_the_worse_of_two_severities_is_not_the_first_by_its_letters(
    first: Severity, second: Severity, counts: Severity
) -> None:
    after = receive(opened(CALLED, severity=first), CALLED, second, ROUTE, NIGHT)
    assert after.thread.severity is counts


# --- updates


def test_an_announcement_that_needs_nobody_is_an_update_and_begins_no_clock() -> None:
    assert receive(None, KEPT, Severity.ERROR, ROUTE, NIGHT) == Turn(
        thread(KEPT), Sending(KEPT, Phase.UPDATE, ("ops",))
    )


def test_an_update_on_an_open_thread_leaves_its_clock_alone() -> None:
    before = opened(CALLED)
    assert receive(before, KEPT, Severity.INFO, ROUTE, NIGHT + MINUTE) == Turn(
        replace(before, latest=KEPT, due_at=before.next_at), Sending(KEPT, Phase.UPDATE, ("ops",))
    )


def test_a_digest_on_a_call_that_was_sent_is_sent_and_is_the_latest() -> None:
    before, digest = opened(REFUSED), announced(_K.DIGEST)
    assert receive(before, digest, Severity.ERROR, ROUTE, NIGHT) == Turn(
        replace(before, latest=digest, due_at=before.next_at), Sending(digest, Phase.UPDATE, ("ops",))
    )


@pytest.mark.parametrize("kind", sorted(AT_WORK))
def test_an_announcement_of_work_under_way_stops_the_clock(kind: AnnouncementKind) -> None:
    before, work = opened(CALLED, steps=2, due_at=NIGHT + 20 * MINUTE), announced(kind)
    assert receive(before, work, Severity.ERROR, ROUTE, NIGHT + 8 * MINUTE) == Turn(
        thread(work, notified={"ops": "1"}), Sending(work, Phase.UPDATE, ("ops",))
    )


# --- acknowledgements


@pytest.mark.parametrize(
    ("latest", "due_at"),
    [
        pytest.param(REFUSED, NIGHT + MINUTE + LOOK_EVERY, id="alone"),
        pytest.param(CALLED, None, id="watched"),
    ],
)
def test_an_acknowledgement_stops_the_steps_and_not_the_looks(
    latest: Announcement, due_at: datetime | None
) -> None:
    before = opened(latest, due_at=NIGHT + LOOK_EVERY, notified={"ops": "1", "lead": "2"})
    assert receive(before, TAKEN, Severity.ERROR, ROUTE, NIGHT + MINUTE) == Turn(
        replace(before, acknowledged_by="ana", next_at=None, due_at=due_at),
        Sending(TAKEN, Phase.ACKNOWLEDGE, ("ops", "lead")),
    )


@pytest.mark.parametrize(
    ("latest", "due_at"),
    [
        pytest.param(REFUSED, NIGHT + MINUTE + LOOK_EVERY, id="looked at before"),
        pytest.param(CALLED, OPENS, id="watched"),
    ],
)
def test_a_held_call_stays_held_when_somebody_acknowledges_it(
    latest: Announcement, due_at: datetime | None
) -> None:
    before = receive(None, latest, Severity.ERROR, HOURS, NIGHT).thread
    taken = receive(before, TAKEN, Severity.ERROR, HOURS, NIGHT + MINUTE)
    assert taken == Turn(replace(before, acknowledged_by="ana", due_at=due_at))


@pytest.mark.parametrize(
    ("latest", "due_at"),
    [pytest.param(REFUSED, OPENS + LOOK_EVERY, id="alone"), pytest.param(CALLED, None, id="watched")],
)
def test_a_call_acknowledged_while_it_was_held_is_an_update_when_the_hours_open(
    latest: Announcement, due_at: datetime | None
) -> None:
    before = thread(latest, calls=True, waiting=1, acknowledged_by="ana", due_at=OPENS)
    assert come_due(before, HOURS, OPENS) == Turn(
        replace(before, waiting=0, due_at=due_at), Sending(latest, Phase.UPDATE, ("ops",), HELD)
    )


# --- the end


@pytest.mark.parametrize(
    "before",
    [
        pytest.param(opened(CALLED, steps=2, due_at=NIGHT + 7 * MINUTE), id="open"),
        pytest.param(opened(CALLED, next_at=None, acknowledged_by="ana"), id="acknowledged"),
        pytest.param(opened(CALLED, waiting=2, due_at=OPENS), id="paged, and more of it held"),
    ],
)
def test_an_end_leaves_only_the_notified_channels(before: Thread) -> None:
    """And the channels of the steps that were called, as the answer of a channel may have been lost."""
    steps = [channel for step in HOURS.steps[: before.steps] for channel in step.channels]
    assert receive(before, OVER, Severity.INFO, HOURS, NIGHT + HOUR) == Turn(
        thread(OVER, over=True, notified={"ops": "1"}, answered_by=before.acknowledged_by),
        Sending(OVER, Phase.RESOLVE, tuple(dict.fromkeys(["ops", *steps]))),
    )


def test_an_end_of_a_thread_that_was_never_paged_is_held_with_the_rest() -> None:
    before = thread(CALLED, calls=True, waiting=1, due_at=OPENS)
    held = receive(before, OVER, Severity.ERROR, HOURS, NIGHT + HOUR)
    assert held == Turn(thread(OVER, over=True, waiting=2, due_at=OPENS))
    assert come_due(held.thread, HOURS, OPENS) == Turn(
        thread(OVER, over=True),
        Sending(OVER, Phase.UPDATE, ("ops",), HELD.replace("Z:", "Z, and 1 before it:")),
    )
    # The hours have just opened, and nobody has looked yet.
    assert receive(before, OVER, Severity.ERROR, HOURS, OPENS) == Turn(
        thread(OVER, over=True), Sending(OVER, Phase.UPDATE, ("ops",))
    )


# --- hours


@pytest.mark.parametrize(("waiting", "others"), [(1, ""), (2, ", and 1 before it"), (3, ", and 2 before it")])
def test_a_held_update_says_how_many_came_before(waiting: int, others: str) -> None:
    note = f"held since 2026-11-20 03:00:00Z{others}: outside the hours of its severity"
    assert come_due(thread(KEPT, waiting=waiting, due_at=OPENS), HOURS, OPENS) == Turn(
        thread(KEPT), Sending(KEPT, Phase.UPDATE, ("ops",), note)
    )


def test_a_held_call_begins_the_clock_of_the_steps_when_the_hours_open() -> None:
    before = thread(REFUSED, calls=True, waiting=1, due_at=OPENS)
    assert come_due(before, HOURS, OPENS) == Turn(
        thread(
            REFUSED,
            calls=True,
            steps=1,
            since=OPENS,
            next_at=OPENS + 7 * MINUTE,
            due_at=OPENS + LOOK_EVERY,
        ),
        Sending(REFUSED, Phase.TRIGGER, ("ops",), HELD),
    )


def test_a_held_announcement_does_not_postpone_an_earlier_look() -> None:
    looked_at = opened(REFUSED, acknowledged_by="ana", next_at=None, due_at=LATE + 2 * MINUTE)
    assert receive(looked_at, KEPT, Severity.ERROR, HOURS, LATE) == Turn(
        replace(looked_at, latest=KEPT, waiting=1)
    )


def test_work_under_way_outside_the_hours_leaves_only_the_opening_due() -> None:
    before = opened(CALLED, due_at=CLOSES - MINUTE)
    assert receive(before, ACTED, Severity.ERROR, HOURS, LATE) == Turn(
        thread(ACTED, waiting=1, notified={"ops": "1"}, due_at=TOMORROW)
    )


@pytest.mark.parametrize(
    ("held", "news", "phase", "latest"),
    [
        pytest.param(CALLED, KEPT, Phase.TRIGGER, KEPT, id="a call, then an update"),
        pytest.param(CALLED, announced(_K.DIGEST), Phase.TRIGGER, CALLED, id="a call, then a digest"),
        pytest.param(CALLED, ACTED, Phase.UPDATE, ACTED, id="a call, then somebody is at work"),
        pytest.param(KEPT, ACTED, Phase.UPDATE, ACTED, id="an update, then another"),
    ],
)
def test_news_that_come_when_the_hours_have_just_opened_do_not_hide_a_held_call(
    held: Announcement, news: Announcement, phase: Phase, latest: Announcement
) -> None:
    before = receive(None, held, Severity.ERROR, HOURS, NIGHT).thread
    found = receive(before, news, Severity.ERROR, HOURS, OPENS)
    note = HELD.replace("Z:", "Z, and 1 before it:")
    assert found.sending == Sending(latest, phase, ("ops",), note)
    rings = OPENS + 7 * MINUTE if phase is Phase.TRIGGER else None
    assert (found.thread.waiting, found.thread.next_at, found.thread.due_at) == (0, rings, rings)


# --- the climb


def test_the_next_step_says_for_how_long_nobody_answered_the_first() -> None:
    rang = NIGHT + 10 * MINUTE
    before = opened(CALLED, since=rang, next_at=rang + 7 * MINUTE)
    at = rang + 7 * MINUTE
    assert come_due(before, ROUTE, at) == Turn(
        replace(before, steps=2, next_at=at + 13 * MINUTE, due_at=at + 13 * MINUTE),
        Sending(
            CALLED,
            Phase.TRIGGER,
            ("lead",),
            "not acknowledged for 7m: paged the platform team, now the engineering lead",
        ),
    )


def test_a_thread_without_the_time_of_its_first_step_counts_from_its_beginning() -> None:
    found = come_due(opened(CALLED, since=None), ROUTE, NIGHT + 9 * MINUTE)
    assert found.sending
    assert found.sending.note.startswith("not acknowledged for 9m:")


@pytest.mark.parametrize(
    ("unanswered", "duration"),
    [
        (SECOND, "1s"),
        (45.6 * SECOND, "45s"),
        (59 * SECOND, "59s"),
        (60 * SECOND, "1m"),
        (119 * SECOND, "1m"),
        (7 * MINUTE + 59.9 * SECOND, "7m"),
        (60 * MINUTE + SECOND, "1h"),
    ],
)
def test_the_time_without_an_answer_is_in_whole_minutes_or_seconds(
    unanswered: timedelta, duration: str
) -> None:
    before = opened(CALLED, next_at=NIGHT + SECOND)
    found = come_due(before, ROUTE, NIGHT + unanswered)
    assert found.sending
    assert found.sending.note == (
        f"not acknowledged for {duration}: paged the platform team, now the engineering lead"
    )


@pytest.mark.parametrize(
    ("before", "due_at"),
    [
        pytest.param(opened(REFUSED), NIGHT + 7 * MINUTE, id="the step comes before the next look"),
        pytest.param(opened(REFUSED, next_at=None), NIGHT + 2 * LOOK_EVERY, id="no step is left"),
        pytest.param(opened(CALLED, next_at=None), None, id="nothing is left"),
    ],
)
def test_a_look_sends_nothing(before: Thread, due_at: datetime | None) -> None:
    assert come_due(before, ROUTE, NIGHT + LOOK_EVERY) == Turn(replace(before, due_at=due_at))


@pytest.mark.parametrize(
    ("latest", "due_at"),
    [pytest.param(CALLED, None, id="watched"), pytest.param(REFUSED, NIGHT + 12 * MINUTE, id="alone")],
)
def test_a_route_that_has_become_shorter_leaves_no_step_due(
    latest: Announcement, due_at: datetime | None
) -> None:
    """A thread that stays due for ever is looked at each minute and keeps others from being looked at."""
    before = opened(latest, due_at=NIGHT + 7 * MINUTE)
    assert come_due(before, replace(ROUTE, steps=STEPS[:1]), NIGHT + 7 * MINUTE) == Turn(
        replace(before, next_at=None, due_at=due_at)
    )
