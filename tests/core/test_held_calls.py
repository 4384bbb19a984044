"""Held calls that are over before anybody was called."""

import itertools
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as some

from firebreak.core.decide import refuse
from firebreak.core.messages.announcement import Announcement, AnnouncementKind
from firebreak.core.messages.opt_in_notice import notice
from firebreak.core.paging.page import Phase, Severity
from firebreak.core.paging.rules import Route
from firebreak.core.paging.threads import Sending, Thread, Turn, receive
from firebreak.core.reasons import Reason
from tests.core.test_thread_fields import HOURS, opened, thread
from tests.core.test_threads import CALLS, EVENTS
from tests.core.thread_fixtures import ALWAYS, HOUR, MINUTE, NIGHT, OFFICE, OPENS, ThreadScenario, announced
from tests.support import builders as a
from tests.support.builders_announcements import decided

_K = AnnouncementKind
ALONE: dict[str, Any] = {"incident_id": "", "thread": "t"}


FIRST_OR_LATER = pytest.mark.parametrize(
    "earlier", [{}, {"ops": "1"}], ids=["a first call", "notified of an earlier trouble"]
)


def held_thread(latest: Announcement, earlier: dict[str, str]) -> Thread:
    return thread(latest, calls=True, call="abcdef", waiting=1, due_at=OPENS, notified=earlier)


@pytest.mark.parametrize("now", [NIGHT + HOUR, OPENS], ids=["at night", "when the hours open"])
@FIRST_OR_LATER
def test_a_held_notice_that_is_over_ends_unheard(now: datetime, earlier: dict[str, str]) -> None:
    said = notice(decided(refuse(Reason.NOT_OPTED_IN, "no tag")), a.TARGET, observed=False)
    over = announced(_K.RECOVERED, **ALONE)
    assert receive(held_thread(said, earlier), over, Severity.ERROR, HOURS, now) == Turn(
        replace(thread(over, over=True, notified=earlier), opened_at=held_thread(said, earlier).opened_at)
    )


@FIRST_OR_LATER
def test_any_other_held_call_that_is_over_is_news_when_the_hours_open(earlier: dict[str, str]) -> None:
    before, over = held_thread(announced(_K.REFUSED, **ALONE), earlier), announced(_K.RECOVERED, **ALONE)
    held = thread(over, over=True, notified=earlier, call="abcdef", waiting=2, due_at=OPENS)
    assert receive(before, over, Severity.ERROR, HOURS, NIGHT + HOUR) == Turn(held)
    now = receive(before, over, Severity.ERROR, HOURS, OPENS)
    assert now.sending == Sending(over, Phase.UPDATE, ("ops",))


def test_a_held_call_of_a_thread_that_was_paged_before_ends_for_its_earlier_recipients() -> None:
    before = opened(announced(_K.HOLD_OVER, **ALONE), steps=0, waiting=1, next_at=None, due_at=OPENS)
    over = announced(_K.RECOVERED, **ALONE)
    assert receive(before, over, Severity.ERROR, HOURS, NIGHT + HOUR) == Turn(
        thread(over, over=True, notified={"ops": "1"}), Sending(over, Phase.RESOLVE, ("ops",))
    )


@given(events=EVENTS, incident=some.booleans(), late=some.integers(0, 3))
def test_in_a_route_with_hours_nothing_is_resolved_that_was_never_paged(
    events: list[tuple[AnnouncementKind, int]], late: int, *, incident: bool
) -> None:
    scenario = ThreadScenario(OFFICE, late=late * MINUTE)
    for kind, minutes in [(CALLS, 0), *events]:
        scenario.say(kind, by="ana", thread="t", **({} if incident else {"incident_id": ""}))
        scenario.wait(minutes * MINUTE)
    scenario.wait(48 * HOUR)
    phases = [one.phase for one in scenario.sent]
    assert phases[:1] != [Phase.RESOLVE]


@given(
    turns=some.lists(some.tuples(some.integers(1, 900), some.integers(1, 900)), max_size=8),
    route=some.sampled_from([ALWAYS, OFFICE]),
)
@example(turns=[(60, 420), (480, 60), (60, 60), (480, 60)], route=OFFICE)
def test_each_end_follows_a_call(turns: list[tuple[int, int]], route: Route) -> None:
    """Without an act of Firebreak, as after a refusal: red for so many minutes, then OK."""
    scenario = ThreadScenario(route)
    for red, ok in turns:
        scenario.say(_K.REFUSED, incident_id="", thread="t")
        scenario.wait(red * MINUTE)
        scenario.say(_K.RECOVERED, incident_id="", thread="t")
        scenario.wait(ok * MINUTE)
    phases = [one.phase for one in scenario.sent]
    for before, after in itertools.pairwise([Phase.RESOLVE, *phases]):
        assert (before, after) != (Phase.RESOLVE, Phase.RESOLVE)
