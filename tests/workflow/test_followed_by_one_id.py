"""One id from the alarm to the last page: every log line of every function is found under it."""

import json
import logging
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, cast

import pytest

from firebreak.core.messages.announcement import AnnouncementKind
from firebreak.core.model import AlarmState, OwnEvent, RequestKind
from firebreak.handlers import Desk, handler_of
from firebreak.remediation.decision_recorder import Summary
from firebreak.telemetry import PowertoolsLog
from firebreak.wire.requests import request_event, routed_alarm
from tests.support import builders as a
from tests.support.fakes import FakeClock
from tests.support.routers import tag_router
from tests.support.world import World, announced, check_event, eventbridge, world_on_moto

EVENT_ID = "8f6c2b1e-4a1b-4c1c-9d65-6ef000000001"
REQUEST_ID = "6f747ffd-8d3a-4e63-a0ee-ac44fd0f3e8c"


class Context:
    """The part of Lambda's context that Powertools reads."""

    function_name = "firebreak"
    memory_limit_in_mb = 1024
    invoked_function_arn = "arn:aws:lambda:eu-west-1:111122223333:function:firebreak:live"
    aws_request_id = REQUEST_ID


class Stdout:
    """Standard output as it is when a line is written: pytest has one for each phase of a test."""

    def write(self, line: str) -> None:
        sys.stdout.write(line)

    def flush(self) -> None:
        sys.stdout.flush()


@dataclass
class Lines:
    """The log lines since the last look."""

    capsys: pytest.CaptureFixture[str]

    def of(self, work: Callable[[], object]) -> list[dict[str, Any]]:
        self.capsys.readouterr()
        work()
        printed = self.capsys.readouterr().out.splitlines()
        found = [json.loads(line) for line in printed if line.startswith("{") and '"_aws"' not in line]
        assert found, "a function that logs nothing cannot be followed"
        return found


def ids(lines: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(line["message"], line["correlation_id"]) for line in lines]


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[PowertoolsLog]:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "followed")
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "Firebreak")
    monkeypatch.setenv("POWERTOOLS_TRACE_DISABLED", "true")
    fresh = PowertoolsLog()
    (handler,) = fresh.logger.handlers
    cast("logging.StreamHandler[Stdout]", handler).setStream(Stdout())
    yield fresh
    fresh.metrics.provider.clear_metrics()


@pytest.fixture
def world(log: PowertoolsLog) -> Iterator[World]:
    with world_on_moto(log=log) as made:
        yield made


def invoked(log: PowertoolsLog, desk: object, event: object) -> dict[str, str]:
    """Invokes a function as Lambda does, through its handler."""
    return handler_of(log, lambda: cast("Desk", desk))(event, cast("Any", Context()))


def follow_to_its_end(world: World, log: PowertoolsLog, lines: Lines, incident: str) -> None:
    held, due = max(world.schedules.checks.items())
    world.clock.pass_time(due - world.clock.at)
    closed = lines.of(lambda: invoked(log, world.verifier(), check_event(*held)))
    assert {one for _, one in ids(closed)} == {incident}
    (over,) = world.bus.announced
    ended = lines.of(lambda: invoked(log, world.page_desk(), announced(over)))
    assert {one for _, one in ids(ended)} == {incident}
    assert over.kind is AnnouncementKind.RECOVERED
    subject, body = world.pager.sent[-1]
    assert "RESOLVED" in subject
    assert incident in body


def test_an_incident_is_followed_from_the_router_to_the_last_page(
    world: World, log: PowertoolsLog, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = Lines(capsys)
    red = world.red()  # on a metric that is no action's symptom, so that only its live tag routes it
    metrics = (replace(red.metrics[0], name="EphemeralStorageUtilized"),)
    alarm = replace(red, event_id=EVENT_ID, tags={}, metrics=metrics)
    world.alarms.tagged[alarm.arn] = {"firebreak:action": "restart-service", "firebreak:enabled": "true"}
    passed: list[dict[str, Any]] = []

    # 1. The router has no incident yet: the alarm's own event.
    def publish(function: str, event: Any, found: Any) -> None:
        passed.append(routed_alarm(function, event, found))

    router = tag_router(world.alarms, FakeClock(a.NOW), publish, log)
    routed = lines.of(lambda: invoked(log, router, eventbridge(alarm)))
    assert ids(routed) == [("route.passed_on", EVENT_ID), ("event.handled", EVENT_ID)]

    # 2. The action: the alarm's own event, not that of the bus, until the incident has its name.
    envelope = {
        "id": "another-event-on-the-bus",
        "source": "firebreak",
        "detail-type": "Firebreak Routed Alarm",
        "detail": passed[0],
    }
    acted = lines.of(lambda: invoked(log, world.remediator(), envelope))
    incident = acted[-1]["fields"]["incident"]
    assert incident.startswith("i-")
    assert ids(acted) == [
        ("remediation.decided", incident),
        ("remediation.acted", incident),
        ("event.handled", EVENT_ID),
    ]

    # 3. The page of the act, on the bus; its text names the incident as well.
    (message,) = [world.bus.announced.pop(0) for _ in world.bus.announced[:]]
    paged = lines.of(lambda: invoked(log, world.page_desk(), announced(message)))
    assert {one for _, one in ids(paged)} == {incident}
    assert incident in world.pager.sent[-1][1]

    # 4. The schedule's wake-up, which finds the alarm green, and that of the hold after it.
    (check,) = world.schedules.checks
    world.clock.pass_time(timedelta(minutes=9))
    world.alarms.turn(alarm.name, AlarmState.OK, world.clock.at)
    world.clock.pass_time(timedelta(minutes=1))
    looked = lines.of(lambda: invoked(log, world.verifier(), check_event(*check)))
    assert {one for _, one in ids(looked)} == {incident}
    assert [one["fields"]["step"] for one in looked if one["message"] == "verification.judged"] == ["Hold"]

    # 5. The alarm's OK is an event of its own until Verify knows whose alarm it is.
    since = world.clock.at - timedelta(minutes=1)
    ok = eventbridge(replace(alarm, state=AlarmState.OK, since=since, event_id="ok-event"))
    recovered = lines.of(lambda: invoked(log, world.verifier(), ok))
    assert {one for name, one in ids(recovered) if name.startswith("verification.")} == {incident}
    assert ids(recovered)[-1] == ("event.handled", "ok-event")
    assert recovered[-1]["fields"]["incident"] == incident

    # 6. The wake-up at the end of the hold, and the page of the recovery, which is the last.
    follow_to_its_end(world, log, lines, incident)


def test_a_humans_request_goes_under_the_incident_that_it_names(
    world: World, log: PowertoolsLog, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = OwnEvent(
        kind=RequestKind.APPROVAL,
        action="restart-service",
        incident_id="i-0123456789",
        rung=0,
        attempt=0,
        at=a.NOW,
        alarm=world.red(),
        by="ana",
    )
    found = Lines(capsys).of(lambda: invoked(log, world.remediator(), request_event(asked)))
    assert {one for _, one in ids(found)} == {"i-0123456789"}


def test_a_joining_alarm_names_the_incident_that_it_joins(
    world: World, log: PowertoolsLog, capsys: pytest.CaptureFixture[str]
) -> None:
    opened = world.send(world.red())
    joins = replace(world.red("api-memory-critical"), event_id="second-event")
    found = Lines(capsys).of(lambda: invoked(log, world.remediator(), eventbridge(joins)))
    (line,) = [one for one in found if one["message"] == "remediation.joined"]
    assert line["correlation_id"] == line["fields"]["incident"] == opened.incident_id
    assert ids(found)[-1] == ("event.handled", "second-event")


def test_a_sweep_goes_under_lambdas_own_id_and_each_incident_that_it_looks_at_under_its_own(
    world: World, log: PowertoolsLog, capsys: pytest.CaptureFixture[str]
) -> None:
    opened = world.send(world.red())
    world.clock.pass_time(timedelta(hours=1))
    sweep = {"source": "firebreak", "detail-type": "Firebreak Sweep", "detail": {"v": 1}}
    found = Lines(capsys).of(lambda: invoked(log, world.verifier(), sweep))
    judged = [line for line in found if line["message"] == "verification.judged"]
    assert {line["correlation_id"] for line in judged} == {opened.incident_id}
    assert ids(found)[-1] == ("event.handled", REQUEST_ID)


def test_the_next_event_of_a_warm_function_does_not_go_under_the_id_of_the_last(
    world: World, log: PowertoolsLog, capsys: pytest.CaptureFixture[str]
) -> None:
    class Fails:
        def handle(self, event: object) -> Summary:
            with log.about("i-0123456789"):
                raise TimeoutError("in the middle of an incident")

    with pytest.raises(TimeoutError):
        invoked(log, Fails(), {"id": "first-event"})
    found = Lines(capsys).of(
        lambda: invoked(log, world.verifier(), eventbridge(replace(world.red(), event_id="second-event")))
    )
    assert ids(found)[-1] == ("event.handled", "second-event")


def test_the_metrics_of_an_incident_name_the_stack_and_the_function_and_no_target_or_alarm(
    world: World, log: PowertoolsLog, capsys: pytest.CaptureFixture[str]
) -> None:
    alarm = world.red()
    capsys.readouterr()
    invoked(log, world.remediator(), eventbridge(alarm))
    world.deliver()
    world.clock.pass_time(timedelta(minutes=10))
    for check in list(world.schedules.checks):
        invoked(log, world.verifier(), check_event(*check))
    lines = [line for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    assert len(lines) > 2
    for line in lines:
        (directive,) = json.loads(line)["_aws"]["CloudWatchMetrics"]
        assert directive["Dimensions"] in ([["service"]], [["function_name", "service"]]), line
        assert alarm.name not in line
        assert a.TARGET.display not in line
