"""A thread of pages: the channels that are called at once, those called later, and those that get the end."""

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
    ThreadScenario,
    announced,
    outline,
)

_K = AnnouncementKind
CALLS = _K.GIVEN_TO_HUMANS
FIRST = (Phase.TRIGGER, ("ops",))


def state(scenario: ThreadScenario) -> ThreadState:
    assert scenario.thread
    return scenario.thread.state


def severity(scenario: ThreadScenario) -> Severity:
    assert scenario.thread
    return scenario.thread.severity


def test_a_call_goes_to_the_first_step_at_once() -> None:
    scenario = ThreadScenario()
    sending = scenario.say(CALLS)
    assert sending
    assert (outline([sending]), sending.note, state(scenario)) == ([FIRST], "", ThreadState.OPEN)


def test_without_an_answer_each_step_is_called_at_its_time_and_no_step_twice() -> None:
    scenario = ThreadScenario()
    scenario.say(CALLS)
    assert scenario.wait(15 * MINUTE - timedelta(seconds=1)) == []
    [second] = scenario.wait(timedelta(seconds=1))
    assert outline([second]) == [(Phase.TRIGGER, ("lead",))]
    assert second.note == "not acknowledged for 15m: paged the platform team, now the engineering lead"
    [third] = scenario.wait(15 * MINUTE)
    assert outline([third]) == [(Phase.TRIGGER, ("cto", "ops"))]
    assert third.note == (
        "not acknowledged for 30m: paged the platform team, then the engineering lead, now the CTO"
    )
    assert scenario.wait(48 * HOUR) == []


def test_an_acknowledgement_ends_the_climb_and_goes_to_every_notified_channel() -> None:
    scenario = ThreadScenario()
    scenario.say(CALLS)
    scenario.wait(20 * MINUTE)
    acknowledged = scenario.say(_K.ACKNOWLEDGED, by="arn:aws:iam::111122223333:user/ana")
    assert acknowledged
    assert outline([acknowledged]) == [(Phase.ACKNOWLEDGE, ("ops", "lead"))]
    assert (state(scenario), scenario.wait(24 * HOUR)) == (ThreadState.ACKNOWLEDGED, [])


def test_the_end_goes_to_every_notified_channel_and_to_no_other() -> None:
    scenario = ThreadScenario()
    scenario.say(CALLS)
    scenario.wait(20 * MINUTE)
    over = scenario.say(_K.RECOVERED)
    assert over
    assert outline([over]) == [(Phase.RESOLVE, ("ops", "lead"))]
    assert (state(scenario), scenario.wait(24 * HOUR)) == (ThreadState.RESOLVED, [])


def test_a_call_after_the_end_begins_at_the_first_step() -> None:
    scenario = ThreadScenario()
    scenario.say(CALLS)
    scenario.wait(40 * MINUTE)
    scenario.say(_K.ACKNOWLEDGED, by="ana")
    scenario.say(_K.RECOVERED)
    scenario.wait(HOUR)
    again = scenario.say(CALLS)
    assert again
    assert again.phase is Phase.TRIGGER
    assert again.channels[0] == "ops"
    assert outline(scenario.wait(15 * MINUTE)) == [(Phase.TRIGGER, ("lead",))]


def test_a_second_call_does_not_postpone_the_next_step() -> None:
    scenario = ThreadScenario()
    scenario.say(CALLS)
    scenario.wait(10 * MINUTE)
    scenario.say(_K.REFUSED)
    assert outline(scenario.wait(5 * MINUTE)) == [(Phase.TRIGGER, ("lead",))]


@pytest.mark.parametrize("kind", sorted(AT_WORK))
def test_while_somebody_is_at_work_nobody_further_up_is_called(kind: AnnouncementKind) -> None:
    scenario = ThreadScenario()
    scenario.say(_K.APPROVAL)
    scenario.wait(10 * MINUTE)
    scenario.say(kind)
    assert (state(scenario), scenario.wait(24 * HOUR)) == (ThreadState.INFORMED, [])
    assert outline([one for one in [scenario.say(CALLS)] if one]) == [FIRST]
    assert outline(scenario.wait(15 * MINUTE)) == [(Phase.TRIGGER, ("lead",))]


def test_a_call_on_an_acknowledged_thread_is_an_update_and_calls_nobody_else() -> None:
    scenario = ThreadScenario()
    scenario.say(CALLS)
    scenario.say(_K.ACKNOWLEDGED, by="ana")
    more = scenario.say(_K.NOT_EXECUTED)
    assert more
    assert (more.phase, scenario.wait(24 * HOUR)) == (Phase.UPDATE, [])


@pytest.mark.parametrize("kind", sorted(set(_K) - TRIGGERS - RESOLVES - {_K.ACKNOWLEDGED}))
def test_an_announcement_that_needs_nobody_is_sent_without_a_climb(kind: AnnouncementKind) -> None:
    scenario = ThreadScenario()
    scenario.say(kind)
    assert outline(scenario.sent) == [(Phase.UPDATE, ("ops",))]
    assert scenario.wait(24 * HOUR) == []


def test_an_end_without_any_notified_channel_goes_to_the_first_step_of_the_route() -> None:
    scenario = ThreadScenario()
    scenario.say(_K.RECOVERED)
    assert outline(scenario.sent) == [(Phase.RESOLVE, ("ops",))]


# --- hours


def test_outside_its_hours_a_page_waits_for_the_opening_and_the_climb_begins_then() -> None:
    scenario = ThreadScenario(OFFICE)
    assert (scenario.say(CALLS), state(scenario)) == (None, ThreadState.HELD)
    [opened] = scenario.wait(OPENS - NIGHT)
    assert outline([opened]) == [FIRST]
    assert opened.note == "held since 2026-11-20 03:00:00Z: outside the hours of its severity"
    assert outline(scenario.wait(15 * MINUTE)) == [(Phase.TRIGGER, ("lead",))]


def test_of_several_held_pages_the_newest_is_sent_with_the_number_of_those_before() -> None:
    scenario = ThreadScenario(OFFICE)
    for kind in (_K.REFUSED, _K.ACTED, CALLS):
        scenario.say(kind)
        scenario.wait(MINUTE)
    [opened] = scenario.wait(OPENS - NIGHT)
    assert opened.message.kind is CALLS
    assert opened.note.startswith("held since 2026-11-20 03:00:00Z, and 2 before it:")


def test_an_update_does_not_hide_that_a_human_was_called_meanwhile() -> None:
    scenario = ThreadScenario(OFFICE)
    scenario.say(CALLS)
    scenario.say(_K.KEPT)
    [opened] = scenario.wait(OPENS - NIGHT)
    assert opened.phase is Phase.TRIGGER


def test_an_incident_that_was_over_before_its_first_page_is_news_and_resolves_no_page() -> None:
    scenario = ThreadScenario(OFFICE)
    scenario.say(CALLS)
    assert scenario.say(_K.RECOVERED) is None
    [opened] = scenario.wait(OPENS - NIGHT)
    assert (opened.phase, opened.message.kind) == (Phase.UPDATE, _K.RECOVERED)
    assert scenario.wait(48 * HOUR) == []


def test_the_end_of_a_thread_that_was_paged_waits_for_no_hours() -> None:
    scenario = ThreadScenario(OFFICE, now=OPENS + 7 * HOUR)
    scenario.say(CALLS)
    scenario.say(_K.ACKNOWLEDGED, by="ana")
    scenario.wait(4 * HOUR)
    over = scenario.say(_K.RECOVERED)
    assert over
    assert over.phase is Phase.RESOLVE


def test_a_climb_waits_for_the_hours_too() -> None:
    scenario = ThreadScenario(OFFICE, now=OPENS + 8 * HOUR - 5 * MINUTE)
    scenario.say(CALLS)
    assert scenario.wait(15 * HOUR) == []
    assert outline(scenario.wait(2 * HOUR))[0] == (Phase.TRIGGER, ("lead",))


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
    scenario = ThreadScenario(severity=Severity.WARNING)
    scenario.say(CALLS)
    scenario.severity = Severity.CRITICAL
    scenario.say(CALLS)
    scenario.severity = Severity.INFO
    scenario.say(CALLS)
    assert severity(scenario) is Severity.CRITICAL
    scenario.say(_K.RECOVERED)
    scenario.say(CALLS)
    assert severity(scenario) is Severity.INFO


def test_pages_of_one_incident_share_a_thread_and_others_have_their_own() -> None:
    assert thread_id(announced(CALLS)) == "i-0123456789"
    assert thread_id(announced(CALLS, incident_id="")) == announced(CALLS).key
    assert thread_id(announced(CALLS, thread="storm")) == "storm"


@pytest.mark.parametrize("kind", sorted(TRIGGERS))
def test_a_thread_looks_only_at_alarms_that_nobody_else_looks_at(kind: AnnouncementKind) -> None:
    scenario = ThreadScenario()
    scenario.say(kind)
    assert scenario.thread
    assert looks(scenario.thread, NIGHT) is (kind in UNWATCHED)
    assert not looks(scenario.thread, NIGHT + LOOK_FOR)
    assert not looks(replace(scenario.thread, latest=announced(kind, watches=())), NIGHT)


# --- any sequence of announcements

EVENTS = some.lists(some.tuples(some.sampled_from(sorted(_K)), some.integers(0, 40)), min_size=1, max_size=25)


@given(events=EVENTS, office=some.booleans(), late=some.integers(0, 3))
@example(events=[(CALLS, 0), (_K.ACKNOWLEDGED, 0)], office=True, late=0)
@example(events=[(CALLS, 361), (_K.KEPT, 0)], office=True, late=2)
def test_no_call_is_lost(events: list[tuple[AnnouncementKind, int]], late: int, *, office: bool) -> None:
    """A call is sent as one, or it is acknowledged, worked on, over, or held."""
    scenario = ThreadScenario(OFFICE if office else ALWAYS, late=late * MINUTE)
    for kind, minutes in events:
        scenario.say(kind, by="ana")
        scenario.wait(minutes * MINUTE)
    scenario.wait(48 * HOUR)
    assert scenario.thread
    last = [kind for kind, _ in events if kind in TRIGGERS | RESOLVES | AT_WORK | {_K.ACKNOWLEDGED}]
    assert scenario.thread.waiting == 0
    if last and last[-1] in TRIGGERS and not scenario.thread.acknowledged_by:
        calls = [one for one in scenario.sent if one.phase is Phase.TRIGGER]
        assert calls
        assert scenario.thread.steps == len(ALWAYS.steps)


@given(events=EVENTS)
def test_at_any_hour_everything_is_sent_at_once_but_an_acknowledgement_of_an_unpaged_thread(
    events: list[tuple[AnnouncementKind, int]],
) -> None:
    scenario = ThreadScenario(ALWAYS)
    for kind, minutes in events:
        known: Thread | None = scenario.thread
        sending = scenario.say(kind, by="ana")
        unnotified = known is None or not known.notified
        assert (sending is None) == (unnotified and phase_of(announced(kind)) is Phase.ACKNOWLEDGE)
        scenario.wait(minutes * MINUTE)


@given(events=EVENTS, route=some.sampled_from([ALWAYS, OFFICE]))
def test_every_channel_that_was_notified_gets_the_end(
    events: list[tuple[AnnouncementKind, int]], route: object
) -> None:
    scenario = ThreadScenario(OFFICE if route is OFFICE else ALWAYS)
    for kind, minutes in events:
        scenario.say(kind, by="ana")
        scenario.wait(minutes * MINUTE)
    knew = set(scenario.thread.notified) if scenario.thread else set()
    scenario.say(_K.RECOVERED)
    scenario.wait(48 * HOUR)
    over = [one for one in scenario.sent if one.phase is Phase.RESOLVE]
    assert not knew or knew <= set(over[-1].channels)


def test_an_acknowledged_thread_is_watched_until_its_alarms_are_ok() -> None:
    scenario = ThreadScenario()
    scenario.say(_K.REFUSED)
    scenario.say(_K.ACKNOWLEDGED, by="ana")
    assert scenario.thread
    assert looks(scenario.thread, NIGHT)
    assert scenario.thread.latest.kind is _K.REFUSED


def test_a_digest_on_a_held_call_does_not_take_its_place() -> None:
    scenario = ThreadScenario(OFFICE)
    scenario.say(_K.REFUSED)
    scenario.say(_K.DIGEST)
    [opened] = scenario.wait(OPENS - NIGHT)
    assert (opened.message.kind, opened.phase) == (_K.REFUSED, Phase.TRIGGER)
