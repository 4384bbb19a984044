"""Alarms tagged `page`: mute windows, suppression and storms are honoured for them as for actions."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from firebreak.core.limits.storm import MOST_REMEMBERED, RedAlarm, Storm
from firebreak.core.messages import incident_messages
from firebreak.core.model import Alarm, AlarmState, Mute
from firebreak.core.reasons import Reason
from firebreak.ledger.items import PAGES_STORM, stamped, text
from firebreak.ledger.storms import DynamoStorms
from firebreak.policy.compiler import parse_policy
from firebreak.remediation.decision_recorder import Summary
from tests.support import builders as a
from tests.support.faults import NO_CONNECTION, Wrapped, fail
from tests.support.world import TABLE, World, eventbridge, world_on_moto
from tests.workflow.test_flapping import labels
from tests.workflow.test_who_is_paged import PAGING, tick

MINUTE = timedelta(minutes=1)
POLICY = a.AUTO_POLICY.replace("alarms = 50", 'alarms = 10\nwithin = "5m"\nquiet = "10m"') + PAGING
# In office hours both are paged at once; only those named api-* are critical.
PAGED = {"firebreak:action": "page"}


@pytest.fixture
def world() -> Iterator[World]:
    with world_on_moto(policy=parse_policy(POLICY, "paging.toml")) as made:
        yield made


def page(world: World, name: str = "api-disk", **changes: Any) -> Summary:
    alarm = world.red(name, tags=PAGED, **changes)
    return deliver(world, alarm)


def deliver(world: World, alarm: Alarm) -> Summary:
    event = eventbridge(alarm)
    if alarm.suppressed_by:
        event["detail"]["state"]["actionsSuppressedBy"] = alarm.suppressed_by
    if alarm.mute and not alarm.mute.until:
        event["detail"]["muteDetail"] = {"mutedByArn": alarm.mute.by, "muteWindowEnd": "whenever"}
    return world.page_desk().handle(event)


def storm(world: World) -> Storm:
    found = DynamoStorms(world.dynamodb, TABLE, of_pages=True).look()
    assert isinstance(found, Storm)
    return found


def holding(world: World) -> DynamoStorms:
    return DynamoStorms(world.dynamodb, TABLE)


def counted(world: World) -> tuple[RedAlarm, ...]:
    found = holding(world).look()
    return found.red if isinstance(found, Storm) else ()


def red_elsewhere(world: World, number: int) -> None:
    """An alarm that its target allows turned red, and counts towards holding actions back."""
    red = RedAlarm(world.clock.at, f"arn-{number}", f"job-{number}")
    holding(world).remember(red, (), world.clock.at)


def test_a_muted_alarm_is_paged_when_its_window_ends_and_it_is_still_red(world: World) -> None:
    summary = page(world, mute=Mute("nightly", world.clock.at + 20 * MINUTE))
    assert (summary.outcome, summary.reason) == ("defer", Reason.MUTED)
    tick(world, 19)
    assert world.pager.pages == []
    tick(world, 2)
    assert labels(world) == {"NOT ACTING": 1}
    [body] = [page.body for name, page in world.pager.pages if name == "pd"]
    assert "its mute window ended at 10:20:30Z" in body
    tick(world, 60)
    assert labels(world) == {"NOT ACTING": 1}


@pytest.mark.parametrize("ends", [60, 15], ids=["a longer one", "a shorter one"])
def test_the_mute_window_of_the_newest_transition_counts(world: World, ends: int) -> None:
    begins = world.clock.at
    page(world, mute=Mute("nightly", begins + 20 * MINUTE))
    world.alarms.turn("api-disk", AlarmState.OK, begins + 5 * MINUTE)
    tick(world, 10)
    page(world, mute=Mute("release", begins + ends * MINUTE))
    tick(world, ends - 11)
    assert world.pager.pages == []
    tick(world, 2)
    [body] = [page.body for name, page in world.pager.pages if name == "pd"]
    assert f"its mute window ended at {begins + ends * MINUTE:%H:%M:%S}Z" in body
    assert "mute rule release" in body
    assert f"since {begins + 10 * MINUTE:%H:%M:%S}Z" in body
    tick(world, 60)
    assert labels(world) == {"NOT ACTING": 1}


def test_muted_alarms_with_one_misspelt_action_are_each_paged_when_their_window_ends(world: World) -> None:
    for name in ("api-db", "api-payments"):
        mute = Mute("nightly", world.clock.at + 20 * MINUTE)
        deliver(world, world.red(name, tags={"firebreak:action": "pagee"}, mute=mute))
    tick(world, 22)
    text = "".join(page.body for _, page in world.pager.pages)
    assert all(f"Alarm:    {name}," in text for name in ("api-db", "api-payments"))


def test_an_older_transition_that_comes_late_does_not_shorten_the_window(world: World) -> None:
    late = world.red("api-disk", tags=PAGED, mute=Mute("nightly", world.clock.at + 20 * MINUTE))
    tick(world, 10)
    page(world, mute=Mute("release", world.clock.at + 50 * MINUTE))
    deliver(world, late)
    tick(world, 49)
    assert world.pager.pages == []


def test_an_alarm_that_is_muted_no_more_is_paged_at_once(world: World) -> None:
    page(world, mute=Mute("nightly", world.clock.at + 20 * MINUTE))
    tick(world, 10)
    page(world)
    assert labels(world) == {"NOT ACTING": 1}
    tick(world, 60)
    assert labels(world) == {"NOT ACTING": 1}


@pytest.mark.parametrize("gone", [False, True])
def test_a_muted_alarm_that_is_ok_or_gone_by_then_is_never_paged(world: World, *, gone: bool) -> None:
    page(world, mute=Mute("nightly", world.clock.at + 20 * MINUTE))
    world.alarms.turn("api-disk", AlarmState.OK, world.clock.at)
    if gone:
        del world.alarms.described["api-disk"]
    tick(world, 60)
    assert world.pager.pages == []


def test_a_muted_alarm_without_data_by_then_is_paged(world: World) -> None:
    page(world, mute=Mute("nightly", world.clock.at + 20 * MINUTE))
    world.alarms.turn("api-disk", AlarmState.INSUFFICIENT_DATA, world.clock.at)
    tick(world, 30)
    assert labels(world) == {"NOT ACTING": 1}


def test_an_alarm_that_cannot_be_held_until_its_window_ends_is_paged_at_once(world: World) -> None:
    cut = Wrapped(world.dynamodb, before=fail(NO_CONNECTION, on=["update_item"]))
    page(replace(world, dynamodb=cut), mute=Mute("nightly", world.clock.at + 20 * MINUTE))
    assert labels(world) == {"NOT ACTING": 1}


def test_a_mute_with_no_readable_end_is_paged_at_once(world: World) -> None:
    assert page(world, mute=Mute("nightly", None)).reason is Reason.MUTED_WITHOUT_END
    assert labels(world) == {"NOT ACTING": 1}


def test_an_alarm_whose_actions_are_suppressed_is_recorded_and_paged_once_that_ends(world: World) -> None:
    assert page(world, suppressed_by="WaitPeriod").reason is Reason.SUPPRESSED
    assert world.pager.pages == []
    world.clock.pass_time(MINUTE)
    # CloudWatch sends a second event, from ALARM to ALARM.
    assert page(world, previous=AlarmState.ALARM).reason is Reason.ROUTED_TO_HUMANS
    assert labels(world) == {"NOT ACTING": 1}


def test_muted_and_suppressed_alarms_are_no_part_of_a_storm_and_others_are(world: World) -> None:
    page(world, "api-1", mute=Mute("nightly", world.clock.at + 20 * MINUTE))
    page(world, "api-2", suppressed_by="WaitPeriod")
    page(world, "api-3")
    assert [red.name for red in storm(world).red] == ["api-3"]
    tick(world, 21)
    assert "api-1" in [red.name for red in storm(world).red]


def test_twenty_alarms_for_humans_are_a_storm_and_the_rest_is_left_to_its_page(world: World) -> None:
    reasons = [page(world, f"web-{n:02d}").reason for n in range(20)]
    assert storm(world).tripped_at is not None
    assert reasons == [Reason.ROUTED_TO_HUMANS] * 9 + [Reason.STORM] * 11
    assert labels(world, "ops") == {"NOT ACTING": 9, "STORM": 1}
    # The sweeper publishes the same page later.
    world.clock.pass_time(10 * MINUTE)
    world.sweep()
    assert labels(world, "ops")["STORM"] == 1


def test_alarms_for_humans_hold_no_action_back(world: World) -> None:
    """A tag `page` on an alarm is no consent of a target."""
    for n in range(20):
        page(world, f"web-{n:02d}")
    assert world.send(world.red()).outcome == "act"
    assert [red.name for red in counted(world)] == ["api-memory-high"]


def test_other_alarms_count_towards_a_storm_of_pages_and_not_the_other_way_round(world: World) -> None:
    for n in range(6):
        red_elsewhere(world, n)
    reasons = [page(world, f"web-{n}").reason for n in range(5)]
    assert reasons == [Reason.ROUTED_TO_HUMANS] * 3 + [Reason.STORM] * 2
    assert labels(world, "ops") == {"NOT ACTING": 3, "STORM": 1}
    assert world.send(world.red()).outcome == "act"


def test_while_actions_are_held_back_the_first_alarm_for_humans_begins_a_page_for_all(world: World) -> None:
    for n in range(10):
        red_elsewhere(world, n)
    assert holding(world).trip(world.clock.at, incident_messages.acted(a.incident(), world.clock.at))
    assert [page(world, f"web-{n}").reason for n in range(3)] == [Reason.STORM] * 3
    [body] = [page.body for name, page in world.pager.pages if name == "ops"]
    assert "1 alarm for humans is gathered on this page" in body
    assert "web-0" in body


def test_the_end_of_a_storm_of_pages_says_what_is_still_red_and_pages_go_out_again(world: World) -> None:
    reds = [world.red(f"web-{n:02d}", tags=PAGED) for n in range(12)]
    for alarm in reds:
        deliver(world, alarm)
    for alarm in reds[:11]:
        world.green(alarm)
    tick(world, 11)
    assert storm(world).tripped_at is None
    [over] = [page.body for name, page in world.pager.pages if name == "ops" and "STORM OVER" in page.body]
    assert "is over: alarms for humans that turn red from now on are paged one by one again" in over
    assert "still red: 1 of the 12 that were counted" in over
    assert "web-11" in over
    assert "firebreak retry" not in over
    assert page(world, "web-disk").reason is Reason.ROUTED_TO_HUMANS


@pytest.mark.parametrize("call", ["batch_get_item", "transact_write_items"], ids=["reads", "writes"])
def test_a_storm_of_pages_that_cannot_be_looked_at_or_ended_fails_the_look_and_stays(
    world: World, call: str
) -> None:
    reds = [world.red(f"web-{n:02d}", tags=PAGED) for n in range(12)]
    for alarm in reds:
        deliver(world, alarm)
        world.green(alarm)
    cut = Wrapped(world.dynamodb, before=fail(NO_CONNECTION, on=[call]))
    world.clock.pass_time(11 * MINUTE)
    done = replace(world, dynamodb=cut).page_desk().handle({"detail-type": "Firebreak Page Sweep"})
    assert done.outcome == "failed"
    assert storm(world).tripped_at is not None


def test_a_critical_alarm_is_paged_by_itself_in_a_storm(world: World) -> None:
    for n in range(12):
        page(world, f"web-{n:02d}")
    before = labels(world)["NOT ACTING"]
    assert page(world, "api-disk").reason is Reason.ROUTED_TO_HUMANS
    assert labels(world)["NOT ACTING"] == before + 1
    assert "api-disk" in [red.name for red in storm(world).red]


def test_an_alarm_that_a_full_storm_of_pages_cannot_hold_is_paged_by_itself(world: World) -> None:
    storms = DynamoStorms(world.dynamodb, TABLE, of_pages=True)
    for n in range(MOST_REMEMBERED - 1):
        storms.remember(RedAlarm(world.clock.at, f"arn-{n}", f"web-{n}"), (), world.clock.at)
    page(world, "web-last")
    assert storm(world).is_full
    before = len(world.pager.pages)
    summary = page(world, "web-forgotten")
    assert summary.reason is Reason.ROUTED_TO_HUMANS
    assert all("web-forgotten" in said.subject for _, said in world.pager.pages[before:])
    assert len(world.pager.pages) > before


def test_without_a_readable_storm_every_alarm_is_paged(world: World) -> None:
    cut = replace(world, dynamodb=Wrapped(world.dynamodb, before=fail(NO_CONNECTION, on=["update_item"])))
    for n in range(12):
        page(cut, f"web-{n:02d}")
    assert labels(world, "ops")["NOT ACTING"] == 12


@pytest.mark.parametrize("part", ["-", "RED"])
def test_a_look_that_cannot_read_the_storm_of_pages_did_not_come_to_its_end(world: World, part: str) -> None:
    """Its page stands for the alarms that it gathers: nobody would hear which are red at its end."""
    assert world.page_sweep().outcome == "swept"
    damaged = {"tripped_at": text("x"), "version": text("x")}
    world.dynamodb.put_item(TableName=TABLE, Item={**stamped(PAGES_STORM, part), **damaged})
    assert world.page_sweep().outcome == "failed"
    assert world.log.counts.count("PageSweeps") == 1
