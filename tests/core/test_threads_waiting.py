"""Why a thread waits: for its holder, for the end of a question, for room on a channel."""

from dataclasses import replace
from datetime import timedelta

import pytest

from firebreak.core.messages.announcement import Announcement, AnnouncementKind
from firebreak.core.paging.page import Phase, Severity
from firebreak.core.paging.threads import LOOK_EVERY, Sending, Turn, come_due, receive
from tests.core.test_thread_fields import CALLED, HOURS, REFUSED, ROUTE, call_of, opened, thread
from tests.core.thread_fixtures import HOUR, MINUTE, NIGHT, OFFICE, OPENS, ThreadScenario, announced

_K = AnnouncementKind
SECOND = timedelta(seconds=1)

# --- refusals under a kill switch count as acknowledged by its holder

PAUSED = announced(_K.REFUSED, cause="switched_off", by="ana")


def test_a_refusal_under_a_pause_goes_to_the_first_step_and_counts_as_acknowledged_by_the_holder() -> None:
    assert receive(None, PAUSED, Severity.ERROR, ROUTE, NIGHT) == Turn(
        thread(PAUSED, calls=True, call=call_of(PAUSED), acknowledged_by="ana", steps=1, since=NIGHT),
        Sending(PAUSED, Phase.TRIGGER, ("ops",)),
    )


def test_a_pause_ends_the_climb_of_an_earlier_call_and_keeps_its_beginning() -> None:
    before, at = opened(CALLED, steps=2), NIGHT + 8 * MINUTE
    assert receive(before, PAUSED, Severity.ERROR, ROUTE, at) == Turn(
        replace(before, latest=PAUSED, call=call_of(PAUSED), acknowledged_by="ana", next_at=None),
        Sending(PAUSED, Phase.TRIGGER, ("ops",)),
    )


def test_a_thread_that_somebody_else_acknowledged_stays_theirs_under_a_pause() -> None:
    before = opened(CALLED, acknowledged_by="bo", next_at=None)
    found = receive(before, PAUSED, Severity.ERROR, ROUTE, NIGHT + MINUTE)
    assert found.sending == Sending(PAUSED, Phase.UPDATE, ("ops",))
    assert found.thread.acknowledged_by == "bo"


# --- a question that ends about when the next step is due


def asked(until: timedelta, kind: AnnouncementKind = _K.APPROVAL) -> Announcement:
    return announced(kind, until=NIGHT + 7 * MINUTE + until)


@pytest.mark.parametrize("until", [-MINUTE, timedelta(), MINUTE], ids=["before", "with it", "after"])
def test_a_step_waits_two_minutes_for_the_end_of_a_question_that_falls_due_with_it(until: timedelta) -> None:
    before = opened(asked(until))
    ends = NIGHT + 9 * MINUTE + until
    assert come_due(before, ROUTE, ends - SECOND) == Turn(replace(before, due_at=ends))
    climbed = come_due(before, ROUTE, ends)
    assert climbed.sending
    assert (climbed.sending.channels, climbed.thread.steps) == (("lead",), 2)


@pytest.mark.parametrize(
    "latest",
    [
        pytest.param(asked(MINUTE + SECOND), id="a question that ends later"),
        pytest.param(asked(-MINUTE - SECOND), id="a question that ended before"),
        pytest.param(asked(timedelta(), _K.GIVEN_TO_HUMANS), id="no question"),
        pytest.param(announced(_K.APPROVAL, until=None), id="a question without an end"),
    ],
)
def test_nothing_else_keeps_a_step_waiting(latest: Announcement) -> None:
    climbed = come_due(opened(latest), ROUTE, NIGHT + 7 * MINUTE)
    assert climbed.sending
    assert climbed.sending.channels == ("lead",)


def test_a_held_question_is_sent_when_the_hours_open_even_if_it_ends_then() -> None:
    held = opened(announced(_K.APPROVAL, until=OPENS), waiting=1, steps=0, since=None, next_at=OPENS)
    found = come_due(held, HOURS, OPENS)
    assert found.sending
    assert found.sending.phase is Phase.TRIGGER


# --- calls that a full channel held back


@pytest.mark.parametrize(
    ("held_back", "why"),
    [
        pytest.param((), "outside the hours of its severity", id="closed"),
        pytest.param(("ops",), "the ceiling of ops was reached", id="one channel was full"),
        pytest.param(("ops", "lead"), "the ceiling of ops, lead was reached", id="two channels were full"),
    ],
)
def test_a_held_call_names_the_reason_of_the_hold(held_back: tuple[str, ...], why: str) -> None:
    held = thread(REFUSED, calls=True, waiting=1, held_back=held_back)
    found = come_due(held, ROUTE, NIGHT + HOUR)
    note = f"held since 2026-11-20 03:00:00Z: {why}"
    assert found.sending == Sending(REFUSED, Phase.TRIGGER, ("ops",), note)
    assert found.thread.due_at == NIGHT + HOUR + LOOK_EVERY


def test_a_route_that_became_shorter_has_no_step_to_call_with() -> None:
    short = replace(ROUTE, steps=ROUTE.steps[:1])
    found = receive(opened(CALLED), REFUSED, Severity.ERROR, short, NIGHT + 7 * MINUTE)
    assert found.sending == Sending(REFUSED, Phase.TRIGGER, ("ops",))
    assert found.thread.steps == 1


# --- an act despite a freeze waits for no hours

DESPITE = announced(_K.ACTED, at_any_hour=True)


def test_an_act_despite_a_freeze_is_sent_outside_the_hours_to_those_of_the_first_step() -> None:
    assert receive(None, DESPITE, Severity.ERROR, HOURS, NIGHT) == Turn(
        thread(DESPITE), Sending(DESPITE, Phase.UPDATE, ("ops",))
    )
    usual = announced(_K.ACTED)
    assert receive(None, usual, Severity.ERROR, HOURS, NIGHT).sending is None


def test_a_call_that_is_held_stays_held_although_an_act_despite_a_freeze_is_sent() -> None:
    before = thread(REFUSED, calls=True, call=call_of(REFUSED), waiting=1, due_at=OPENS)
    found = receive(before, DESPITE, Severity.ERROR, HOURS, NIGHT + HOUR)
    assert found == Turn(
        replace(before, latest=DESPITE, calls=False, due_at=OPENS),
        Sending(DESPITE, Phase.UPDATE, ("ops",)),
    )


def test_within_the_hours_it_is_sent_as_any_other_act() -> None:
    usual = receive(None, announced(_K.ACTED), Severity.ERROR, HOURS, OPENS)
    despite = receive(None, DESPITE, Severity.ERROR, HOURS, OPENS)
    assert usual.sending
    assert despite.sending == replace(usual.sending, message=DESPITE)


@pytest.mark.parametrize("kind", [_K.APPROVAL, _K.ACTED], ids=["a question", "an act"])
def test_an_announcement_that_cannot_wait_is_sent_outside_the_hours_and_another_is_held(
    kind: AnnouncementKind,
) -> None:
    assert ThreadScenario(OFFICE).say(kind) is None
    sending = ThreadScenario(OFFICE).say(kind, at_any_hour=True)
    assert sending
    assert sending.message.kind is kind
