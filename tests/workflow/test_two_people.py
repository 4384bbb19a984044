"""Two different people approve where the policy says so: the question stays open until both did."""

from datetime import timedelta

import pytest

from firebreak.core.incident.questions import question_id
from firebreak.core.incident.states import Incident, IncidentState
from firebreak.core.reasons import Reason
from firebreak.policy.compiler import parse_policy
from tests.support import builders as a
from tests.support.world import World
from tests.workflow.approving import ANA, approve
from tests.workflow.test_acting_by_hand import act, asked

MINUTE = timedelta(minutes=1)
S = IncidentState
BO = f"arn:aws:iam::{a.ACCOUNT}:user/bo"
ANA_AS_ADMIN = f"arn:aws:sts::{a.ACCOUNT}:assumed-role/admin/ana"
OF_TWO = a.AUTO_POLICY.replace('autonomy = "auto"', 'autonomy = "approve"\napprovers = 2')


@pytest.fixture
def question(world: World) -> Incident:
    world.policy = parse_policy(OF_TWO, "two.toml")
    return world.incident(world.send(world.red()).incident_id)


def history(world: World, incident: Incident) -> list[str]:
    return [line.what for line in world.ledger.history(incident.id)]


def test_the_question_says_how_many_people_it_needs(world: World, question: Incident) -> None:
    assert "unless 2 different people approve by" in world.pager.sent[0][1]


def test_the_first_yes_changes_nothing_and_asks_for_the_second_by_the_same_question(
    world: World, question: Incident
) -> None:
    done = approve(world, question)

    after = world.incident(question.id)
    assert (done.outcome, done.reason) == ("refuse", Reason.NEEDS_ANOTHER_APPROVER)
    assert (world.ecs.writes, after.state, after.approved_by) == ([], S.AWAITING_APPROVAL, (ANA,))
    assert (question_id(after), after.due_at) == (question_id(question), question.due_at)
    subject, body = world.pager.sent[-1]
    assert "APPROVE?" in subject
    assert "Another person must approve: restart ecs:prod/api" in body
    assert "approved by ana (role oncall): 1 of 2 people" in body
    assert f"firebreak approve {question_id(question)} {a.ON_STACK}" in body


def test_the_second_person_has_it_done_and_both_are_named(world: World, question: Incident) -> None:
    approve(world, question)

    done = approve(world, question, BO)

    assert (done.outcome, len(world.ecs.writes)) == ("act", 1)
    assert world.incident(question.id).approved_by == (ANA, BO)
    assert "claimed rung 1: restart-service, approved by ana (role oncall) and bo" in history(world, question)
    assert "approved by ana (role oncall) and bo" in world.pager.sent[-1][1]


@pytest.mark.parametrize("again", [ANA, ANA_AS_ADMIN], ids=["the same session", "another role"])
def test_one_person_is_never_two(world: World, question: Incident, again: str) -> None:
    approve(world, question)

    for _ in range(3):
        approve(world, question, again)

    assert world.ecs.writes == []
    assert world.incident(question.id).state is S.AWAITING_APPROVAL
    assert approve(world, question, BO).outcome == "act"


def test_another_role_of_the_same_person_is_announced_to_nobody(world: World, question: Incident) -> None:
    approve(world, question)
    pages = len(world.pager.sent)

    assert approve(world, question, ANA_AS_ADMIN).reason is Reason.NEEDS_ANOTHER_APPROVER

    assert (len(world.pager.sent), world.incident(question.id).approved_by) == (pages, (ANA,))


@pytest.mark.parametrize(
    "name", ["botocore-session-1700000001", "aws-go-sdk-1700000001", "1700000001", "i-0123456789abcdef0"]
)
def test_a_session_that_nobody_named_counts_as_no_person(world: World, question: Incident, name: str) -> None:
    by = f"arn:aws:sts::{a.ACCOUNT}:assumed-role/oncall/{name}"

    done = approve(world, question, by)

    assert (done.reason, world.ecs.writes) == (Reason.CALLER_UNCONFIRMED, [])
    assert world.incident(question.id) == question
    assert f"{name} (role oncall) is no person's name, and 2 people must approve" in world.pager.sent[-1][1]


def test_the_same_yes_is_announced_once(world: World, question: Incident) -> None:
    approve(world, question)
    pages = len(world.pager.sent)

    approve(world, question)

    assert len(world.pager.sent) == pages


def test_one_yes_alone_ends_with_its_time_and_says_who_gave_it(world: World, question: Incident) -> None:
    approve(world, question)

    world.pass_time(31 * MINUTE)

    assert world.ecs.writes == []
    assert world.incident(question.id).state is S.PAGED
    assert "Only ana (role oncall) approved in time. The request was: restart" in world.pager.sent[-1][1]


def test_a_plan_that_changed_between_both_is_refused(world: World, question: Incident) -> None:
    approve(world, question)
    world.ecs.services[a.TARGET.display] = a.service(task_definition="api:8")

    done = approve(world, question, BO)

    assert (done.reason, world.ecs.writes) == (Reason.PLAN_CHANGED, [])


def test_who_acts_by_hand_is_the_first_of_the_two(world: World) -> None:
    world.policy = parse_policy(OF_TWO, "two.toml")
    event = asked(world)

    done = act(world, event)

    incident = world.incident(done.incident_id)
    assert (done.outcome, done.reason, world.ecs.writes) == ("ask_approval", Reason.NEEDS_APPROVAL, [])
    assert (incident.state, incident.approved_by) == (S.AWAITING_APPROVAL, ("ana",))
    assert "unless another person approves" in world.pager.sent[-1][1]
    assert approve(world, incident).reason is Reason.NEEDS_ANOTHER_APPROVER  # ana again, by a session
    assert approve(world, incident, BO).outcome == "act"
    world.pass_time(10 * MINUTE)
    assert world.incident(incident.id).state is S.CLOSED
    assert "claimed rung 1: restart-service, requested by ana, approved by bo" in history(world, incident)


def test_an_act_by_hand_that_waits_for_the_second_person_is_not_over_because_no_alarm_is_red(
    world: World,
) -> None:
    world.policy = parse_policy(OF_TWO, "two.toml")
    incident = world.incident(act(world, asked(world)).incident_id)

    world.pass_time(20 * MINUTE)

    assert world.incident(incident.id).state is S.AWAITING_APPROVAL
    world.pass_time(20 * MINUTE)
    assert world.incident(incident.id).state is S.PAGED


def test_a_target_of_its_own_rule_needs_two_where_others_need_one(world: World) -> None:
    one = OF_TWO.replace("approvers = 2", "") + '\n[[overrides]]\ntarget = "ecs:prod/api"\napprovers = 2\n'
    world.policy = parse_policy(one, "one.toml")

    rules = world.policy.rules("restart-service", a.TARGET)

    assert (rules.approvers, rules.sources["approvers"]) == (2, "overrides[0] ecs:prod/api")
    assert world.policy.defaults.approvers == 1
