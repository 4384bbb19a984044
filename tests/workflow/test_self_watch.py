"""The measures of the stack itself that a sweep writes."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from boto3.session import Session

from firebreak.aws.own_measures import METRICS_READ
from firebreak.core.readings import ABSENT, Absent, NotRead, Reading, Unknown
from firebreak.core.watchdog import METRICS_NAMESPACE
from firebreak.errors import Unavailable
from firebreak.ledger.heartbeats import DynamoHeartbeats
from firebreak.remediation.self_watch import SelfWatch
from firebreak.settings import Settings
from firebreak.wiring import Wiring
from tests.contracts.template import template
from tests.support import builders as a
from tests.support.fakes import ListLog
from tests.support.faults import NO_CONNECTION, Wrapped, fail
from tests.support.world import TABLE, World
from tests.test_settings import ENV

MINUTE = timedelta(minutes=1)
TAGS = {"firebreak:action": "restart-service", "firebreak:target": "ecs:firebreak/heartbeat"}
UNSEEN = [ABSENT, Unknown("GetQueueAttributes: 503"), NotRead("the queue is not named")]


def watch(
    log: ListLog,
    beat: Reading[datetime] = a.NOW,
    letters: Reading[int] = 0,
    lost: Reading[int] = 0,
) -> SelfWatch:
    return SelfWatch(
        newest_heartbeat=lambda: beat, dead_letters=lambda: letters, lost_events=lambda _: lost, log=log
    )


def test_each_measure_is_written_as_it_was_read() -> None:
    log = ListLog()
    watch(log, a.NOW - 16 * MINUTE, 2, 1).measure(a.NOW)
    assert log.gauges == [("HeartbeatAgeSeconds", 960.0), ("DeadLetters", 2), ("EventsWithoutDecision", 1)]


def test_none_waiting_and_none_lost_are_written_too() -> None:
    log = ListLog()
    watch(log).measure(a.NOW)
    assert log.gauges == [("HeartbeatAgeSeconds", 0.0), ("DeadLetters", 0), ("EventsWithoutDecision", 0)]


def test_a_heartbeat_by_a_clock_that_is_ahead_is_new() -> None:
    log = ListLog()
    watch(log, a.NOW + MINUTE).measure(a.NOW)
    assert log.gauges[0] == ("HeartbeatAgeSeconds", 0.0)


@pytest.mark.parametrize("unseen", UNSEEN)
@pytest.mark.parametrize("name", ["HeartbeatAgeSeconds", "DeadLetters", "EventsWithoutDecision"])
def test_what_could_not_be_read_is_left_out_and_keeps_nothing_else_back(
    name: str, unseen: Absent | Unknown | NotRead
) -> None:
    log = ListLog()
    whole = watch(log)
    broken = {
        "HeartbeatAgeSeconds": replace(whole, newest_heartbeat=lambda: unseen),
        "DeadLetters": replace(whole, dead_letters=lambda: unseen),
        "EventsWithoutDecision": replace(whole, lost_events=lambda _: unseen),
    }
    broken[name].measure(a.NOW)
    assert {measure for measure, _ in log.gauges} == set(broken) - {name}
    (left_out,) = [fields["measure"] for event, fields in log.events if event == "watchdog.not_measured"]
    assert left_out == name


def test_a_sweep_measures_once_and_by_its_own_time(world: World) -> None:
    asked: list[datetime] = []
    replace(world.verifier(), measure=asked.append).handle({"detail-type": "Firebreak Sweep"})
    assert asked == [world.clock.now()]


def test_a_sweep_that_fails_has_measured_all_the_same(world: World) -> None:
    asked: list[datetime] = []
    world.send(world.red())
    world.clock.pass_time(10 * MINUTE)
    dark = replace(
        world, dynamodb=Wrapped(world.dynamodb, before=fail(NO_CONNECTION, on={"transact_write_items"}))
    )
    with pytest.raises(Unavailable):
        replace(dark.verifier(), measure=asked.append).handle({"detail-type": "Firebreak Sweep"})
    assert len(asked) == 1


def newest(world: World) -> Reading[datetime]:
    return DynamoHeartbeats(world.dynamodb, TABLE).newest()


def test_the_newest_heartbeat_is_the_last_one_that_an_action_recorded(world: World) -> None:
    assert newest(world) == ABSENT
    world.send(world.red())
    assert newest(world) == ABSENT, "another alarm is none"
    world.send(world.red("firebreak-heartbeat", tags=TAGS))
    world.clock.pass_time(15 * MINUTE)
    beat = world.red("firebreak-heartbeat", tags=TAGS)
    world.send(beat)
    last = world.clock.now()
    world.clock.pass_time(15 * MINUTE)
    world.green(beat)
    assert newest(world) == last


def test_a_heartbeat_that_cannot_be_read_is_unknown(world: World) -> None:
    dark: Any = Wrapped(world.dynamodb, before=fail(NO_CONNECTION, on={"query"}))
    assert isinstance(DynamoHeartbeats(dark, TABLE).newest(), Unknown)


def test_verify_as_it_is_wired_measures_the_heartbeat_the_queue_and_the_metrics_of_its_stack(
    world: World,
) -> None:
    session = Session(region_name=a.REGION)
    world.send(world.red("firebreak-heartbeat", tags=TAGS))
    now = world.clock.now() + 5 * MINUTE
    sqs = session.client("sqs")
    url = sqs.create_queue(QueueName="firebreak-dead-letters")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="an event that nobody could handle")
    for service, counted in {"firebreak": (9, 6, 2), "other": (9, 9, 9)}.items():
        dimensions: Any = [{"Name": "service", "Value": service}]
        session.client("cloudwatch").put_metric_data(
            Namespace="Firebreak",
            MetricData=[
                {"MetricName": name, "Dimensions": dimensions, "Value": value, "Timestamp": now - 30 * MINUTE}
                for name, value in zip(METRICS_READ, counted, strict=True)
            ],
        )
    settings = Settings.from_env({**ENV, "LEDGER_TABLE": TABLE, "DEAD_LETTERS_URL": url})
    Wiring(settings, world.log, session=session).verifier().measure(now)
    expected = [("HeartbeatAgeSeconds", 300.0), ("DeadLetters", 1), ("EventsWithoutDecision", 1)]
    assert world.log.gauges[-3:] == expected


def test_the_metrics_are_read_in_the_namespace_that_the_functions_write_to() -> None:
    variables = template()["Globals"]["Function"]["Environment"]["Variables"]
    assert variables["POWERTOOLS_METRICS_NAMESPACE"] == METRICS_NAMESPACE
