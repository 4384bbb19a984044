"""A time that has not come yet: refused, announced, and never the newest known transition of an alarm."""

from dataclasses import replace
from datetime import timedelta

import pytest

from firebreak.core.keys import digest
from firebreak.core.ledger import delivery_key
from firebreak.core.limits.budgets import CLOCK_SKEW
from firebreak.core.limits.history import Transition
from firebreak.core.model import AlarmState
from firebreak.core.readings import ABSENT
from firebreak.core.reasons import Reason
from firebreak.wire.requests import request_event
from tests.support import builders as a
from tests.support.world import TABLE, World, eventbridge

YEAR = timedelta(days=365)


def test_an_alarm_from_the_future_is_refused_announced_and_stops_no_real_one(world: World) -> None:
    alarm = world.red()
    ahead = replace(alarm, since=world.clock.at + YEAR)
    assert world.send(ahead).reason is Reason.AHEAD_OF_TIME
    assert "is in the future, so Firebreak does not act on it" in world.pager.pages[-1][1].body
    assert world.send(alarm).outcome == "act"


def test_an_ok_from_the_future_is_refused_announced_and_stops_no_real_alarm(world: World) -> None:
    alarm = world.red()
    ahead = replace(alarm, state=AlarmState.OK, since=world.clock.at + YEAR)
    assert world.verifier().handle(eventbridge(ahead)).reason is Reason.AHEAD_OF_TIME
    world.deliver()
    assert "is in the future, so Firebreak does not act on it" in world.pager.pages[-1][1].body
    assert world.send(alarm).outcome == "act"


def test_a_request_with_an_alarm_from_the_future_is_refused(world: World) -> None:
    alarm = world.red()
    asked = a.wake(replace(alarm, since=world.clock.at + YEAR), at=world.clock.at)
    assert world.remediator("restart-service").handle(request_event(asked)).reason is Reason.AHEAD_OF_TIME
    assert world.send(alarm).outcome == "act"


def test_a_rejected_request_is_recorded_under_the_key_of_every_release(world: World) -> None:
    """Under another key the same request would be recorded and announced again after an upgrade."""
    asked = a.wake(replace(world.red(), since=world.clock.at + YEAR), at=world.clock.at)
    world.remediator("restart-service").handle(request_event(asked))
    key = digest("turned away", "restart-service", "ahead_of_time", delivery_key(asked))
    stored = world.dynamodb.get_item(TableName=TABLE, Key={"pk": {"S": f"DECISION#{key}"}, "sk": {"S": "-"}})
    assert stored["Item"]["reason"] == {"S": "ahead_of_time"}


def test_an_alarm_from_the_future_is_announced_once(world: World) -> None:
    ahead = replace(world.red(), since=world.clock.at + YEAR)
    for _ in range(3):
        world.send(ahead)
    assert len(world.pager.pages) == 1


@pytest.mark.parametrize("ahead", [timedelta(), CLOCK_SKEW])
def test_a_time_within_the_clock_skew_is_not_in_the_future(world: World, ahead: timedelta) -> None:
    alarm = world.red()
    assert world.send(replace(alarm, since=alarm.since + ahead)).outcome == "act"


def test_a_future_time_that_an_earlier_release_stored_does_not_count(world: World) -> None:
    """The item is there already: a claim takes its place, and the alarm's OK finds the incident."""
    alarm = world.red()
    world.ledger.record_transition(
        replace(alarm, state=AlarmState.OK, since=world.clock.at + YEAR), world.clock.at + 2 * YEAR
    )
    done = world.send(alarm)
    assert done.outcome == "act"
    view = world.ledger.look(a.request(alarm=alarm), a.SCOPES)
    assert view.transition == Transition(alarm.since, AlarmState.ALARM, done.incident_id)


def test_nothing_is_remembered_of_an_event_from_the_future(world: World) -> None:
    alarm = world.red()
    world.send(replace(alarm, since=world.clock.at + YEAR))
    assert world.ledger.look(a.request(alarm=alarm), a.SCOPES).transition == ABSENT
