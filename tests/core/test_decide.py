"""decide: the order of the guards, the requests they apply to, and the outcome of an objection."""

from dataclasses import replace
from datetime import timedelta

import pytest

from firebreak.core.decide import decide, refuse, refuse_unresolved
from firebreak.core.decision import Act, AskApproval, Defer, Propose, Refuse, Result
from firebreak.core.guards.table import GUARDS
from firebreak.core.incident.questions import question_id
from firebreak.core.incident.states import Incident, IncidentState
from firebreak.core.limits.history import Decided, Hold
from firebreak.core.limits.scopes import Level
from firebreak.core.model import Autonomy, Mute, Obstacle, Request, RequestKind, Unresolved
from firebreak.core.readings import NotRead, Unknown
from firebreak.core.reasons import Disposition, Reason
from tests.support import builders as a

MINUTE = timedelta(minutes=1)
UNREAD = NotRead("offline")

ORDER = (
    "heartbeat",
    "switch",
    "own stack",
    "opt-in",
    "load balancer",
    "alarm muted",
    "wrong direction",
    "other controller",
    "stale",
    "missing data",
    "alarms still OK",
    "duplicate",
    "in flight",
    "freeze",
    "storm",
    "breaker",
    "cooldown",
    "rung gap",
    "memory raise limit",
    "already rolled back",
    "budgets",
    "disruption budget",
    "readiness",
    "approved",
    "previewed",
    "autonomy",
    "hold-out",
)
OF_OTHER_KINDS = {"alarms still OK", "approved", "previewed"}
OF_AN_ALARM = {"load balancer", "alarm muted", "wrong direction", "missing data"}
PUTTING_BACK = {"heartbeat", "switch", "own stack", "duplicate", "in flight", "readiness"}
SPEAKS_TO = {
    RequestKind.ALARM: set(ORDER) - OF_OTHER_KINDS,
    RequestKind.CLIMB: set(ORDER) - {"wrong direction", "hold-out"} - OF_OTHER_KINDS,
    RequestKind.WAKE: set(ORDER) - OF_OTHER_KINDS,
    RequestKind.APPROVAL: {
        "heartbeat",
        "switch",
        "own stack",
        "opt-in",
        "other controller",
        "stale",
        "missing data",
        "duplicate",
        "in flight",
        "freeze",
        "memory raise limit",
        "already rolled back",
        "budgets",
        "disruption budget",
        "readiness",
        "approved",
    },
    RequestKind.MANUAL: set(ORDER) - OF_AN_ALARM - {"alarms still OK", "approved", "hold-out"},
    RequestKind.UNDO: PUTTING_BACK,
    RequestKind.RESTORE: PUTTING_BACK | {"alarms still OK", "freeze", "storm"},
}


def test_the_guards_stand_in_the_documented_order() -> None:
    assert tuple(guard.name for guard in GUARDS) == ORDER


@pytest.mark.parametrize("kind", list(RequestKind))
def test_each_kind_of_request_is_seen_by_its_guards(kind: RequestKind) -> None:
    assert {guard.name for guard in GUARDS if kind in guard.applies_to} == SPEAKS_TO[kind]


def test_every_guard_reports_under_its_own_name_and_in_order() -> None:
    decision = decide(a.request(), a.rules(), a.snapshot())
    assert tuple(check.guard for check in decision.checks) == ORDER


def test_if_every_guard_agrees_it_acts_on_the_observed_plan() -> None:
    decision = decide(a.request(), a.rules(), a.snapshot())
    assert (decision.outcome, decision.reason) == (Act(a.PLAN), Reason.CLEAR_TO_ACT)
    assert decision.policy_hash == a.rules().policy_hash
    assert not decision.objected


def test_the_first_objection_names_the_reason_and_the_later_ones_are_kept() -> None:
    hold = Hold("global", "ana", "migration", a.NOW, a.NOW + MINUTE)
    seen = a.snapshot(holds=(hold,), decided=Decided("k", a.NOW, "act", "clear_to_act"))
    decision = decide(a.request(), a.rules(autonomy=Autonomy.OBSERVE), seen)
    objections = [check.reason for check in decision.checks if check.result is Result.OBJECTED]
    assert decision.reason is Reason.SWITCHED_OFF
    assert objections == [Reason.SWITCHED_OFF, Reason.DUPLICATE, Reason.OBSERVE_ONLY]
    assert decision.deciding == decision.checks[1]


def test_a_value_that_was_not_looked_at_refuses_but_gives_way_to_a_real_objection() -> None:
    unread = a.snapshot(target_tags=UNREAD)
    assert decide(a.request(), a.rules(), unread).reason is Reason.NOT_LOOKED_AT
    both = replace(unread, plan=Unknown("503"))
    assert decide(a.request(), a.rules(), both).reason is Reason.NOT_READY_UNREADABLE


def test_an_objection_to_a_value_that_was_not_looked_at_is_no_objection() -> None:
    decision = decide(a.request(), a.rules(), a.snapshot(target_tags=UNREAD))
    assert isinstance(decision.outcome, Refuse)
    assert not decision.objected


@pytest.mark.parametrize(
    ("autonomy", "outcome", "word"),
    [
        pytest.param(Autonomy.OBSERVE, Propose(a.PLAN), "propose", id="observe"),
        pytest.param(Autonomy.APPROVE, AskApproval(a.PLAN), "ask_approval", id="approve"),
        pytest.param(Autonomy.AUTO, Act(a.PLAN), "act", id="auto"),
    ],
)
def test_autonomy_decides_between_watching_asking_and_acting(
    autonomy: Autonomy, outcome: object, word: str
) -> None:
    decision = decide(a.request(), a.rules(autonomy=autonomy), a.snapshot())
    assert (decision.outcome, decision.word) == (outcome, word)


@pytest.mark.parametrize("autonomy", list(Autonomy))
def test_a_plan_in_doubt_is_never_carried_out_without_a_human(autonomy: Autonomy) -> None:
    doubtful = replace(a.PLAN, doubts=("two suspects", "a gap"))
    decision = decide(a.request(), a.rules(autonomy=autonomy), a.snapshot(plan=doubtful))
    asks = Propose(doubtful) if autonomy is Autonomy.OBSERVE else AskApproval(doubtful)
    assert decision.outcome == asks
    assert decision.deciding is not None
    if autonomy is Autonomy.AUTO:
        assert decision.deciding.detail == "auto by defaults, but a human must approve: two suspects; a gap"


def yes_to(incident: Incident) -> Request:
    answer = question_id(incident)
    return a.request(RequestKind.APPROVAL, incident_id=incident.id, by="ana", question=answer)


def test_a_human_may_say_yes_to_a_plan_in_doubt() -> None:
    doubtful = replace(a.PLAN, doubts=("two suspects",))
    incident = a.incident(IncidentState.AWAITING_APPROVAL, plan=a.PLAN)
    request = yes_to(incident)
    decision = decide(request, a.rules(), a.snapshot(incident=incident, plan=doubtful))
    assert decision.outcome == Act(doubtful)


def test_in_observe_mode_without_a_look_the_proposal_has_no_plan() -> None:
    seen = a.snapshot(plan=UNREAD)
    assert decide(a.request(), a.rules(autonomy=Autonomy.OBSERVE), seen).outcome == Propose(None)


def test_an_approval_is_not_asked_for_approval_again() -> None:
    incident = a.incident(IncidentState.AWAITING_APPROVAL)
    request = yes_to(incident)
    decision = decide(request, a.rules(autonomy=Autonomy.APPROVE), a.snapshot(incident=incident))
    assert decision.outcome == Act(a.PLAN)


def test_a_mute_window_defers_to_its_end() -> None:
    muted = a.request(alarm=a.alarm(mute=Mute("rule", a.NOW + MINUTE)))
    assert decide(muted, a.rules(), a.snapshot()).outcome == Defer(a.NOW + MINUTE)


def test_a_mute_window_without_an_end_is_refused() -> None:
    muted = a.request(alarm=a.alarm(mute=Mute("rule", None)))
    assert decide(muted, a.rules(), a.snapshot()).outcome == Refuse()


def test_a_rung_gap_defers_a_cooldown_refuses_although_both_know_their_end() -> None:
    incident = a.incident(IncidentState.CLIMBING)
    scopes = {
        **a.snapshot().scopes,
        a.scope(Level.TARGET): a.history(Level.TARGET, a.NOW, incident_id=incident.id),
    }
    climb = a.request(RequestKind.CLIMB, incident_id=incident.id)
    deferred = decide(climb, a.rules(), a.snapshot(scopes=scopes, incident=incident))
    refused = decide(a.request(), a.rules(), a.snapshot(scopes=scopes))
    assert deferred.outcome == Defer(a.NOW + MINUTE)
    assert (refused.outcome, refused.reason) == (Refuse(), Reason.COOLDOWN)
    assert refused.deciding is not None
    assert refused.deciding.until == a.NOW + 15 * MINUTE


def test_an_obstacle_that_another_action_may_pass_says_climb() -> None:
    seen = a.snapshot(plan=Obstacle(Reason.CEILING_REACHED, "10 of 10"))
    decision = decide(a.request(), a.rules(), seen)
    assert (decision.outcome, decision.disposition) == (Refuse(), Disposition.CLIMB)


def test_a_refusal_before_the_guards_has_one_check_that_says_why() -> None:
    decision = refuse(Reason.UNUSABLE_EVENT, "found an SQS envelope", "abc")
    assert [(c.guard, c.detail) for c in decision.checks] == [("intake", "found an SQS envelope")]
    assert (decision.word, decision.policy_hash) == ("refuse", "abc")


def test_an_alarm_without_a_single_target_is_refused_with_its_reason() -> None:
    decision = refuse_unresolved(Unresolved(Reason.TARGET_AMBIGUOUS, "2 values of ServiceName"), "", a.NOW)
    assert decision.reason is Reason.TARGET_AMBIGUOUS
    assert decision.deciding is not None
    assert decision.deciding.guard == "target"
