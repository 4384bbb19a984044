"""Ends that call again: late calls, alarms that are still red at the end, and the watch for their OK."""

from dataclasses import replace

import pytest

from firebreak.core.alarm_readings import WatchedAlarm
from firebreak.core.messages.announcement import AnnouncementKind
from firebreak.core.paging.page import Phase, Severity
from firebreak.core.paging.threads import (
    LOOK_FOR,
    Sending,
    Turn,
    climbs_later,
    looks,
    phase_of,
    receive,
    watched,
)
from tests.core.test_thread_fields import CALLED, OVER, REFUSED, ROUTE, opened, thread
from tests.core.thread_fixtures import HOUR, MINUTE, NIGHT, OFFICE, announced

_K = AnnouncementKind


def test_a_call_that_was_on_its_way_when_it_ended_is_news_and_no_new_beginning() -> None:
    over = replace(OVER, at=NIGHT + MINUTE)
    before = thread(over, over=True, notified={"ops": "1"})
    late = receive(before, CALLED, Severity.ERROR, ROUTE, NIGHT + 2 * MINUTE)
    assert late == Turn(before, Sending(CALLED, Phase.UPDATE, ("ops",)))
    assert receive(replace(before, notified={}), CALLED, Severity.ERROR, ROUTE, NIGHT) == Turn(
        replace(before, notified={})
    )


@pytest.mark.parametrize("end", [_K.STORM_OVER, _K.RECOVERED])
@pytest.mark.parametrize("over", [False, True])
def test_nothing_more_is_sent_of_a_storm_that_is_over(end: AnnouncementKind, *, over: bool) -> None:
    """Its end may leave alarms that are not known to be OK, so that its thread stays."""
    ended = announced(end, NIGHT + MINUTE, watches=(WatchedAlarm("api"),))
    before = thread(ended, over=over, notified={"ops": "1"})
    late, with_it = announced(_K.STORM, NIGHT + MINUTE / 2), announced(_K.STORM, NIGHT + MINUTE)
    assert receive(before, late, Severity.ERROR, ROUTE, NIGHT + HOUR) == Turn(before)
    found = receive(before, with_it, Severity.ERROR, ROUTE, NIGHT + HOUR)
    assert (found.sending is not None, found.thread.latest) == (True, with_it)


def test_the_beginning_of_a_storm_is_sent_even_after_the_news_that_it_goes_on() -> None:
    begins, goes_on = announced(_K.STORM, NIGHT), announced(_K.STORM, NIGHT + HOUR)
    found = receive(opened(goes_on), begins, Severity.ERROR, ROUTE, NIGHT + HOUR)
    assert (found.sending and found.sending.message) == begins


@pytest.mark.parametrize("kind", [_K.HOLD_OVER, _K.STORM_OVER])
def test_alarms_still_red_at_the_end_call_again_even_if_somebody_had_acknowledged(
    kind: AnnouncementKind,
) -> None:
    end = announced(kind, NIGHT + HOUR, retry=("api",))
    before = opened(REFUSED, acknowledged_by="ana", steps=2, next_at=None)
    found = receive(before, end, Severity.ERROR, ROUTE, NIGHT + HOUR)
    assert found.sending
    assert (found.sending.phase, found.thread.acknowledged_by, found.thread.steps) == (Phase.TRIGGER, "", 1)
    assert watched(found.thread) == (WatchedAlarm("api"),)
    assert found.thread.next_at == NIGHT + HOUR + 7 * MINUTE


def test_an_acknowledgement_before_the_first_page_is_kept_unchanged() -> None:
    taken = announced(_K.ACKNOWLEDGED, NIGHT, by="ana")
    found = receive(None, taken, Severity.ERROR, ROUTE, NIGHT)
    assert (found.thread.latest, found.thread.acknowledged_by, found.sending) == (taken, "ana", None)


def test_the_end_of_a_storm_that_left_nothing_red_is_an_end() -> None:
    assert phase_of(announced(_K.STORM_OVER)) is Phase.RESOLVE


def test_a_held_page_is_looked_at_however_old_and_one_of_a_cause_by_its_digest_alone() -> None:
    held = thread(REFUSED, calls=True, waiting=1)
    assert looks(held, NIGHT + 2 * LOOK_FOR)
    assert not looks(replace(held, waiting=0), NIGHT + 2 * LOOK_FOR)
    assert not looks(replace(held, latest=replace(REFUSED, cause="switched_off")), NIGHT)


def test_an_end_that_calls_again_outside_its_hours_is_held_with_no_step_taken() -> None:
    end = announced(_K.HOLD_OVER, NIGHT + HOUR, retry=("api",))
    before = opened(REFUSED, acknowledged_by="ana", steps=2, next_at=None)
    held = receive(before, end, Severity.ERROR, OFFICE, NIGHT + HOUR)
    assert (held.sending, held.thread.waiting, held.thread.steps) == (None, 1, 0)


def test_nobody_further_up_is_called_while_all_is_ok_and_that_is_looked_at_in_five_minutes() -> None:
    before, now = opened(REFUSED), NIGHT + 7 * MINUTE
    later = now + 5 * MINUTE
    assert climbs_later(before, now) == Turn(replace(before, next_at=later, due_at=later))


def test_an_acknowledgement_names_the_thread_and_the_call_it_is_about() -> None:
    assert opened(REFUSED, call="0a1b2c").call_id == "i-0123456789.0a1b2c"
    assert opened(REFUSED, call="").call_id == "i-0123456789"


def test_a_call_that_comes_with_the_next_step_is_one_page_to_all_of_both() -> None:
    before = opened(CALLED, notified={"ops": "1", "cto": "2"})
    at = NIGHT + 6 * MINUTE
    called = receive(before, REFUSED, Severity.ERROR, ROUTE, at)
    note = "not acknowledged for 6m: paged the platform team, now the engineering lead"
    assert called.sending == Sending(REFUSED, Phase.TRIGGER, ("ops", "cto", "lead"), note)
    assert (called.thread.steps, called.thread.next_at) == (2, at + 13 * MINUTE)


@pytest.mark.parametrize(
    ("incident", "names"),
    [
        pytest.param("", ("api",), id="no incident"),
        pytest.param("i-0123456789", ("api",), id="a decision that opened none: its id is of its event"),
        pytest.param("i-9876543210", (), id="an incident, whose alarms Verify looks at"),
    ],
)
def test_an_announcement_of_the_release_before_is_watched_by_its_alarm(
    incident: str, names: tuple[str, ...]
) -> None:
    before = replace(
        REFUSED, incident_id=incident, alarm_name="api", watches=(), retry=(), event="0123456789abcdef"
    )
    assert watched(thread(before)) == tuple(WatchedAlarm(name) for name in names)


def test_who_had_acknowledged_a_trouble_is_known_until_it_begins_again() -> None:
    before = opened(CALLED, next_at=None, acknowledged_by="ana")
    over = receive(before, OVER, Severity.ERROR, ROUTE, NIGHT + HOUR).thread
    said_twice = receive(over, OVER, Severity.ERROR, ROUTE, NIGHT + HOUR).thread
    again = receive(said_twice, replace(CALLED, at=NIGHT + 2 * HOUR), Severity.ERROR, ROUTE, NIGHT + 2 * HOUR)
    assert (over.answered_by, said_twice.answered_by, again.thread.answered_by) == ("ana", "ana", "")
    open_still = replace(before, answered_by="ana")
    assert receive(open_still, REFUSED, Severity.ERROR, ROUTE, NIGHT + HOUR).thread.answered_by == "ana"
