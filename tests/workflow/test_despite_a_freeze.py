"""A named human goes on in spite of a freeze: recorded and announced, for one request and no other."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from firebreak.core.incident.states import IncidentState
from firebreak.core.limits.calendars import CalendarAnswer, CalendarState
from firebreak.core.limits.history import Hold
from firebreak.core.model import OwnEvent
from firebreak.core.readings import ABSENT, Unknown
from firebreak.core.reasons import Reason
from firebreak.policy.compiler import parse_policy
from firebreak.remediation.decision_recorder import Summary
from firebreak.wire.requests import request_event
from tests.support import builders as a
from tests.support.world import World, world_on_moto
from tests.workflow.approving import approve
from tests.workflow.test_acting_by_hand import act, asked, labels
from tests.workflow.test_who_is_paged import PAGING

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
S = IncidentState
WHY = "VP on the phone"
FREEZE = """
[[freeze.never]]
name = "black-friday"
schedule = "at(2026-11-20T00:00)"
duration = "2d"
"""
ARN = f"arn:aws:ssm:{a.REGION}:{a.ACCOUNT}:document/prod-changes"
CALENDAR = f"""
[[freeze.calendars]]
name = "prod-changes"
arn = "{ARN}"
"""
OVERRIDDEN = (
    "freeze: inside never-window black-friday until 2026-11-22 00:00:00Z; overridden by ana: VP on the phone"
)


def frozen(world: World, text: str = FREEZE, policy: str = a.AUTO_POLICY) -> World:
    world.policy = parse_policy(policy + text, "frozen.toml")
    return world


def retry(world: World, **changes: object) -> Summary:
    """The red alarm is asked for again, as `firebreak retry` does."""
    alarm = world.red()
    assert world.send(alarm).reason is Reason.FROZEN
    request = a.wake(alarm, by="ana", at=world.clock.at, attempt=1_000)
    return act_again(world, replace(request, **changes))  # type: ignore[arg-type]  # names are checked by replace


def act_again(world: World, request: OwnEvent) -> Summary:
    done = world.remediator(request.action).handle(request_event(request, by_human=True))
    world.deliver()
    return done


def lines(world: World, incident_id: str) -> list[str]:
    return [line.what for line in world.ledger.history(incident_id)]


def test_an_act_by_hand_waits_for_the_end_of_a_freeze_unless_its_human_overrides_it(world: World) -> None:
    frozen(world)
    refused = act(world, asked(world))
    assert (refused.reason, world.ecs.writes) == (Reason.FROZEN, [])
    world.pass_time(MINUTE)
    done = act(world, replace(asked(world), despite_freeze=WHY))
    assert (done.outcome, len(world.ecs.writes)) == ("act", 1)


def test_the_override_is_in_the_history_and_on_the_page(world: World) -> None:
    frozen(world)
    done = act(world, replace(asked(world), despite_freeze=WHY))
    claimed = "claimed rung 1: restart-service, requested by ana"
    assert f"{claimed}; {OVERRIDDEN}" in lines(world, done.incident_id)
    assert OVERRIDDEN in world.pager.sent[-1][1]
    assert labels(world) == ["ACTED"]


def test_an_alarm_that_is_asked_for_again_is_acted_on_despite_the_freeze(world: World) -> None:
    frozen(world)
    alarm = world.red()
    assert world.send(alarm).reason is Reason.FROZEN
    request = a.wake(alarm, by="ana", at=world.clock.at, attempt=1_000)
    assert act_again(world, request).reason is Reason.FROZEN
    done = act_again(world, replace(request, attempt=1_001, despite_freeze=WHY))
    assert (done.outcome, len(world.ecs.writes)) == ("act", 1)
    assert OVERRIDDEN in world.pager.sent[-1][1]


def test_the_rungs_above_are_frozen_all_the_same(world: World) -> None:
    frozen(world)
    done = retry(world, despite_freeze=WHY)
    world.pass_time(30 * MINUTE)
    assert world.incident(done.incident_id).state is S.PAGED
    assert [name for name, _, _ in world.ecs.writes] == ["force_deployment"]
    assert any(
        "given to humans: freeze: inside never-window" in one for one in lines(world, done.incident_id)
    )


def test_a_temporary_change_is_taken_back_after_the_freeze_and_not_within_it(world: World) -> None:
    frozen(world)
    done = act(world, replace(asked(world, "scale-service"), despite_freeze=WHY))
    world.pass_time(3 * HOUR)
    assert [count for _, _, count in world.ecs.writes] == [3]
    assert world.incident(done.incident_id).state is S.RESTING


def test_a_kill_switch_holds_all_the_same(world: World) -> None:
    frozen(world)
    world.switches.pause(Hold("global", "kim", "we migrate", world.clock.at, world.clock.at + HOUR))
    done = act(world, replace(asked(world), despite_freeze=WHY))
    assert (done.reason, world.ecs.writes) == (Reason.SWITCHED_OFF, [])


def test_a_freeze_that_the_policy_makes_firm_holds(world: World) -> None:
    frozen(world, FREEZE + "override = false\n")
    done = act(world, replace(asked(world), despite_freeze=WHY))
    assert (done.reason, world.ecs.writes) == (Reason.FROZEN, [])
    assert "which nobody may override" in world.pager.sent[-1][1]


def test_without_a_freeze_the_option_changes_nothing_and_is_not_reported(world: World) -> None:
    done = act(world, replace(asked(world), despite_freeze=WHY))
    assert done.outcome == "act"
    assert not any("freeze" in line for line in lines(world, done.incident_id))
    assert "freeze" not in world.pager.sent[-1][1]


def test_a_question_that_is_asked_despite_a_freeze_says_so_and_its_answer_is_bound_by_none(
    world: World,
) -> None:
    frozen(world, policy=a.AUTO_POLICY.replace('autonomy = "auto"', 'autonomy = "approve"'))
    done = retry(world, despite_freeze=WHY)
    assert (done.outcome, done.reason) == ("ask_approval", Reason.NEEDS_APPROVAL)
    assert OVERRIDDEN in world.pager.sent[-1][1]
    assert any(OVERRIDDEN in line for line in lines(world, done.incident_id))
    assert approve(world, world.incident(done.incident_id)).outcome == "act"


def test_an_override_by_firebreaks_own_request_is_refused_before_anything_is_looked_at(world: World) -> None:
    frozen(world)
    request = a.wake(world.red(), by="ana", at=world.clock.at, despite_freeze=WHY)
    done = world.remediator().handle(request_event(request))
    assert (done.reason, world.ecs.writes) == (Reason.UNUSABLE_EVENT, [])


@pytest.fixture
def night() -> Iterator[World]:
    """Friday, 22:00: a warning waits for Monday."""
    with world_on_moto(policy=parse_policy(a.AUTO_POLICY + PAGING + FREEZE, "paging.toml")) as made:
        made.clock.pass_time(12 * HOUR)
        yield made


def test_the_page_of_an_override_waits_for_no_office_hours(night: World) -> None:
    alarm = night.red("web-memory")
    night.send(alarm)
    quiet = len(night.pager.pages)
    request = a.wake(alarm, by="ana", at=night.clock.at, attempt=1_000, despite_freeze=WHY)
    assert act_again(night, request).outcome == "act"
    (_, page) = night.pager.pages[quiet:][-1]
    assert OVERRIDDEN in page.body


ASKS = a.AUTO_POLICY.replace('autonomy = "auto"', 'autonomy = "approve"')
OF_TWO = a.AUTO_POLICY.replace('autonomy = "auto"', 'autonomy = "approve"\napprovers = 2')
BO = f"arn:aws:iam::{a.ACCOUNT}:user/bo"


def test_an_override_stays_with_the_question_until_the_act_that_the_second_person_approves(
    world: World,
) -> None:
    frozen(world, policy=OF_TWO)
    incident = world.incident(act(world, replace(asked(world), despite_freeze=WHY)).incident_id)
    assert OVERRIDDEN in world.pager.sent[-1][1]

    done = approve(world, incident, BO)

    assert (done.outcome, len(world.ecs.writes)) == ("act", 1)
    assert OVERRIDDEN in world.pager.sent[-1][1]
    people = "requested by ana, approved by bo"
    assert f"claimed rung 1: restart-service, {people}; {OVERRIDDEN}" in lines(world, incident.id)


def test_the_question_of_an_override_waits_for_no_office_hours(night: World) -> None:
    night.policy = parse_policy(ASKS + PAGING + FREEZE, "n.toml")
    alarm = night.red("web-memory")
    night.send(alarm)
    quiet = len(night.pager.pages)

    request = a.wake(alarm, by="ana", at=night.clock.at, attempt=1_000, despite_freeze=WHY)

    assert act_again(night, request).outcome == "ask_approval"
    assert [page.body for _, page in night.pager.pages[quiet:] if "firebreak approve" in page.body]


def test_an_approval_is_bound_by_a_freeze_that_nobody_may_override_and_by_no_other(world: World) -> None:
    asking = parse_policy(a.AUTO_POLICY.replace('autonomy = "auto"', 'autonomy = "approve"'), "asks.toml")
    for override, outcome in (("", "act"), ("override = false\n", "refuse")):
        world.policy = asking
        incident = world.incident(world.send(world.red(f"red-{outcome}")).incident_id)
        frozen(world, FREEZE + override, a.AUTO_POLICY.replace('autonomy = "auto"', 'autonomy = "approve"'))
        assert approve(world, incident).outcome == outcome
        world.pass_time(HOUR)
    assert len(world.ecs.writes) == 1


# --- Change Calendars


def test_no_calendar_is_read_unless_the_policy_names_one_for_the_target(world: World) -> None:
    world.send(world.red())
    other = CALENDAR + 'targets = ["ecs:batch/*"]\n'
    frozen(world, other)
    world.pass_time(HOUR)
    world.send(world.red("api-cpu-high"))
    assert world.calendars.asked == []


def test_an_open_calendar_lets_an_alarm_be_acted_on(world: World) -> None:
    frozen(world, CALENDAR)
    world.calendars.states[ARN] = CalendarAnswer(CalendarState.OPEN, world.clock.at + HOUR)
    assert world.send(world.red()).outcome == "act"
    assert world.calendars.asked == [(ARN, world.clock.at)]


def test_a_closed_calendar_is_one_page_for_many_alarms_and_one_when_it_opens(world: World) -> None:
    frozen(world, CALENDAR)
    world.calendars.states[ARN] = CalendarAnswer(CalendarState.CLOSED, world.clock.at + HOUR)
    for name in ("api-memory-high", "api-cpu-high"):
        assert world.send(world.red(name)).reason is Reason.CALENDAR_CLOSED
    assert labels(world) == ["NOT ACTING"]
    assert "calendar prod-changes is CLOSED until 11:00:30Z" in world.pager.sent[0][1]
    for _ in range(59):
        world.clock.pass_time(MINUTE)
        world.page_sweep()
    assert "STILL RED" not in labels(world)
    for _ in range(10):
        world.clock.pass_time(MINUTE)
        world.page_sweep()
    assert labels(world)[-1] == "STILL RED"
    assert "The closed time that the calendar gave is over." in world.pager.sent[-1][1]
    assert world.ecs.writes == []


def test_a_calendar_that_never_opens_is_waited_for_without_an_end(world: World) -> None:
    frozen(world, CALENDAR)
    world.calendars.states[ARN] = CalendarAnswer(CalendarState.CLOSED)
    world.send(world.red())
    for _ in range(30):
        world.clock.pass_time(10 * MINUTE)
        world.page_sweep()
    assert labels(world) == ["NOT ACTING"]


@pytest.mark.parametrize(
    ("reading", "reason", "words"),
    [
        (Unknown("GetCalendarState: AccessDeniedException"), Reason.CALENDAR_UNREADABLE, "AccessDenied"),
        (ABSENT, Reason.CALENDAR_UNUSABLE, "does not exist"),
    ],
    ids=["unreadable", "absent"],
)
def test_a_calendar_that_cannot_be_read_refuses_and_pages_and_a_human_may_go_on(
    world: World, reading: Unknown, reason: Reason, words: str
) -> None:
    frozen(world, CALENDAR)
    world.calendars.states[ARN] = reading
    alarm = world.red()
    assert world.send(alarm).reason is reason
    assert world.ecs.writes == []
    assert words in world.pager.sent[-1][1]
    request = a.wake(alarm, by="ana", at=world.clock.at, attempt=1_000, despite_freeze=WHY)
    assert act_again(world, request).outcome == "act"
    assert "overridden by ana" in world.pager.sent[-1][1]


def test_a_restore_waits_until_the_calendar_opens(world: World) -> None:
    frozen(world, CALENDAR)
    world.calendars.states[ARN] = CalendarAnswer(CalendarState.OPEN)
    done = act(world, asked(world, "scale-service"))
    opens = world.clock.at + 3 * HOUR
    world.calendars.states[ARN] = CalendarAnswer(CalendarState.CLOSED, opens)
    world.pass_time(2 * HOUR)
    assert world.incident(done.incident_id).due_at == opens
    world.calendars.states[ARN] = CalendarAnswer(CalendarState.OPEN)
    world.pass_time(2 * HOUR)
    assert [count for _, _, count in world.ecs.writes] == [3, 2]


def test_an_approved_act_and_an_undo_read_no_calendar(world: World) -> None:
    frozen(world, CALENDAR, policy=a.AUTO_POLICY.replace('autonomy = "auto"', 'autonomy = "approve"'))
    world.calendars.states[ARN] = CalendarAnswer(CalendarState.OPEN)
    done = world.send(world.red())
    world.calendars.asked.clear()
    assert approve(world, world.incident(done.incident_id)).outcome == "act"
    assert world.calendars.asked == []
