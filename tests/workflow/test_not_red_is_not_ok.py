"""An alarm without data, deleted, replaced or unreadable is not OK: nothing says that its trouble is over."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from firebreak.core.alarm_readings import WatchedAlarm
from firebreak.core.incident.states import IncidentState
from firebreak.core.messages import incident_messages
from firebreak.core.model import AlarmState, Contributor
from firebreak.core.paging.threads import LOOK_FOR
from firebreak.core.readings import Unknown
from tests.support import builders as a
from tests.support.world import World, world_on_moto

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
NAME = "api-memory-high"


@pytest.fixture
def world() -> Iterator[World]:
    with world_on_moto() as made:
        yield made


def no_data(world: World) -> None:
    world.alarms.turn(NAME, AlarmState.INSUFFICIENT_DATA, world.clock.at)


def deleted(world: World) -> None:
    del world.alarms.described[NAME]


def unreadable(world: World) -> None:
    world.alarms.described[NAME] = Unknown("AccessDeniedException")


NOT_OK = pytest.mark.parametrize("becomes", [no_data, deleted, unreadable])


def resolved(world: World) -> list[str]:
    return [subject for subject in world.subjects if "RESOLVED" in subject]


def refused(world: World) -> None:
    """An alarm whose target does not exist: refused and announced; only its page is looked at again."""
    world.ecs.services.clear()
    assert world.send(world.red(NAME)).outcome == "refuse"
    assert "NOT ACTING" in world.subjects[-1]


def look(world: World, length: timedelta) -> None:
    """A minute's look of Page at the end of that time."""
    world.clock.pass_time(length)
    world.page_sweep()
    world.deliver()


def stays_so(world: World) -> None:
    """Long enough for an end: an alarm that flaps has no end each time it is OK."""
    for _ in range(4):
        look(world, 6 * MINUTE)


@NOT_OK
def test_a_refused_alarm_that_is_not_known_to_be_ok_is_not_resolved(
    world: World, becomes: Callable[[World], None]
) -> None:
    refused(world)
    becomes(world)
    for _ in range(4):
        look(world, 6 * MINUTE)
    assert not resolved(world)


def test_a_refused_alarm_that_reads_ok_is_resolved(world: World) -> None:
    refused(world)
    world.alarms.turn(NAME, AlarmState.OK, world.clock.at)
    stays_so(world)
    assert len(resolved(world)) == 1


def test_an_alarm_that_is_replaced_is_looked_at_again_when_it_is_back(world: World) -> None:
    refused(world)
    before = world.alarms.described.pop(NAME)
    look(world, 6 * MINUTE)
    world.alarms.described[NAME] = before
    look(world, 6 * MINUTE)
    assert not resolved(world)
    world.alarms.turn(NAME, AlarmState.OK, world.clock.at)
    stays_so(world)
    assert len(resolved(world)) == 1


def test_a_refused_alarm_that_was_deleted_is_left_to_humans_in_the_end_and_not_resolved(
    world: World,
) -> None:
    refused(world)
    deleted(world)
    text = len(world.pager.sent)
    look(world, 6 * MINUTE)
    for _ in range(10):
        look(world, LOOK_FOR)
    subject, body = world.pager.sent[-1]
    assert "NOT WATCHED" in subject
    assert f"{NAME} does not exist any more" in body
    assert len(world.pager.sent) == text + 1
    assert not resolved(world)


def test_a_refused_series_is_over_when_that_series_is_ok_and_not_before(world: World) -> None:
    world.ecs.services.clear()
    tags = {"firebreak:action": "restart-service", "firebreak:target": "ecs:prod/api"}
    alarm = replace(world.red("fleet", tags=tags), contributor=Contributor("web-1", {}))
    world.alarms.series["fleet"] = a.series("web-1", "web-2")
    summary = world.remediator()._handle(alarm, world.policy)
    assert summary.outcome == "refuse"
    world.deliver()
    look(world, 6 * MINUTE)
    assert not resolved(world)
    world.alarms.series["fleet"] = a.series("web-2")
    stays_so(world)
    assert len(resolved(world)) == 1


@NOT_OK
def test_an_incident_that_humans_have_is_not_over_while_an_alarm_is_not_known_to_be_ok(
    world: World, becomes: Callable[[World], None]
) -> None:
    incident = world.send(world.red(NAME)).incident_id
    world.pass_time(40 * MINUTE)
    assert world.incident(incident).state is IncidentState.PAGED
    becomes(world)
    world.clock.pass_time(5 * MINUTE)
    world.sweep()
    assert world.incident(incident).state is IncidentState.PAGED
    world.clock.pass_time(6 * HOUR)
    world.sweep()
    assert world.incident(incident).state is IncidentState.CLOSED
    assert not resolved(world)
    assert any("EXPIRED" in subject for subject in world.subjects)


def test_an_incident_without_members_is_never_over_by_itself(world: World) -> None:
    incident = world.incident(world.send(world.red(NAME)).incident_id)
    world.alarms.turn(NAME, AlarmState.OK, world.clock.at)
    nobody = replace(incident, members=(), state=IncidentState.PAGED, plan=None)
    found = world.verifier()._close_if_green(nobody, world.clock.at)
    assert found.outcome == "still_with_humans"
    asked = replace(nobody, state=IncidentState.AWAITING_APPROVAL, due_at=world.clock.at + HOUR)
    assert world.verifier()._look_at_approval(asked, world.clock.at).outcome == "awaits_approval"


def test_an_expired_incident_is_resolved_by_all_its_alarms_and_not_by_the_one_that_opened_it(
    world: World,
) -> None:
    incident = world.incident(world.send(world.red(NAME)).incident_id)
    world.red("api-cpu-high")
    other = a.alarm("api-cpu-high", since=world.clock.at)
    joined = replace(incident, members=(*incident.members, type(incident.members[0]).of(other)))
    said = incident_messages.expired(joined, world.clock.at, "too old")
    assert said.watches == (WatchedAlarm("api-cpu-high"), WatchedAlarm(NAME))
