"""A human says yes, or no, or nothing; what is done is what was approved, and looked at again."""

from dataclasses import replace
from datetime import timedelta

import pytest

from firebreak.core.incident.questions import approval_of, question_id
from firebreak.core.incident.states import Incident, IncidentState
from firebreak.core.limits.history import Hold
from firebreak.core.model import Alarm, AlarmState
from firebreak.core.people import person
from firebreak.core.reasons import Reason
from firebreak.policy.compiler import parse_policy
from firebreak.services.ecs.model import ServiceLive
from firebreak.wire.requests import request_event
from tests.support import builders as a
from tests.support.world import World
from tests.workflow.approving import ANA, approve

MINUTE = timedelta(minutes=1)
S = IncidentState
ASKING = a.AUTO_POLICY.replace('autonomy = "auto"', 'autonomy = "approve"')


@pytest.fixture
def asking(world: World) -> World:
    world.policy = parse_policy(ASKING, "approve.toml")
    return world


def asked(world: World) -> tuple[Alarm, Incident]:
    alarm = world.red()
    done = world.send(alarm)
    assert (done.outcome, done.reason) == ("ask_approval", Reason.NEEDS_APPROVAL)
    return alarm, world.incident(done.incident_id)


def labels(world: World) -> list[str]:
    return [subject.removeprefix("[Firebreak] ").partition(":")[0] for subject in world.subjects]


def test_the_question_carries_the_plan_the_time_and_the_two_commands(asking: World) -> None:
    _, incident = asked(asking)

    assert incident.state is S.AWAITING_APPROVAL
    assert asking.ecs.writes == []
    (subject, body) = asking.pager.sent[0]
    assert subject.startswith(
        "[Firebreak] APPROVE?: ecs:prod/api: MemoryUtilization; Approval requested: restart ecs:prod/api"
    )
    assert f"firebreak approve {question_id(incident)} {a.ON_STACK}" in body
    assert f'firebreak deny {question_id(incident)} --reason "..." {a.ON_STACK}' in body
    assert "approves by 10:30:30Z" in body


def test_a_yes_is_carried_out_and_names_who_said_it(asking: World) -> None:
    _, incident = asked(asking)
    asking.pass_time(5 * MINUTE)

    done = approve(asking, incident)

    assert (done.outcome, len(asking.ecs.writes)) == ("act", 1)
    assert asking.incident(incident.id).state is S.ACTED
    assert f"claimed rung 1: restart-service, approved by {person(ANA)}" in [
        line.what for line in asking.ledger.history(incident.id)
    ]
    assert labels(asking) == ["APPROVE?", "ACTED"]


def test_a_second_yes_changes_nothing(asking: World) -> None:
    _, incident = asked(asking)
    approve(asking, incident)

    again = approve(asking, incident, by="arn:aws:iam::111122223333:user/bob")

    assert (again.outcome, len(asking.ecs.writes)) == ("refuse", 1)


def test_a_yes_that_comes_too_late_is_refused(asking: World) -> None:
    _, incident = asked(asking)
    asking.clock.pass_time(30 * MINUTE + timedelta(seconds=1))

    done = approve(asking, incident)

    assert (done.outcome, done.reason) == ("refuse", Reason.APPROVAL_EXPIRED)
    assert asking.ecs.writes == []


def test_a_question_that_nobody_answers_goes_to_humans(asking: World) -> None:
    _, incident = asked(asking)

    asking.pass_time(31 * MINUTE)

    assert asking.incident(incident.id).state is S.PAGED
    assert labels(asking) == ["APPROVE?", "NEEDS YOU"]
    assert "Nobody approved in time." in asking.pager.sent[-1][1]


def test_a_question_whose_wake_up_was_lost_is_found_by_the_sweeper(asking: World) -> None:
    _, incident = asked(asking)
    asking.schedules.checks.clear()
    asking.clock.pass_time(35 * MINUTE)

    asking.sweep()

    assert asking.incident(incident.id).state is S.PAGED


def test_a_question_ends_when_the_trouble_does(asking: World) -> None:
    alarm, incident = asked(asking)
    asking.pass_time(MINUTE)

    asking.green(alarm)
    asking.deliver()

    assert asking.incident(incident.id).state is S.CLOSED
    assert labels(asking) == ["APPROVE?", "RESOLVED"]


def test_the_plan_made_now_must_be_the_plan_that_was_approved(asking: World) -> None:
    _, incident = asked(asking)
    live = asking.ecs.services[a.TARGET.display]
    assert isinstance(live, ServiceLive)
    newer = live.task_definition.replace("api:7", "api:8")
    assert newer != live.task_definition
    asking.ecs.services[a.TARGET.display] = replace(live, task_definition=newer)

    done = approve(asking, incident)

    assert (done.outcome, done.reason) == ("refuse", Reason.PLAN_CHANGED)
    assert asking.ecs.writes == []
    assert asking.incident(incident.id).state is S.PAGED


def test_a_yes_does_not_lift_a_kill_switch(asking: World) -> None:
    _, incident = asked(asking)
    now = asking.clock.at
    asking.switches.pause(Hold("global", "bob", "migration", now, now + 60 * MINUTE))

    done = approve(asking, incident)

    assert (done.outcome, done.reason, asking.ecs.writes) == ("refuse", Reason.SWITCHED_OFF, [])


def test_a_yes_to_what_is_not_red_any_more_does_nothing(asking: World) -> None:
    alarm, incident = asked(asking)
    asking.alarms.turn(alarm.name, AlarmState.OK, asking.clock.at)

    done = approve(asking, incident)

    assert (done.outcome, done.reason, asking.ecs.writes) == ("refuse", Reason.NO_LONGER_RED, [])
    assert asking.incident(incident.id).state is S.CLOSED


def test_the_next_rung_is_asked_for_as_well(asking: World) -> None:
    _, incident = asked(asking)
    approve(asking, incident)

    asking.pass_time(6 * MINUTE)

    above = asking.incident(incident.id)
    assert (above.state, above.action) == (S.AWAITING_APPROVAL, "scale-service")
    assert labels(asking) == ["APPROVE?", "ACTED", "APPROVE?"]
    approve(asking, above)
    assert [name for name, _, _ in asking.ecs.writes] == ["force_deployment", "set_desired_count"]


def test_another_alarm_of_the_target_joins_the_question(asking: World) -> None:
    _, incident = asked(asking)

    done = asking.send(asking.red("api-memory-higher"))

    assert (done.reason, done.incident_id) == (Reason.IN_FLIGHT, incident.id)
    assert labels(asking) == ["APPROVE?"]


def test_the_same_alarm_twice_asks_once(asking: World) -> None:
    alarm, _ = asked(asking)

    again = asking.send(alarm)

    assert again.reason is Reason.DUPLICATE
    assert labels(asking) == ["APPROVE?"]


def test_a_yes_to_what_cannot_be_done_any_more_does_not_do_the_next_thing(asking: World) -> None:
    _, incident = asked(asking)
    live = asking.ecs.services[a.TARGET.display]
    assert isinstance(live, ServiceLive)
    asking.ecs.services[a.TARGET.display] = replace(live, controller="CODE_DEPLOY")

    done = approve(asking, incident)

    assert (done.reason, asking.ecs.writes) == (Reason.UNSUPPORTED_CONTROLLER, [])
    assert asking.incident(incident.id).state is S.PAGED


def test_a_yes_without_a_name_does_nothing_and_leaves_the_question_open(asking: World) -> None:
    _, incident = asked(asking)

    done = approve(asking, incident, by="")

    assert (done.reason, asking.ecs.writes) == (Reason.CALLER_UNCONFIRMED, [])
    assert asking.incident(incident.id) == incident
    assert approve(asking, incident).outcome == "act"


def test_the_page_after_an_unanswered_question_names_every_alarm(asking: World) -> None:
    asked(asking)
    asking.send(asking.red("api-memory-higher"))

    asking.pass_time(31 * MINUTE)

    assert "its alarms: api-memory-high, api-memory-higher" in asking.pager.sent[-1][1]


@pytest.mark.parametrize("answered", ["", "i-0123456789.1.00000000"], ids=["no question", "another"])
def test_a_yes_to_another_question_changes_nothing_and_leaves_this_one_open(
    asking: World, answered: str
) -> None:
    _, incident = asked(asking)
    wrong = replace(approval_of(incident, ANA, asking.clock.at), question=answered)

    done = asking.remediator(incident.action).handle(request_event(wrong))

    assert (done.outcome, done.reason) == ("refuse", Reason.INCIDENT_MOVED_ON)
    assert (asking.ecs.writes, asking.incident(incident.id)) == ([], incident)
    assert approve(asking, incident).outcome == "act"
