"""Series of a multi-series alarm: without tags in their events, and where they may not be listed."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast

from firebreak.core.incident.states import IncidentState
from firebreak.core.model import AlarmKind, Contributor
from firebreak.core.observed import Series
from firebreak.core.readings import Unknown
from firebreak.core.reasons import Reason
from firebreak.core.routing import route
from firebreak.intake import alarm_events
from firebreak.services.registry import CATALOG
from firebreak.wire.requests import routed_alarm
from tests.support.routers import tag_router
from tests.support.sample_events import load
from tests.support.world import World

DENIED = Unknown("DescribeAlarmContributors: AccessDenied")
SERIES = Contributor("5d3e1f0a9c2b4e77", {"ClusterName": "prod", "ServiceName": "api"})
TAGS = {"firebreak:action": "restart-service"}


def red_series(world: World) -> Any:
    return world.red("fleet", kind=AlarmKind.CONTRIBUTOR, contributor=SERIES, tags=TAGS, metrics=())


def event_of(world: World) -> dict[str, Any]:
    """The event of the series, in the shape of the sample."""
    event = cast("dict[str, Any]", load("contributor_alarm"))
    at = world.clock.at.strftime("%Y-%m-%dT%H:%M:%SZ")
    event["detail"]["state"] |= {"timestamp": world.clock.at.isoformat()}
    event["detail"]["alarmName"] = "fleet"
    event["resources"] = [world.alarms.described["fleet"].arn]  # type: ignore[union-attr]  # described just now
    return {**event, "time": at}


def without_tags(event: dict[str, Any]) -> dict[str, Any]:
    detail = {key: value for key, value in event["detail"].items() if not key.startswith("alarmTags")}
    return {**event, "detail": detail}


def test_a_series_whose_event_names_no_tags_at_all_is_routed_by_its_live_tags(world: World) -> None:
    red_series(world)
    event = without_tags(event_of(world))
    alarm = alarm_events.parse(event)
    assert [found.function for found in route(cast("Any", alarm), CATALOG)] == ["route"]

    asked: list[Callable[[], dict[str, Any]]] = []
    router = tag_router(
        world.alarms,
        world.clock,
        lambda function, passed, tags: asked.append(lambda: routed_alarm(function, passed, tags)),
        world.log,
    )
    assert router.handle(event).outcome == "passed_on"
    detail = asked[0]()
    assert detail["action"] == "restart-service"

    world.alarms.series["fleet"] = {SERIES.id: Series("red")}
    envelope = {"source": "firebreak", "detail-type": "Firebreak Routed Alarm", "detail": detail}
    assert world.remediator().handle(envelope).outcome == "act"


def test_a_series_that_may_not_be_listed_changes_nothing_and_a_human_hears_why(world: World) -> None:
    red_series(world)
    world.alarms.series["fleet"] = DENIED
    found = world.remediator().handle(event_of(world))
    world.deliver()
    assert (found.outcome, found.reason) == ("refuse", Reason.ALARM_UNREADABLE)
    assert world.ecs.writes == []
    assert "DescribeAlarmContributors: AccessDenied" in world.pager.sent[-1][1]


def test_a_series_that_may_not_be_listed_any_more_is_no_recovery(world: World) -> None:
    red_series(world)
    world.alarms.series["fleet"] = {SERIES.id: Series("red")}
    opened = world.remediator().handle(event_of(world))
    assert opened.outcome == "act"
    world.deliver()
    world.alarms.series["fleet"] = DENIED
    world.pass_time(timedelta(hours=3))
    assert world.incident(opened.incident_id).state is IncidentState.PAGED
    verdicts = [fields["verdict"] for name, fields in world.log.events if name == "verification.judged"]
    assert set(verdicts) == {"unknown"}
