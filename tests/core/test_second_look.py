"""The one look after a refusal for something that ends by itself: for which refusals, and what it asks."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from firebreak.core.decide import refuse
from firebreak.core.incident import IncidentState, Purpose
from firebreak.core.looking_again import AFTER_HUMANS, LOOK_AGAIN_AFTER, after_humans, after_refusal, words_of
from firebreak.core.model import RequestKind
from firebreak.core.reasons import PASSING, Reason
from firebreak.core.storm import red_alarm_of
from firebreak.wire import request_event, request_from_event
from tests import builders as a

BUSY = refuse(Reason.DEPLOYMENT_RUNNING, "a deployment runs")
kinds = some.sampled_from(RequestKind)


@given(kinds, some.sampled_from(Reason), some.booleans(), some.booleans(), some.booleans())
def test_only_a_first_request_that_no_human_made_is_looked_at_again_and_that_look_never(
    kind: RequestKind, reason: Reason, by: bool, own: bool, again: bool
) -> None:
    request = a.request(
        kind, by="ana" if by else "", incident_id="i-1" if own else "", refused="k" if again else ""
    )
    first = kind is RequestKind.ALARM or (kind is RequestKind.WAKE and not own and not again)
    looks = after_refusal(request, refuse(reason, "why"), "k", a.NOW)
    assert (looks is not None) is (first and not by and reason in PASSING)


def test_the_look_is_a_request_for_the_same_alarm_and_names_the_refusal() -> None:
    again = after_refusal(a.request(), BUSY, "cause", a.NOW)
    assert again
    assert (again.kind, again.action, again.alarm) == (RequestKind.WAKE, "restart-service", a.alarm())
    assert (again.incident_id, again.rung, again.attempt, again.refused) == ("", 0, 1, "cause")
    assert again.at == a.NOW + LOOK_AGAIN_AFTER
    assert words_of(again) == "Firebreak looks again once at 10:15:30Z if the alarm is still red."
    assert request_from_event(request_event(again)) == again


def test_after_humans_it_asks_for_the_action_that_was_refused() -> None:
    given_up = a.incident(IncidentState.CLIMBING, rung=1, action="scale-service")
    again = after_humans(given_up, BUSY, a.NOW)
    assert again
    assert (again.action, again.incident_id, again.rung) == ("scale-service", "", 0)
    assert (again.attempt, again.refused) == (AFTER_HUMANS + 1, given_up.id)


@pytest.mark.parametrize("purpose", [Purpose.UNDO, Purpose.RESTORE])
def test_what_puts_something_back_is_not_looked_at_again(purpose: Purpose) -> None:
    assert after_humans(a.incident(purpose=purpose), BUSY, a.NOW) is None


def test_another_reason_is_not_looked_at_again_after_humans() -> None:
    assert after_humans(a.incident(), refuse(Reason.BUDGET_FULL, "full"), a.NOW) is None


def test_a_second_look_is_no_new_red_alarm_of_a_storm() -> None:
    assert red_alarm_of(a.request(RequestKind.WAKE, refused="k"), a.NOW) is None
    assert red_alarm_of(a.request(RequestKind.WAKE), a.NOW) is not None
