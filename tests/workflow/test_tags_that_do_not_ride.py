"""An alarm whose tags did not ride in its event is answered by the function that its live tags name."""

import pytest

from firebreak.core.model import AlarmState, Metric
from firebreak.core.reasons import Reason
from firebreak.core.routing import by_live_tags
from firebreak.core.tags import MISSING_DATA_TAG
from firebreak.services.registry import CATALOG
from firebreak.wire.requests import ROUTED_ALARM, routed_alarm
from tests.support.world import World, eventbridge

TASK = {"ClusterName": "prod", "ServiceName": "api"}
RESTART = {"firebreak:action": "restart-service", "firebreak:severity": "critical"}


def as_routed(event: dict[str, object], function: str, tags: dict[str, str]) -> dict[str, object]:
    return {
        "source": "firebreak",
        "detail-type": ROUTED_ALARM,
        "detail": routed_alarm(function, event, tags),
    }


def test_a_routed_alarm_acts_like_one_whose_tag_rode(world: World) -> None:
    alarm = world.red()
    world.alarms.tagged[alarm.arn] = RESTART
    done = world.remediator().handle(as_routed(eventbridge(alarm), "restart-service", RESTART))
    assert (done.outcome, len(world.ecs.writes)) == ("act", 1)


def test_an_alarm_without_data_acts_where_its_live_tag_says_that_this_is_the_symptom(world: World) -> None:
    tags = {**RESTART, MISSING_DATA_TAG: "symptom"}
    alarm = world.red(state=AlarmState.INSUFFICIENT_DATA, previous=AlarmState.ALARM, tags={})
    world.alarms.turn(alarm.name, AlarmState.INSUFFICIENT_DATA, world.clock.at)
    world.alarms.tagged[alarm.arn] = tags
    event = eventbridge(alarm)
    function = by_live_tags(alarm, tags, CATALOG)
    assert function == "restart-service"
    done = world.remediator().handle(as_routed(event, function, tags))
    assert (done.outcome, len(world.ecs.writes)) == ("act", 1)


def test_with_a_tag_that_rode_as_well_it_is_decided_once(world: World) -> None:
    alarm = world.red(tags=RESTART)
    world.alarms.tagged[alarm.arn] = RESTART
    first = world.send(alarm)
    second = world.remediator().handle(as_routed(eventbridge(alarm), "restart-service", RESTART))
    assert (first.outcome, second.reason, len(world.ecs.writes)) == ("act", Reason.DUPLICATE, 1)


@pytest.mark.parametrize("live", [{"firebreak:action": "none"}, {"firebreak:action": "scale-service"}, {}])
def test_a_tag_that_only_the_event_on_the_bus_claims_counts_for_nothing(
    world: World, live: dict[str, str]
) -> None:
    alarm = world.red("api-disk", metrics=(Metric("CWAgent", "disk_used_percent", TASK),))
    world.alarms.tagged[alarm.arn] = live
    done = world.remediator().handle(as_routed(eventbridge(alarm), "restart-service", RESTART))
    assert (done.outcome, done.reason, world.ecs.writes) == ("refuse", Reason.NOT_ROUTED, [])


def test_a_live_page_tag_pages(world: World) -> None:
    alarm = world.red("api-disk")
    tags = {"firebreak:action": "page", "firebreak:severity": "critical"}
    world.page_desk().handle(as_routed(eventbridge(alarm), "page", tags))
    assert "api-disk" in world.pager.pages[0][1].body
