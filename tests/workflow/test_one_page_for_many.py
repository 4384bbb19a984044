"""One page for many, alarms still red when a hold is over, and pages that cannot be recorded."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from firebreak.core.limits.history import Hold
from firebreak.core.messages import approval_messages, incident_messages
from firebreak.core.messages.announcement import Announcement
from firebreak.core.messages.decision_messages import of_blindness
from firebreak.core.model import AlarmState
from firebreak.core.paging.page import Phase
from firebreak.core.paging.threads import Thread, ThreadState
from firebreak.core.reasons import Reason
from firebreak.errors import NobodyNotified
from firebreak.policy.compiler import parse_policy
from tests.support import builders as a
from tests.support.faults import NO_CONNECTION, Wrapped, fail
from tests.support.world import World, eventbridge, world_on_moto
from tests.workflow.test_who_is_paged import HOUR, MINUTE, PAGING, SECOND, announce, sent, tick


@pytest.fixture
def world() -> Iterator[World]:
    with world_on_moto(policy=parse_policy(a.AUTO_POLICY + PAGING, "paging.toml")) as made:
        yield made


def pause(world: World, minutes: int = 60) -> None:
    now = world.clock.at
    world.switches.pause(Hold("global", "ana", "migration", now, now + minutes * MINUTE))


def refuse(world: World, count: int) -> None:
    for n in range(count):
        name = f"svc{n:02d}"
        world.ecs.services[f"ecs:prod/{name}"] = a.service(name=name)
        tags = {"firebreak:action": "restart-service", "firebreak:target": f"ecs:prod/{name}"}
        summary = world.send(world.red(f"api-{name}", tags=tags))
        assert summary.reason is Reason.SWITCHED_OFF
    world.deliver()


def bodies(world: World, mark: str) -> list[str]:
    return [page.body for name, page in world.pager.pages if name == "ops" and page.body.startswith(mark)]


def without_memory_of_threads(world: World) -> World:
    """Earlier deliveries can be read; the thread cannot be written."""
    cut = Wrapped(world.dynamodb, before=fail(NO_CONNECTION, on=["transact_write_items"]))
    return replace(world, dynamodb=cut)


def spoil(world: World, thread: str) -> None:
    """The thread cannot be read any more."""
    place = {"pk": {"S": f"THREAD#{thread}"}, "sk": {"S": "-"}}
    world.dynamodb.update_item(TableName="ledger", Key=place, UpdateExpression="REMOVE latest")


def test_a_pause_over_forty_alarms_is_one_page_and_a_digest(world: World) -> None:
    pause(world, minutes=600)
    refuse(world, 40)
    assert len(bodies(world, "NOT ACTING")) == 1
    tick(world, 61)
    [digest] = bodies(world, "SUMMED UP")
    assert "40 alarms turned red; 39 more for the same cause since 10:00:30Z." in digest
    assert "  - api-svc01\n" in digest
    assert "  - and 10 more\n" in digest
    tick(world, 180)
    assert len(bodies(world, "SUMMED UP")) == 1


def test_when_a_pause_is_over_one_page_lists_what_is_still_red_with_the_command(world: World) -> None:
    pause(world, minutes=20)
    refuse(world, 3)
    world.alarms.turn("api-svc01", AlarmState.OK, world.clock.at)
    tick(world, 19)
    assert bodies(world, "STILL RED") == []
    tick(world, 10)
    [over] = bodies(world, "STILL RED")
    assert "2 of 3 alarms still red. The pause is over." in over
    assert re.search(
        rf"^Retry all: firebreak retry --all [0-9a-f]{{32}} {a.ON_STACK}$",
        over,
        re.M,
    )
    assert "api-svc01" not in over
    tick(world, 60)
    assert len(bodies(world, "STILL RED")) == 1


def test_a_pause_that_cannot_be_looked_at_is_not_taken_for_over(world: World) -> None:
    pause(world, minutes=20)
    refuse(world, 1)
    world.clock.pass_time(HOUR)
    dark = replace(world, dynamodb=Wrapped(world.dynamodb, before=fail(NO_CONNECTION, on=["batch_get_item"])))
    dark.page_sweep()
    assert bodies(world, "STILL RED") == []
    world.page_sweep()
    assert len(bodies(world, "STILL RED")) == 1


def test_a_look_at_what_is_due_is_counted_when_it_came_to_its_end(world: World) -> None:
    world.page_sweep()
    assert world.log.counts == ["PageSweeps"]
    dark = replace(world, dynamodb=Wrapped(world.dynamodb, before=fail(NO_CONNECTION)))
    dark.page_sweep()
    assert world.log.counts == ["PageSweeps"]


# --- what a fresh look found


def named(world: World, name: str, service: str) -> None:
    """An alarm of that name turns red under whatever holds Firebreak back."""
    world.ecs.services[f"ecs:prod/{service}"] = a.service(name=service)
    tags = {"firebreak:action": "restart-service", "firebreak:target": f"ecs:prod/{service}"}
    world.send(world.red(name, tags=tags))
    world.deliver()


def test_a_critical_refusal_is_paged_although_a_warning_for_the_same_cause_is_held(world: World) -> None:
    world.clock.pass_time(12 * HOUR)
    pause(world)
    named(world, "web-latency", "web")
    assert world.pager.pages == []
    world.clock.pass_time(MINUTE)
    named(world, "api-memory", "api")
    assert sent(world) == [("ops", Phase.TRIGGER), ("pd", Phase.TRIGGER)]
    named(world, "api-memory-2", "api2")
    assert len(world.pager.pages) == 2


def test_forty_refusals_are_not_over_when_the_first_alarm_is_green(world: World) -> None:
    pause(world, minutes=600)
    refuse(world, 40)
    world.alarms.turn("api-svc00", AlarmState.OK, world.clock.at)
    tick(world, 20)
    assert [phase for _, phase in sent(world) if phase is Phase.RESOLVE] == []
    assert ("topic", Phase.TRIGGER) not in sent(world)


def test_refusals_for_one_cause_are_over_when_all_their_alarms_are_green(world: World) -> None:
    for n in range(8):
        named(world, f"api-{n}", f"svc{n}")
    [refused] = bodies(world, "NOT ACTING")
    assert "A budget is used up." in refused
    for n in range(7):
        world.alarms.turn(f"api-{n}", AlarmState.OK, world.clock.at)
    tick(world, 6)
    over = [body for body in bodies(world, "RESOLVED") if "A budget is used up." in body]
    assert over == []
    world.alarms.turn("api-7", AlarmState.OK, world.clock.at)
    tick(world, 6)
    over = [body for body in bodies(world, "RESOLVED") if "A budget is used up." in body]
    assert len(over) == 1
    assert "All its alarms are OK again." in over[0]


def test_a_page_that_was_sent_but_not_recorded_is_sent_again(world: World) -> None:
    cut = Wrapped(world.dynamodb, before=fail(NO_CONNECTION, on=["transact_write_items"]))
    with pytest.raises(NobodyNotified):
        announce(replace(world, dynamodb=cut))
    world.clock.pass_time(61 * SECOND)
    message = incident_messages.given_to_humans(a.incident(), a.NOW, "every rung was tried", AlarmState.ALARM)
    world.page(replace(message, key=f"given_to_humans-{a.NOW}"))
    tick(world, 16)
    assert ("topic", Phase.TRIGGER) in sent(world)


def test_a_step_that_cannot_be_recorded_is_sent_once(world: World) -> None:
    announce(world)
    world.clock.pass_time(14 * MINUTE)
    tick(without_memory_of_threads(world), 10)
    assert [name for name, _ in sent(world)].count("topic") == 1
    tick(world, 2)
    assert sent(world) == [("ops", Phase.TRIGGER), ("pd", Phase.TRIGGER), ("topic", Phase.TRIGGER)]


def test_an_end_that_cannot_be_recorded_is_sent_once_and_recorded_later(world: World) -> None:
    world.page_desk().handle(eventbridge(world.red("api-disk", tags={"firebreak:action": "page"})))
    world.alarms.turn("api-disk", AlarmState.OK, world.clock.at)
    tick(without_memory_of_threads(world), 30)
    assert len(bodies(world, "RESOLVED")) == 1
    assert ("topic", Phase.TRIGGER) not in sent(world)
    tick(world, 10)
    assert len(bodies(world, "RESOLVED")) == 1
    thread = world.dispatcher().read(world.pager.pages[0][1].thread)
    assert isinstance(thread, Thread)
    assert thread.state is ThreadState.RESOLVED


def test_an_alarm_red_after_a_pause_climbs_though_it_could_not_be_recorded_at_once(world: World) -> None:
    pause(world, minutes=5)
    refuse(world, 1)
    tick(world, 8)
    tick(without_memory_of_threads(world), 4)
    assert len(bodies(world, "STILL RED")) == 1
    tick(world, 20)
    assert len(bodies(world, "STILL RED")) == 1
    [climbed] = [page.body for name, page in world.pager.pages if name == "topic"]
    assert climbed.startswith("STILL RED")


def test_a_look_that_cannot_be_kept_pages_nobody(world: World) -> None:
    world.page_desk().handle(eventbridge(world.red("api-disk", tags={"firebreak:action": "page"})))
    count = len(world.pager.pages)
    tick(without_memory_of_threads(world), 14)
    assert len(world.pager.pages) == count


def test_a_thread_that_cannot_be_read_is_reported_once_and_looked_at_no_more(world: World) -> None:
    announce(world)
    spoil(world, "i-0123456789")
    tick(world, 120)
    about = [page for _, page in world.pager.pages if page.body.startswith("BLIND")]
    assert {page.thread for page in about} == {about[0].thread}
    assert len([one for one in world.log.events if one[0] == "page.due_failed"]) == 0


def test_an_alarm_red_after_a_pause_is_paged_once_though_its_thread_cannot_be_read(world: World) -> None:
    pause(world, minutes=5)
    refuse(world, 1)
    spoil(world, world.pager.pages[0][1].thread)
    tick(world, 60)
    assert len(bodies(world, "STILL RED")) == 1
    assert world.dispatcher().threads.due_digests(world.clock.at, 10) == []


def test_an_acknowledged_blind_page_calls_nobody_15_minutes_later(world: World) -> None:
    def blind() -> Announcement:
        return of_blindness(Reason.LEDGER_UNAVAILABLE, "no table", "", None, world.clock.at)

    world.page(blind())
    has_it = approval_messages.acknowledged(blind(), blind().thread, "ana", world.clock.at)
    world.page(has_it)
    world.clock.pass_time(15 * MINUTE)
    world.page(blind())
    tick(world, 20)
    assert [phase for _, phase in sent(world)].count(Phase.TRIGGER) == 2


def test_a_freeze_that_was_extended_is_not_announced_as_over(world: World) -> None:
    freeze = '[[freeze.never]]\nname = "sale"\nschedule = "at(2026-11-20T09:00)"\nduration = "{}"\n'
    text = a.AUTO_POLICY + PAGING
    world.policy = parse_policy(text + freeze.format("PT2H"), "short.toml")
    world.send(world.red("api-memory-high"))
    world.policy = parse_policy(text + freeze.format("PT6H"), "long.toml")
    tick(world, 90)
    assert bodies(world, "STILL RED") == []
    world.clock.pass_time(4 * HOUR)
    tick(world, 6)
    assert len(bodies(world, "STILL RED")) == 1


def test_an_alarm_red_after_a_pause_is_resolved_by_itself_when_it_is_green(world: World) -> None:
    pause(world, minutes=10)
    refuse(world, 2)
    tick(world, 16)
    assert len(bodies(world, "STILL RED")) == 1
    for name in ("api-svc00", "api-svc01"):
        world.alarms.turn(name, AlarmState.OK, world.clock.at)
    tick(world, 6)
    assert "All its alarms are OK again." in bodies(world, "RESOLVED")[0]
    count = len(world.pager.pages)
    tick(world, 60)
    assert len(world.pager.pages) == count


def test_a_held_page_whose_alarm_is_green_by_the_opening_is_announced_as_over(world: World) -> None:
    world.clock.pass_time(12 * HOUR)
    alarm = world.red("web-disk", tags={"firebreak:action": "page"})
    world.page_desk().handle(eventbridge(alarm))
    assert world.pager.pages == []
    world.alarms.turn("web-disk", AlarmState.OK, world.clock.at)
    world.clock.pass_time(timedelta(days=2, hours=11))
    world.page_sweep()
    assert sent(world) == [("ops", Phase.UPDATE)]
    assert world.pager.pages[-1][1].body.startswith("RESOLVED")


def test_a_heartbeat_whose_tags_were_lost_pages_nobody(world: World) -> None:
    event = eventbridge(world.red("firebreak-heartbeat", tags={}))
    event["detail"]["alarmTagsStatus"] = "FAILED"
    assert world.page_desk().handle(event).reason is Reason.HEARTBEAT_BLIND
    assert (world.pager.pages, world.log.counts) == ([], [])
