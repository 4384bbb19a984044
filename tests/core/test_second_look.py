"""The look after a refusal for a passing reason: for which refusals, and its request."""

from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest

from firebreak.core.decide import refuse
from firebreak.core.decision import AskApproval
from firebreak.core.incident.rechecks import LOOK_AGAIN_AFTER, after_humans, after_refusal
from firebreak.core.incident.states import IncidentState, Purpose
from firebreak.core.limits.storm import red_alarm_of
from firebreak.core.model import OwnEvent, RequestKind
from firebreak.core.reasons import PASSING, Reason
from firebreak.wire.requests import request_event, request_from_event
from tests.support import builders as a

BUSY = refuse(Reason.DEPLOYMENT_RUNNING, "a deployment runs")


@pytest.mark.parametrize("kind", RequestKind)
def test_only_a_first_request_that_no_human_made_is_looked_at_again_and_that_look_never(
    kind: RequestKind,
) -> None:
    for by, own, again in product(("", "ana"), ("", "i-1"), ("", "k")):
        request = a.request(kind, by=by, incident_id=own, refused=again)
        first = kind is RequestKind.ALARM or (kind is RequestKind.WAKE and not own and not again)
        assert (after_refusal(request, BUSY, "k", a.NOW) is not None) is (first and not by)


@pytest.mark.parametrize("reason", Reason)
def test_only_a_passing_reason_is_looked_at_again(reason: Reason) -> None:
    looks = after_refusal(a.request(), refuse(reason, "why"), "k", a.NOW)
    assert (looks is not None) is (reason in PASSING)


def test_only_a_refusal_is_looked_at_again() -> None:
    asked = replace(BUSY, outcome=AskApproval(None))
    assert after_refusal(a.request(), asked, "k", a.NOW) is None


def test_the_look_is_a_request_for_the_same_alarm_and_names_the_refusal() -> None:
    again = after_refusal(a.request(), BUSY, "cause", a.NOW)
    assert again
    assert (again.kind, again.action, again.alarm) == (RequestKind.WAKE, "restart-service", a.alarm())
    assert (again.incident_id, again.rung, again.attempt, again.refused) == ("", 0, 1, "cause")
    assert again.at == a.NOW + LOOK_AGAIN_AFTER
    assert request_from_event(request_event(again)) == again


def test_after_humans_it_asks_for_the_action_that_was_refused() -> None:
    given_up = a.incident(IncidentState.CLIMBING, rung=1, action="scale-service")
    assert after_humans(given_up, BUSY, a.NOW) == OwnEvent(
        kind=RequestKind.WAKE,
        action="scale-service",
        incident_id="",
        rung=0,
        attempt=1_001,
        at=a.NOW + timedelta(minutes=15),
        alarm=given_up.alarm,
        refused=given_up.id,
    )


@pytest.mark.parametrize("purpose", [Purpose.UNDO, Purpose.RESTORE])
def test_an_undo_or_restore_is_not_looked_at_again(purpose: Purpose) -> None:
    assert after_humans(a.incident(purpose=purpose), BUSY, a.NOW) is None


def test_another_reason_is_not_looked_at_again_after_humans() -> None:
    assert after_humans(a.incident(), refuse(Reason.BUDGET_FULL, "full"), a.NOW) is None


def test_a_second_look_is_no_new_red_alarm_of_a_storm() -> None:
    assert red_alarm_of(a.request(RequestKind.WAKE, refused="k"), a.NOW) is None
    assert red_alarm_of(a.request(RequestKind.WAKE), a.NOW) is not None
