"""Makes examples/history.jsonl.gz: a month of alarms of an invented shop, the same each time.

    .venv/bin/python docs/sample_history.py

Five services of examples/ecs-platform: one leaks memory, one flaps, one is not opted in. In one night the
database takes everything down; there are alarms of target tracking, and one that was deleted.
"""

import gzip
import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

FILE = Path(__file__).resolve().parent.parent / "examples/history.jsonl.gz"

ACCOUNT, REGION = "111122223333", "eu-west-1"
END = datetime(2026, 11, 20, tzinfo=UTC)
START = END - timedelta(days=30)
SERVICES = ("web", "catalog", "orders", "payments", "mailer")
NOT_OPTED_IN = "mailer"
OUTAGE = START + timedelta(days=17, hours=2, minutes=40)

type Line = dict[str, Any]


@dataclass
class Month:
    """The transitions of the month, in any order."""

    items: list[Line] = field(default_factory=list)
    chance: random.Random = field(default_factory=lambda: random.Random(20261120))  # noqa: S311  # a sample

    def red(self, alarm: str, at: datetime, minutes: float, value: float = 91.3) -> None:
        """The alarm turns red, and OK again after so many minutes."""
        self.items.append(_item(alarm, at, "OK", "ALARM", value))
        self.items.append(_item(alarm, at + timedelta(minutes=minutes), "ALARM", "OK", 42.0))

    def at(self, day: int, hour: float) -> datetime:
        """A time of the month, off by up to ten minutes."""
        return START + timedelta(days=day, hours=hour, minutes=self.chance.uniform(0, 10))


def lines() -> Iterator[Line]:
    """The lines of the file."""
    yield {
        "line": "history",
        "version": 1,
        "account": ACCOUNT,
        "region": REGION,
        "start": _time(START),
        "end": _time(END),
        "read_at": _time(END),
    }
    for config, tags in _alarms():
        yield {"line": "alarm", "config": config, "tags": dict(tags)}
    for name in SERVICES:
        tags = {} if name == NOT_OPTED_IN else {"firebreak:enabled": "true"}
        yield {"line": "target", "target": f"ecs:shop/{name}", "tags": tags, "group_size": len(SERVICES)}
    yield from sorted(_month().items, key=lambda item: (item["Timestamp"], item["AlarmName"]))


def _alarms() -> Iterator[tuple[Line, Mapping[str, str]]]:
    for name in SERVICES:
        of_service = {"ClusterName": "shop", "ServiceName": name}
        restart = {"firebreak:action": "restart-service"}
        yield _alarm(f"shop-{name}-memory", "AWS/ECS", "MemoryUtilization", of_service), restart
        cpu = _alarm(f"shop-{name}-cpu", "AWS/ECS", "CPUUtilization", of_service)
        yield cpu, {"firebreak:action": "scale-service"}
        tracking = f"TargetTracking-service/shop/{name}-AlarmHigh-0f3d"
        yield _alarm(tracking, "AWS/ECS", "CPUUtilization", of_service), {}
    database = _alarm(
        "shop-db-connections", "AWS/RDS", "DatabaseConnections", {"DBInstanceIdentifier": "shop"}
    )
    yield database, {"firebreak:action": "page", "severity": "critical"}
    yield _alarm("shop-queue-age", "AWS/SQS", "ApproximateAgeOfOldestMessage", {"QueueName": "mails"}), {}


def _month() -> Month:
    month = Month()
    for day in range(1, 30, 2):  # the catalog leaks: red every second day until somebody restarts it
        month.red("shop-catalog-memory", month.at(day, 9.5), month.chance.choice([25, 40, 70]), 88.0)
    for day in (3, 4, 9, 10, 16, 23, 24):  # the web server recovers by itself more often than not
        month.red("shop-web-cpu", month.at(day, 12), month.chance.choice([2, 3, 3, 20]), 96.0)
    for day in (6, 13, 20):  # the nightly job makes orders flap
        begins = month.at(day, 1)
        for n in range(14):
            month.red("shop-orders-memory", begins + timedelta(minutes=11 * n), 4, 83.0)
    for day in (8, 22):
        month.red("shop-payments-memory", month.at(day, 15), 35)
        month.red("shop-mailer-memory", month.at(day, 16), 90)
    for day in range(30):
        for hour in (8, 12, 18):
            tracked = f"TargetTracking-service/shop/{month.chance.choice(SERVICES)}-AlarmHigh-0f3d"
            month.red(tracked, month.at(day, hour), 12, 75.0)
        month.red("shop-queue-age", month.at(day, 6), 8, 900.0)
    month.red("shop-old-worker-memory", month.at(2, 11), 15)  # deleted since
    _outage(month)
    return month


def _outage(month: Month) -> None:
    """The database is slow for half an hour: everything turns red within three minutes."""
    month.red("shop-db-connections", OUTAGE, 31, 400.0)
    for n, name in enumerate(SERVICES):
        for m, kind in enumerate(("memory", "cpu")):
            month.red(f"shop-{name}-{kind}", OUTAGE + timedelta(seconds=20 + 17 * n + 7 * m), 33 + n, 97.0)


def _alarm(name: str, namespace: str, metric: str, dimensions: Mapping[str, str]) -> Line:
    return {
        "AlarmName": name,
        "AlarmArn": f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{name}",
        "StateValue": "OK",
        "StateUpdatedTimestamp": _time(END),
        "StateTransitionedTimestamp": _time(END),
        "ActionsEnabled": True,
        "AlarmActions": [],
        "OKActions": [],
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": 80.0,
        "EvaluationPeriods": 3,
        "Period": 60,
        "Statistic": "Average",
        "Namespace": namespace,
        "MetricName": metric,
        "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions.items()],
        "TreatMissingData": "missing",
    }


def _item(alarm: str, at: datetime, before: str, after: str, value: float) -> Line:
    points = [{"timestamp": _time(at - timedelta(minutes=n)), "value": value} for n in range(3)]
    evaluated = {"recentDatapoints": [value] * 3, "threshold": 80.0, "evaluatedDatapoints": points}
    reason = f"Threshold Crossed: 3 datapoints [{value}] were compared with the threshold (80.0)."
    new = {"stateValue": after, "stateReason": reason, "stateReasonData": evaluated}
    data = {"version": "1.0", "oldState": {"stateValue": before}, "newState": new}
    return {
        "line": "item",
        "AlarmName": alarm,
        "AlarmType": "MetricAlarm",
        "Timestamp": _time(at),
        "HistoryItemType": "StateUpdate",
        "HistorySummary": f"Alarm updated from {before} to {after}",
        "HistoryData": json.dumps(data, separators=(",", ":")),
    }


def _time(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds")


def content() -> bytes:
    """The file, not compressed."""
    return b"".join(json.dumps(line, separators=(",", ":")).encode() + b"\n" for line in lines())


if __name__ == "__main__":
    FILE.write_bytes(gzip.compress(content(), mtime=0))
