"""Two people who approve, value by value: the findings, the incident, and its announcements."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from firebreak.core.decision import AskApproval, Check, Decision, Refuse, Result
from firebreak.core.guards.alarm_state import missing_data
from firebreak.core.guards.autonomy import approved, as_previewed, autonomy
from firebreak.core.incident import transitions
from firebreak.core.incident.events import NotActedOn
from firebreak.core.incident.lifecycle import advance, first
from firebreak.core.incident.moved import Moved
from firebreak.core.incident.questions import question_id
from firebreak.core.incident.states import Incident, IncidentState
from firebreak.core.keys import digest
from firebreak.core.ledger import Claim, LedgerView, delivery_key, record_of
from firebreak.core.manual import plan_id, stand_in
from firebreak.core.messages import approval_messages
from firebreak.core.model import Autonomy, Request, RequestKind
from firebreak.core.readings import ABSENT, Unknown
from firebreak.core.reasons import Reason
from tests.support import builders as a

ANA = "arn:aws:sts::111122223333:assumed-role/oncall/ana"
BO = "arn:aws:iam::111122223333:user/bo"
S = IncidentState
OF_TWO = a.rules(approvers=2, sources={"approvers": "overrides[0] ecs:prod/api", "autonomy": "defaults"})
NOW = a.NOW + timedelta(minutes=5)
WAITING = a.incident(S.AWAITING_APPROVAL, due_at=a.NOW + timedelta(minutes=30))
BY_HAND = a.request(
    RequestKind.MANUAL, alarm=stand_in(a.TARGET, "it hangs", a.NOW), by=ANA, plan_seen=plan_id(a.PLAN)
)


def yes(by: str = ANA) -> Request:
    return a.request(RequestKind.APPROVAL, incident_id=WAITING.id, by=by, question=question_id(WAITING))


def half(incident: Incident, by: str = ANA) -> Moved:
    """The move after a yes that is not enough."""
    check = Check("approved", Result.OBJECTED, "1 of 2", Reason.NEEDS_ANOTHER_APPROVER)
    made = Decision(Refuse(), Reason.NEEDS_ANOTHER_APPROVER, (check,), "abc")
    return advance(incident, NotActedOn(yes(by), OF_TWO, record_of(yes(by), made, NOW, None)), NOW)


def test_the_first_yes_is_kept_and_announced_under_a_key_of_its_own() -> None:
    moved = half(WAITING)

    assert moved.after == replace(WAITING, version=WAITING.version + 1, approved_by=(ANA,))
    assert (moved.later, moved.wake_at, moved.request, moved.change.at) == (None, None, None, NOW)
    message = moved.change.message
    assert message
    assert (moved.change.what, message.headline) == (
        message.headline,
        f"Another person must approve: {a.PLAN.summary}",
    )
    assert message.facts[0] == "approved by ana (role oncall): 1 of 2 people"
    assert message.facts[1].startswith("rung 1 of ")
    assert message.next.startswith("No change is made unless another person approves by 10:30:30Z.")
    assert (message.at, message.question, message.until) == (NOW, question_id(WAITING), WAITING.due_at)
    asked = approval_messages.approval(WAITING, record_of(yes(), plain(), NOW, None), 2)
    assert message.key == digest(asked.key, ANA)
    assert message.kind is asked.kind


def plain() -> Decision:
    return Decision(AskApproval(a.PLAN), Reason.NEEDS_APPROVAL, (), "abc")


def test_a_second_yes_of_the_same_caller_changes_the_version_alone_and_is_not_announced() -> None:
    before = replace(WAITING, approved_by=(ANA,))

    moved = half(before)

    assert moved.after == replace(before, version=before.version + 1)
    assert (moved.change.message, moved.change.at) == (None, NOW)
    assert moved.change.what == "approved again by ana (role oncall): another person must"


def test_another_role_of_the_same_person_is_no_second_approver() -> None:
    before = replace(WAITING, approved_by=(ANA,))
    moved = half(before, "arn:aws:sts::111122223333:assumed-role/admin/ana")
    assert (moved.after, moved.change.message) == (replace(before, version=before.version + 1), None)
    assert moved.change.what == "approved again by ana (role admin): another person must"


SESSION = "arn:aws:sts::111122223333:assumed-role/oncall/botocore-session-1700000001"
NAMELESS = (
    "botocore-session-1700000001 (role oncall) is no person's name, and 2 people must approve:"
    " set the session's name (role_session_name), or use IAM Identity Center"
)


def test_a_session_that_nobody_named_is_not_counted_and_one_person_alone_may_have_it() -> None:
    seen = a.snapshot(incident=WAITING)
    refused = Check("approved", Result.OBJECTED, NAMELESS, Reason.CALLER_UNCONFIRMED)
    assert approved(yes(SESSION), OF_TWO, seen) == refused
    assert approved(yes(SESSION), a.rules(), seen).result is Result.PASSED

    by_hand = replace(BY_HAND, by=SESSION)
    refused = Check("autonomy", Result.OBJECTED, NAMELESS, Reason.CALLER_UNCONFIRMED)
    assert autonomy(by_hand, OF_TWO, a.snapshot()) == refused
    assert autonomy(by_hand, a.rules(), a.snapshot()).result is Result.PASSED


def test_without_a_plan_the_action_is_named() -> None:
    message = half(replace(WAITING, plan=None)).change.message
    assert message
    assert message.headline == "Another person must approve: restart-service"


@pytest.mark.parametrize(
    ("approved_by", "approvers", "words"),
    [
        ((), 1, "somebody approves"),
        ((), 2, "2 different people approve"),
        ((ANA,), 2, "another person approves"),
    ],
)
@pytest.mark.parametrize("until", [None, a.NOW])
def test_the_question_says_who_is_missing_and_until_when(
    approved_by: tuple[str, ...], approvers: int, words: str, until: datetime | None
) -> None:
    incident = replace(WAITING, approved_by=approved_by, due_at=until)

    message = approval_messages.approval(incident, record_of(yes(), plain(), NOW, None), approvers)

    by = " by 10:00:30Z" if until else ""
    again = "Firebreak repeats every check before it makes the change."
    assert message.next == f"No change is made unless {words}{by}. {again}"
    said = [fact for fact in message.facts if fact.startswith("approved by")]
    assert said == (["approved by ana (role oncall): 1 of 2 people"] if approved_by else [])


def test_a_question_that_half_was_approved_ends_with_the_name_of_who_did() -> None:
    assert (
        approval_messages.unanswered(replace(WAITING, approved_by=(ANA,)))
        == f"Only ana (role oncall) approved in time. The request was: {a.PLAN.summary}"
    )


def test_a_request_by_hand_is_the_first_of_two_yeses() -> None:
    check = autonomy(BY_HAND, replace(OF_TWO, autonomy=Autonomy.OBSERVE), a.snapshot())
    words = "lifted: requested by ana (role oncall), but 2 people must approve by overrides[0] ecs:prod/api"
    detail = f"observe by defaults, {words}"
    assert check == Check("autonomy", Result.OBJECTED, detail, Reason.NEEDS_APPROVAL)

    opened = first(BY_HAND, OF_TWO, record_of(BY_HAND, plain(), NOW, None))
    assert opened
    assert (opened.incident.state, opened.incident.approved_by) == (S.AWAITING_APPROVAL, (ANA,))
    assert opened.message
    assert "approved by ana (role oncall): 1 of 2 people" in opened.message.facts


def test_an_alarm_that_asks_has_nobodys_yes() -> None:
    opened = first(a.request(), OF_TWO, record_of(a.request(), plain(), NOW, None))
    assert opened
    assert opened.incident.approved_by == ()
    assert opened.message
    assert "2 different people approve" in opened.message.next


def test_a_request_by_hand_that_aws_did_not_confirm_is_refused_and_says_whose_it_claims_to_be() -> None:
    check = as_previewed(replace(BY_HAND, verified=False), a.rules(), a.snapshot())
    detail = "by someone who claims to be ana (role oncall)"
    assert check == Check("previewed", Result.OBJECTED, detail, Reason.CALLER_UNCONFIRMED)


def test_red_without_data_says_nothing_about_an_act_that_a_human_asked_for() -> None:
    silent = a.snapshot(alarm=Unknown("503"))
    check = missing_data(replace(yes(), alarm=BY_HAND.alarm), a.rules(), silent)
    assert check == Check("missing data", Result.NOT_APPLICABLE, "a human asked for it, not an alarm")


def claim(request: Request, after: Incident = WAITING) -> Claim:
    empty = dict.fromkeys(
        ("holds", "decided", "transition", "incident", "dependency_incidents", "storm"), ABSENT
    )
    return Claim(
        request=request,
        seen=LedgerView(scopes={}, **empty),
        at=NOW,
        before=None,
        after=after,
        record=record_of(request, plain(), NOW, None),
    )


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        pytest.param(yes(), "approved by bo and ana (role oncall)", id="approved"),
        pytest.param(
            replace(yes(), alarm=BY_HAND.alarm),
            "requested by bo, approved by ana (role oncall)",
            id="of by hand",
        ),
        pytest.param(BY_HAND, "requested by ana (role oncall)", id="by hand"),
        pytest.param(
            replace(BY_HAND, verified=False),
            "requested by someone who claims to be ana (role oncall)",
            id="claimed",
        ),
        pytest.param(a.request(), "", id="by an alarm"),
    ],
)
def test_a_claim_names_the_people_behind_it(request_: Request, words: str) -> None:
    assert claim(request_, replace(WAITING, approved_by=(BO, ANA))).people == words


def test_a_claim_adds_who_approved_and_the_next_rung_and_a_new_question_forget_them() -> None:
    half_way = replace(WAITING, approved_by=(BO,))

    claimed = transitions.claimed(half_way, a.PLAN, "c", NOW, NOW, request=yes())

    assert claimed.approved_by == (BO, ANA)
    undone = transitions.claimed(claimed, a.PLAN, "d", NOW, NOW, request=a.request(RequestKind.UNDO, by=ANA))
    assert undone.approved_by == (BO, ANA)
    assert transitions.climbing(claimed, 1, NOW, "not recovered").approved_by == ()
    assert transitions.awaiting(claimed, a.PLAN, NOW).approved_by == ()


def test_the_yes_of_each_person_is_a_delivery_of_its_own_and_a_claimed_name_makes_none() -> None:
    unconfirmed = replace(yes(), verified=False)
    keys = [delivery_key(one) for one in (yes(ANA), yes(BO), unconfirmed, replace(unconfirmed, by=BO))]
    assert len(set(keys)) == 3
    assert keys[2] == keys[3]
    undo = a.request(RequestKind.UNDO, incident_id=WAITING.id, by=ANA)
    assert delivery_key(undo) == delivery_key(replace(undo, by=BO))
