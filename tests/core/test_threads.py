"""A thread of pages: who is told at once, who later, and who hears that it is over."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as some

from firebreak.core.messages.announcement import AnnouncementKind
from firebreak.core.paging.page import Phase, Severity
from firebreak.core.paging.rules import opens_at
from firebreak.core.paging.threads import (
    AT_WORK,
    LOOK_FOR,
    RESOLVES,
    TRIGGERS,
    UNWATCHED,
    Thread,
    ThreadState,
    looks,
    phase_of,
    thread_id,
)
from tests.core.thread_fixtures import (
    ALWAYS,
    HOUR,
    MINUTE,
    NIGHT,
    OFFICE,
    OPENS,
    Played,
    announced,
    outline,
)

_K = AnnouncementKind
CALLS = _K.GIVEN_TO_HUMANS
FIRST = (Phase.TRIGGER, ("ops",))


def state(played: Played) -> ThreadState:
    assert played.thread
    return played.thread.state


def severity(played: Played) -> Severity:
    assert played.thread
    return played.thread.severity


def test_a_call_goes_to_the_first_step_at_once() -> None:
    played = Played()
    sending = played.say(CALLS)
    assert sending
    assert (outline([sending]), sending.note, state(played)) == ([FIRST], "", ThreadState.OPEN)


def test_nobody_answering_each_step_is_told_at_its_time_and_no_step_twice() -> None:
    played = Played()
    played.say(CALLS)
    assert played.wait(15 * MINUTE - timedelta(seconds=1)) == []
    [second] = played.wait(timedelta(seconds=1))
    assert outline([second]) == [(Phase.TRIGGER, ("lead",))]
    assert second.note == "not acknowledged for 15m: told the platform team, now the engineering lead"
    [third] = played.wait(15 * MINUTE)
    assert outline([third]) == [(Phase.TRIGGER, ("cto", "ops"))]
    assert third.note == (
        "not acknowledged for 30m: told the platform team, then the engineering lead, now the CTO"
    )
    assert played.wait(48 * HOUR) == []


def test_an_acknowledgement_ends_the_climb_and_everybody_told_hears_of_it() -> None:
    played = Played()
    played.say(CALLS)
    played.wait(20 * MINUTE)
    acknowledged = played.say(_K.ACKNOWLEDGED, by="arn:aws:iam::111122223333:user/ana")
    assert acknowledged
    assert outline([acknowledged]) == [(Phase.ACKNOWLEDGE, ("ops", "lead"))]
    assert (state(played), played.wait(24 * HOUR)) == (ThreadState.ACKNOWLEDGED, [])


def test_everybody_who_was_told_hears_that_it_is_over_and_nobody_else() -> None:
    played = Played()
    played.say(CALLS)
    played.wait(20 * MINUTE)
    over = played.say(_K.RECOVERED)
    assert over
    assert outline([over]) == [(Phase.RESOLVE, ("ops", "lead"))]
    assert (state(played), played.wait(24 * HOUR)) == (ThreadState.RESOLVED, [])


def test_what_is_called_again_after_its_end_begins_at_the_first_step() -> None:
    played = Played()
    played.say(CALLS)
    played.wait(40 * MINUTE)
    played.say(_K.ACKNOWLEDGED, by="ana")
    played.say(_K.RECOVERED)
    played.wait(HOUR)
    again = played.say(CALLS)
    assert again
    assert again.phase is Phase.TRIGGER
    assert again.channels[0] == "ops"
    assert outline(played.wait(15 * MINUTE)) == [(Phase.TRIGGER, ("lead",))]


def test_a_second_call_does_not_put_off_the_next_step() -> None:
    played = Played()
    played.say(CALLS)
    played.wait(10 * MINUTE)
    played.say(_K.REFUSED)
    assert outline(played.wait(5 * MINUTE)) == [(Phase.TRIGGER, ("lead",))]


@pytest.mark.parametrize("kind", sorted(AT_WORK))
def test_while_somebody_is_at_work_nobody_further_up_is_called(kind: AnnouncementKind) -> None:
    played = Played()
    played.say(_K.APPROVAL)
    played.wait(10 * MINUTE)
    played.say(kind)
    assert (state(played), played.wait(24 * HOUR)) == (ThreadState.INFORMED, [])
    assert outline([one for one in [played.say(CALLS)] if one]) == [FIRST]
    assert outline(played.wait(15 * MINUTE)) == [(Phase.TRIGGER, ("lead",))]


def test_a_call_on_what_somebody_has_is_told_and_calls_nobody_else() -> None:
    played = Played()
    played.say(CALLS)
    played.say(_K.ACKNOWLEDGED, by="ana")
    more = played.say(_K.NOT_EXECUTED)
    assert more
    assert (more.phase, played.wait(24 * HOUR)) == (Phase.UPDATE, [])


@pytest.mark.parametrize("kind", sorted(set(_K) - TRIGGERS - RESOLVES - {_K.ACKNOWLEDGED}))
def test_what_needs_nobody_is_told_without_a_climb(kind: AnnouncementKind) -> None:
    played = Played()
    played.say(kind)
    assert outline(played.sent) == [(Phase.UPDATE, ("ops",))]
    assert played.wait(24 * HOUR) == []


def test_an_end_of_which_nobody_is_known_to_be_told_goes_to_whom_the_route_tells_first() -> None:
    played = Played()
    played.say(_K.RECOVERED)
    assert outline(played.sent) == [(Phase.RESOLVE, ("ops",))]


# --- hours


def test_outside_its_hours_a_page_waits_for_the_opening_and_the_climb_begins_then() -> None:
    played = Played(OFFICE)
    assert (played.say(CALLS), state(played)) == (None, ThreadState.HELD)
    [opened] = played.wait(OPENS - NIGHT)
    assert outline([opened]) == [FIRST]
    assert opened.note == "held since 2026-11-20 03:00:00Z: outside the hours of its severity"
    assert outline(played.wait(15 * MINUTE)) == [(Phase.TRIGGER, ("lead",))]


def test_of_several_held_pages_the_newest_is_told_and_how_many_came_before() -> None:
    played = Played(OFFICE)
    for kind in (_K.REFUSED, _K.ACTED, CALLS):
        played.say(kind)
        played.wait(MINUTE)
    [opened] = played.wait(OPENS - NIGHT)
    assert opened.message.kind is CALLS
    assert opened.note.startswith("held since 2026-11-20 03:00:00Z, and 2 before it:")


def test_an_update_does_not_hide_that_a_human_was_called_meanwhile() -> None:
    played = Played(OFFICE)
    played.say(CALLS)
    played.say(_K.KEPT)
    [opened] = played.wait(OPENS - NIGHT)
    assert opened.phase is Phase.TRIGGER


def test_an_incident_that_was_over_before_anybody_was_told_is_news_and_resolves_no_page() -> None:
    played = Played(OFFICE)
    played.say(CALLS)
    assert played.say(_K.RECOVERED) is None
    [opened] = played.wait(OPENS - NIGHT)
    assert (opened.phase, opened.message.kind) == (Phase.UPDATE, _K.RECOVERED)
    assert played.wait(48 * HOUR) == []


def test_the_end_of_what_was_told_waits_for_no_hours() -> None:
    played = Played(OFFICE, now=OPENS + 7 * HOUR)
    played.say(CALLS)
    played.say(_K.ACKNOWLEDGED, by="ana")
    played.wait(4 * HOUR)
    over = played.say(_K.RECOVERED)
    assert over
    assert over.phase is Phase.RESOLVE


def test_a_climb_waits_for_the_hours_too() -> None:
    played = Played(OFFICE, now=OPENS + 8 * HOUR - 5 * MINUTE)
    played.say(CALLS)
    assert played.wait(15 * HOUR) == []
    assert outline(played.wait(2 * HOUR))[0] == (Phase.TRIGGER, ("lead",))


def test_hours_that_never_come_hold_nothing_back() -> None:
    class Never:
        name = "never"

        def covering(self, now: object) -> None:
            return None

        def next_start(self, now: object) -> None:
            return None

    assert opens_at(replace(ALWAYS, hours=(Never(),)), NIGHT) is None


# --- severities, ids, looks


def test_the_worse_severity_of_two_calls_counts_until_it_is_over() -> None:
    played = Played(severity=Severity.WARNING)
    played.say(CALLS)
    played.severity = Severity.CRITICAL
    played.say(CALLS)
    played.severity = Severity.INFO
    played.say(CALLS)
    assert severity(played) is Severity.CRITICAL
    played.say(_K.RECOVERED)
    played.say(CALLS)
    assert severity(played) is Severity.INFO


def test_pages_of_one_incident_share_a_thread_and_others_have_their_own() -> None:
    assert thread_id(announced(CALLS)) == "i-0123456789"
    assert thread_id(announced(CALLS, incident_id="")) == announced(CALLS).key
    assert thread_id(announced(CALLS, thread="storm")) == "storm"


@pytest.mark.parametrize("kind", sorted(TRIGGERS))
def test_only_what_nobody_else_looks_at_is_looked_at_again(kind: AnnouncementKind) -> None:
    played = Played()
    played.say(kind)
    assert played.thread
    assert looks(played.thread, NIGHT) is (kind in UNWATCHED)
    assert not looks(played.thread, NIGHT + LOOK_FOR)
    assert not looks(replace(played.thread, latest=announced(kind, watches=())), NIGHT)


# --- whatever happens

EVENTS = some.lists(some.tuples(some.sampled_from(sorted(_K)), some.integers(0, 40)), min_size=1, max_size=25)


@given(events=EVENTS, office=some.booleans(), late=some.integers(0, 3))
@example(events=[(CALLS, 0), (_K.ACKNOWLEDGED, 0)], office=True, late=0)
@example(events=[(CALLS, 361), (_K.KEPT, 0)], office=True, late=2)
def test_no_call_is_lost(events: list[tuple[AnnouncementKind, int]], late: int, *, office: bool) -> None:
    """What calls a human is told as a call, or somebody has it, or is at work, or it is over, or it waits."""
    played = Played(OFFICE if office else ALWAYS, late=late * MINUTE)
    for kind, minutes in events:
        played.say(kind, by="ana")
        played.wait(minutes * MINUTE)
    played.wait(48 * HOUR)
    assert played.thread
    last = [kind for kind, _ in events if kind in TRIGGERS | RESOLVES | AT_WORK | {_K.ACKNOWLEDGED}]
    assert played.thread.waiting == 0
    if last and last[-1] in TRIGGERS and not played.thread.acknowledged_by:
        calls = [one for one in played.sent if one.phase is Phase.TRIGGER]
        assert calls
        assert played.thread.steps == len(ALWAYS.steps)


@given(events=EVENTS)
def test_at_any_hour_everything_said_is_sent_at_once_unless_nobody_knows_of_it(
    events: list[tuple[AnnouncementKind, int]],
) -> None:
    played = Played(ALWAYS)
    for kind, minutes in events:
        known: Thread | None = played.thread
        sending = played.say(kind, by="ana")
        untold = known is None or not known.notified
        assert (sending is None) == (untold and phase_of(announced(kind)) is Phase.ACKNOWLEDGE)
        played.wait(minutes * MINUTE)


@given(events=EVENTS, route=some.sampled_from([ALWAYS, OFFICE]))
def test_who_was_told_of_a_trouble_hears_of_its_end(
    events: list[tuple[AnnouncementKind, int]], route: object
) -> None:
    played = Played(OFFICE if route is OFFICE else ALWAYS)
    for kind, minutes in events:
        played.say(kind, by="ana")
        played.wait(minutes * MINUTE)
    knew = set(played.thread.notified) if played.thread else set()
    played.say(_K.RECOVERED)
    played.wait(48 * HOUR)
    over = [one for one in played.sent if one.phase is Phase.RESOLVE]
    assert not knew or knew <= set(over[-1].channels)


def test_what_is_acknowledged_is_still_looked_at_until_it_is_green() -> None:
    played = Played()
    played.say(_K.REFUSED)
    played.say(_K.ACKNOWLEDGED, by="ana")
    assert played.thread
    assert looks(played.thread, NIGHT)
    assert played.thread.latest.kind is _K.REFUSED


def test_a_digest_on_a_held_call_does_not_take_its_place() -> None:
    played = Played(OFFICE)
    played.say(_K.REFUSED)
    played.say(_K.DIGEST)
    [opened] = played.wait(OPENS - NIGHT)
    assert (opened.message.kind, opened.phase) == (_K.REFUSED, Phase.TRIGGER)
