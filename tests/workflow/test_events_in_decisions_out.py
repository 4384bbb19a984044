"""Each event that comes in goes out as a decision: the arithmetic of the alarm EventsWithoutDecision.

Lambda is played as it is: an event that failed is delivered twice more, then reported to Page, and what
Page fails at goes to the topic. A killed function emits only what it had emitted before.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import boto3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from moto import mock_aws

from firebreak.aws.clients import reader
from firebreak.core.ledger import alarm_key
from firebreak.core.model import Alarm, AlarmState
from firebreak.core.reasons import Reason
from firebreak.errors import FirebreakError, Unavailable
from firebreak.handlers import counted
from firebreak.intake import alarm_events
from firebreak.remediation.decision_recorder import Summary
from firebreak.wire.announcements import announcement_to_wire
from firebreak.wire.requests import request_event
from tests.support import builders as a
from tests.support.fakes import ListLog
from tests.support.faults import NO_CONNECTION, Killed, Wrapped
from tests.support.world import TABLE, World, check_event, create_table, eventbridge

MINUTE = timedelta(minutes=1)
ATTEMPTS = 3  # MaximumRetryAttempts of every function is 2
SWEEP = {"source": "firebreak", "detail-type": "Firebreak Sweep", "detail": {"v": 1}}

type Desk = Callable[[], Any]


@dataclass
class FlushedLog(ListLog):
    """Counts as telemetry does: what comes in at once, the rest only when the invocation ends."""

    counted: Counter[str] = field(default_factory=Counter)

    def came_in(self) -> None:
        self.counted["Events"] += 1

    def end(self, *, killed: bool) -> None:
        self.counted.update([] if killed else self.counts)
        self.counts.clear()


@dataclass
class Faults:
    """The fate of each outside call in its turn: success, an error, or the end of the function."""

    plan: list[str] = field(default_factory=list)

    def __call__(self, name: str) -> None:
        match self.plan.pop(0) if self.plan else "":
            case "error":
                raise NO_CONNECTION
            case "kill":
                raise Killed(name)
            case _:
                pass


@dataclass
class Lambda:
    """The queue before every function, and what became of each event it took."""

    world: World
    log: FlushedLog
    kills: int = 0
    taken: int = 0
    decided: list[tuple[Any, Summary]] = field(default_factory=list)
    reported: list[Any] = field(default_factory=list)
    on_topic: list[Any] = field(default_factory=list)

    def deliver(self, desk: Desk, event: Any) -> None:
        self.taken += 1
        for _ in range(ATTEMPTS):
            if self._attempt(desk, event):
                return
            self.world.clock.pass_time(2 * MINUTE)
        if desk == self.world.page_desk:
            self.on_topic.append(event)
            return
        self.reported.append(event)
        envelope = {"requestContext": {"condition": "RetriesExhausted"}, "requestPayload": event}
        self.deliver(self.world.page_desk, envelope)

    def _attempt(self, desk: Desk, event: Any) -> bool:
        killed = False
        try:
            self.decided.append((event, counted(self.log, lambda: desk().handle(event))))
        except Killed:
            killed = True
            self.kills += 1
        except FirebreakError:
            pass
        else:
            return True
        finally:
            self.log.end(killed=killed)
        return False

    def carry(self) -> None:
        """Deliver the events on the bus; a request may lead to more."""
        bus = self.world.bus
        while bus.announced or bus.asked:
            if bus.announced:
                detail = announcement_to_wire(bus.announced.pop(0))
                self.deliver(
                    self.world.page_desk, {"detail-type": "Firebreak Announcement", "detail": detail}
                )
            else:
                asked = bus.asked.pop(0)
                self.deliver(self.world.remediator, request_event(asked))


@pytest.fixture(scope="module")
def dynamodb() -> Iterator[Any]:
    with mock_aws():
        yield reader(boto3.session.Session(region_name=a.REGION), "dynamodb")


def life(client: Any, faults: Faults) -> Lambda:
    """Functions on an empty table; each call of the ledger and to the pager is one of the faults' turns."""
    if TABLE in client.list_tables()["TableNames"]:
        client.delete_table(TableName=TABLE)
    create_table(client)
    log = FlushedLog()
    return Lambda(World(Wrapped(client, before=faults), log=log), log)


def events(world: World) -> dict[str, tuple[Desk, Any]]:
    """One event of each kind that comes in."""
    alarm = world.red()
    older = replace(alarm, since=alarm.since - 3 * MINUTE)
    ok = replace(alarm, state=AlarmState.OK, since=alarm.since + MINUTE)
    tags = {"firebreak:action": "restart-service", "firebreak:target": "ecs:firebreak/heartbeat"}
    return {
        "alarm": (world.remediator, eventbridge(alarm)),
        "superseded": (world.remediator, eventbridge(older)),
        "heartbeat": (world.remediator, eventbridge(world.red("firebreak-heartbeat", tags=tags))),
        "unusable": (world.remediator, {"Records": []}),
        "ok": (world.verifier, eventbridge(ok)),
        "check": (world.verifier, check_event("i-0123456789", 0, 1)),
        "sweep": (world.verifier, SWEEP),
        "unusable for verify": (world.verifier, {"Records": []}),
        "page": (world.page_desk, eventbridge(world.red("p", tags={"firebreak:action": "page"}))),
    }


KINDS = tuple(events(World(None)))


def run_events(client: Any, kinds: list[str], plan: list[str]) -> Lambda:
    faults = Faults()
    played = life(client, faults)
    known = events(played.world)
    faults.plan = list(plan)
    for kind in kinds:
        played.deliver(*known[kind])
        played.carry()
    return played


def decisions(played: Lambda) -> set[str]:
    items = played.world.dynamodb.inner.scan(TableName=TABLE)["Items"]
    return {i["pk"]["S"].removeprefix("DECISION#") for i in items if i["pk"]["S"].startswith("DECISION#")}


def alarms_decided(played: Lambda) -> Iterator[tuple[Alarm, Summary]]:
    """The red alarms that an action's function decided about."""
    for event, summary in played.decided:
        named = event.get("detail", {}).get("alarmName")
        if named in {"api-memory-high", "firebreak-heartbeat"} and "state" in event["detail"]:
            alarm = alarm_events.parse(event)
            assert isinstance(alarm, Alarm)
            if alarm.state is AlarmState.ALARM:
                yield alarm, summary


class Raises:
    """A function that fails whatever it is handed."""

    def handle(self, event: object) -> Summary:
        raise Unavailable("BatchGetItem", "down")


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_event_that_is_handled_comes_in_once_and_goes_out_once(dynamodb: Any, kind: str) -> None:
    message = run_events(dynamodb, [kind], []).log.counted
    assert message["Events"] == message["Decisions"] >= 1
    assert message["Failures"] == 0


def test_an_event_that_fails_at_every_attempt_is_decided_by_page(dynamodb: Any) -> None:
    played = life(dynamodb, Faults())
    played.deliver(Raises, eventbridge(played.world.red()))
    message = played.log.counted
    assert (message["Events"], message["Decisions"], message["Failures"]) == (ATTEMPTS + 1, 1, ATTEMPTS)
    assert "CRASHED" in played.world.subjects[0]


def test_a_duplicate_is_an_event_and_a_decision_of_its_own(dynamodb: Any) -> None:
    played = run_events(dynamodb, ["superseded", "superseded"], [])
    assert [summary.reason for _, summary in played.decided[-1:]] == [Reason.DUPLICATE]
    assert played.log.counted["Events"] == played.log.counted["Decisions"] == played.taken


def test_a_killed_function_is_missing_until_it_is_counted_as_killed(dynamodb: Any) -> None:
    played = run_events(dynamodb, ["alarm"], ["kill"])
    message = played.log.counted
    assert message["Events"] - message["Decisions"] - message["Failures"] == 1 == played.kills
    assert len(played.world.ecs.writes) == 1, "Lambda brought it again"


def test_a_failure_is_made_good_by_the_next_delivery(dynamodb: Any) -> None:
    message = run_events(dynamodb, ["check"], ["error"]).log.counted
    assert (message["Events"], message["Decisions"], message["Failures"]) == (2, 1, 1)


@settings(max_examples=40, deadline=None)
@given(
    kinds=st.lists(st.sampled_from(KINDS), min_size=1, max_size=5),
    plan=st.lists(st.sampled_from(["", "", "", "error", "kill"]), max_size=40),
)
def test_events_are_decisions_and_failures_but_for_the_killed(
    dynamodb: Any, kinds: list[str], plan: list[str]
) -> None:
    played = run_events(dynamodb, kinds, plan)
    message = played.log.counted
    assert message["Events"] == message["Decisions"] + message["Failures"] + played.kills
    assert message["Decisions"] == len(played.decided)
    assert played.taken == message["Decisions"] + len(played.reported) + len(played.on_topic)
    stored = decisions(played)
    for alarm, summary in alarms_decided(played):
        recorded = alarm_key(alarm, "restart-service") in stored
        assert recorded or summary.reason is Reason.LEDGER_UNAVAILABLE, (alarm.name, summary)


def test_with_ledger_and_bus_gone_the_report_of_the_failure_still_reaches_a_human(dynamodb: Any) -> None:
    """The first link cut: an action that can neither record nor announce raises; Page needs no ledger."""
    faults = Faults()
    played = life(dynamodb, faults)
    event = eventbridge(played.world.red())
    played.world.bus.broken = Unavailable("PutEvents", "503")
    faults.plan = ["error"] * 1000
    played.deliver(played.world.remediator, event)
    assert (played.reported, played.on_topic, played.world.ecs.writes) == ([event], [], [])
    assert "CRASHED" in played.world.subjects[0]
    assert "api-memory-high" in played.world.subjects[0]


def test_an_event_that_page_fails_at_goes_to_the_topic_as_it_is(dynamodb: Any) -> None:
    """The second link cut: no part of Firebreak is left that could page."""
    played = life(dynamodb, Faults())
    played.world.pager.broken = frozenset({"topic"})
    event = eventbridge(played.world.red("p", tags={"firebreak:action": "page"}))
    played.deliver(played.world.page_desk, event)
    assert (played.on_topic, played.world.pager.sent) == ([event], [])
    message = played.log.counted
    assert (message["Events"], message["Decisions"], message["Failures"]) == (ATTEMPTS, 0, ATTEMPTS)
