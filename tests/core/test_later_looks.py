"""Postponed looks, the last of them, the words of a page about them over time, and their announcements."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from firebreak.core.alarm_readings import WatchedAlarm
from firebreak.core.decide import refuse
from firebreak.core.decision import Decision
from firebreak.core.incident.rechecks import (
    after_due_look,
    after_humans,
    after_look,
    is_of_a_cause,
    next_of,
    of_its_page,
    refused_look,
    with_look,
    without_its_page,
)
from firebreak.core.keys import digest
from firebreak.core.ledger import delivery_key
from firebreak.core.messages.announcement import Announcement, AnnouncementKind
from firebreak.core.messages.decision_announcement import announcement_of, announcement_of_unresolved
from firebreak.core.messages.decision_messages import COUNTED, of_decision
from firebreak.core.messages.incident_messages import HEARS_OF_OK, NOTHING_LOOKS_AGAIN
from firebreak.core.model import Autonomy, OwnEvent, Request, RequestKind
from firebreak.core.paging.page import Phase, Severity
from firebreak.core.paging.threads import Thread, ThreadState, asks_again, watched
from firebreak.core.reasons import PASSING, Lasting, Reason
from tests.core.thread_fixtures import MINUTE, NIGHT, ThreadScenario, announced
from tests.support import builders as a
from tests.support.builders_announcements import decided

_K = AnnouncementKind
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
BUSY, FULL = refuse(Reason.DEPLOYMENT_RUNNING, "a deployment runs"), refuse(Reason.BUDGET_FULL, "3 of 3")
FIRST = a.NOW + 15 * MINUTE
PROMISE = (
    "Firebreak looks again at 10:15:30Z if the alarm is still red, and every 15 minutes until 14:00:30Z"
    " while this is still in the way."
)


def look(attempt: int = 1, **changes: Any) -> Request:
    return a.request(RequestKind.WAKE, refused="cause", attempt=attempt, at=FIRST, **changes)


def asked(event: OwnEvent) -> Request:
    return a.request(event.kind, refused=event.refused, attempt=event.attempt, at=event.at)


# --- postponed looks


def test_an_obstacle_that_is_still_there_postpones_the_look_to_the_next_promised_time() -> None:
    assert after_look(look(), BUSY, FIRST + 10 * SECOND) == OwnEvent(
        kind=RequestKind.WAKE,
        action="restart-service",
        incident_id="",
        rung=0,
        attempt=1_000_001,
        at=FIRST + 15 * MINUTE,
        alarm=a.alarm(),
        refused="cause",
    )


@pytest.mark.parametrize(
    ("late", "after"), [(15 * MINUTE - SECOND, 15 * MINUTE), (15 * MINUTE, 30 * MINUTE), (HOUR, 75 * MINUTE)]
)
def test_a_look_that_came_too_late_for_that_is_postponed_from_now(late: timedelta, after: timedelta) -> None:
    again = after_look(look(), BUSY, FIRST + late)
    assert again
    assert again.at == FIRST + after


@pytest.mark.parametrize("reason", Reason)
def test_only_a_passing_reason_postpones_a_look(reason: Reason) -> None:
    assert (after_look(look(), refuse(reason, "why"), FIRST) is not None) is (reason in PASSING)


def test_a_request_that_nobody_promised_is_no_look() -> None:
    assert after_look(a.request(), BUSY, a.NOW) is None


@given(first=some.sampled_from([1, 7, 1_001, 1_009]))
def test_there_are_sixteen_looks_in_four_hours_and_no_two_are_one_delivery(first: int) -> None:
    looks = [look(first)]
    while again := after_look(looks[-1], BUSY, looks[-1].at + 5 * SECOND):
        looks.append(asked(again))
    assert len({delivery_key(one) for one in looks}) == len(looks) == 16
    assert looks[-1].at == a.NOW + 4 * HOUR


def test_looks_after_different_rungs_are_never_one_delivery() -> None:
    given_up = [after_humans(a.incident(rung=rung), BUSY, a.NOW) for rung in (0, 1)]
    starts = [asked(one) for one in given_up if one]
    later = [asked(one) for start in starts if (one := after_look(start, BUSY, start.at))]
    assert len({delivery_key(one) for one in (*starts, *later)}) == 4


def test_a_postponed_look_is_not_announced() -> None:
    about = announced(_K.LOOKED_AGAIN)
    again = after_look(look(), BUSY, FIRST)
    assert with_look(about, look(), BUSY, FIRST) == (None, again)
    assert with_look(about, look(), FULL, FIRST) == (about, None)
    assert with_look(None, a.request(), BUSY, a.NOW) == (None, None)


def test_the_first_refusal_promises_the_looks() -> None:
    about = announced(_K.REFUSED)
    said, again = with_look(about, a.request(), BUSY, a.NOW)
    assert again
    assert (again.at, again.refused) == (FIRST, about.key)
    assert said == replace(about, next=f"{PROMISE} {COUNTED}", looks_at=FIRST)


# --- the words of a page about them


@pytest.mark.parametrize(
    ("after", "said"),
    [
        pytest.param(-SECOND, PROMISE, id="before the first"),
        pytest.param(
            timedelta(),
            "A look was due at 10:15:30Z; Firebreak looks every 15 minutes until 14:00:30Z"
            " while this is still in the way.",
            id="at the first",
        ),
        pytest.param(
            3 * HOUR + 47 * MINUTE - SECOND,
            "A look was due at 10:15:30Z; Firebreak looks every 15 minutes until 14:00:30Z"
            " while this is still in the way.",
            id="just after the last",
        ),
        pytest.param(
            3 * HOUR + 47 * MINUTE,
            "Looks were due from 10:15:30Z until 14:00:30Z, and Firebreak does not look again.",
            id="after the last",
        ),
        pytest.param(
            24 * HOUR,
            "Looks were due from 2026-11-20 10:15:30Z until 2026-11-20 14:00:30Z,"
            " and Firebreak does not look again.",
            id="another day",
        ),
    ],
)
@pytest.mark.parametrize("kind", [_K.REFUSED, _K.OBSERVED, _K.GIVEN_TO_HUMANS])
def test_no_page_promises_a_look_whose_time_has_passed(
    kind: AnnouncementKind, after: timedelta, said: str
) -> None:
    assert next_of(announced(kind, next=PROMISE, looks_at=FIRST), FIRST + after) == said


@pytest.mark.parametrize("kind", sorted({*_K} - {_K.REFUSED, _K.OBSERVED, _K.GIVEN_TO_HUMANS}))
def test_a_later_announcement_about_such_a_refusal_has_its_own_next_step(kind: AnnouncementKind) -> None:
    assert (
        next_of(announced(kind, next="No further action.", looks_at=FIRST), FIRST + HOUR)
        == "No further action."
    )


def test_without_a_promise_the_next_step_stays() -> None:
    assert next_of(announced(_K.REFUSED, next=HEARS_OF_OK), FIRST + HOUR) == HEARS_OF_OK


# --- calls around the time of a look


@pytest.mark.parametrize(
    ("step", "comes"),
    [
        (13 * MINUTE - SECOND, 13 * MINUTE - SECOND),
        (13 * MINUTE, 17 * MINUTE),
        (15 * MINUTE, 17 * MINUTE),
        (17 * MINUTE, 17 * MINUTE),
        (17 * MINUTE + SECOND, 17 * MINUTE + SECOND),
        (30 * MINUTE, 32 * MINUTE),
        (4 * HOUR, 4 * HOUR + 2 * MINUTE),
        (4 * HOUR + 15 * MINUTE, 4 * HOUR + 15 * MINUTE),
        (MINUTE, MINUTE),
    ],
)
def test_a_step_that_falls_due_with_a_look_comes_after_it(step: timedelta, comes: timedelta) -> None:
    assert after_due_look(FIRST, a.NOW + step) == a.NOW + comes
    assert after_due_look(None, a.NOW + step) == a.NOW + step


@given(seconds=some.integers(0, 6 * 3600))
def test_a_step_is_postponed_by_four_minutes_at_most_and_never_brought_forward(seconds: int) -> None:
    step = a.NOW + seconds * SECOND
    comes = after_due_look(FIRST, step)
    assert timedelta() <= comes - step <= 4 * MINUTE
    assert after_due_look(FIRST, comes) == comes


@pytest.mark.parametrize(("minutes", "comes"), [(15, 17), (20, 15)])
def test_the_next_step_of_a_route_waits_for_the_look(minutes: int, comes: int) -> None:
    scenario = ThreadScenario()
    scenario.say(_K.REFUSED, looks_at=NIGHT + minutes * MINUTE)
    assert scenario.wait(comes * MINUTE - SECOND) == []
    [second] = scenario.wait(SECOND)
    assert (second.phase, second.channels) == (Phase.TRIGGER, ("lead",))


def test_the_step_after_that_waits_as_well() -> None:
    scenario = ThreadScenario()
    scenario.say(_K.REFUSED, looks_at=NIGHT + 29 * MINUTE)
    assert len(scenario.wait(15 * MINUTE)) == 1
    assert scenario.wait(16 * MINUTE - SECOND) == []
    assert len(scenario.wait(SECOND)) == 1


# --- announcements about a look


def of_look(decision: Decision, refused: str = "cause") -> Announcement | None:
    return refused_look(decided(decision), a.TARGET, refused)


def test_a_refused_look_is_announced_in_the_thread_of_its_page() -> None:
    plain = of_decision(decided(FULL), a.TARGET, of_an_incident=True)
    assert plain
    assert of_look(FULL) == replace(
        plain,
        kind=_K.LOOKED_AGAIN,
        thread="cause",
        counted_as="cause",
        cause="",
        watches=(WatchedAlarm("api-memory-high"),),
        headline=f"Firebreak looked again and does not act. {plain.headline}",
    )
    assert (plain.key, plain.watches, plain.lasting) == (digest("decision", plain.event), (), Lasting.NO)
    assert plain.next == NOTHING_LOOKS_AGAIN


def test_a_refused_look_shares_no_cause_with_other_refusals() -> None:
    shared = refuse(Reason.BUDGET_FULL, "10 in 1h", cause="stack")
    plain, said = of_decision(decided(shared), a.TARGET, of_an_incident=True), of_look(shared)
    assert plain
    assert said
    assert plain.cause
    assert said.cause == ""


def test_a_look_without_an_alarm_is_watched_by_nobody() -> None:
    said = refused_look(decided(FULL, alarm=None), a.TARGET, "cause")
    assert said
    assert said.watches == ()


@pytest.mark.parametrize(("attempt", "follows"), [(14_000_000, True), (15_000_000, False)])
def test_sixteen_looks_are_the_most(attempt: int, *, follows: bool) -> None:
    assert (after_look(look(attempt=attempt), BUSY, a.NOW) is not None) is follows


def test_the_last_look_says_that_nothing_looks_any_more() -> None:
    last = of_look(BUSY)
    assert last
    assert last.next == f"Firebreak has looked for 4 hours, and does not look again. {NOTHING_LOOKS_AGAIN}"


def test_a_pause_gathers_the_look_that_it_refuses_on_its_own_page() -> None:
    paused = refuse(Reason.SWITCHED_OFF, "held", cause="global")
    assert of_look(paused) == of_decision(decided(paused), a.TARGET)
    assert of_look(refuse(Reason.NO_LONGER_RED, "OK")) is None


def test_an_observed_look_is_announced_as_every_observed_decision() -> None:
    request, record = look(), decided(FULL)
    observed = announcement_of(record, request, a.rules(autonomy=Autonomy.OBSERVE))
    assert observed
    assert observed.kind is _K.OBSERVED
    assert announcement_of(record, request, a.rules()) == of_look(FULL)


@pytest.mark.parametrize("reason", [Reason.NOT_OPTED_IN, Reason.ALARM_NOT_ALLOWED])
@pytest.mark.parametrize("by_symptom", [True, False])
def test_a_look_at_a_target_that_opted_out_since_is_announced_because_it_was_promised(
    reason: Reason, *, by_symptom: bool
) -> None:
    said = announcement_of(decided(refuse(reason, "out")), look(by_symptom=by_symptom), a.rules())
    assert said
    assert (said.kind, said.thread) == (_K.LOOKED_AGAIN, "cause")


@pytest.mark.parametrize("wanted", [True, False])
def test_a_look_without_a_target_is_announced_in_the_thread_of_its_page(*, wanted: bool) -> None:
    record = decided(refuse(Reason.TARGET_NONE, "no dimensions"))
    said = announcement_of_unresolved(record, asked=wanted, observes=False, refused="cause")
    assert said == refused_look(record, None, "cause")
    observed = announcement_of_unresolved(record, asked=True, observes=True, refused="cause")
    assert observed == announcement_of_unresolved(record, asked=True, observes=True)


def test_the_act_of_a_look_is_announced_in_the_thread_of_its_page() -> None:
    acted = announced(_K.ACTED)
    assert of_its_page(acted, "cause") == replace(acted, thread="cause", counted_as="cause")
    assert of_its_page(acted, "") is acted
    assert of_its_page(None, "cause") is None


def test_without_its_page_it_is_a_refusal_or_an_act_like_any_other() -> None:
    refused = of_look(FULL)
    acted = of_its_page(announced(_K.ACTED), "cause")
    assert refused
    assert acted
    assert without_its_page(acted) == announced(_K.ACTED)
    alone = without_its_page(refused)
    assert alone == replace(refused, kind=_K.REFUSED, thread="", counted_as="")
    assert watched(Thread(id="i-1", severity=Severity.ERROR, opened_at=NIGHT, latest=alone)) == (
        WatchedAlarm("api-memory-high"),
    )


@pytest.mark.parametrize(("page", "of_a_cause"), [("", False), ("i-0123456789", False), ("cause", True)])
def test_only_the_page_of_a_cause_is_named_by_its_digest(page: str, *, of_a_cause: bool) -> None:
    assert is_of_a_cause(announced(_K.ACTED, counted_as=page)) is of_a_cause


def test_the_channels_that_were_called_get_the_look_and_no_other_is_called_for_it() -> None:
    scenario = ThreadScenario()
    scenario.say(_K.REFUSED)
    heard = scenario.say(_K.LOOKED_AGAIN)
    assert heard
    assert (heard.message.kind, heard.phase, heard.channels) == (_K.LOOKED_AGAIN, Phase.UPDATE, ("ops",))
    [climbed] = scenario.wait(15 * MINUTE)
    assert (climbed.message.kind, climbed.phase) == (_K.LOOKED_AGAIN, Phase.TRIGGER)


@pytest.mark.parametrize("before", [None, _K.ACTED, _K.RECOVERED])
def test_where_nobody_is_called_a_refused_look_calls(before: AnnouncementKind | None) -> None:
    scenario = ThreadScenario()
    if before:
        scenario.say(_K.REFUSED)
        scenario.say(before)
    called = scenario.say(_K.LOOKED_AGAIN)
    assert called
    assert called.phase is Phase.TRIGGER


@pytest.mark.parametrize(
    ("kind", "since", "calls"),
    [(_K.REFUSED, SECOND, True), (_K.REFUSED, timedelta(), False), (_K.KEPT, SECOND, False)],
)
def test_a_cause_announced_before_calls_once_more_after_an_act(
    kind: AnnouncementKind, since: timedelta, *, calls: bool
) -> None:
    scenario = ThreadScenario()
    scenario.say(_K.REFUSED)
    assert scenario.thread
    assert not asks_again(scenario.thread, announced(_K.REFUSED, NIGHT + SECOND))
    scenario.say(_K.ACTED)
    assert scenario.thread.state is ThreadState.INFORMED
    assert asks_again(scenario.thread, announced(kind, NIGHT + since)) is calls
    scenario.say(_K.RECOVERED)
    assert not asks_again(scenario.thread, announced(_K.REFUSED, NIGHT + SECOND))
    assert scenario.severity is Severity.CRITICAL
