"""The hold-out: which first acts are left out on purpose, by the alarm and its second alone."""

from dataclasses import replace
from datetime import timedelta

import pytest

from firebreak.core.decide import decide
from firebreak.core.decision import AskApproval, Check, Propose, Refuse, Result
from firebreak.core.guards.hold_out import hold_out, is_held_out
from firebreak.core.model import Alarm, Autonomy, Contributor, Obstacle, Request, RequestKind
from firebreak.core.readings import ABSENT, NotRead, Unknown
from firebreak.core.reasons import MEANINGS, Disposition, Reason
from tests.support import builders as a

SECOND = timedelta(seconds=1)
NOT_HELD, HELD = a.alarm("api-memory-high"), a.alarm("api-memory-5")
RULES = a.rules(hold_out=4)


def request(alarm: Alarm = HELD, kind: RequestKind = RequestKind.ALARM, **changes: object) -> Request:
    return a.request(kind, alarm=alarm, **changes)


def test_the_choice_is_a_fixed_function_of_alarm_and_second() -> None:
    found = [number for number in range(24) if is_held_out(a.alarm(f"api-memory-{number}"), 4)]
    assert found == EXPECTED
    assert [is_held_out(one, 4) for one in (HELD, NOT_HELD)] == [True, False]


EXPECTED = [0, 3, 4, 5, 13, 18, 19, 20, 22]


def test_about_one_in_so_many_is_chosen() -> None:
    alarms = [replace(HELD, since=a.NOW + number * SECOND) for number in range(4000)]
    assert 350 <= sum(is_held_out(one, 10) for one in alarms) <= 450
    assert all(is_held_out(one, 1) for one in alarms[:20])


def test_parts_of_a_second_change_nothing_and_another_second_or_series_may() -> None:
    moved = replace(HELD, since=HELD.since + timedelta(microseconds=999))
    assert is_held_out(moved, 4)
    later = [replace(HELD, since=HELD.since + n * SECOND) for n in range(1, 9)]
    series = [replace(HELD, contributor=Contributor(f"{n}", {})) for n in range(8)]
    for others in (later, series):
        assert {is_held_out(one, 4) for one in others} == {True, False}


def test_one_that_is_chosen_is_refused_and_a_human_is_paged() -> None:
    detail = "this is the one in 4 that is left alone on purpose"
    check = hold_out(request(), RULES, a.snapshot())
    assert check == Check("hold-out", Result.OBJECTED, detail, Reason.HELD_OUT)
    decision = decide(request(), RULES, a.snapshot())
    assert (decision.outcome, decision.reason) == (Refuse(), Reason.HELD_OUT)
    assert MEANINGS[Reason.HELD_OUT].disposition is Disposition.PAGE


def test_the_others_are_acted_on_as_ever() -> None:
    check = hold_out(request(NOT_HELD), RULES, a.snapshot())
    assert check == Check("hold-out", Result.PASSED, "not the one in 4 that is left alone")
    assert decide(request(NOT_HELD), RULES, a.snapshot()).reason is Reason.CLEAR_TO_ACT


def test_without_the_key_nothing_is_held_out() -> None:
    check = hold_out(request(), a.rules(), a.snapshot())
    assert check == Check("hold-out", Result.NOT_APPLICABLE, "the policy holds nothing out")
    assert decide(request(), a.rules(), a.snapshot()).reason is Reason.CLEAR_TO_ACT


def test_an_incident_that_was_acted_on_is_not_held_out_half_way() -> None:
    check = hold_out(request(kind=RequestKind.WAKE, incident_id="i-0123456789"), RULES, a.snapshot())
    expected = "inside one incident nothing is held out"
    assert check == Check("hold-out", Result.NOT_APPLICABLE, expected)


def test_a_human_who_asks_again_is_not_held_out() -> None:
    check = hold_out(request(kind=RequestKind.WAKE, by="ana"), RULES, a.snapshot())
    assert check == Check("hold-out", Result.PASSED, "asked for by ana")


@pytest.mark.parametrize(
    "plan",
    [
        pytest.param(NotRead("offline"), id="not read"),
        pytest.param(Unknown("503"), id="unknown"),
        pytest.param(ABSENT, id="absent"),
        pytest.param(Obstacle(Reason.NOT_READY, "busy"), id="obstacle"),
    ],
)
def test_without_a_plan_there_is_nothing_to_hold_out(plan: object) -> None:
    check = hold_out(request(), RULES, a.snapshot(plan=plan))
    detail = "not looked at: there is no plan that could be held out"
    assert check == Check("hold-out", Result.NOT_LOOKED_AT, detail)


@pytest.mark.parametrize(
    ("autonomy", "outcome"), [(Autonomy.APPROVE, AskApproval(a.PLAN)), (Autonomy.OBSERVE, Propose(a.PLAN))]
)
def test_what_would_not_be_done_at_once_is_not_held_out(autonomy: Autonomy, outcome: object) -> None:
    rules = replace(RULES, autonomy=autonomy)
    assert decide(request(), rules, a.snapshot()).outcome == outcome


def test_every_other_objection_names_the_reason_first() -> None:
    decision = decide(request(), RULES, a.snapshot(plan=Obstacle(Reason.NOT_READY, "busy")))
    assert decision.reason is Reason.NOT_READY
