"""The incident that a decision opens without an act: the one that asks a human, and the one that climbs."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from firebreak.core.decision import Act, AskApproval, Check, Decision, Defer, Outcome, Propose, Refuse, Result
from firebreak.core.incident import transitions
from firebreak.core.incident.events import NotActedOn
from firebreak.core.incident.lifecycle import advance, first
from firebreak.core.incident.moved import Opened
from firebreak.core.incident.own_requests import CLIMB_TIMEOUT, request_of
from firebreak.core.incident.states import IncidentState
from firebreak.core.ledger import DecisionRecord, delivery_key, incident_name
from firebreak.core.messages import approval_messages
from firebreak.core.model import Autonomy, Request, RequestKind
from firebreak.core.reasons import Reason
from firebreak.core.rules import Rules
from tests.support import builders as a

NOW = a.NOW + timedelta(minutes=5)
RULES = a.rules()
ALARM = a.request()
ASKS = (AskApproval(a.PLAN), Reason.NEEDS_APPROVAL)
CANNOT_HELP = (Refuse(), Reason.CEILING_REACHED)


def record_of(request: Request, outcome: Outcome, reason: Reason) -> DecisionRecord:
    check = Check("budgets", Result.OBJECTED, "3 of 3", reason)
    return DecisionRecord(
        key=delivery_key(request),
        at=NOW,
        kind=request.kind,
        action=request.action,
        incident_id=incident_name(request),
        target=request.target.key,
        alarm=request.alarm,
        decision=Decision(outcome, reason, (check,), "abc"),
    )


def opened(
    made: tuple[Outcome, Reason], request: Request = ALARM, rules: Rules = RULES
) -> tuple[Opened | None, DecisionRecord]:
    record = record_of(request, *made)
    return first(request, rules, record), record


def test_a_plan_that_needs_a_yes_opens_an_incident_that_waits_for_it() -> None:
    found, record = opened(ASKS)
    until = NOW + RULES.approve_within
    incident = transitions.awaiting(transitions.opened(ALARM, RULES, NOW), a.PLAN, until)
    assert incident.state is IncidentState.AWAITING_APPROVAL
    assert found == Opened(
        incident=incident,
        record=record,
        message=approval_messages.approval(incident, record, 1),
        wake_at=until,
        request=None,
    )


def test_the_history_of_a_question_names_the_freeze_that_its_human_overrode() -> None:
    record = record_of(ALARM, *ASKS)
    override = Check("freeze", Result.PASSED, "inside never-window sale; overridden", overridden=True)
    checks = (*record.decision.checks, override)
    overridden = replace(record, decision=replace(record.decision, checks=checks))
    lines = [
        advance(transitions.opened(ALARM, RULES, NOW), NotActedOn(ALARM, RULES, one), NOW).change.what
        for one in (record, overridden)
    ]
    asks = f"asks for approval: {a.PLAN.summary}"
    assert lines == [asks, f"{asks}; freeze: inside never-window sale; overridden"]


def test_a_rung_that_cannot_help_opens_an_incident_at_the_rung_above() -> None:
    found, record = opened(CANNOT_HELP)
    fresh = transitions.opened(ALARM, RULES, NOW)
    incident = transitions.climbing(fresh, 1, NOW + CLIMB_TIMEOUT, "budgets: 3 of 3")
    assert (incident.state, incident.action) == (IncidentState.CLIMBING, "scale-service")
    request = request_of(incident, NOW)
    assert found == Opened(incident=incident, record=record, message=None, wake_at=None, request=request)


@pytest.mark.parametrize("made", [ASKS, CANNOT_HELP], ids=["asks", "climbs"])
def test_an_open_incident_goes_the_way_of_a_new_one(made: tuple[Outcome, Reason]) -> None:
    found, record = opened(made)
    assert found
    fresh = transitions.opened(ALARM, RULES, NOW)
    moved = advance(fresh, NotActedOn(ALARM, RULES, record), NOW)
    assert (moved.after, moved.change.message) == (found.incident, found.message)
    assert (moved.wake_at, moved.request) == (found.wake_at, found.request)


@pytest.mark.parametrize(
    ("made", "changes"),
    [
        pytest.param(CANNOT_HELP, {"autonomy": Autonomy.OBSERVE}, id="only observes"),
        pytest.param(CANNOT_HELP, {"ladder": ("restart-service", "page")}, id="the page is above"),
        pytest.param(CANNOT_HELP, {"ladder": ("restart-service",)}, id="nothing is above"),
        pytest.param((Refuse(), Reason.SWITCHED_OFF), {}, id="refused for good"),
        pytest.param((Refuse(), Reason.COOLDOWN), {}, id="refused for now"),
        pytest.param((AskApproval(None), Reason.NEEDS_APPROVAL), {}, id="nothing to approve"),
        pytest.param((Defer(a.LATER), Reason.MUTED), {}, id="deferred"),
        pytest.param((Propose(a.PLAN), Reason.OBSERVE_ONLY), {}, id="proposed"),
        pytest.param((Act(a.PLAN), Reason.CLEAR_TO_ACT), {}, id="not claimed"),
    ],
)
def test_any_other_decision_opens_nothing(made: tuple[Outcome, Reason], changes: dict[str, Any]) -> None:
    assert opened(made, rules=replace(RULES, **changes))[0] is None


def test_an_act_by_hand_that_cannot_help_leads_to_no_other_act() -> None:
    assert opened(CANNOT_HELP, a.request(RequestKind.MANUAL))[0] is None


@pytest.mark.parametrize("made", [ASKS, CANNOT_HELP], ids=["asks", "climbs"])
def test_a_request_for_an_incident_never_opens_another_one(made: tuple[Outcome, Reason]) -> None:
    assert opened(made, a.request(RequestKind.CLIMB, incident_id="i-0123456789"))[0] is None
