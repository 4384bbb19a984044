"""All functions of Firebreak in one process, on moto's DynamoDB, with time under control.

The bus and the schedules are driven by hand: `deliver()` carries their contents to the
functions, `pass_time()` moves the clock and fires due schedules. The real scenario tests
on local AWS do the same through the deployed stack.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import boto3
from moto import mock_aws

from firebreak.aws.clients import reader
from firebreak.core.incident.states import Incident
from firebreak.core.messages.announcement import Announcement
from firebreak.core.model import Alarm, AlarmState, Target
from firebreak.core.paging.commands import StackAddress
from firebreak.intake.effective_alarms import EffectiveAlarms
from firebreak.intake.names import read_target
from firebreak.ledger.call_counts import DynamoCallCounts
from firebreak.ledger.deliveries import DynamoDeliveries
from firebreak.ledger.dynamodb import DynamoLedger
from firebreak.ledger.outbox_items import outbox_item
from firebreak.ledger.page_tests import DynamoPageTests
from firebreak.ledger.storms import DynamoStorms
from firebreak.ledger.switches import Switches
from firebreak.ledger.threads import DynamoThreads
from firebreak.paging.enrichment import Enrichment
from firebreak.paging.handler import PageDesk
from firebreak.paging.notifier import Dispatcher
from firebreak.policy.policy import Policy
from firebreak.remediation.decision_recorder import DecisionRecorder, Summary
from firebreak.remediation.outbox import Announcer
from firebreak.remediation.remediator import Remediator
from firebreak.remediation.snapshot import Observer
from firebreak.remediation.storm_detector import StormWatch
from firebreak.remediation.verifier import Verifier
from firebreak.services.registry import ACTIONS, BuiltActions
from firebreak.wire.announcements import announcement_to_wire
from firebreak.wire.requests import request_event
from tests.support import builders as a
from tests.support.fakes import (
    FakeAlarms,
    FakeBus,
    FakeCalendars,
    FakeClock,
    FakeEcs,
    FakeLogs,
    FakePager,
    FakePictures,
    FakeSchedules,
    FakeServices,
    ListLog,
    as_confirmed,
)
from tests.support.quick_moto import call_directly

TABLE = "ledger"


_BY_TIME: Any = {
    "IndexName": "by_time",
    "KeySchema": [
        {"AttributeName": "listed", "KeyType": "HASH"},
        {"AttributeName": "at", "KeyType": "RANGE"},
    ],
    "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["incident", "alarm_name"]},
}
_BY_TIME_KEYS: Any = [
    {"AttributeName": "listed", "AttributeType": "S"},
    {"AttributeName": "at", "AttributeType": "N"},
]


def create_table(client: Any, table: str = TABLE, *, by_time: bool = True) -> None:
    """The ledger's table as the template makes it (a contract test compares), or as earlier ones did."""
    client.create_table(
        TableName=table,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
            {"AttributeName": "attention", "AttributeType": "S"},
            {"AttributeName": "attention_at", "AttributeType": "N"},
            *(_BY_TIME_KEYS if by_time else []),
        ],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "attention",
                "KeySchema": [
                    {"AttributeName": "attention", "KeyType": "HASH"},
                    {"AttributeName": "attention_at", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            },
            *([_BY_TIME] if by_time else []),
        ],
    )


@dataclass
class World:
    """The functions and the world around them."""

    dynamodb: Any
    clock: FakeClock = field(default_factory=lambda: FakeClock(a.NOW))
    alarms: FakeAlarms = field(default_factory=FakeAlarms)
    ecs: FakeEcs = field(default_factory=FakeEcs)
    bus: FakeBus = field(default_factory=FakeBus)
    schedules: FakeSchedules = field(default_factory=FakeSchedules)
    pager: FakePager = field(default_factory=FakePager)
    logs: FakeLogs = field(default_factory=FakeLogs)
    pictures: FakePictures = field(default_factory=FakePictures)
    log: ListLog = field(default_factory=ListLog)
    policy: Policy = field(default_factory=a.auto_policy)
    ids: Iterator[int] = field(default_factory=lambda: iter(range(10_000)))
    summaries: list[Summary] = field(default_factory=list)
    stack: str = "firebreak"
    calendars: FakeCalendars = field(default_factory=FakeCalendars)
    table: str = TABLE

    def __post_init__(self) -> None:
        self.ledger = DynamoLedger(self.dynamodb, self.table)
        self.switches = Switches(self.dynamodb, self.table)
        self.ecs.services[a.TARGET.display] = a.service()

    def looks(self) -> EffectiveAlarms:
        return EffectiveAlarms(self.alarms, lambda: self.policy.missing_data)

    def services(self) -> FakeServices:
        return FakeServices(self.ecs, self.ecs)

    def announcer(self) -> Announcer:
        return Announcer(self.bus, self.ledger, self.log)

    def storm_watch(self) -> StormWatch:
        storms = DynamoStorms(self.dynamodb, self.table)
        return StormWatch(storms, self.looks(), self.announcer(), self.clock, self.log)

    def remediator(self, action: str = "restart-service") -> Remediator:
        built = ACTIONS[action](self.services())
        return Remediator(
            action=built,
            observer=Observer(built, self.looks(), self.stack, self.calendars.state),
            ledger=self.ledger,
            schedules=self.schedules,
            announcer=self.announcer(),
            recorder=DecisionRecorder(self.ledger, self.schedules, self.announcer(), self.clock, self.log),
            storms=self.storm_watch(),
            policy=lambda: self.policy,
            acknowledged=DynamoThreads(self.dynamodb, self.table).acknowledged_by,
            clock=self.clock,
            log=self.log,
            new_id=lambda: f"claim-{next(self.ids):026d}",
            jitter=lambda tried: 0.01 * tried,
            account=a.ACCOUNT,
            region=a.REGION,
            partition="aws",
            confirm=as_confirmed,
        )

    def verifier(self) -> Verifier:
        return Verifier(
            actions=BuiltActions(self.services()),
            alarms=self.looks(),
            ledger=self.ledger,
            schedules=self.schedules,
            bus=self.bus,
            announcer=self.announcer(),
            storms=self.storm_watch(),
            policy=lambda: self.policy,
            clock=self.clock,
            log=self.log,
            stack_name=self.stack,
            account=a.ACCOUNT,
            region=a.REGION,
            partition="aws",
        )

    def dispatcher(self) -> Dispatcher:
        return Dispatcher(
            threads=DynamoThreads(self.dynamodb, self.table),
            carrier=self.pager,
            counts=DynamoCallCounts(self.dynamodb, self.table),
            enrichment=Enrichment(
                switches=Switches(self.dynamodb, self.table),
                errors=self.logs,
                pictures=self.pictures,
                partition="aws",
            ),
            clock=self.clock,
            log=self.log,
            stack=StackAddress(self.stack, a.REGION, a.ACCOUNT),
        )

    def frozen(self, message: Announcement, now: datetime) -> bool:
        """Whether a freeze window holds the target of the announcement."""
        target = read_target(message.target, message.account, message.region)
        return isinstance(target, Target) and self.policy.is_frozen(message.action, target, now)

    def page_sweep(self) -> Summary:
        """Invokes Page as the rule of every minute does."""
        return self.page_desk().handle(
            {"source": "firebreak", "detail-type": "Firebreak Page Sweep", "detail": {"v": 1}}
        )

    def page_desk(self) -> PageDesk:
        return PageDesk(
            ledger=self.ledger,
            deliveries=DynamoDeliveries(self.dynamodb, self.table),
            tests=DynamoPageTests(self.dynamodb, self.table),
            dispatcher=self.dispatcher(),
            storms=DynamoStorms(self.dynamodb, self.table, of_pages=True),
            holding=DynamoStorms(self.dynamodb, self.table),
            storm=lambda: self.policy.storm,
            alarms=self.looks(),
            rules=lambda: self.policy.paging,
            frozen=self.frozen,
            clock=self.clock,
            log=self.log,
            account=a.ACCOUNT,
            region=a.REGION,
            partition="aws",
        )

    def recorded(self, message: Announcement) -> dict[str, Any]:
        """The event of an announcement that the ledger holds."""
        self.dynamodb.put_item(TableName=self.table, Item=outbox_item(message))
        self.ledger.settle_announcement(message.waits_as, message.at)
        return announced(message)

    def page(self, message: Announcement) -> Summary:
        """An announcement that the ledger holds reaches Page."""
        return self.page_desk().handle(self.recorded(message))

    def red(self, name: str = "api-memory-high", **changes: Any) -> Alarm:
        """An alarm turns red now; returns its transition, not yet delivered."""
        alarm = a.alarm(name, since=self.clock.at, sent_at=self.clock.at, **changes)
        self.alarms.described[name] = a.described(name, since=self.clock.at)
        self.alarms.tagged[alarm.arn] = dict(alarm.tags)
        return alarm

    def green(self, alarm: Alarm) -> Summary:
        """The alarm goes OK and Verify hears of it."""
        self.alarms.turn(alarm.name, AlarmState.OK, self.clock.at)
        return self.verifier().handle(eventbridge(replace(alarm, state=AlarmState.OK, since=self.clock.at)))

    def send(self, alarm: Alarm, action: str = "restart-service") -> Summary:
        """Deliver the alarm to an action's function, then everything that follows at once."""
        summary = self.remediator(action).handle(eventbridge(alarm))
        self.deliver()
        return summary

    def deliver(self) -> None:
        """Carry everything on the bus to its functions until nothing is left."""
        while self.bus.asked or self.bus.announced:
            for text in [self.bus.announced.pop(0) for _ in self.bus.announced[:]]:
                self.page_desk().handle(announced(text))
            for asked in [self.bus.asked.pop(0) for _ in self.bus.asked[:]]:
                self.summaries.append(self.remediator(asked.action).handle(request_event(asked)))

    def pass_time(self, length: timedelta) -> None:
        """Move the clock and fire, in order, every wake-up that falls due."""
        end = self.clock.at + length
        while due := self._next_due(end):
            self.clock.pass_time(max(due - self.clock.at, timedelta()))
            self._fire(due)
            self.deliver()
        self.clock.pass_time(end - self.clock.at)

    def _next_due(self, end: datetime) -> datetime | None:
        times = [*self.schedules.checks.values(), *(at for _, at in self.schedules.asks)]
        due = min(times, default=end + timedelta(days=1))
        return due if due <= end else None

    def _fire(self, due: datetime) -> None:
        for name in [name for name, at in self.schedules.checks.items() if at <= due]:
            del self.schedules.checks[name]
            self.summaries.append(self.verifier().handle(check_event(*name)))
        for entry in [entry for entry in self.schedules.asks if entry[1] <= due]:
            self.schedules.asks.remove(entry)
            self.summaries.append(self.remediator(entry[0].action).handle(request_event(entry[0])))

    def sweep(self) -> None:
        """Invokes Verify as the five-minute rule does."""
        self.verifier().handle({"source": "firebreak", "detail-type": "Firebreak Sweep", "detail": {"v": 1}})
        self.deliver()

    def incident(self, incident_id: str) -> Incident:
        found = self.ledger.incident(incident_id)
        assert isinstance(found, Incident), found
        return found

    @property
    def subjects(self) -> list[str]:
        return [subject for subject, _ in self.pager.sent]


def reason_data(alarm: Alarm) -> dict[str, str]:
    """The values that CloudWatch evaluated, newest first, if the alarm has them."""
    if (found := alarm.evaluation) is None:
        return {}
    points = [
        {"timestamp": point.at.isoformat() if point.at else ""}
        | ({} if point.value is None else {"value": point.value})
        for point in reversed(found.evaluated)
    ]
    said = {"recentDatapoints": found.values, "threshold": found.threshold, "evaluatedDatapoints": points}
    queried = {"queryDate": found.query_date.isoformat()} if found.query_date else {}
    return {"reasonData": json.dumps(said | queried)}


def eventbridge(alarm: Alarm) -> dict[str, Any]:
    """The alarm's transition in the shape of an EventBridge event."""
    previous = {"previousState": {"value": alarm.previous.value}} if alarm.previous else {}
    metrics = [
        {
            "id": f"m{n}",
            "metricStat": {
                "metric": {"namespace": m.namespace, "name": m.name, "dimensions": dict(m.dimensions)}
            },
        }
        for n, m in enumerate(alarm.metrics)
    ]
    tags: dict[str, Any] = {"alarmTags": dict(alarm.tags), "alarmTagsStatus": "SUCCESS"} if alarm.tags else {}
    mute = {}
    if alarm.mute and (until := alarm.mute.until):
        mute = {"muteDetail": {"mutedByArn": alarm.mute.by, "muteWindowEnd": until.isoformat()}}
    return {
        "version": "0",
        "id": alarm.event_id or "c4c1c1c9-6542-e61b-6ef0-000000000000",
        "detail-type": "CloudWatch Alarm State Change",
        "source": "aws.cloudwatch",
        "account": alarm.account,
        "region": alarm.region,
        "time": alarm.sent_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "resources": [alarm.arn],
        "detail": {
            "alarmName": alarm.name,
            "state": {
                "value": alarm.state.value,
                "timestamp": alarm.since.isoformat(),
                "reason": alarm.reason,
                **reason_data(alarm),
            },
            "configuration": {"metrics": metrics, "description": alarm.description},
            **previous,
            **tags,
            **mute,
        },
    }


def announced(message: Announcement) -> dict[str, Any]:
    """The event that carries an announcement, whether or not the ledger holds it."""
    return {
        "source": "firebreak",
        "detail-type": "Firebreak Announcement",
        "detail": announcement_to_wire(message),
    }


def check_event(incident_id: str, rung: int, attempt: int) -> dict[str, Any]:
    """The event that the schedule of a check delivers."""
    detail = {"v": 1, "incident": incident_id, "rung": rung, "attempt": attempt}
    return {"source": "firebreak", "detail-type": "Firebreak Check", "detail": detail}


@cache
def _session() -> boto3.session.Session:
    """One for all worlds: a new session reads botocore's models again, which takes longer than most tests."""
    return boto3.session.Session(region_name=a.REGION)


@contextmanager
def world_on_moto(**parts: Any) -> Iterator[World]:
    """A fresh world with an empty ledger."""
    with mock_aws():
        client = reader(_session(), "dynamodb")
        call_directly(client)
        create_table(client)
        yield World(client, **parts)


def fake_credentials() -> None:
    """Credentials that belong to nobody, so that no test can reach an account."""
    os.environ |= {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": a.REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
