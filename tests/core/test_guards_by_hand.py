"""The exact findings of the guards on a request by hand, and the words for humans about such an act."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from firebreak.core.decision import Check
from firebreak.core.guards.alarm_state import alarms_still_ok, stale
from firebreak.core.guards.autonomy import as_previewed, autonomy
from firebreak.core.guards.findings import blind
from firebreak.core.guards.ownership import other_controller
from firebreak.core.incident.states import IncidentState
from firebreak.core.keys import digest
from firebreak.core.manual import plan_id, stand_in
from firebreak.core.messages import incident_messages
from firebreak.core.model import AlarmState, Autonomy, Obstacle, Plan, RequestKind
from firebreak.core.readings import ABSENT, NotRead, Unknown
from firebreak.core.reasons import Reason
from tests.core.guard_findings import NOT_LOOKED_AT, OBJECTED, PASSED
from tests.support import builders as a

WORD = stand_in(a.TARGET, "it hangs", a.NOW)
ASKED = a.request(RequestKind.MANUAL, alarm=WORD, by="ada", plan_seen=plan_id(a.PLAN))
ADA = "ada"
DOUBTED = replace(a.PLAN, doubts=("only dates speak for it", "an old image"))


@pytest.mark.parametrize(
    ("plan", "found"),
    [
        pytest.param(
            a.PLAN,
            Check("previewed", PASSED, f"by {ADA}: {a.PLAN.summary}", None),
            id="the plan that was shown",
        ),
        pytest.param(
            DOUBTED,
            Check(
                "previewed",
                OBJECTED,
                f"it is not the plan that was shown; now it would be: {a.PLAN.summary};"
                " only dates speak for it; an old image",
                Reason.PLAN_CHANGED,
            ),
            id="a new doubt",
        ),
        pytest.param(
            Obstacle(Reason.SCALED_TO_ZERO, "desired 0"),
            Check("previewed", OBJECTED, "it cannot be done any more", Reason.PLAN_CHANGED),
            id="an obstacle",
        ),
        pytest.param(
            ABSENT,
            Check("previewed", OBJECTED, "it cannot be done any more", Reason.PLAN_CHANGED),
            id="no target",
        ),
        pytest.param(
            Unknown("503"),
            blind("previewed", Unknown("503"), Reason.NOT_READY_UNREADABLE, a.NOW),
            id="not known",
        ),
        pytest.param(
            NotRead("offline"),
            Check("previewed", NOT_LOOKED_AT, "not looked at: offline", None),
            id="not read",
        ),
    ],
)
def test_only_the_plan_that_was_shown_passes(plan: Any, found: Check) -> None:
    assert as_previewed(ASKED, a.rules(), a.snapshot(plan=plan)) == found


def test_a_human_lifts_autonomy_and_it_says_whose_it_was_and_who_did() -> None:
    check = autonomy(ASKED, a.rules(autonomy=Autonomy.OBSERVE), a.snapshot())
    source = a.rules().sources["autonomy"]
    assert check == Check("autonomy", PASSED, f"observe by {source}, lifted: requested by {ADA}", None)


def test_a_request_by_hand_says_how_long_ago_it_was_made() -> None:
    check = stale(ASKED, a.rules(), a.snapshot(now=a.NOW + timedelta(seconds=40)))
    assert check == Check("stale", PASSED, "requested 1m 10s ago", None)


def test_without_a_red_alarm_no_other_controller_works_on_the_target_of_a_request_by_hand() -> None:
    check = other_controller(ASKED, a.rules(), a.snapshot(alarm=ABSENT))
    assert check == Check("other controller", PASSED, "no alarm of the target is red", None)
    of_alarm = other_controller(a.request(), a.rules(), a.snapshot(alarm=ABSENT))
    assert of_alarm == replace(check, detail="the alarm is gone, so it starts nothing")


def test_a_temporary_change_that_no_alarm_speaks_of_ends_whatever_alarms_say() -> None:
    alone = a.incident(IncidentState.RESTING, alarm=WORD, members=())
    check = alarms_still_ok(
        ASKED, a.rules(), a.snapshot(incident=alone, alarm=a.described(state=AlarmState.ALARM))
    )
    assert check == Check("alarms still OK", PASSED, "no alarm belongs to the incident", None)


def test_only_a_request_by_hand_without_any_member_has_no_alarm() -> None:
    alone = a.incident(alarm=WORD, members=())
    assert alone.has_no_alarm
    assert not replace(alone, left_out=1).has_no_alarm
    assert not replace(alone, alarm=a.alarm()).has_no_alarm
    assert not a.incident(alarm=WORD).has_no_alarm


def test_pages_of_such_an_incident_give_the_reason_and_the_end_to_wait_for() -> None:
    alone = a.incident(alarm=WORD, members=())
    message = incident_messages.given_to_humans(alone, a.NOW, "why", None)
    assert "reason given: it hangs" in message.facts
    assert message.next == "No further automatic action. You get a message when the target is at rest."
    of_alarm = incident_messages.given_to_humans(a.incident(), a.NOW, "why", None)
    assert not [fact for fact in of_alarm.facts if fact.startswith("reason given")]


def test_plans_that_would_send_the_same_have_one_name_and_no_others() -> None:
    one = Plan(summary="x", change={"a": 1, "b": {"c": Decimal(2)}}, before={})
    assert plan_id(one) == digest("plan", '{"a": 1, "b": {"c": "2"}}')
    assert plan_id(replace(one, change={"b": {"c": Decimal(2)}, "a": 1}, summary="y")) == plan_id(one)
    assert plan_id(replace(one, doubts=("d",))) == digest("plan", '{"a": 1, "b": {"c": "2"}}', "d")
