"""After a refusal for something that ends by itself the alarm is looked at again, until that has ended."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from firebreak.core.model import Alarm, AlarmState
from firebreak.core.reasons import Reason
from firebreak.ledger.threads import DynamoThreads
from firebreak.policy.compiler import parse_policy
from tests.support import builders as a
from tests.support.faults import NO_CONNECTION, Wrapped, fail
from tests.support.world import TABLE, World, eventbridge, world_on_moto
from tests.workflow.test_flapping import labels, wait
from tests.workflow.test_who_is_paged import PAGING

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
PROMISE = (
    "Firebreak looks again at 10:15:30Z if the alarm is still red, and every 15 minutes until 14:00:30Z"
    " while this is still in the way."
)


@pytest.fixture
def world() -> Iterator[World]:
    with world_on_moto(policy=parse_policy(a.AUTO_POLICY + PAGING, "paging.toml")) as made:
        yield made


def deploying(world: World, *, running: bool = True) -> None:
    """A deployment runs on the service, or it has ended."""
    [one] = a.service().deployments
    rollout = "IN_PROGRESS" if running else "COMPLETED"
    world.ecs.services[a.TARGET.display] = a.service(deployments=(replace(one, rollout=rollout),))


def refused(world: World) -> Alarm:
    deploying(world)
    alarm = world.red()
    assert world.send(alarm).reason is Reason.DEPLOYMENT_RUNNING
    return alarm


def acts(world: World) -> int:
    return world.log.counts.count("Acts")


def acknowledge(world: World) -> None:
    threads = DynamoThreads(world.dynamodb, TABLE)
    for name in {page.thread for _, page in world.pager.pages}:
        thread = world.dispatcher().read(name)
        assert threads.save(thread, replace(thread, acknowledged_by="ana"), world.clock.at)  # type: ignore[arg-type]  # it is there


def test_the_page_promises_one_look_and_it_acts_when_the_deployment_has_ended(world: World) -> None:
    refused(world)
    assert PROMISE in world.pager.pages[0][1].body
    deploying(world, running=False)
    wait(world, 14 * MINUTE)
    assert acts(world) == 0
    wait(world, 2 * MINUTE)
    assert acts(world) == 1


def test_a_look_that_is_refused_for_the_same_reason_asks_for_the_next_and_pages_nobody(world: World) -> None:
    refused(world)
    wait(world, 16 * MINUTE)
    assert [summary.reason for summary in world.summaries] == [Reason.DEPLOYMENT_RUNNING]
    [(_, at)] = world.schedules.asks
    assert at == a.NOW + 30 * MINUTE
    assert labels(world) == {"NOT ACTING": 1}


def test_an_incident_that_a_human_acknowledged_stays_with_them(world: World) -> None:
    refused(world)
    acknowledge(world)
    deploying(world, running=False)
    wait(world, 20 * MINUTE)
    assert {summary.reason for summary in world.summaries} == {Reason.ACKNOWLEDGED}
    assert acts(world) == 0


def test_a_lost_schedule_of_the_look_costs_minutes_only(world: World) -> None:
    refused(world)
    world.schedules.asks.clear()
    deploying(world, running=False)
    wait(world, 21 * MINUTE)
    assert acts(world) == 1


def test_a_page_that_cannot_be_read_counts_as_acknowledged(world: World) -> None:
    cut: Any = Wrapped(world.dynamodb, before=fail(NO_CONNECTION, on=["batch_get_item"]))
    with pytest.raises(Exception, match="BatchGetItem"):
        DynamoThreads(cut, TABLE).acknowledged_by("i-0123456789")
    place = {"pk": {"S": "THREAD#i-0123456789"}, "sk": {"S": "-"}, "v": {"N": "1"}}
    world.dynamodb.put_item(TableName=TABLE, Item=place)
    assert DynamoThreads(world.dynamodb, TABLE).acknowledged_by("i-0123456789").startswith("nobody knows")
    assert DynamoThreads(world.dynamodb, TABLE).acknowledged_by("unknown") == ""


def test_an_incident_given_to_humans_for_a_deployment_is_looked_at_again(world: World) -> None:
    world.ecs.services[a.TARGET.display] = a.service(controller="EXTERNAL")
    assert world.remediator().handle(eventbridge(world.red())).outcome == "climb"
    deploying(world)
    world.deliver()
    [page] = [page for name, page in world.pager.pages if name == "pd" and page.body.startswith("NEEDS YOU")]
    assert "Firebreak looks again at " in page.body
    assert "You get a message when every alarm of the incident is OK." in page.body
    deploying(world, running=False)
    wait(world, 16 * MINUTE)
    assert acts(world) == 1
    assert world.ecs.services[a.TARGET.display].desired == 3  # type: ignore[union-attr]  # what was refused


@pytest.mark.parametrize(
    ("running", "state", "known"), list(product([True, False], AlarmState, [True, False]))
)
def test_never_more_than_one_look_a_refusal_nor_an_act_beyond_the_limits(
    world: World, state: AlarmState, *, running: bool, known: bool
) -> None:
    alarm = refused(world)
    if known:
        acknowledge(world)
    deploying(world, running=running)
    world.alarms.turn(alarm.name, state, world.clock.at)
    wait(world, 17 * MINUTE)
    looks = [summary for summary in world.summaries if summary.outcome in {"act", "refuse"}]
    assert len(looks) == 1
    assert acts(world) == int(state is AlarmState.ALARM and not running and not known)
