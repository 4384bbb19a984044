"""The heartbeat through the functions, and what a sweep says of what it found."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from firebreak.core.incident.states import IncidentState
from firebreak.core.limits.history import Hold
from firebreak.core.limits.scopes import Level
from firebreak.core.model import Alarm, AlarmState, Metric
from firebreak.core.readings import Absent
from firebreak.core.reasons import Reason
from firebreak.errors import PolicyError, Unavailable
from firebreak.ledger.items import scope_pk
from firebreak.policy.compiler import parse_policy
from tests.support import builders as a
from tests.support.faults import NO_CONNECTION, Wrapped, answer, fail
from tests.support.world import TABLE, World, eventbridge

MINUTE = timedelta(minutes=1)
TAGS = {"firebreak:action": "restart-service", "firebreak:target": "ecs:firebreak/heartbeat"}
FREEZE = """
[[freeze.never]]
name = "always"
schedule = "cron(0 0 * * *)"
duration = "PT24H"
"""


def beat(world: World) -> Alarm:
    """The heartbeat as the template's schedule turns it red: no data, no such service."""
    never = Metric("Firebreak", "NeverReported", {"service": "firebreak"})
    return world.red("firebreak-heartbeat", tags=TAGS, metrics=(never,))


def reasons(world: World) -> list[str]:
    items = world.dynamodb.scan(TableName=TABLE)["Items"]
    return sorted(i["reason"]["S"] for i in items if i["pk"]["S"].startswith("DECISION#"))


def kinds(world: World) -> set[str]:
    items = world.dynamodb.scan(TableName=TABLE)["Items"]
    return {item["pk"]["S"].split("#")[0] for item in items}


def test_a_heartbeat_is_recorded_and_counted_and_nothing_else(world: World) -> None:
    done = world.send(beat(world))
    assert (done.outcome, done.reason) == ("refuse", Reason.HEARTBEAT)
    assert reasons(world) == ["heartbeat"]
    assert world.log.counts == ["Heartbeats"]
    assert (world.ecs.writes, world.pager.sent, world.schedules.checks, world.bus.announced) == (
        [],
        [],
        {},
        [],
    )
    assert kinds(world) == {"DECISION"}, "no incident, no storm, no slot"


def test_its_ok_passes_verify_and_is_recorded_as_a_heartbeat_that_does_not_count(world: World) -> None:
    alarm = beat(world)
    world.send(alarm)
    world.clock.pass_time(MINUTE)
    done = world.green(alarm)
    assert (done.outcome, done.reason) == ("record", Reason.NOT_IN_ALARM)
    assert reasons(world) == ["heartbeat", "heartbeat"]
    assert world.log.counts == ["Heartbeats"]
    assert world.pager.sent == []


def test_the_same_beat_delivered_again_does_not_count_again(world: World) -> None:
    alarm = beat(world)
    world.send(alarm)
    world.send(alarm)
    assert (world.log.counts, reasons(world)) == (["Heartbeats"], ["heartbeat"])


def test_each_beat_counts(world: World) -> None:
    for _ in range(3):
        alarm = beat(world)
        world.send(alarm)
        world.clock.pass_time(MINUTE)
        world.green(alarm)
        world.clock.pass_time(14 * MINUTE)
    assert world.log.counts == ["Heartbeats"] * 3


def test_a_kill_switch_over_everything_neither_stops_the_heartbeat_nor_is_it_announced(world: World) -> None:
    world.switches.pause(Hold("global", "ana", "migration", a.NOW, a.NOW + 60 * MINUTE))
    assert world.send(beat(world)).reason is Reason.HEARTBEAT
    assert (world.log.counts, world.pager.sent) == (["Heartbeats"], [])


def test_a_freeze_does_not_hide_it(world: World) -> None:
    world.policy = parse_policy(a.AUTO_POLICY + FREEZE, "freeze.toml")
    assert world.send(world.red()).reason is Reason.FROZEN
    world.pager.sent.clear()
    assert world.send(beat(world)).reason is Reason.HEARTBEAT
    assert world.pager.sent == []


def test_it_is_no_red_alarm_of_a_storm_and_a_storm_does_not_hide_it(world: World) -> None:
    world.policy = parse_policy(a.AUTO_POLICY.replace("alarms = 50", "alarms = 2"), "storm.toml")
    world.send(beat(world))
    assert world.send(world.red()).outcome == "act", "one red alarm is no storm"
    world.ecs.services["ecs:prod/web"] = a.service(name="web")
    web = world.red("web-memory-high", tags=TAGS | {"firebreak:target": "ecs:prod/web"})
    assert world.send(web).reason is Reason.STORM
    world.pager.sent.clear()
    world.clock.pass_time(MINUTE)
    assert world.send(beat(world)).reason is Reason.HEARTBEAT
    assert world.pager.sent == []


@pytest.mark.parametrize("autonomy", ["observe", "approve", "auto"])
def test_no_policy_makes_it_act_even_on_a_service_of_that_name_that_opted_in(
    world: World, autonomy: str
) -> None:
    world.policy = parse_policy(a.AUTO_POLICY.replace('"auto"', f'"{autonomy}"', 1), "any.toml")
    world.ecs.services["ecs:firebreak/heartbeat"] = replace(a.service(name="heartbeat"), cluster="firebreak")
    assert world.send(beat(world)).reason is Reason.HEARTBEAT
    assert (world.ecs.writes, world.pager.sent) == ([], [])


def damage(world: World, pk: str) -> None:
    world.dynamodb.put_item(TableName=TABLE, Item={"pk": {"S": pk}, "sk": {"S": "-"}, "v": {"N": "1"}})


OF_THE_STACK = next(scope_pk(scope) for scope in a.SCOPES if scope.level is Level.STACK)


@pytest.mark.parametrize("pk", ["SWITCH#global", OF_THE_STACK])
def test_with_a_part_of_the_ledger_unreadable_it_does_not_count(world: World, pk: str) -> None:
    damage(world, pk)
    assert world.send(beat(world)).reason is Reason.HEARTBEAT_BLIND
    assert (world.log.counts, reasons(world), world.pager.sent) == ([], ["heartbeat_blind"], [])


@pytest.mark.parametrize("error", [NO_CONNECTION, answer("AccessDeniedException")])
def test_with_the_ledger_gone_the_heartbeat_does_not_count_and_one_blind_page_is_sent(
    world: World, error: Exception
) -> None:
    dark = replace(world, dynamodb=Wrapped(world.dynamodb, before=fail(error)))
    assert dark.remediator().handle(eventbridge(beat(dark))).reason is Reason.LEDGER_UNAVAILABLE
    assert "Heartbeats" not in dark.log.counts
    world.deliver()
    assert [subject.split("] ")[1][:5] for subject in world.subjects] == ["BLIND"]


def test_when_only_the_record_fails_it_does_not_count(world: World) -> None:
    writes = {"put_item", "transact_write_items"}
    dark = replace(world, dynamodb=Wrapped(world.dynamodb, before=fail(NO_CONNECTION, on=writes)))
    assert dark.remediator().handle(eventbridge(beat(dark))).reason is Reason.LEDGER_UNAVAILABLE
    assert dark.log.counts == []


def test_with_a_policy_that_does_not_load_it_does_not_count(world: World) -> None:
    def unusable() -> Any:
        raise PolicyError("broken.toml", ["version: missing"])

    broken = replace(world.remediator(), policy=unusable)
    assert broken.handle(eventbridge(beat(world))).reason is Reason.POLICY_UNUSABLE
    assert world.log.counts == []


def test_an_alarm_is_no_heartbeat_of_another_stack_by_its_name(
    world: World,
) -> None:
    other = world.red("other-heartbeat", tags=TAGS)
    assert world.send(other).reason is Reason.TARGET_MISSING
    assert world.log.counts == []


def swept(world: World) -> dict[str, float]:
    """The gauges of one sweep, by name."""
    world.log.gauges.clear()
    world.sweep()
    text = dict(world.log.gauges)
    assert len(text) == len(world.log.gauges), "each once"
    return text


CALM = {
    "WaitingAnnouncements": 0.0,
    "OldestAnnouncementSeconds": 0.0,
    "OldestUnverifiedActSeconds": 0.0,
    "StuckLeases": 0.0,
}


def test_a_sweep_with_nothing_to_do_says_so_and_counts(world: World) -> None:
    assert swept(world) == CALM
    assert world.log.counts == ["Sweeps"]


def test_an_act_that_nobody_judged_grows_older_until_it_is(world: World) -> None:
    world.send(world.red())
    world.schedules.checks.clear()
    world.clock.pass_time(4 * MINUTE)
    assert swept(world) == CALM, "it is due just now"
    world.clock.pass_time(6 * MINUTE)
    assert swept(world) == CALM | {"OldestUnverifiedActSeconds": 360.0}
    assert swept(world) == CALM, "the sweep before looked at it"


def claimed_and_killed(world: World) -> str:
    """The function dies between its claim and its record."""

    def die(_: str) -> None:
        raise KeyboardInterrupt

    world.ecs.before_write = die
    with pytest.raises(KeyboardInterrupt):
        world.send(world.red())
    world.ecs.before_write = lambda _: None
    world.schedules.checks.clear()
    (late,) = world.ledger.overdue(a.NOW + 60 * MINUTE, 10)
    assert late.state == IncidentState.CLAIMED
    return late.incident_id


def test_a_claim_that_nobody_holds_is_a_stuck_lease_until_a_sweep_frees_it(world: World) -> None:
    incident_id = claimed_and_killed(world)
    world.clock.pass_time(6 * MINUTE)
    assert swept(world) == CALM | {"OldestUnverifiedActSeconds": 120.0, "StuckLeases": 1.0}
    assert world.incident(incident_id).state is not IncidentState.CLAIMED
    assert swept(world)["StuckLeases"] == 0


def test_an_unpublished_announcement_is_gauged_and_published_by_the_sweep(world: World) -> None:
    world.bus.broken = Unavailable("PutEvents", "503")
    world.send(world.red())
    world.clock.pass_time(3 * MINUTE)
    text = swept(world)
    assert (text["WaitingAnnouncements"], text["OldestAnnouncementSeconds"]) == (1, 180)
    world.bus.broken = None
    world.clock.pass_time(MINUTE)
    assert swept(world)["OldestAnnouncementSeconds"] == 240
    assert swept(world)["WaitingAnnouncements"] == 0


def test_a_sweep_that_fails_does_not_count_but_has_emitted_its_gauges(world: World) -> None:
    world.send(world.red())
    world.clock.pass_time(10 * MINUTE)
    world.log.counts.clear()
    dark = replace(
        world, dynamodb=Wrapped(world.dynamodb, before=fail(NO_CONNECTION, on={"transact_write_items"}))
    )
    with pytest.raises(Unavailable):
        dark.sweep()
    assert dict(world.log.gauges)["OldestUnverifiedActSeconds"] == 360
    assert "Sweeps" not in world.log.counts


def test_a_failed_query_does_not_keep_the_sweep_from_publishing(world: World) -> None:
    """A query that fails must not come before announcements are published."""
    world.bus.broken = Unavailable("PutEvents", "503")
    world.send(world.red())
    world.bus.broken = None
    world.clock.pass_time(3 * MINUTE)

    def dark(*_: object) -> Any:
        raise Unavailable("Query", "503")

    world.ledger.overdue = dark  # type: ignore[assignment]  # one read of the ledger fails
    with pytest.raises(Unavailable):
        world.sweep()
    world.deliver()
    assert "ACTED" in world.subjects[0]


def test_nothing_of_a_heartbeat_is_left_for_the_sweep(world: World) -> None:
    alarm = beat(world)
    done = world.send(alarm)
    world.clock.pass_time(60 * MINUTE)
    assert swept(world) == CALM
    assert isinstance(world.ledger.incident(done.incident_id), Absent)
    assert world.alarms.describe(alarm.name) == a.described(alarm.name, AlarmState.ALARM, since=alarm.since)
